//! `foliocheck replay`: counterexamples of the kernel as it is, played on the running kernel.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use foliocheck_kernel::place::{FileSystem, Place as Mounted, Scratch};
use foliocheck_kernel::plan::{self, NotReplayable};
use foliocheck_kernel::probe;
use foliocheck_kernel::replay;
use foliocheck_model::machine::interp::Action;
use foliocheck_specs::file::read_text;
use foliocheck_specs::{Invariant, Scenario, Scheme, instance};

use super::bounds::{Bounds, options};
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::kernel::TextOrJson;
use super::out::{print, println};
use super::select::{self, Place};
use crate::expectation::Expectations;
use crate::itf::{self, Document};
use crate::report::replay::{Line, Outcome, file, lines, summary};
use crate::results::{Batch, Lock};
use crate::suite::{self, Unit};
use crate::verdict::Verdict;

/// The schemes that some kernel has.
const IN_A_KERNEL: [&str; 1] = ["by-reference"];

/// How long another run may take to end before this one gives up.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct ReplayArgs {
    /// The scheme: one that a kernel has; or a counterexample as a trace file (`NAME.itf.json`)
    #[arg(value_name = "SCHEME|TRACE")]
    scheme: String,
    /// The scenario (default: every one with a committed violation)
    scenario: Option<String>,
    /// The invariant (default: every one that is violated there by what is committed)
    invariant: Option<String>,
    /// On these file systems (default: the one that the scenario is about)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    fs: Vec<FileSystem>,
    /// Keep what comes of every counterexample as `kernel.json` in the folder of results
    #[arg(long, conflicts_with_all = ["scenario", "fs"])]
    bless: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    format: TextOrJson,
}

/// Plays counterexamples.
pub fn replay(place: &Place, args: &ReplayArgs) -> anyhow::Result<u8> {
    let (scheme, wanted, trace) = if is_file(args) {
        let (scheme, wanted, trace) = from_file(place, args)?;
        (scheme, vec![wanted], Some(trace))
    } else {
        let scheme = in_a_kernel(place, &args.scheme)?;
        let wanted = wanted(place, args, &scheme)?;
        (scheme, wanted, None)
    };
    let alone = wanted.len() == 1;
    let mut stage = Stage {
        scratch: Scratch::begin(WAIT)?,
        places: BTreeMap::new(),
    };
    let mut all = Vec::new();
    for (scenario, invariant) in &wanted {
        let own = replay::own(&scenario.setup);
        let file_systems = if args.fs.is_empty() {
            vec![own]
        } else {
            args.fs.clone()
        };
        for fs in file_systems {
            let path = trace.as_deref();
            let (outcome, apart) = on(&mut stage, &scheme, (scenario, *invariant), path, fs)?;
            all.push(Line {
                scenario: scenario.id.clone(),
                invariant: invariant.id.to_owned(),
                fs: fs.name(),
                outcome,
            });
            if alone && args.format == TextOrJson::Text {
                if let Some(line) = all.last() {
                    print!("{}", lines(scheme.id, line));
                }
                let note = match (&trace, apart) {
                    (None, _) => interleaved(place, args, &scheme, scenario, *invariant)?,
                    (Some(_), why) => {
                        why.map(|why| format!("The trace was not played as it is: {why}."))
                    }
                };
                if let Some(note) = note {
                    println!("  {note}");
                }
            }
        }
    }
    stage.scratch.end()?;
    if args.bless {
        let text = file(scheme.id, &probe::kernel(), probe::cpus(), &all);
        let _lock = Lock::exclusive(&place.results())?;
        let mut batch = Batch::default();
        batch.write(place.results().join("kernel.json"), text);
        batch.commit(&place.results())?;
    }
    match args.format {
        TextOrJson::Json => println!("{}", serde_json::to_string(&all)?),
        TextOrJson::Text if !alone => print!("{}", summary(scheme.id, &probe::kernel(), &all)),
        TextOrJson::Text => {}
    }
    let differs = |l: &Line| matches!(&l.outcome, Outcome::Played(r) if !r.agrees());
    let not = |l: &Line| matches!(l.outcome, Outcome::NotReplayable { .. });
    Ok(if all.iter().any(differs) {
        UNEXPECTED
    } else if all.iter().any(not) {
        INCONCLUSIVE
    } else {
        0
    })
}

/// The scheme of that name, if some kernel has it.
fn in_a_kernel(place: &Place, name: &str) -> anyhow::Result<Scheme> {
    let scheme = place.scheme(name)?;
    if !IN_A_KERNEL.contains(&scheme.id) {
        bail!(
            "{}: this scheme exists in no kernel; replayable are: {}",
            scheme.id,
            IN_A_KERNEL.join(", ")
        );
    }
    Ok(scheme)
}

/// A trace file is named, and not a scheme.
fn is_file(args: &ReplayArgs) -> bool {
    args.scenario.is_none()
        && Path::new(&args.scheme)
            .extension()
            .is_some_and(|e| e == "json")
}

