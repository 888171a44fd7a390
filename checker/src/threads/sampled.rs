//! What shuttle meets in a unit.

use foliocheck_model::executor::execution::Prepared;
use foliocheck_model::machine::BuildError;
use foliocheck_specs::{Instance, Invariant};

use crate::engine::explore::{Mode, explore};
use crate::engine::limits::Limits;
use crate::engine::minimize::minimize;
use crate::engine::shuttle::{self, Bounds, Met, Sample};
use crate::suite::{Cause, Unit, UnitError};
use crate::threads::loomed;
use crate::trace::Trace;
use crate::verdict::{Run, Verdict};

/// States within which the shortest way to a violation is looked for, beyond what leaving out gives.
const SHORTEST_WITHIN: usize = 200_000;

/// What came of a unit.
#[derive(Clone, Debug)]
pub enum Sampling {
    /// It was sampled.
    Ran(Box<Sample>),
    /// It cannot be, and why.
    Passed(String),
}

/// Samples a unit.
///
/// # Errors
/// If it shows an error of the model or of the executor.
pub fn run(unit: &Unit, bounds: &Bounds) -> Result<Sampling, UnitError> {
    let instance = unit.instance().map_err(|e| unit.error(e))?;
    match sample(&instance, bounds) {
        Ok(sample) => Ok(Sampling::Ran(Box::new(sample))),
        Err(Cause::Build(error @ BuildError::TwoObjects { .. })) => {
            Ok(Sampling::Passed(error.to_string()))
        }
        Err(Cause::Shuttle(shuttle::ShuttleError::Run(error)))
            if instance.is_unbalanced(&error) =>
        {
            Ok(Sampling::Passed(loomed::unbalanced(&error)))
        }
        Err(cause) => Err(unit.error(cause)),
    }
}

/// Samples the executions of an instance.
///
/// # Errors
/// If it cannot be sampled.
pub fn sample(instance: &Instance, bounds: &Bounds) -> Result<Sample, Cause> {
    let prepared = Prepared::of(&instance.in_range)?;
    Ok(shuttle::sample(&prepared, bounds)?)
}

/// The verdicts: violated where something was met, else inconclusive.
///
/// # Errors
/// If a path cannot be replayed on the system as written.
pub fn runs(unit: &Unit, sample: &Sample, bounds: &Bounds) -> Result<Vec<Run>, UnitError> {
    let conclude = || -> Result<Vec<Run>, Cause> {
        let instance = unit.instance()?;
        let mut runs = Vec::new();
        for invariant in &unit.ask {
            let mut mine = (0..instance.full.predicates.len())
                .filter(|p| instance.full.predicates[*p].invariant == invariant.id)
                .peekable();
            if mine.peek().is_none() {
                continue;
            }
            let met = mine.filter_map(|p| Some((p, sample.violations.get(&p)?)));
            let shortest = met.min_by_key(|(p, met)| (met.path.len(), *p));
            runs.push(verdict(
                unit, &instance, invariant, sample, bounds, shortest,
            )?);
        }
        Ok(runs)
    };
    conclude().map_err(|cause| unit.error(cause))
}

fn verdict(
    unit: &Unit,
    instance: &Instance,
    invariant: &Invariant,
    sample: &Sample,
    bounds: &Bounds,
    met: Option<(usize, &Met)>,
) -> Result<Run, Cause> {
    let cut = if sample.cut.is_some() {
        ", cut short"
    } else {
        ""
    };
    let schedules = format!("{} schedules, seed {}{cut}", sample.schedules, bounds.seed);
    let mut run = Run {
        scheme: unit.scheme.id.to_owned(),
        scenario: unit.scenario.id.clone(),
        invariant: invariant.id.to_owned(),
        verdict: Verdict::Inconclusive,
        states: sample.schedules,
        transitions: sample.steps,
        depth: sample.longest,
        reduced: false,
        engine: "shuttle",
        reason: Some(format!("no violation was met in {schedules}")),
        coverage: Some(schedules.clone()),
        unfinished: Vec::new(),
        unchanged: false,
        trace: None,
    };
    if let Some((predicate, met)) = met {
        let path = shortest(instance, predicate, met)?;
        run.verdict = Verdict::Violated;
        run.reason = Some(format!(
            "met by chooser {} in its schedule {} (seed {}), {} steps; made short, not shown to be shortest",
            met.chooser.name(),
            met.schedule,
            bounds.seed,
            met.path.len()
        ));
        let trace = Trace::replay(&instance.full, &path, None, predicate, invariant.why)?;
        run.trace = Some(trace);
    }
    Ok(run)
}

/// A short way to what was met: what is left when nothing can be left out; or the shortest there is, if few
/// states need to be visited to know it.
///
/// # Errors
/// If the instance cannot be prepared or explored.
pub fn shortest(
    instance: &Instance,
    predicate: usize,
    met: &Met,
) -> Result<Vec<foliocheck_model::machine::interp::Action>, Cause> {
    let prepared = Prepared::of(&instance.in_range)?;
    let short = minimize(&prepared.leader, &met.path, predicate);
    let limits = Limits {
        max_states: Some(SHORTEST_WITHIN),
        ..Limits::default()
    };
    let mode = Mode::Question(predicate);
    let exploration = explore(&instance.optimized, mode, &[predicate], &limits)?;
    let found = exploration
        .violations
        .into_iter()
        .next()
        .map(|(_, path)| path);
    Ok(found
        .filter(|path| path.len() < short.len())
        .unwrap_or(short))
}
