//! What is said of a unit in which a step errs.

use foliocheck_specs::invariants::errors;

use super::answer::Options;
use super::ask::answer;
use super::unit::{Cause, Unit};
use crate::engine::explore::ExploreError;
use crate::verdict::Verdict;

/// Most states visited for the shortest steps to an error.
pub const STATES_MAX: usize = 200_000;

/// The error with the shortest steps to one, if it is a step's and they are found.
pub(super) fn explain(unit: &Unit, cause: Cause, options: &Options) -> Cause {
    let Cause::Explore(ExploreError::Run(source)) = cause else {
        return cause;
    };
    let mut options = *options;
    options.limits.max_states = options
        .limits
        .max_states
        .into_iter()
        .chain([STATES_MAX])
        .min();
    let asked = Unit {
        ask: vec![errors::INVARIANT],
        ..unit.clone()
    };
    let trace = answer(&asked, &options)
        .ok()
        .and_then(|a| a.runs.into_iter().find(|r| r.verdict == Verdict::Violated))
        .and_then(|r| r.trace);
    let nearest = trace.as_ref().and_then(|t| {
        let error = t.why.strip_prefix(errors::INVARIANT.why)?;
        error.strip_prefix(": ")
    });
    Cause::Erred {
        error: nearest.map_or_else(|| source.to_string(), str::to_owned),
        trace: trace.map(Box::new),
    }
}