/// A counterexample that is in a file: what it is about, and its steps.
fn from_file(
    place: &Place,
    args: &ReplayArgs,
) -> anyhow::Result<(Scheme, (Scenario, Invariant), Vec<Action>)> {
    if args.bless {
        bail!("--bless keeps what comes of every counterexample, and a file has one");
    }
    let path = Path::new(&args.scheme);
    let document = Document::parse(&read_text(path)?).with_context(|| args.scheme.clone())?;
    let subject = &document.subject;
    if subject.bug.is_some() || !subject.without.is_empty() {
        bail!(
            "{}: parts of the kernel are removed in it, and no running kernel is so",
            args.scheme
        );
    }
    let scheme = in_a_kernel(place, &subject.scheme)?;
    let scenarios = place.scenarios()?;
    let replayed = itf::replay::replay(&document, place.catalogue(&scenarios));
    let replayed = replayed.with_context(|| args.scheme.clone())?;
    let scenario = select::scenario(scenarios, &subject.scenario)?;
    let invariant = select::invariant(&subject.invariant)?;
    Ok((scheme, (scenario, invariant), replayed.path))
}

/// The counterexamples that are asked for.
fn wanted(
    place: &Place,
    args: &ReplayArgs,
    scheme: &Scheme,
) -> anyhow::Result<Vec<(Scenario, Invariant)>> {
    let scenarios = place.scenarios()?;
    if let (Some(scenario), Some(invariant)) = (&args.scenario, &args.invariant) {
        let scenario = select::scenario(scenarios, scenario)?;
        return Ok(vec![(scenario, select::invariant(invariant)?)]);
    }
    let chosen = match &args.scenario {
        Some(name) => vec![select::scenario(scenarios, name)?],
        None => scenarios,
    };
    let committed = Expectations::read(&place.results())?;
    let mut wanted = Vec::new();
    for scenario in chosen {
        let violated = committed.iter().filter(|e| {
            e.scheme == scheme.id && e.scenario == scenario.id && e.verdict == Verdict::Violated
        });
        for expected in violated {
            wanted.push((scenario.clone(), select::invariant(&expected.invariant)?));
        }
    }
    if wanted.is_empty() {
        bail!(
            "no committed verdict says that {} violates anything there",
            scheme.id
        );
    }
    Ok(wanted)
}

/// The scratch file systems, each made when it is first needed.
struct Stage {
    scratch: Scratch,
    places: BTreeMap<FileSystem, Mounted>,
}

impl Stage {
    fn place(&mut self, fs: FileSystem) -> anyhow::Result<Mounted> {
        if let Some(place) = self.places.get(&fs) {
            return Ok(place.clone());
        }
        let place = self.scratch.place(fs);
        let place = place.with_context(|| format!("no scratch file system {fs}"))?;
        self.places.insert(fs, place.clone());
        Ok(place)
    }
}

/// Plays it: the trace at hand if its calls follow one another, else a counterexample in whole calls. With the reason
/// why it is not the trace at hand.
fn on(
    stage: &mut Stage,
    scheme: &Scheme,
    (scenario, invariant): (&Scenario, Invariant),
    path: Option<&[Action]>,
    fs: FileSystem,
) -> anyhow::Result<(Outcome, Option<NotReplayable>)> {
    let not = |why: String| Outcome::NotReplayable { why };
    let Some(setup) = replay::on(&scenario.setup, fs) else {
        let own = replay::own(&scenario.setup);
        return Ok((
            not(format!(
                "the scenario is about {own}, and says nothing of {fs}"
            )),
            None,
        ));
    };
    let (system, world) = instance::system(&setup, scheme, &[], &[invariant])?;
    let along = path.map(|path| plan::along(&system, &world, path));
    let (plan, apart) = match along {
        Some(Ok(plan)) => (Ok(plan), None),
        apart => (plan::plan(&system, &world), apart.and_then(Result::err)),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(why @ NotReplayable::Model(_)) => bail!("{}: {why}", scenario.id),
        Err(why) => return Ok((not(why.to_string()), apart)),
    };
    let place = stage.place(fs)?;
    let played = replay::replay(&system, &world, &plan, &place);
    let played = played.with_context(|| format!("{} on {fs}", scenario.id))?;
    Ok((Outcome::Played(Box::new(played)), apart))
}

/// Where the trace that `foliocheck trace` prints has a step inside of another task's call.
fn interleaved(
    place: &Place,
    args: &ReplayArgs,
    scheme: &Scheme,
    scenario: &Scenario,
    invariant: Invariant,
) -> anyhow::Result<Option<String>> {
    if !(invariant.applies)(&scenario.setup) {
        bail!(
            "{} does not apply to scenario {}",
            invariant.id,
            scenario.id
        );
    }
    let unit = Unit {
        scheme: scheme.clone(),
        scenario: scenario.clone(),
        ablations: Vec::new(),
        ask: vec![invariant],
    };
    let answer = suite::run(&unit, &options(&args.bounds, false))?;
    let Some(run) = answer.runs.first() else {
        return Ok(None);
    };
    let Some(document) = Document::of_run(run, &unit, None)? else {
        return Ok(Some(format!(
            "{} {}: there is no counterexample",
            invariant.id,
            run.verdict.name()
        )));
    };
    let scenarios = [scenario.clone()];
    let replayed = itf::replay::replay(&document, place.catalogue(&scenarios))?;
    let at = plan::inside(&replayed.system, &replayed.path);
    Ok(at.map(|at| {
        format!(
            "The trace that `foliocheck trace` prints has calls inside of each other: step {} ({}) is in the middle of \
             {}.",
            at.step, at.what, at.of
        )
    }))
}
