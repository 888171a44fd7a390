//! Which explorations answer which questions, and running them.
//!
//! Reduced, an instance takes one exploration that preserves final states. It answers the invariants
//! about final states, and those whose violation a ghost records for good; if such a violation exists,
//! a second exploration, led by that question, finds a shortest way to it. Each predicate over passing
//! states takes an exploration of its own, led by it. In full mode one exploration answers everything.
//! Why this preserves verdicts and lengths: [`stubborn`](crate::engine::stubborn).
//!
//! Whether tasks finish in endless executions is answered on the state graph, in either mode:
//! [`lasso`](crate::engine::lasso).
//!
//! Before all that, where rules count: whether each counter stays in its range (`holds-balanced`), on the
//! system in which one that does not saturates. If all do, everything else is asked of the system that takes
//! it for granted; else (or where it is not known) of the former. See `balance`.
//!
//! A step that errs all the same is an error of the model, of one unit: it comes with the shortest steps to
//! such an error, and is no business of other units. See `errors`.

mod balance;
mod conclude;
mod errors;
mod parallel;
mod unit;

use std::collections::BTreeSet;

use foliocheck_model::machine::System;
use foliocheck_model::machine::program::Program;
use foliocheck_model::machine::step::END;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_specs::{Scenario, instance, invariants};

use balance::Asked;
pub use conclude::ENGINES;
use conclude::{Finding, conclude};
pub use parallel::{in_parallel, spread};
pub use unit::{Cause, Unit, UnitError, default_units, units};

use crate::engine::explore::{Exploration, Mode, explore, lasts};
use crate::engine::lasso::Fairness;
use crate::engine::limits::Limits;
use crate::engine::progress::progress;
use crate::verdict::{Run, Verdict};

/// How to run it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Without reduction.
    pub full: bool,
    /// What is taken for granted of endless executions.
    pub fairness: Fairness,
    /// Bounds of each exploration.
    pub limits: Limits,
}

/// A unit's answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One run for each invariant asked that applies.
    pub runs: Vec<Run>,
    /// States over all explorations.
    pub states: usize,
    /// Transitions over all explorations.
    pub transitions: usize,
    /// Final observations, if an exploration collected them to the end.
    pub observations: Option<BTreeSet<Vec<u64>>>,
    /// Tasks that come to their end in no execution, though their calls are finite in number; as far as an
    /// exploration of final states went to its end.
    pub unfinished: Vec<String>,
    /// Expected number of states lost to equal fingerprints.
    pub expected_omissions: f64,
}

/// Runs one unit.
///
/// # Errors
/// If it could not be run to an answer.
pub fn run(unit: &Unit, options: &Options) -> Result<Answer, UnitError> {
    answer(unit, options).map_err(|source| unit.error(errors::explain(unit, source, options)))
}

/// Runs many units on `jobs` threads; `done` is called after each. Answers come in the order of the
/// units, whatever the number of threads.
pub fn run_all(
    units: &[Unit],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(&Unit) + Sync),
) -> Vec<Result<Answer, UnitError>> {
    run_each(units, options, jobs, &|unit, _| done(unit))
}

/// As [`run_all`], and `done` is told what came out.
pub fn run_each(
    units: &[Unit],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(&Unit, &Result<Answer, UnitError>) + Sync),
) -> Vec<Result<Answer, UnitError>> {
    spread(units, weight, jobs, &|unit| {
        let answer = run(unit, options);
        done(unit, &answer);
        answer
    })
}

fn weight(unit: &Unit) -> usize {
    size(&unit.scenario) + unit.scheme.rules.len()
}

/// Roughly how large the scenario's state space is: good enough to order by.
pub fn size(scenario: &Scenario) -> usize {
    let setup = &scenario.setup;
    let calls: usize = setup.tasks.iter().map(|t| t.calls.len()).sum();
    setup.tasks.len() * 100 + calls * 10
}

