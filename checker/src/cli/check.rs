//! `foliocheck check`.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anstream::{print, println};
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants, schemes, witness};

use super::progress::Progress;
use super::select::{self, Place};
use super::{Bounds, CheckArgs, Format, INCONCLUSIVE, UNEXPECTED};
use super::{bugs, claims};
use crate::engine::lasso::Fairness;
use crate::engine::limits::Limits;
use crate::expectation::{Difference, Expectations};
use crate::report::summary::{ENVIRONMENTS, Environment, Matrix};
use crate::report::{self, json, markdown, table};
use crate::suite::{self, Answer, Options, Unit};
use crate::verdict::{Run, Verdict};

/// Runs the check. The exit code.
pub fn check(place: &Place, args: &CheckArgs) -> anyhow::Result<u8> {
    let everything = args.scheme.is_empty()
        && args.scenario.is_empty()
        && args.invariant.is_empty()
        && args.group.is_empty();
    let scheme_list = select::matching(schemes::all(), &args.scheme, "scheme", |s| s.id)?;
    let ask = select::matching(invariants::all(), &args.invariant, "invariant", |i| i.id)?;
    let scenarios = default_scenarios(place, &args.group, &args.scenario)?;
    let mut expected = Expectations::read(&place.results())?;
    let units = suite::units(&scheme_list, &scenarios, &ask);
    if units.is_empty() {
        anyhow::bail!(
            "these schemes change nothing in these scenarios: there they are by-reference"
        );
    }
    let options = Options {
        fairness: args.fairness.into(),
        ..options(&args.bounds, args.full)
    };
    let started = Instant::now();
    let answers = run_units(&units, &options, args.bounds.jobs())?;
    let everything = everything && place.scenarios.is_none();
    let mut witnesses = None;
    let mut tried = None;
    let mut ledger = None;
    if everything {
        witnesses = Some(run_witnesses(&scenarios, &options, args.bounds.jobs())?);
        tried = Some(bugs::try_all(place, args, &bugs::all())?);
    }
    let runs: Vec<Run> = answers.iter().flat_map(|a| a.runs.clone()).collect();
    if everything {
        ledger = Some(claims::ledger(place, args, &runs)?);
    }
    let elapsed = started.elapsed();
    if args.bless {
        anyhow::ensure!(
            options.fairness == Fairness::default(),
            "nothing blessed: committed verdicts take it that locks are handed over; leave out --fairness"
        );
        bless(place, &mut expected, &runs, everything)?;
    }
    let differences: Vec<(&Run, Difference)> = runs
        .iter()
        .filter_map(|r| Some((r, expected.difference(r)?)))
        .collect();
    let all_schemes = schemes::all();
    let all_invariants = invariants::all();
    let tables = tables(&all_schemes, &all_invariants, &scenarios, &runs);
    match args.format {
        Format::Json => println!("{}", json::runs(&runs)),
        Format::Markdown => {
            for (environment, matrix) in &tables {
                println!("## {}\n\n{}", environment.title, markdown::matrix(matrix));
            }
        }
        Format::Table => {
            for (environment, matrix) in &tables {
                print_matrix(environment, matrix);
            }
            print_witnesses(witnesses.as_deref());
            if let Some(tried) = &tried {
                print!("{}", report::bugs::summary(&tried.cases));
                print_lines(&tried.differences);
                println!();
            }
            if let Some(ledger) = &ledger {
                println!("{}.", ledger.summary);
                print_lines(&ledger.differences);
                println!();
            }
            print_differences(&differences);
            print_summary(&runs, &answers, elapsed);
        }
    }
    let failed = witnesses.iter().flatten().any(|(_, broken)| !broken);
    let bugs = tried.map_or(0, |t| t.code());
    let claims = ledger.map_or(0, |l| l.code());
    let codes = [bugs, claims];
    Ok(
        if !differences.is_empty() || failed || codes.contains(&UNEXPECTED) {
            UNEXPECTED
        } else if codes.contains(&INCONCLUSIVE)
            || runs.iter().any(|r| r.verdict == Verdict::Inconclusive)
        {
            INCONCLUSIVE
        } else {
            0
        },
    )
}

