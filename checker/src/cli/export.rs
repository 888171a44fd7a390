//! `foliocheck export`.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use foliocheck_specs::{Scheme, invariants};

use super::bounds::{Bounds, options};
use super::exit::{ERROR, INCONCLUSIVE};
use super::nothing::ensure_something;
use super::out::println;
use super::print;
use super::progress::Progress;
use super::select::{self, Place, default_scenarios};
use crate::engine::limits::Limits;
use crate::expectation::Expected;
use crate::results;
use crate::suite::{self, Unit};
use crate::verdict::{Run, Verdict};
use crate::web::library::{self, Library};
use crate::web::pages::catalog::{Catalog, Verdicts};
use crate::web::pages::ledgers;
use crate::web::pages::page::{self, Memory, answered, solve};
use crate::web::pages::threads::Threads;
use crate::web::serving::export::html;
use crate::web::serving::pack::Pack;
use crate::web::subject::Subject;

/// What to export, and where to.
#[derive(clap::Args)]
pub struct ExportArgs {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
    /// Only schemes that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Only invariants that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    invariant: Vec<String>,
    /// Only scenarios of this group (repeatable)
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    #[command(flatten)]
    bounds: Bounds,
}

impl ExportArgs {
    fn everything(&self) -> bool {
        [&self.scheme, &self.scenario, &self.invariant, &self.group]
            .iter()
            .all(|list| list.is_empty())
    }
}

/// What the file holds, and how much of it has a trace.
#[derive(Default)]
struct Content {
    pack: Pack,
    traces: usize,
    runs: Vec<Expected>,
}

/// Runs what was asked for, and writes the page with all counterexamples. The exit code.
pub fn export(place: &Place, args: &ExportArgs) -> anyhow::Result<u8> {
    let started = Instant::now();
    let chosen = select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?;
    let ask = select::matching(invariants::all(), &args.invariant, "invariant", |i| i.id)?;
    let scenarios = default_scenarios(place, &args.group, &args.scenario)?;
    let library = place.library()?;
    let units = suite::units(&chosen, &scenarios, &ask);
    ensure_something(&chosen, &scenarios, &ask, &units)?;
    let mut named: Vec<(Subject, Unit)> = Vec::new();
    let content = Mutex::new(Content::default());
    if args.everything() && place.scenarios.is_none() {
        let mut content = content.lock().expect("no panic while held");
        named = ledger_subjects(place, &library, &mut content.pack)?;
        costs(&library, &chosen, &mut content.pack, args)?;
    }
    let all = units.len() + named.len();
    let progress = Progress::start("states", Some(all))?;
    let options = options(&args.bounds, false);
    let run = |unit: &Unit, subject: Option<&Subject>| -> anyhow::Result<()> {
        let answer = suite::run(unit, &options)?;
        progress.one_of(all, unit.scenario.id.clone());
        add(&content, unit, subject, &answer.runs)
    };
    let jobs = args.bounds.jobs();
    let size = |unit: &Unit| suite::size(&unit.scenario);
    let ran = suite::spread(&units, size, jobs, &|unit| run(unit, None));
    let errors: Vec<_> = ran.into_iter().filter_map(Result::err).collect();
    let ran = suite::spread(&named, |(_, unit)| size(unit), jobs, &|(subject, unit)| {
        run(unit, Some(subject))
    });
    // A part may be what keeps the model from erring: then its line has no page here.
    let without = ran.iter().filter(|r| r.is_err()).count();
    progress.end();
    let Content {
        mut pack,
        traces,
        mut runs,
    } = content.into_inner().expect("no panic while held");
    runs.sort_by(|a, b| {
        (&a.scheme, &a.scenario, &a.invariant).cmp(&(&b.scheme, &b.scenario, &b.invariant))
    });
    starts(&library, &runs, &mut pack)?;
    pack.field("/api/catalog", &Catalog::of(&library));
    pack.field("/api/verdicts", &Verdicts::of(runs.iter()));
    threads(place, &library, &runs, &mut pack)?;
    let text = html(pack);
    results::write(&args.html, &text)?;
    println!(
        "{}: {} runs, {traces} counterexamples ({without} more could not be run), {} KB, {:.1} s",
        args.html.display(),
        runs.len(),
        text.len().div_ceil(1000),
        started.elapsed().as_secs_f64()
    );
    print::errors(&errors);
    let open = runs.iter().any(|r| r.verdict == Verdict::Inconclusive);
    Ok(match (errors.is_empty(), open) {
        (false, _) => ERROR,
        (true, true) => INCONCLUSIVE,
        (true, false) => 0,
    })
}

