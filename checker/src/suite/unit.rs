//! One scenario under one scheme, and what may go wrong with it.

use foliocheck_model::machine::BuildError;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::file::FileError;
use foliocheck_specs::{Instance, Invariant, Scenario, Scheme, invariants, schemes};

use crate::engine::explore::ExploreError;
use crate::engine::loom::LoomError;
use crate::engine::shuttle::ShuttleError;
use crate::trace::{ReplayError, Trace};

/// One scenario under one scheme.
#[derive(Clone)]
pub struct Unit {
    /// The scheme.
    pub scheme: Scheme,
    /// The scenario.
    pub scenario: Scenario,
    /// What is removed.
    pub ablations: Vec<Ablation>,
    /// The invariants to answer; those that do not apply are passed over.
    pub ask: Vec<Invariant>,
}

/// Every scheme in every scenario that it concerns.
pub fn units(schemes: &[Scheme], scenarios: &[Scenario], ask: &[Invariant]) -> Vec<Unit> {
    let mut units = Vec::new();
    for scheme in schemes {
        for scenario in scenarios {
            if scheme.family.concerns(&scenario.setup) {
                units.push(Unit {
                    scheme: scheme.clone(),
                    scenario: scenario.clone(),
                    ablations: Vec::new(),
                    ask: ask.to_vec(),
                });
            }
        }
    }
    units
}

/// What a check without arguments runs, the scenarios of group `large` left out.
///
/// # Errors
/// If the project's own scenarios cannot be read.
pub fn default_units() -> Result<Vec<Unit>, FileError> {
    let mut scenarios = Scenario::own()?;
    scenarios.retain(Scenario::is_default);
    Ok(units(&schemes::all(), &scenarios, &invariants::all()))
}

impl Unit {
    /// The system, with every invariant that applies to it as a predicate.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn instance(&self) -> Result<Instance, BuildError> {
        let setup = &self.scenario.setup;
        let mut applicable = foliocheck_specs::instance::applicable(setup);
        // What is no guarantee, and asked all the same.
        let known: Vec<&str> = invariants::all().iter().map(|i| i.id).collect();
        applicable.extend(self.ask.iter().filter(|i| !known.contains(&i.id)));
        Instance::build(setup, &self.scheme, &self.ablations, &applicable)
    }

    /// Some invariant that it asks applies to its scenario.
    pub fn asks_something(&self) -> bool {
        let setup = &self.scenario.setup;
        self.ask.iter().any(|i| (i.applies)(setup))
    }

    /// Names the unit in an error.
    pub fn error(&self, source: impl Into<Cause>) -> UnitError {
        UnitError {
            scheme: self.scheme.id.to_owned(),
            scenario: self.scenario.id.clone(),
            source: Box::new(source.into()),
        }
    }
}

/// A unit that could not be run: an error of the model or of a scheme, never a verdict.
#[derive(Debug, thiserror::Error)]
#[error("{scheme} in {scenario}")]
pub struct UnitError {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// What went wrong.
    pub source: Box<Cause>,
}

impl UnitError {
    /// The shortest steps to where a step errs, if that is what went wrong and they were found.
    pub fn steps(&self) -> Option<&Trace> {
        match &*self.source {
            Cause::Erred { trace, .. } => trace.as_deref(),
            _ => None,
        }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// It could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A step did what no step must do.
    #[error("error of the model: {error}")]
    Erred {
        /// The task, its step, and what is wrong there.
        error: String,
        /// The shortest steps to where that step is next, if they were found.
        trace: Option<Box<Trace>>,
    },
    /// It could not be explored.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// A path found by exploration could not be replayed on the system as written.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Its executions could not be explored.
    #[error(transparent)]
    Loom(#[from] LoomError),
    /// Its executions could not be sampled.
    #[error(transparent)]
    Shuttle(#[from] ShuttleError),
    /// An interleaving that threads have run violates what exploration by states says holds: one of the
    /// engines is wrong.
    #[error(
        "the engines disagree: by states {invariant} holds, loom has an interleaving of {steps} steps that violates it\n{trace}"
    )]
    Disagree {
        /// The invariant.
        invariant: String,
        /// Steps of the interleaving.
        steps: usize,
        /// They.
        trace: String,
    },
}
