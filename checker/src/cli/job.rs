//! What a check and the gate run: units of schemes in scenarios, and where everything is run, also the
//! witnesses, the bugs and the claims.

use std::time::{Duration, Instant};

use foliocheck_specs::{Invariant, Scenario, Scheme, schemes, witness};

use super::bounds::Bounds;
use super::bugs;
use super::claims;
use super::exit::{ERROR, INCONCLUSIVE, UNEXPECTED};
use super::nothing::ensure_something;
use super::progress::Progress;
use super::select::{self, Place};
use super::threads;
use crate::interrupt;
use crate::suite::{self, Answer, Options, Unit};
use crate::verdict::{Run, Verdict};
use crate::without::Parts;

/// The phase whose violations are told when it is interrupted.
const STATES: &str = "states";

/// How much is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// What was named.
    Part,
    /// Every scheme and invariant, in the scenarios of group `quick`.
    Quick,
    /// Everything.
    Whole,
}

/// What is run.
pub struct What {
    /// The schemes.
    pub schemes: Vec<Scheme>,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The invariants.
    pub ask: Vec<Invariant>,
    /// What is removed from the schemes.
    pub without: Parts,
    /// How much that is.
    pub scope: Scope,
}

/// What came out.
pub struct Job {
    /// What was run.
    pub what: What,
    /// What was not, for want of a part that is to be removed, or because it cannot be; a line each.
    pub passed: Vec<String>,
    /// By unit.
    pub answers: Vec<Answer>,
    /// All runs of all answers.
    pub runs: Vec<Run>,
    /// Each witness, and whether it broke its invariant.
    pub witnesses: Option<Vec<(witness::Witness, bool)>>,
    /// The bugs.
    pub tried: Option<bugs::Outcome>,
    /// The claims.
    pub ledger: Option<claims::Ledger>,
    /// What was run as threads.
    pub threads: Option<threads::Threads>,
    /// What could not be run, first of all units in which a step errs. Nothing else is less true for it.
    pub errors: Vec<anyhow::Error>,
    /// Wall time.
    pub elapsed: Duration,
}

impl Job {
    /// The exit code, of everything but the comparison of verdicts.
    pub fn code(&self) -> u8 {
        let codes = [
            self.tried.as_ref().map_or(0, bugs::Outcome::code),
            self.ledger.as_ref().map_or(0, claims::Ledger::code),
        ];
        if !self.errors.is_empty() {
            return ERROR;
        }
        let failed = self.witnesses.iter().flatten().any(|(_, broken)| !broken);
        if failed || codes.contains(&UNEXPECTED) {
            UNEXPECTED
        } else if codes.contains(&INCONCLUSIVE) || self.open().is_some() || self.is_cut() {
            INCONCLUSIVE
        } else {
            0
        }
    }

    /// Some exploration by loom did not reach its bound.
    pub fn is_cut(&self) -> bool {
        self.threads.iter().any(|t| !t.cut.is_empty())
    }

    /// The first inconclusive run.
    pub fn open(&self) -> Option<&Run> {
        let open = |r: &&Run| r.verdict == Verdict::Inconclusive;
        self.runs.iter().find(open)
    }
}

/// Runs it. Witnesses, bugs and claims are about the project's own scenarios, all of them.
pub fn run(place: &Place, what: What, options: &Options, bounds: &Bounds) -> anyhow::Result<Job> {
    let whole = suite::units(&what.schemes, &what.scenarios, &what.ask);
    ensure_something(&what.schemes, &what.scenarios, &what.ask, &whole)?;
    let removed = what.without.remove_from(whole)?;
    let (units, passed) = (removed.units, removed.passed);
    let started = Instant::now();
    let jobs = bounds.jobs();
    let mut errors: Vec<anyhow::Error> = Vec::new();
    let (units, answers) = run_units(STATES, units, options, jobs, &mut errors)?;
    let runs: Vec<Run> = answers.iter().flat_map(|a| a.runs.clone()).collect();
    let (mut witnesses, mut tried, mut ledger, mut run_as_threads) = (None, None, None, None);
    if what.scope == Scope::Whole && place.scenarios.is_none() {
        let mut kept = Kept(&mut errors);
        witnesses = kept.of(run_witnesses(&what.scenarios, options, jobs));
        tried = kept.of(bugs::try_all(place, options, jobs, &bugs::all()));
        ledger = kept.of(claims::ledger(place, bounds, &runs));
        run_as_threads = kept.of(threads::main_job(
            place,
            &units,
            &answers,
            &options.limits,
            jobs,
        ));
        let of_threads = run_as_threads.iter_mut();
        errors.extend(of_threads.flat_map(|t| t.errors.drain(..)).map(Into::into));
    }
    Ok(Job {
        what,
        passed,
        answers,
        runs,
        witnesses,
        tried,
        ledger,
        threads: run_as_threads,
        errors,
        elapsed: started.elapsed(),
    })
}

/// Errors of parts, so that the other parts are there all the same.
struct Kept<'e>(&'e mut Vec<anyhow::Error>);

impl Kept<'_> {
    fn of<T>(&mut self, part: anyhow::Result<T>) -> Option<T> {
        part.map_err(|error| self.0.push(error)).ok()
    }
}

/// Those units that could be run, with their answers.
fn run_units(
    phase: &str,
    units: Vec<Unit>,
    options: &Options,
    jobs: usize,
    errors: &mut Vec<anyhow::Error>,
) -> anyhow::Result<(Vec<Unit>, Vec<Answer>)> {
    let progress = Progress::start(phase, Some(units.len()))?;
    let answers = suite::run_each(&units, options, jobs, &|unit, answer| {
        // A witness is there to be violated.
        let told = answer.iter().filter(|_| phase == STATES);
        for run in told.flat_map(|a| &a.runs) {
            if let Some(trace) = &run.trace {
                interrupt::found(format!(
                    "{} in {}, {}: violated in {} steps",
                    run.scheme, run.scenario, run.invariant, trace.length
                ));
            }
        }
        let message = format!("{} in {}", unit.scheme.id, unit.scenario.id);
        progress.one_of(units.len(), message);
    });
    progress.end();
    let mut kept = Kept(errors);
    let ran = units.into_iter().zip(answers);
    Ok(ran
        .filter_map(|(unit, answer)| Some((unit, kept.of(answer.map_err(Into::into))?)))
        .unzip())
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
            scheme: select::one(schemes::all(), witness.scheme, "scheme", |s| s.id)?,
            scenario: select::scenario(scenarios.to_vec(), witness.scenario)?,
            ablations: witness.ablation.clone().into_iter().collect(),
            ask: vec![select::invariant(witness.invariant)?],
        });
    }
    let mut errors = Vec::new();
    let (_, answers) = run_units("witnesses", units, options, jobs, &mut errors)?;
    if let Some(error) = errors.pop() {
        return Err(error.context("a witness"));
    }
    Ok(witnesses
        .into_iter()
        .zip(answers)
        .map(|(w, a)| {
            let broken = a.runs.iter().any(|r| r.verdict == Verdict::Violated);
            (w, broken)
        })
        .collect())
}
