//! What `check` prints of what was run, and what other commands print alike.

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_specs::{invariants, names, witness};

use super::args::FairnessArg;
use super::job::Job;
use super::out::{eprint, eprintln, print, println};
use super::select::Place;
use super::threads::Threads;
use crate::causes::chain;
use crate::expectation::{Expectations, Expected};
use crate::gate::outcome::Outcome;
use crate::report::summary::{self, Cell, Environment, Matrix};
use crate::report::terminal::{self, fit};
use crate::report::{self, overview, table, text};
use crate::suite::UnitError;
use crate::verdict::{UNFINISHED_TASK, Verdict};

/// Commands that are printed for counterexamples, unless all are asked for.
const COMMANDS: usize = 10;

/// Units of which it is said that a task never comes to its end, and scenarios that change no bytes.
const UNFINISHED: usize = 5;

/// What is printed about.
pub struct Said<'a> {
    /// What was run.
    pub job: &'a Job,
    /// Its runs.
    pub runs: &'a [Expected],
    /// The same, as tables.
    pub tables: &'a [(Environment, Matrix<'a>)],
    /// With which fairness.
    pub fairness: FairnessArg,
    /// Verdicts for which nothing is committed.
    pub new: usize,
}

/// Everything was run: the conclusion, what came out in words, the table of files on disk, how to go on.
pub fn whole(place: &Place, said: &Said<'_>, outcome: &Outcome) {
    println!("{}\n", fit(&conclusion(place, said, outcome)));
    overview(place, said.runs, said.tables);
    if place.verbose {
        commands(place, said, usize::MAX);
    }
    print_rest(place, said.job);
    print!("{}", report::gate::plain(outcome));
    go_on(place, said);
    summary(said.job);
}

