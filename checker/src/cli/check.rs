//! `foliocheck check`.

use std::io::IsTerminal as _;

use super::out::{eprint, eprintln, print, println};
use foliocheck_specs::{Scenario, invariants, witness};

use super::gate::{self, Committed};
use super::job::{self, Job, Scope, What};
use super::select::{self, Place};
use super::threads::{self, Engine};
use super::{Bounds, CheckArgs, Format, INCONCLUSIVE};
use crate::engine::limits::Limits;
use crate::expectation::Expected;
use crate::report::summary::{self, Environment, Matrix};
use crate::report::{self, json, markdown, table, text};
use crate::suite::{Options, UnitError};
use crate::verdict::Verdict;
use crate::without::Parts;

/// Runs the check. The exit code.
pub fn check(place: &Place, args: &CheckArgs) -> anyhow::Result<u8> {
    match args.engine {
        Some(engine) if engine != Engine::Stateright => {
            return threads::check(place, args, engine);
        }
        _ => {}
    }
    let everything = args.scheme.is_empty()
        && args.scenario.is_empty()
        && args.invariant.is_empty()
        && args.group.is_empty()
        && args.without.is_empty()
        && args.engine.is_none();
    let what = What {
        schemes: select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?,
        scenarios: default_scenarios(place, &args.group, &args.scenario)?,
        ask: select::matching(invariants::all(), &args.invariant, "invariant", |i| i.id)?,
        without: Parts::parse(&args.without)?,
        scope: if everything {
            Scope::Whole
        } else {
            Scope::Part
        },
    };
    if !what.without.is_empty() {
        return check_without(place, args, what);
    }
    let committed = Committed::read(place, args.bless)?;
    let options = Options {
        fairness: args.fairness.into(),
        ..options(&args.bounds, args.full)
    };
    let job = job::run(place, what, &options, &args.bounds)?;
    let (outcome, plan) = gate::hold(place, &committed, &job, &options, &args.bounds, args.bless)?;
    let runs: Vec<Expected> = job.runs.iter().map(Expected::of).collect();
    let invariants = invariants::all();
    let tables = summary::tables(&place.schemes, &invariants, &job.what.scenarios, &runs);
    match args.format {
        Format::Json => println!("{}", json::runs(&job.runs)),
        Format::Markdown => {
            for (environment, matrix) in &tables {
                println!("## {}\n\n{}", environment.title, markdown::matrix(matrix));
            }
        }
        Format::Table => {
            for (environment, matrix) in &tables {
                print_matrix(environment, matrix);
            }
            print_rest(&job);
            print!("{}", report::gate::plain(&outcome));
            for missing in &outcome.missing {
                println!("Not everything was compared: {missing}.");
            }
            print_summary(&job);
        }
    }
    print_errors(&job.errors);
    if args.format != Format::Table {
        eprint!("{}", report::gate::plain(&outcome));
    }
    if args.bless {
        return gate::bless(&job, &options, plan, &place.results());
    }
    Ok(gate::code(&job, &outcome))
}

/// What could not be run, with the shortest steps to where a step errs.
pub fn print_errors(errors: &[anyhow::Error]) {
    for error in errors {
        eprintln!("foliocheck: {error:#}");
        let unit = error.chain().find_map(|e| e.downcast_ref::<UnitError>());
        if let Some(trace) = unit.and_then(UnitError::steps) {
            eprint!("{}", text::steps(trace));
        }
    }
}

/// Runs schemes without some parts. That is not what is committed, and is not held to it. The exit code.
fn check_without(place: &Place, args: &CheckArgs, what: What) -> anyhow::Result<u8> {
    anyhow::ensure!(
        !args.bless,
        "nothing blessed: a scheme without a part is not what is committed; leave out --without"
    );
    let options = Options {
        fairness: args.fairness.into(),
        ..options(&args.bounds, args.full)
    };
    let job = job::run(place, what, &options, &args.bounds)?;
    let parts = &job.what.without;
    let runs: Vec<Expected> = job.runs.iter().map(Expected::of).collect();
    let invariants = invariants::all();
    let tables = summary::tables(&place.schemes, &invariants, &job.what.scenarios, &runs);
    let removed = parts.in_words().join("; ");
    match args.format {
        Format::Json => println!("{}", json::runs_without(&job.runs, parts.named())),
        Format::Markdown => {
            println!("Without: {removed}.\n");
            for (environment, matrix) in &tables {
                println!("## {}\n\n{}", environment.title, markdown::matrix(matrix));
            }
        }
        Format::Table => {
            println!("Without: {removed}.\n");
            for (environment, matrix) in &tables {
                print_table(environment, matrix);
                print_commands(place, matrix, parts);
            }
            for line in &job.passed {
                println!("not run: {line}");
            }
            println!("Not compared with what is committed: a part is removed.");
            print_summary(&job);
        }
    }
    Ok(if job.open().is_some() {
        INCONCLUSIVE
    } else {
        0
    })
}

/// The commands that print the shortest counterexamples of schemes without some parts.
fn print_commands(place: &Place, matrix: &Matrix<'_>, parts: &Parts) {
    let folder = place.scenarios.as_ref();
    let folder = folder.map_or_else(String::new, |dir| format!(" --scenarios {}", dir.display()));
    for cell in matrix.violated() {
        if let Some(run) = cell.shortest {
            println!(
                "  foliocheck trace {} {} {}{}{folder}  # {} steps",
                cell.scheme,
                run.scenario,
                cell.invariant,
                parts.options(),
                run.length.unwrap_or_default()
            );
        }
    }
    println!();
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
            max_memory: bounds
                .max_memory
                .map(|mib| mib << 20)
                .or_else(Limits::default_memory),
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

fn print_table(environment: &Environment, matrix: &Matrix<'_>) {
    println!("{}", environment.title);
    let terminal = std::io::stdout().is_terminal();
    let width = if terminal { None } else { Some(u16::MAX) };
    let colour = terminal && std::env::var_os("NO_COLOR").is_none();
    println!("{}", table::matrix(matrix, colour, width));
    println!(
        "violated N: N steps in the shortest counterexample. holds (N): on N triples of what changes a page, what \
         reads it and kind of file (foliocheck list coverage). Empty: does not apply.\n"
    );
}

fn print_matrix(environment: &Environment, matrix: &Matrix<'_>) {
    print_table(environment, matrix);
    let violated: Vec<_> = matrix.violated().collect();
    if violated.is_empty() {
        return;
    }
    let style = table::style(Verdict::Violated);
    println!("Shortest counterexamples (foliocheck trace SCHEME SCENARIO INVARIANT):");
    for cell in violated {
        if let Some(run) = cell.shortest {
            let steps = run.length.unwrap_or_default();
            println!(
                "  {} {} {style}{}{style:#}  ({steps} steps)",
                cell.scheme, run.scenario, cell.invariant
            );
        }
    }
    println!();
}

/// Witnesses, bugs and claims, as far as they were run.
fn print_rest(job: &Job) {
    if let Some(witnesses) = &job.witnesses {
        print_witnesses(witnesses);
    }
    if let Some(tried) = &job.tried {
        println!("{}", report::bugs::summary(&tried.cases));
    }
    if let Some(ledger) = &job.ledger {
        println!("{}.\n", ledger.summary);
    }
    if let Some(threads) = &job.threads {
        println!("{}", threads.summary());
    }
}

fn print_witnesses(witnesses: &[(witness::Witness, bool)]) {
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

/// How much was run, and what came out.
pub fn print_summary(job: &Job) {
    let (runs, answers) = (&job.runs, &job.answers);
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
        job.elapsed.as_secs_f64(),
    );
}