/// Adds the runs of a unit: a page for each counterexample, and for each run that was named.
fn add(
    content: &Mutex<Content>,
    unit: &Unit,
    subject: Option<&Subject>,
    runs: &[Run],
) -> anyhow::Result<()> {
    let mut pages = Vec::new();
    let wanted: Vec<&Run> = runs
        .iter()
        .filter(|run| subject.is_some() || run.trace.is_some())
        .collect();
    if !wanted.is_empty() {
        let instance = library::build(unit)?;
        for run in &wanted {
            let subject = subject.cloned().unwrap_or_else(|| Subject::of_run(run));
            let asked = unit.ask.iter().filter(|i| i.id == run.invariant);
            let unit = Unit {
                ask: asked.copied().collect(),
                ..unit.clone()
            };
            pages.push(answered(subject, &unit, &instance, run)?);
        }
    }
    let mut content = content.lock().expect("no panic while held");
    for page in &pages {
        content.traces += usize::from(page.view.is_some());
        content.pack.field(page.subject.path(), page);
    }
    if subject.is_none() {
        content.runs.extend(runs.iter().map(Expected::of));
    }
    Ok(())
}

/// Every scenario that was run, before anybody has moved: what is drawn where something holds.
fn starts(library: &Library, runs: &[Expected], pack: &mut Pack) -> anyhow::Result<()> {
    let scenarios: BTreeSet<&str> = runs.iter().map(|r| r.scenario.as_str()).collect();
    for scenario in scenarios {
        let page = page::start(library, scenario)?;
        pack.field(format!("/api/start?scenario={scenario}"), &page);
    }
    Ok(())
}

/// What loom found in the same units, and the traces of what only weak memory violates.
fn threads(
    place: &Place,
    library: &Library,
    runs: &[Expected],
    pack: &mut Pack,
) -> anyhow::Result<()> {
    let mut threads = Threads::read(&place.results(), library);
    let units: HashSet<(&str, &str)> = runs
        .iter()
        .map(|r| (r.scheme.as_str(), r.scenario.as_str()))
        .collect();
    threads.retain(|scheme, scenario| units.contains(&(scheme, scenario)));
    for subject in threads.violated() {
        let asked = |r: &Expected| {
            (&r.scheme, &r.scenario, &r.invariant)
                == (
                    &subject.place.scheme,
                    &subject.place.scenario,
                    &subject.invariant,
                )
        };
        if runs.iter().any(asked) {
            let page = solve(library, &subject, Memory::Weak, Limits::default())?;
            pack.field(format!("{}&memory=weak", subject.path()), &page);
        }
    }
    pack.field("/api/threads", &threads);
    Ok(())
}

/// Claims, bugs and ablation as committed; and what their lines lead to beyond the runs of whole schemes.
fn ledger_subjects(
    place: &Place,
    library: &Library,
    pack: &mut Pack,
) -> anyhow::Result<Vec<(Subject, Unit)>> {
    let folder = place.results();
    let claims = ledgers::claims(&folder)?;
    let bugs = ledgers::bugs(&folder)?;
    let mut subjects = ledgers::claimed(&claims);
    subjects.extend(ledgers::cases(&bugs));
    for scheme in &library.schemes {
        if let Ok(parts) = ledgers::ablation(library, &folder, scheme.id) {
            pack.field(format!("/api/ablation/{}", scheme.id), &parts);
            subjects.extend(ledgers::broken(scheme.id, &parts));
        }
    }
    pack.field("/api/claims", &claims);
    pack.field("/api/bugs", &bugs);
    let mut seen = HashSet::new();
    subjects.retain(|subject| seen.insert(subject.clone()));
    subjects
        .into_iter()
        .map(|subject| {
            let invariant = library.invariant(&subject.invariant)?;
            let unit = library.unit(&subject.place, vec![invariant])?;
            Ok((subject, unit))
        })
        .collect()
}

/// What every scheme costs, by scenario.
fn costs(
    library: &Library,
    chosen: &[Scheme],
    pack: &mut Pack,
    args: &ExportArgs,
) -> anyhow::Result<()> {
    debug_assert_eq!(chosen.len(), library.schemes.len());
    let limits = options(&args.bounds, true).limits;
    let scenarios: Vec<_> = library
        .scenarios
        .iter()
        .filter(|s| s.is_default())
        .collect();
    let bills = suite::spread(
        &scenarios,
        |scenario| suite::size(scenario),
        args.bounds.jobs(),
        &|scenario| ledgers::cost(library, &scenario.id, &limits),
    );
    for (scenario, bills) in scenarios.iter().zip(bills) {
        let bills = bills?;
        pack.field(format!("/api/cost/{}", scenario.id), &bills);
    }
    Ok(())
}
