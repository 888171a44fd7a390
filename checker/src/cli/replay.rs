//! `foliocheck replay`: counterexamples of the kernel as it is, played on the running kernel.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use foliocheck_kernel::place::{FileSystem, Place as Mounted, Scratch};
use foliocheck_kernel::plan::{self, NotReplayable};
use foliocheck_kernel::probe;
use foliocheck_kernel::replay;
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
    /// The scheme: one that a kernel has
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
    let scheme = place.scheme(&args.scheme)?;
    if !IN_A_KERNEL.contains(&scheme.id) {
        bail!(
            "{}: this scheme exists in no kernel; replayable are: {}",
            scheme.id,
            IN_A_KERNEL.join(", ")
        );
    }
    let wanted = wanted(place, args, &scheme)?;
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
            let outcome = on(&mut stage, &scheme, scenario, *invariant, fs)?;
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
                if let Some(note) = interleaved(place, args, &scheme, scenario, *invariant)? {
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

fn on(
    stage: &mut Stage,
    scheme: &Scheme,
    scenario: &Scenario,
    invariant: Invariant,
    fs: FileSystem,
) -> anyhow::Result<Outcome> {
    let not = |why: String| Ok(Outcome::NotReplayable { why });
    let Some(setup) = replay::on(&scenario.setup, fs) else {
        let own = replay::own(&scenario.setup);
        return not(format!(
            "the scenario is about {own}, and says nothing of {fs}"
        ));
    };
    let (system, world) = instance::system(&setup, scheme, &[], &[invariant])?;
    let plan = match plan::plan(&system, &world) {
        Ok(plan) => plan,
        Err(why @ NotReplayable::Model(_)) => bail!("{}: {why}", scenario.id),
        Err(why) => return not(why.to_string()),
    };
    let place = stage.place(fs)?;
    let played = replay::replay(&system, &world, &plan, &place);
    let played = played.with_context(|| format!("{} on {fs}", scenario.id))?;
    Ok(Outcome::Played(Box::new(played)))
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
    Ok(plan::inside(&replayed.system, &replayed.path).map(|at| {
        format!(
            "The trace that `foliocheck trace` prints has calls inside of each other: step {} ({}) is in the middle of \
             {}.",
            at.step, at.what, at.of
        )
    }))
}
