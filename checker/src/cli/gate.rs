//! `foliocheck gate`, and what every other check shares with it: holding what was run to what is
//! committed, and taking it as committed.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use foliocheck_specs::{Scenario, bugs as specs_bugs, claims as specs_claims, invariants, witness};

use super::args::GateArgs;
use super::bounds::{Bounds, options};
use super::bugs;
use super::claims;
use super::exit::{ERROR, INCONCLUSIVE, UNEXPECTED};
use super::job::{self, Job, Scope, What};
use super::out::{eprintln, print, println};
use super::print;
use super::recompute;
use super::select::Place;
use crate::engine::lasso::Fairness;
use crate::expectation::{Difference, Expectations, Expected, Key, Kind};
use crate::gate::outcome::{Outcome, Section};
use crate::gate::traces::{self, Stored};
use crate::gate::{self, Means};
use crate::report::{self, summary};
use crate::results::{self, Batch, Lock};
use crate::suite::Options;
use crate::threads::ledger;
use crate::verdict::{Run, Verdict};
use crate::without::Parts;

/// The section about the files of the results as a whole.
pub const FILES: &str = "files of results";

/// What is committed, and kept from changing until all is done.
pub struct Committed {
    expected: Expectations,
    traces: Vec<Stored>,
    _lock: Lock,
}

impl Committed {
    /// Reads it.
    pub fn read(place: &Place, to_bless: bool) -> anyhow::Result<Committed> {
        let results = place.results();
        let lock = if to_bless {
            Lock::exclusive(&results)?
        } else {
            Lock::shared(&results)?
        };
        let batch = Batch::default();
        let mut traces = traces::stored(&batch, &results.join(traces::FOLDER))?;
        traces.extend(traces::stored(&batch, &results.join("bugs"))?);
        Ok(Committed {
            expected: Expectations::read(&results)?,
            traces,
            _lock: lock,
        })
    }
}

/// Runs the gate. The exit code.
pub fn gate(place: &Place, args: &GateArgs) -> anyhow::Result<u8> {
    let chosen = |s: &Scenario| s.is_default() && (!args.quick || s.in_group("quick"));
    let scenarios: Vec<Scenario> = place.scenarios()?.into_iter().filter(chosen).collect();
    anyhow::ensure!(
        !scenarios.is_empty(),
        "there is no scenario to run: all are of group `large`, or --quick was given and none is of group \
         `quick`"
    );
    let scope = if args.quick {
        Scope::Quick
    } else {
        Scope::Whole
    };
    let what = What {
        schemes: place.schemes.clone(),
        scenarios,
        ask: invariants::all(),
        without: Parts::default(),
        scope,
    };
    let committed = Committed::read(place, args.bless)?;
    let options = options(&args.bounds, false);
    let job = job::run(place, what, &options, &args.bounds)?;
    let (mut outcome, plan) = hold(place, &committed, &job, &options, &args.bounds, args.bless)?;
    if scope == Scope::Whole && !args.bless {
        recompute(place, args, &job, &options, &mut outcome)?;
    }
    print!("{}", report::gate::plain(&outcome));
    print::summary(&job);
    println!("{} ({})", outcome.conclusion(), place.sources());
    print::errors(&job.errors);
    write_reports(place, args, &job, &outcome)?;
    if args.bless {
        return bless(&job, &options, plan, &place.results());
    }
    Ok(code(&job, &outcome))
}

/// Recomputes what is committed beside verdicts, and says what of it was not.
fn recompute(
    place: &Place,
    args: &GateArgs,
    job: &Job,
    options: &Options,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let number = args.ablations;
    let seed = args.seed;
    let scenarios = &job.what.scenarios;
    let more = recompute::recompute(place, scenarios, options, &args.bounds, number, seed)?;
    outcome.sections.extend(more.sections);
    outcome.open.extend(more.missing.iter().cloned());
    outcome.missing.extend(more.missing);
    if let Some(note) = more.note {
        println!("{note}");
    }
    Ok(())
}

