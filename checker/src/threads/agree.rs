//! The engines answering for each other: the final observations of a unit, by each.
//!
//! - What shuttle meets, exploration by states has.
//! - With a full barrier around every access, loom has just what exploration by states has (no more, if it
//!   was bounded).
//! - With the declared orders, loom has that and, of weak executions, perhaps more: each such outcome is
//!   shown with its execution.
//!
//! Anything else is an error of an engine, of the executor, or of the reduction.

use std::collections::BTreeSet;

use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_model::machine::BuildError;
use serde::Serialize;

use super::loomed::{self, Loomed, Reach};
use super::sampled;
use crate::engine::loom::LoomError;
use crate::engine::shuttle::Bounds;
use crate::suite::{self, Cause, Options, Unit, UnitError};
use crate::trace::Trace;

/// How far each engine goes.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Exploration by states.
    pub options: Options,
    /// loom, either way.
    pub reach: Reach,
    /// shuttle.
    pub sample: Bounds,
}

/// What one engine has of a unit's outcomes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Has {
    /// The engine, and with which orders.
    pub engine: &'static str,
    /// Outcomes.
    pub outcomes: usize,
    /// Of those that exploration by states has, the ones it lacks.
    pub lacks: usize,
    /// Those that exploration by states does not have.
    pub beyond: usize,
    /// What was covered.
    pub coverage: String,
}

/// An outcome that only weak memory has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WeakOutcome {
    /// The observed variables that differ from every outcome of the interleavings, or all.
    pub observation: Vec<String>,
    /// An execution that has it.
    pub trace: Trace,
}

/// A unit's outcomes, compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Agreement {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// By engine; exploration by states first.
    pub engines: Vec<Has>,
    /// Why an engine was not run.
    pub passed: Vec<String>,
    /// What only weak memory has.
    pub weak: Vec<WeakOutcome>,
    /// What must not be.
    pub errors: Vec<String>,
    /// What a bound cut short: that was not compared.
    pub cut: Vec<String>,
}

type Outcomes = BTreeSet<Vec<u64>>;

/// Compares the engines on one unit.
///
/// # Errors
/// If the unit cannot be run at all.
pub fn agree(unit: &Unit, means: &Means) -> Result<Agreement, UnitError> {
    let mut agreement = Agreement {
        scheme: unit.scheme.id.to_owned(),
        scenario: unit.scenario.id.clone(),
        engines: Vec::new(),
        passed: Vec::new(),
        weak: Vec::new(),
        errors: Vec::new(),
        cut: Vec::new(),
    };
    let answer = suite::run(unit, &means.options)?;
    let Some(states) = answer.observations else {
        let why = "exploration by states was cut short";
        agreement.cut.push(why.to_owned());
        return Ok(agreement);
    };
    agreement.engines.push(Has {
        engine: "stateright",
        outcomes: states.len(),
        lacks: 0,
        beyond: 0,
        coverage: format!("{} states", answer.states),
    });
    agreement
        .compare(unit, means, &states)
        .map_err(|cause| unit.error(cause))?;
    Ok(agreement)
}

impl Agreement {
    fn compare(&mut self, unit: &Unit, means: &Means, states: &Outcomes) -> Result<(), Cause> {
        let instance = unit.instance()?;
        match sampled::sample(&instance, &means.sample) {
            Ok(sample) => {
                let coverage = format!("{} schedules", sample.schedules);
                if sample.cut.is_some() {
                    self.cut.push(format!("shuttle was cut short: {coverage}"));
                }
                self.has("shuttle", &sample.outcomes, states, coverage, false);
            }
            Err(cause) => return self.pass(cause),
        }
        let strongest = match loomed::explore(&instance, Orders::Strongest, &means.reach) {
            Ok(strongest) => strongest,
            Err(cause) => return self.pass(cause),
        };
        if strongest.found.weak > 0 {
            let n = strongest.found.weak;
            self.errors
                .push(format!("loom, full barriers: {n} executions are weak"));
        }
        self.loom("loom, full barriers", &strongest, states);
        let declared = loomed::explore(&instance, Orders::Declared, &means.reach)?;
        self.loom("loom", &declared, states);
        let both_whole = strongest.is_whole() && declared.is_whole();
        let lost = strongest
            .found
            .outcomes
            .difference(&declared.found.outcomes);
        if both_whole && lost.count() > 0 {
            let why = "loom: weaker orders lose outcomes that full barriers have";
            self.errors.push(why.to_owned());
        }
        let prepared = Prepared::of(&instance.in_range)?;
        let system = &prepared.system;
        for (outcome, execution) in &declared.found.weak_outcomes {
            if states.contains(outcome) {
                continue;
            }
            let observed = system.vars.iter().filter(|v| v.observed).zip(outcome);
            let why = "an outcome that no interleaving has".to_owned();
            self.weak.push(WeakOutcome {
                observation: observed
                    .map(|(v, value)| format!("{} = {}", v.full_name(), v.show(*value)))
                    .collect(),
                trace: Trace::weak(system, execution, execution.steps.len(), why),
            });
        }
        Ok(())
    }

    fn loom(&mut self, engine: &'static str, loomed: &Loomed, states: &Outcomes) {
        if let Some(cut) = loomed.cut_short() {
            self.cut.push(format!("{engine}: {cut}"));
        }
        let whole = loomed.is_whole();
        self.has(
            engine,
            &loomed.found.outcomes,
            states,
            loomed.coverage(),
            whole,
        );
    }

    /// `whole`: it must have all of them.
    fn has(
        &mut self,
        engine: &'static str,
        outcomes: &Outcomes,
        states: &Outcomes,
        coverage: String,
        whole: bool,
    ) {
        let has = Has {
            engine,
            outcomes: outcomes.len(),
            lacks: states.difference(outcomes).count(),
            beyond: outcomes.difference(states).count(),
            coverage,
        };
        if has.beyond > 0 {
            self.errors.push(format!(
                "{engine}: {} outcomes of interleavings that exploration by states does not have",
                has.beyond
            ));
        }
        if whole && has.lacks > 0 {
            self.errors.push(format!(
                "{engine}: all executions, and {} outcomes are missing",
                has.lacks
            ));
        }
        self.engines.push(has);
    }

    /// What no thread can run is passed over; anything else is an error.
    fn pass(&mut self, cause: Cause) -> Result<(), Cause> {
        match cause {
            Cause::Build(error @ BuildError::TwoObjects { .. }) => {
                self.passed.push(error.to_string());
                Ok(())
            }
            Cause::Loom(error @ (LoomError::TooManyTasks(_) | LoomError::Endless(_))) => {
                self.passed.push(error.to_string());
                Ok(())
            }
            cause => Err(cause),
        }
    }
}