/// A table for each part of the world that has a run.
fn tables<'a>(
    schemes: &'a [Scheme],
    invariants: &'a [Invariant],
    scenarios: &[Scenario],
    runs: &'a [Run],
) -> Vec<(Environment, Matrix<'a>)> {
    ENVIRONMENTS
        .into_iter()
        .filter_map(|environment| {
            let here = |run: &&Run| {
                scenarios
                    .iter()
                    .any(|s| s.id == run.scenario && environment.has(&s.groups))
            };
            let mine: Vec<&Run> = runs.iter().filter(here).collect();
            (!mine.is_empty()).then(|| (environment, Matrix::new(schemes, invariants, &mine)))
        })
        .collect()
}

/// The scenarios of any of `groups` that match any of `globs`; without either, the default ones.
pub fn default_scenarios(
    place: &Place,
    groups: &[String],
    globs: &[String],
) -> anyhow::Result<Vec<Scenario>> {
    let all = place.scenarios()?;
    if !groups.is_empty() {
        let all = select::in_groups(all, groups)?;
        return select::matching(all, globs, "scenario", |s| &s.id);
    }
    if globs.is_empty() {
        return Ok(all.into_iter().filter(Scenario::is_default).collect());
    }
    select::matching(all, globs, "scenario", |s| &s.id)
}

/// The bounds of explorations.
pub fn options(bounds: &Bounds, full: bool) -> Options {
    Options {
        full,
        limits: Limits {
            max_states: bounds.max_states,
            timeout: bounds.timeout,
            max_memory: bounds.max_memory.map(|mib| mib << 20),
        },
        ..Options::default()
    }
}

impl Bounds {
    /// No bound is given.
    pub(super) fn is_none(&self) -> bool {
        self.max_states.is_none() && self.timeout.is_none() && self.max_memory.is_none()
    }