/// What came out in words, and the tables: the first, with a line for each other, or all of them.
fn overview(place: &Place, runs: &[Expected], all: &[(Environment, Matrix<'_>)]) {
    let invariants = invariants::all();
    let words = overview::text(&place.schemes, &invariants, runs);
    println!("{}", fit(&words));
    let shown = if place.verbose {
        all.len()
    } else {
        all.len().min(1)
    };
    tables(&all[..shown]);
    for (environment, matrix) in &all[shown..] {
        println!("{}", fit(&overview::line(environment, matrix)));
    }
    println!();
}

/// What is committed, without a run.
pub fn committed(place: &Place) -> anyhow::Result<()> {
    let results = place.results();
    let expected = Expectations::read(&results)?;
    let runs: Vec<Expected> = expected.iter().cloned().collect();
    anyhow::ensure!(
        !runs.is_empty(),
        "nothing is committed in {}",
        names::path(&results)
    );
    let (scenarios, invariants) = (place.scenarios()?, invariants::all());
    println!(
        "Committed in {}, not run now: {} verdicts.\n",
        names::path(&results),
        runs.len()
    );
    let all = summary::tables(&place.schemes, &invariants, &scenarios, &runs);
    overview(place, &runs, &all);
    Ok(())
}

/// Some of it was run: the tables, the shortest counterexamples, how that compares.
pub fn part(place: &Place, said: &Said<'_>, outcome: &Outcome) {
    tables(said.tables);
    commands(
        place,
        said,
        if place.verbose { usize::MAX } else { COMMANDS },
    );
    print_rest(place, said.job);
    print!("{}", report::gate::plain(outcome));
    println!("{}", fit(&conclusion(place, said, outcome)));
    for missing in &outcome.missing {
        println!(
            "{}",
            fit(&format!("Not everything was compared: {missing}."))
        );
    }
    summary(said.job);
}

/// Something else was run than what is committed, for this reason.
pub fn apart(place: &Place, said: &Said<'_>, why: &str) {
    tables(said.tables);
    commands(
        place,
        said,
        if place.verbose { usize::MAX } else { COMMANDS },
    );
    for line in &said.job.passed {
        println!("{}", fit(&format!("not run: {line}")));
    }
    println!(
        "{}",
        fit(&format!("Not compared with what is committed: {why}."))
    );
    summary(said.job);
}

/// Whether everything is as committed, in a sentence.
fn conclusion(place: &Place, said: &Said<'_>, outcome: &Outcome) -> String {
    let results = names::path(&place.results());
    let new = match said.new {
        0 => String::new(),
        new => format!(
            " {new} verdicts are new, not gated yet: nothing is committed for them in {results} (`{}` commits them).",
            place.command(["gate", "--bless"])
        ),
    };
    let wrong = outcome.wrong();
    let open = outcome.count(Verdict::Inconclusive);
    let known = said.runs.len() - said.new - open;
    let compared = match (known, wrong) {
        (_, 1..) => format!("NOT as committed in {results}: {wrong} differences, listed below."),
        (0, 0) => String::new(),
        (known, 0) => {
            let others = outcome.sections.iter().filter(|s| s.looked_at > 0);
            let others: Vec<String> = others
                .map(|s| format!(", {} {}", s.looked_at, s.title))
                .collect();
            format!(
                "As committed in {results}: {known} verdicts{}.",
                others.concat()
            )
        }
    };
    let open = match open {
        0 => String::new(),
        open => format!(" {open} runs are inconclusive."),
    };
    format!("{compared}{open}{new}").trim_start().to_owned()
}

/// All of them, and what their signs mean.
fn tables(tables: &[(Environment, Matrix<'_>)]) {
    let width = terminal::width();
    let bold = anstyle::Style::new().bold();
    for (environment, matrix) in tables {
        println!("{bold}{}{bold:#}", environment.title);
        println!("{}", table::matrix(matrix, width));
    }
    println!("{}\n", fit(table::LEGEND));
}

/// The commands that print the shortest counterexamples.
fn commands(place: &Place, said: &Said<'_>, most: usize) {
    let violated: Vec<&Cell<'_>> = said.tables.iter().flat_map(|(_, m)| m.violated()).collect();
    if violated.is_empty() {
        return;
    }
    println!("Shortest counterexamples:");
    for cell in violated.iter().take(most) {
        if let Some(run) = cell.shortest {
            let steps = run.length.unwrap_or_default();
            println!("  {}  # {steps} steps", trace_command(place, said, run));
        }
    }
    if violated.len() > most {
        println!("  and {} more: -v prints them", violated.len() - most);
    }
    println!();
}

/// The command that prints a run's counterexample.
fn trace_command(place: &Place, said: &Said<'_>, run: &Expected) -> String {
    let mut words = vec!["trace", &run.scheme, &run.scenario, &run.invariant];
    for part in said.job.what.without.named() {
        words.extend(["--without", part]);
    }
    if let Some(fairness) = said.fairness.option() {
        words.extend(["--fairness", fairness]);
    }
    place.command(words)
}

/// What to look at next.
fn go_on(place: &Place, said: &Said<'_>) {
    let shortest = said.runs.iter().filter(|r| r.length.is_some());
    let shortest = shortest.min_by_key(|r| (r.length, &r.scheme, &r.scenario));
    println!("How to go on:");
    let line = |command: String, what: &str| println!("  {command}\n      {what}");
    if let Some(run) = shortest {
        line(
            trace_command(place, said, run),
            "a counterexample, step by step",
        );
        line(
            place.command(["explain", &run.invariant]),
            "what that invariant says; the same for a scheme, a scenario, a step, a bug",
        );
    }
    line(
        place.command(["ui", "--open"]),
        "all of this as a page: step through, compare, try rules",
    );
    line(
        place.command(["-v"]),
        "all tables, and a command for each counterexample",
    );
    println!();
}

/// What could not be run, with the shortest steps to where a step errs.
pub fn errors(errors: &[anyhow::Error]) {
    for error in errors {
        eprintln!("foliocheck: {}", chain(error.as_ref()));
        let unit = error.chain().find_map(|e| e.downcast_ref::<UnitError>());
        if let Some(trace) = unit.and_then(UnitError::steps) {
            eprint!("{}", text::steps(trace));
        }
    }
}

/// Witnesses, bugs and claims, as far as they were run.
fn print_rest(place: &Place, job: &Job) {
    if let Some(witnesses) = &job.witnesses {
        print_witnesses(witnesses);
    }
    if let Some(tried) = &job.tried {
        print!("{}", fit(&report::bugs::summary(&tried.cases)));
    }
    if let Some(ledger) = &job.ledger {
        println!("{}.", ledger.summary);
    }
    if let Some(threads) = &job.threads {
        print!("{}", fit(&threads.summary()));
        print_weak(place, threads);
    }
}

/// What only weak memory violates: an invariant a line, with one of the commands; all of them with -v.
fn print_weak(place: &Place, threads: &Threads) {
    let mut by_invariant: BTreeMap<&str, Vec<[&str; 2]>> = BTreeMap::new();
    for [scheme, scenario, invariant] in threads.weak_only() {
        let units = by_invariant.entry(invariant).or_default();
        units.push([scheme, scenario]);
    }
    for (invariant, units) in by_invariant {
        let schemes: BTreeSet<&str> = units.iter().map(|[scheme, _]| *scheme).collect();
        println!(
            "  on weak memory only: {invariant}, in {} units, under {} schemes",
            units.len(),
            schemes.len()
        );
        let most = if place.verbose { usize::MAX } else { 1 };
        for [scheme, scenario] in units.into_iter().take(most) {
            let command = ["trace", scheme, scenario, invariant, "--engine", "loom"];
            println!("    {}", place.command(command));
        }
    }
    println!();
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
}

/// Units in which a task comes to its end in no execution: what holds there may hold for want of what it would do.
fn unfinished(job: &Job) {
    let mut units: BTreeMap<[&str; 2], &[String]> = BTreeMap::new();
    for run in job.runs.iter().filter(|r| !r.unfinished.is_empty()) {
        units.insert([&run.scheme, &run.scenario], &run.unfinished);
    }
    if units.is_empty() {
        return;
    }
    println!("{} units in which {UNFINISHED_TASK}:", units.len());
    for ([scheme, scenario], tasks) in units.iter().take(UNFINISHED) {
        println!("  {scheme} in {scenario}: {}", tasks.join(", "));
    }
    if units.len() > UNFINISHED {
        println!(
            "  and {} more: --format json has all",
            units.len() - UNFINISHED
        );
    }
}

/// Scenarios in which nothing could violate what only a change violates.
fn unchanged(job: &Job) {
    let still = job.runs.iter().filter(|r| r.unchanged);
    let scenarios: BTreeSet<&str> = still.map(|r| r.scenario.as_str()).collect();
    if scenarios.is_empty() {
        return;
    }
    let named: Vec<&str> = scenarios.iter().copied().take(UNFINISHED).collect();
    let more = scenarios.len() - named.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!(", and {more} more")
    };
    let line = format!(
        "No call changes bytes of the file in {}{more}: what only a change could violate holds there for that reason.",
        named.join(", ")
    );
    println!("{}", fit(&line));
}

/// How much was run, and what came out.
pub fn summary(job: &Job) {
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
    unfinished(job);
    unchanged(job);
    let line = format!(
        "{} runs: {} hold, {} violated, {} inconclusive; {states} states, {transitions} transitions, {:.1} s; \
         expected states lost to equal fingerprints: {omissions:.0e}",
        runs.len(),
        count(Verdict::Holds),
        count(Verdict::Violated),
        count(Verdict::Inconclusive),
        job.elapsed.as_secs_f64(),
    );
    println!("{}", fit(&line));
}