/// Compares a job with what is committed. The plan is what `--bless` would write; none where that is
/// neither asked for nor compared.
pub fn hold(
    place: &Place,
    committed: &Committed,
    job: &Job,
    options: &Options,
    bounds: &Bounds,
    to_bless: bool,
) -> anyhow::Result<(Outcome, Option<Batch>)> {
    let scope = job.what.scope;
    let covers = |e: &Expected| match scope {
        Scope::Part => false,
        Scope::Quick => job.what.scenarios.iter().any(|s| s.id == e.scenario),
        Scope::Whole => true,
    };
    let mut outcome = Outcome {
        runs: job.runs.clone(),
        differences: committed.expected.compare(&job.runs, covers),
        missing: missing(place, committed, job),
        ..Outcome::default()
    };
    if scope == Scope::Part {
        // Of fewer questions at once fewer states may be visited.
        if job.what.ask.len() < invariants::all().len() {
            outcome.differences.retain(|d| d.kind != Kind::Count);
        }
        outcome.sections.push(stored_now(place, committed, job)?);
        if !to_bless {
            return Ok((outcome, None));
        }
    }
    let all = place.scenarios()?;
    let catalogue = place.catalogue(&all);
    let results = place.results();
    let mut batch = Batch::default();
    let means = Means {
        options,
        jobs: bounds.jobs(),
    };
    outcome.counterexamples = gate::verdicts(
        &mut batch,
        &results,
        committed.expected.clone(),
        &job.runs,
        scope == Scope::Whole,
        catalogue,
        means,
    )?;
    let clear = obstacle(job, options).is_none();
    if clear {
        if let Some(tried) = &job.tried {
            bugs::plan(&mut batch, place, &tried.cases, true)?;
        }
        if let Some(ledger) = &job.ledger {
            claims::plan(&mut batch, place, ledger)?;
        }
        if let Some(threads) = &job.threads {
            batch.write(ledger::path(&results), ledger::text(&threads.lines));
        }
    }
    if scope == Scope::Quick {
        // Of what is committed, only the page can be held to the rest.
        batch = Batch::default();
    }
    gate::page(&mut batch, &results, catalogue)?;
    let flips: BTreeSet<Key> = outcome
        .differences
        .iter()
        .filter(|d| matches!(d.kind, Kind::Verdict | Kind::Length))
        .filter(|d| d.now.as_ref().is_some_and(|e| e.length.is_some()))
        .map(Difference::of)
        .collect();
    outcome.changed = traces::documents(&flips, &job.runs, &[], catalogue, means)?;
    if scope == Scope::Quick {
        outcome.sections.push(stored_now(place, committed, job)?);
        outcome.sections.push(kept_whole(place, committed)?);
    }
    if scope != Scope::Part {
        outcome.sections.extend(beside(job));
        outcome.sections.extend([
            Section {
                title: "counterexamples replayed",
                looked_at: committed.traces.len(),
                lines: traces::stale(&committed.traces, catalogue),
            },
            Section {
                title: FILES,
                looked_at: if clear { batch.len() } else { 0 },
                lines: if clear {
                    files(&batch, &results)?
                } else {
                    Vec::new()
                },
            },
        ]);
    }
    Ok((outcome, Some(batch)))
}

/// Counterexamples of these runs that are stored: each is what came out now, to the byte.
fn stored_now(place: &Place, committed: &Committed, job: &Job) -> anyhow::Result<Section> {
    let all = place.scenarios()?;
    let named = job.runs.iter().filter(|r| r.reduced && r.reason.is_none());
    let named: Vec<(&Run, &str)> = named
        .filter_map(|run| {
            let expected = &committed.expected;
            let before = expected.get(&run.scheme, &run.scenario, &run.invariant)?;
            Some((run, before.trace.as_deref()?))
        })
        .collect();
    Ok(Section {
        title: "counterexamples stored",
        looked_at: named.len(),
        lines: traces::differing(&named, &place.results(), place.catalogue(&all))?,
    })
}

/// Every counterexample that a verdict names is there, and no other is.
fn kept_whole(place: &Place, committed: &Committed) -> anyhow::Result<Section> {
    Ok(Section {
        title: "files of counterexamples",
        looked_at: committed.traces.len(),
        lines: traces::inconsistent(&committed.expected, &place.results())?,
    })
}

/// Witnesses, bugs and claims, as far as they were run; and that there are as many as there must be.
fn beside(job: &Job) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some(witnesses) = &job.witnesses {
        let failed = witnesses.iter().filter(|(_, broken)| !broken);
        let line = |(w, _): &(witness::Witness, bool)| {
            format!(
                "{} in {} does not break {}",
                w.scheme, w.scenario, w.invariant
            )
        };
        let fewer = number("witnesses", witnesses.len(), witness::NUMBER);
        sections.push(Section {
            title: "witnesses",
            looked_at: witnesses.len(),
            lines: fewer.into_iter().chain(failed.map(line)).collect(),
        });
    }
    if let Some(tried) = &job.tried {
        let wrong = tried
            .cases
            .iter()
            .filter(|t| !t.as_it_must() && !t.is_open());
        let wrong = wrong.map(report::bugs::wrong);
        let fewer = number("cases of bugs", tried.cases.len(), specs_bugs::CASES);
        sections.push(Section {
            title: "cases of bugs",
            looked_at: tried.cases.len(),
            lines: fewer
                .into_iter()
                .chain(wrong)
                .chain(tried.differences.iter().cloned())
                .collect(),
        });
    }
    if let Some(ledger) = &job.ledger {
        let fewer = number("claims", ledger.judged.len(), specs_claims::NUMBER);
        let differences = ledger.differences.iter().cloned();
        sections.push(Section {
            title: "claims",
            looked_at: ledger.judged.len(),
            lines: fewer.into_iter().chain(differences).collect(),
        });
    }
    sections
}

/// A line, if there are more or fewer than there must be.
fn number(what: &str, there: usize, must: usize) -> Option<String> {
    (there != must).then(|| format!("{there} {what}, and there must be {must}"))
}

