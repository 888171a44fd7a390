//! What loom finds in a unit, and the verdicts that follow.
//!
//! A verdict of the engine `loom` is about all executions: the interleavings, which exploration by states
//! has visited, and the weak ones, which loom has. *Holds* takes both, within loom's bound, which it names.

use std::time::{Duration, Instant};

use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_model::machine::{BuildError, RunError};
use foliocheck_specs::{Instance, Invariant};

use crate::engine::limits::Limits;
use crate::engine::loom::{self, Cut, Exploration, LoomError};
use crate::suite::{Answer, Cause, Unit, UnitError};
use crate::trace::Trace;
use crate::verdict::{Run, Verdict};

/// How far loom goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    /// Executions within which an exploration without bound on preemptions is tried first.
    pub to_the_end: usize,
    /// Preemptions allowed if that is not enough.
    pub preemptions: usize,
    /// Most executions then.
    pub executions: usize,
    /// Most time, of both together.
    pub time: Option<Duration>,
    /// Most memory of the whole process, in bytes.
    pub memory: Option<usize>,
}

impl Reach {
    /// That of the default suite.
    pub const DEFAULT: Reach = Reach {
        to_the_end: 200,
        preemptions: 1,
        executions: 20_000,
        time: None,
        memory: None,
    };

    /// The same, within the time and the memory of explorations by states.
    pub fn within(self, limits: &Limits) -> Reach {
        Reach {
            time: limits.timeout,
            memory: limits.max_memory,
            ..self
        }
    }
}

/// A unit that loom has run.
#[derive(Clone, Debug)]
pub struct Loomed {
    /// What was found.
    pub found: Exploration,
    /// Most preemptions of an execution; none: any number.
    pub preemptions: Option<usize>,
}

/// What came of a unit.
#[derive(Clone, Debug)]
pub enum Looming {
    /// loom has run it.
    Ran(Box<Loomed>),
    /// It cannot, and why.
    Passed(String),
}

/// Runs a unit, as far as `reach` says.
///
/// # Errors
/// If it shows an error of the model or of the executor.
pub fn run(unit: &Unit, orders: Orders, reach: &Reach) -> Result<Looming, UnitError> {
    let instance = unit.instance().map_err(|e| unit.error(e))?;
    match explore(&instance, orders, reach) {
        Ok(loomed) => Ok(Looming::Ran(Box::new(loomed))),
        Err(Cause::Build(error @ BuildError::TwoObjects { .. })) => {
            Ok(Looming::Passed(error.to_string()))
        }
        Err(Cause::Loom(error @ (LoomError::TooManyTasks(_) | LoomError::Endless(_)))) => {
            Ok(Looming::Passed(error.to_string()))
        }
        Err(Cause::Loom(LoomError::Run(error))) if instance.is_unbalanced(&error) => {
            Ok(Looming::Passed(unbalanced(&error)))
        }
        Err(cause) => Err(unit.error(cause)),
    }
}

/// Why a unit is not run as threads in which a rule counts wrong.
pub(super) fn unbalanced(error: &RunError) -> String {
    format!(
        "a counter of a rule leaves its range ({error}): that is asked by states, of holds-balanced"
    )
}

/// Explores the executions of an instance: to the end if that is near, else within the bound.
///
/// # Errors
/// If it cannot be explored.
pub fn explore(instance: &Instance, orders: Orders, reach: &Reach) -> Result<Loomed, Cause> {
    let prepared = Prepared::of(&instance.in_range)?;
    let started = Instant::now();
    let mut bounds = loom::Bounds {
        preemptions: None,
        executions: reach.to_the_end,
        time: reach.time,
        memory: reach.memory,
    };
    let mut found = loom::explore(&prepared, orders, &bounds)?;
    if found.cut == Some(Cut::Executions) {
        bounds.preemptions = Some(reach.preemptions);
        bounds.executions = reach.executions;
        bounds.time = reach.time.map(|t| t.saturating_sub(started.elapsed()));
        found = loom::explore(&prepared, orders, &bounds)?;
    }
    Ok(Loomed {
        found,
        preemptions: bounds.preemptions,
    })
}