fn answer(unit: &Unit, options: &Options) -> Result<Answer, Cause> {
    let instance = unit.instance()?;
    let mut limits = options.limits;
    limits.max_states = match (limits.max_states, unit.scenario.max_states) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let mut answer = Answer::default();
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    let system = if unit
        .ask
        .iter()
        .all(|i| i.id == invariants::errors::INVARIANT.id)
    {
        // Errors of the kernel's own, whatever rules count.
        Asked::Saturating(&instance)
    } else {
        balance::ask(&instance, options, &limits, &mut answer, &mut findings)?
    };
    let is_asked = |p: &usize| {
        let name = &instance.full.predicates[*p].invariant;
        unit.ask.iter().any(|i| i.id == *name)
    };
    let (endless, asked): (Vec<usize>, Vec<usize>) = (0..instance.full.predicates.len())
        .filter(|p| is_asked(p) && findings.iter().all(|(known, _)| known != p))
        .partition(|p| about_progress(&instance.full.predicates[*p]));
    // Else only endless executions are asked about.
    if !asked.is_empty() {
        let explore = if options.full {
            explore_full
        } else {
            explore_reduced
        };
        let optimized = &system.optimized();
        explore(optimized, &asked, &limits, &mut answer, &mut findings)?;
    }
    if !endless.is_empty() {
        ask_progress(
            system.written(),
            &endless,
            options.fairness,
            &limits,
            &mut answer,
            &mut findings,
        )?;
    }
    for invariant in &unit.ask {
        let mine: Vec<&(usize, Finding)> = findings
            .iter()
            .filter(|(p, _)| instance.full.predicates[*p].invariant == invariant.id)
            .collect();
        if !mine.is_empty() {
            let mut run = conclude(unit, invariant, &instance, &mine, options)?;
            if run.verdict == Verdict::Holds {
                run.unfinished.clone_from(&answer.unfinished);
            }
            answer.runs.push(run);
        }
    }
    Ok(answer)
}

fn explore_full(
    system: &System,
    asked: &[usize],
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let exploration = explore(system, Mode::Full, asked, limits)?;
    answer.add(&exploration);
    for p in asked {
        findings.push((*p, Finding::of(&exploration, *p, limits)));
    }
    answer.observe(exploration, system);
    Ok(())
}

fn explore_reduced(
    system: &System,
    asked: &[usize],
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let (lasting, passing): (Vec<usize>, Vec<usize>) = asked
        .iter()
        .partition(|p| lasts(system, &system.predicates[**p]));
    if !lasting.is_empty() {
        let exploration = explore(system, Mode::Final, &lasting, limits)?;
        answer.add(&exploration);
        for p in lasting {
            let found = exploration.violations.iter().any(|v| v.0 == p);
            if found && system.predicates[p].scope == Scope::Always {
                findings.push((p, ask(system, p, limits, answer)?));
            } else {
                findings.push((p, Finding::of(&exploration, p, limits)));
            }
        }
        answer.observe(exploration, system);
    }
    for p in passing {
        findings.push((p, ask(system, p, limits, answer)?));
    }
    findings.sort_by_key(|(p, _)| *p);
    Ok(())
}

fn ask(system: &System, p: usize, limits: &Limits, answer: &mut Answer) -> Result<Finding, Cause> {
    let exploration = explore(system, Mode::Question(p), &[p], limits)?;
    answer.add(&exploration);
    Ok(Finding::of(&exploration, p, limits))
}

fn about_progress(predicate: &Predicate) -> bool {
    matches!(predicate.scope, Scope::Progress(_))
}

/// One graph answers all questions about endless executions.
fn ask_progress(
    full: &System,
    asked: &[usize],
    fairness: Fairness,
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let progress = progress(&instance::question(full, asked), fairness, limits)?;
    answer.states += progress.states;
    answer.transitions += progress.transitions;
    for (n, p) in asked.iter().enumerate() {
        findings.push((*p, Finding::of_progress(&progress, n, limits)));
    }
    Ok(())
}

impl Answer {
    fn add(&mut self, exploration: &Exploration) {
        self.states += exploration.states;
        self.transitions += exploration.transitions;
        self.expected_omissions += exploration.expected_omissions();
    }

    fn observe(&mut self, exploration: Exploration, system: &System) {
        if exploration.cut.is_some() {
            return;
        }
        // Without a final state nothing is known of ends: then everybody goes on for ever.
        if !exploration.observations.is_empty() {
            let ends = |program: &Program| {
                let branches = program.steps.iter().flat_map(|s| &s.branches);
                branches.clone().next().is_none() || branches.into_iter().any(|b| b.next == END)
            };
            let tasks = system.tasks.iter().zip(&exploration.finished);
            self.unfinished = tasks
                .filter(|(task, finished)| !**finished && ends(&task.program))
                .map(|(task, _)| task.name.clone())
                .collect();
        }
        self.observations = Some(exploration.observations);
    }
}