/// What is committed and was not run.
fn missing(place: &Place, committed: &Committed, job: &Job) -> Vec<String> {
    let mut missing = Vec::new();
    if !job.errors.is_empty() {
        missing.push(format!("{} could not be run", job.errors.len()));
    }
    let open = job
        .runs
        .iter()
        .filter(|r| r.verdict == Verdict::Inconclusive);
    match open.count() {
        0 => {}
        open => missing.push(format!("{open} runs are inconclusive")),
    }
    if job.what.scope == Scope::Part && job.runs.iter().any(|r| !r.reduced) {
        let why = "counts and counterexamples are those of reduced runs, and not compared";
        missing.push(why.to_owned());
    }
    if missing.is_empty() && job.code() == INCONCLUSIVE {
        missing.push("a bug or a claim is open".to_owned());
    }
    if job.what.scope == Scope::Quick {
        let here = |e: &&Expected| job.what.scenarios.iter().any(|s| s.id == e.scenario);
        missing.push(format!(
            "group quick only: {} of {} committed verdicts",
            committed.expected.iter().filter(here).count(),
            committed.expected.len()
        ));
        if place.scenarios.is_none() {
            missing.push("neither witnesses nor bugs nor claims".to_owned());
        }
    }
    missing
}

/// A line for each file that is not as it is to be.
fn files(batch: &Batch, results: &Path) -> anyhow::Result<Vec<String>> {
    let name = |path: &Path| {
        let within = path.strip_prefix(results).unwrap_or(path);
        let what = match (path.exists(), batch.removes(path)) {
            (false, _) => "is not there",
            (true, true) => "belongs to nothing that was run",
            (true, false) => "is not what would be written",
        };
        format!("{} {what}", within.display())
    };
    Ok(batch.differing()?.into_iter().map(name).collect())
}

/// The exit code.
pub fn code(job: &Job, outcome: &Outcome) -> u8 {
    match job.code() {
        code @ (ERROR | UNEXPECTED) => code,
        _ if !outcome.as_committed() => UNEXPECTED,
        0 if !outcome.open.is_empty() => INCONCLUSIVE,
        code => code,
    }
}

/// Why this must not be taken as committed, if it must not.
fn obstacle(job: &Job, options: &Options) -> Option<String> {
    if let Some(error) = job.errors.first() {
        return Some(format!("{error:#}"));
    }
    if let Some(open) = job.open() {
        return Some(format!(
            "{} in {}, {} is inconclusive ({})",
            open.scheme,
            open.scenario,
            open.invariant,
            open.reason.as_deref().unwrap_or("no reason given")
        ));
    }
    if job.runs.iter().any(|r| !r.reduced) {
        let why = "committed state counts are those of reduced runs; leave out --full";
        return Some(why.to_owned());
    }
    if options.fairness != Fairness::default() {
        let why = "committed verdicts take it that locks are handed over; leave out --fairness";
        return Some(why.to_owned());
    }
    if let Some((witness, _)) = job.witnesses.iter().flatten().find(|(_, broken)| !broken) {
        return Some(format!(
            "{} in {} does not break {}",
            witness.scheme, witness.scenario, witness.invariant
        ));
    }
    let bug = job
        .tried
        .iter()
        .flat_map(|t| &t.cases)
        .find(|t| !t.as_it_must());
    if let Some(bug) = bug {
        return Some(format!(
            "{} does not show, or its fix does not hold",
            bug.bug
        ));
    }
    if job.is_cut() {
        return Some("an exploration by loom was cut short".to_owned());
    }
    let open = job.ledger.as_ref().is_some_and(claims::Ledger::is_open);
    open.then(|| "a claim is open or untested".to_owned())
}

/// Takes what came out as committed. The exit code.
pub fn bless(
    job: &Job,
    options: &Options,
    plan: Option<Batch>,
    results: &Path,
) -> anyhow::Result<u8> {
    if let Some(why) = obstacle(job, options) {
        anyhow::bail!("nothing blessed: {why}");
    }
    let plan = plan.context("nothing blessed: nothing was compared")?;
    let changed = plan.differing()?.len();
    plan.commit(results)?;
    eprintln!("Accepted: {changed} files written or removed.");
    Ok(0)
}

/// Writes the reports that were asked for.
fn write_reports(
    place: &Place,
    args: &GateArgs,
    job: &Job,
    outcome: &Outcome,
) -> anyhow::Result<()> {
    if let Some(path) = &args.json {
        results::write(path, &report::gate::json(outcome))?;
    }
    if let Some(path) = &args.markdown {
        let runs: Vec<Expected> = job.runs.iter().map(Expected::of).collect();
        let invariants = invariants::all();
        let tables = summary::tables(&place.schemes, &invariants, &job.what.scenarios, &runs);
        results::write(path, &report::gate::job_summary(outcome, &tables))?;
    }
    if let Some(path) = &args.junit {
        results::write(path, &report::junit::junit(outcome)?)?;
    }
    if let Some(path) = &args.sarif {
        let all = place.scenarios()?;
        let log = report::sarif::sarif(outcome, place.catalogue(&all))?;
        results::write(path, &log)?;
    }
    Ok(())
}