/// Which executions those within a bound are.
pub fn within(preemptions: Option<usize>) -> String {
    match preemptions {
        None => "all executions".to_owned(),
        Some(1) => "executions with at most 1 preemption".to_owned(),
        Some(n) => format!("executions with at most {n} preemptions"),
    }
}

impl Loomed {
    /// What was covered, in words.
    pub fn coverage(&self) -> String {
        let found = &self.found;
        format!(
            "{}: {}, {} of them weak",
            within(self.preemptions),
            found.executions,
            found.weak
        )
    }

    /// Why the exploration did not reach its bound, if it did not.
    pub fn cut_short(&self) -> Option<Cut> {
        self.found.cut.filter(|c| !c.bounds_executions())
    }

    /// Every execution was explored.
    pub fn is_whole(&self) -> bool {
        self.preemptions.is_none() && self.found.cut.is_none()
    }

    /// The verdicts. `answer` is what exploration by states says of the same unit.
    ///
    /// # Errors
    /// If a path cannot be replayed on the system as written.
    pub fn runs(&self, unit: &Unit, answer: &Answer) -> Result<Vec<Run>, UnitError> {
        let instance = unit.instance().map_err(|e| unit.error(e))?;
        let by_states = |invariant: &Invariant| {
            let mut runs = answer.runs.iter();
            runs.find(|r| r.invariant == invariant.id)
        };
        unit.ask
            .iter()
            .filter_map(|invariant| {
                let run = by_states(invariant)?;
                Some(self.conclude(&instance, invariant, run))
            })
            .collect::<Result<_, Cause>>()
            .map_err(|cause| unit.error(cause))
    }

    /// `run`: what exploration by states says.
    fn conclude(
        &self,
        instance: &Instance,
        invariant: &Invariant,
        run: &Run,
    ) -> Result<Run, Cause> {
        let found = &self.found;
        let mut run = Run {
            states: found.executions,
            transitions: found.steps,
            depth: found.longest,
            reduced: false,
            engine: "loom",
            coverage: Some(self.coverage()),
            unfinished: Vec::new(),
            unchanged: false,
            ..run.clone()
        };
        if run.verdict != Verdict::Holds {
            return Ok(run);
        }
        let mine = |p: &usize| instance.full.predicates[*p].invariant == invariant.id;
        if let Some(trace) = self.weak_trace(instance, invariant)? {
            run.verdict = Verdict::Violated;
            run.trace = Some(trace);
        } else if let Some((p, path)) = found.violations.iter().find(|(p, _)| mine(p)) {
            let replayed = Trace::replay(&instance.full, path, None, *p, invariant.why)?;
            return Err(Cause::Disagree {
                invariant: invariant.id.to_owned(),
                steps: replayed.steps.len(),
                trace: crate::report::text::lines(&replayed.steps, None),
            });
        } else if let Some(cut) = found.cut {
            run.verdict = Verdict::Inconclusive;
            run.reason = Some(format!("{cut}; {}", self.coverage()));
        }
        Ok(run)
    }

    /// The weak execution that violates an invariant, in the fewest steps.
    ///
    /// # Errors
    /// If the unit cannot be prepared.
    pub fn weak_trace(
        &self,
        instance: &Instance,
        invariant: &Invariant,
    ) -> Result<Option<Trace>, Cause> {
        let prepared = Prepared::of(&instance.in_range)?;
        let mine = |p: &usize| prepared.system.predicates[*p].invariant == invariant.id;
        let weak = self.found.weak_violations.iter();
        let shortest = weak
            .filter(|(p, _)| mine(p))
            .min_by_key(|(p, (length, _))| (*length, **p));
        Ok(shortest.map(|(_, (length, execution))| {
            let why = format!(
                "{}; on weak memory only: no order of these steps explains what they read",
                invariant.why
            );
            Trace::weak(&prepared.system, execution, *length, why)
        }))
    }
}