    /// Explorations at once.
    pub(super) fn jobs(&self) -> usize {
        self.jobs
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

fn run_units(units: &[Unit], options: &Options, jobs: usize) -> anyhow::Result<Vec<Answer>> {
    let progress = Progress::start()?;
    let answers = suite::run_all(units, options, jobs, &|unit| {
        let message = format!("{} in {}", unit.scheme.id, unit.scenario.id);
        progress.one_of(units.len(), message);
    });
    progress.end();
    Ok(answers.into_iter().collect::<Result<Vec<_>, _>>()?)
}

/// Runs what must break each invariant: the witness, and whether it did.
fn run_witnesses(
    scenarios: &[Scenario],
    options: &Options,
    jobs: usize,
) -> anyhow::Result<Vec<(witness::Witness, bool)>> {
    let witnesses = witness::all();
    let mut units = Vec::new();
    for witness in &witnesses {
        units.push(Unit {
            scheme: select::scheme(witness.scheme)?,
            scenario: select::scenario(scenarios.to_vec(), witness.scenario)?,
            ablations: witness.ablation.clone().into_iter().collect(),
            ask: vec![select::invariant(witness.invariant)?],
        });
    }
    let answers = run_units(&units, options, jobs)?;
    Ok(witnesses
        .into_iter()
        .zip(answers)
        .map(|(w, a)| {
            let broken = a.runs.iter().any(|r| r.verdict == Verdict::Violated);
            (w, broken)
        })
        .collect())
}

fn bless(
    place: &Place,
    expected: &mut Expectations,
    runs: &[Run],
    everything: bool,
) -> anyhow::Result<()> {
    if let Some(open) = runs.iter().find(|r| r.verdict == Verdict::Inconclusive) {
        anyhow::bail!(
            "nothing blessed: {} in {}, {} is inconclusive ({})",
            open.scheme,
            open.scenario,
            open.invariant,
            open.reason.as_deref().unwrap_or("no reason given")
        );
    }
    if runs.iter().any(|r| !r.reduced) {
        anyhow::bail!(
            "nothing blessed: committed state counts are those of reduced runs; leave out --full"
        );
    }
    expected.accept(runs, everything);
    expected.write(&place.results())?;
    Ok(())
}

fn print_matrix(environment: &Environment, matrix: &Matrix<'_>) {
    println!("{}", environment.title);
    let terminal = std::io::stdout().is_terminal();
    let width = if terminal { None } else { Some(u16::MAX) };
    let colour = terminal && std::env::var_os("NO_COLOR").is_none();
    println!("{}", table::matrix(matrix, colour, width));
    println!("violated N: N steps in the shortest counterexample. Empty: does not apply.\n");
    let violated: Vec<_> = matrix.violated().collect();
    if violated.is_empty() {
        return;
    }
    let style = table::style(Verdict::Violated);
    println!("Shortest counterexamples (foliocheck trace SCHEME SCENARIO INVARIANT):");
    for cell in violated {
        if let Some(run) = cell.shortest {
            let steps = run.trace.as_ref().map_or(0, |t| t.length);
            println!(
                "  {} {} {style}{}{style:#}  ({steps} steps)",
                cell.scheme, run.scenario, cell.invariant
            );
        }
    }
    println!();
}

fn print_witnesses(witnesses: Option<&[(witness::Witness, bool)]>) {
    let Some(witnesses) = witnesses else { return };
    let broken = witnesses.iter().filter(|(_, b)| *b).count();
    println!(
        "Witnesses: {broken} of {} break the invariant that they must break.",
        witnesses.len()
    );
    for (witness, _) in witnesses.iter().filter(|(_, b)| !b) {
        println!(
            "  {} was NOT violated by {} in {}: {}",
            witness.invariant, witness.scheme, witness.scenario, witness.title
        );
    }
    println!();
}

/// What is not as committed, if anything.
pub fn print_lines(differences: &[String]) {
    if !differences.is_empty() {
        println!("Not as committed (accept with --bless):");
    }
    for line in differences {
        println!("  {line}");
    }
}

fn print_differences(differences: &[(&Run, Difference)]) {
    if differences.is_empty() {
        return;
    }
    println!("Not as committed (accept with --bless):");
    for (run, difference) in differences {
        let now = match &run.trace {
            Some(trace) => format!("violated in {} steps", trace.length),
            None => run.verdict.name().to_owned(),
        };
        let before = match difference {
            Difference::New => "nothing committed".to_owned(),
            Difference::Verdict(verdict) => format!("committed: {}", verdict.name()),
            Difference::Length(Some(length)) => format!("committed: violated in {length} steps"),
            Difference::Length(None) => "committed without a counterexample".to_owned(),
        };
        println!(
            "  {} in {}, {}: {now} ({before})",
            run.scheme, run.scenario, run.invariant
        );
    }
    println!();
}

fn print_summary(runs: &[Run], answers: &[Answer], elapsed: Duration) {
    let count = |v: Verdict| runs.iter().filter(|r| r.verdict == v).count();
    let states: usize = answers.iter().map(|a| a.states).sum();
    let transitions: usize = answers.iter().map(|a| a.transitions).sum();
    let omissions: f64 = answers.iter().map(|a| a.expected_omissions).sum();
    for run in runs.iter().filter(|r| r.verdict == Verdict::Inconclusive) {
        let reason = run.reason.as_deref().unwrap_or("no reason given");
        println!(
            "inconclusive: {} in {}, {}: {reason}",
            run.scheme, run.scenario, run.invariant
        );
    }
    println!(
        "{} runs: {} hold, {} violated, {} inconclusive; {states} states, {transitions} transitions, {:.1} s; \
         expected states lost to equal fingerprints: {omissions:.0e}",
        runs.len(),
        count(Verdict::Holds),
        count(Verdict::Violated),
        count(Verdict::Inconclusive),
        elapsed.as_secs_f64(),
    );
}
