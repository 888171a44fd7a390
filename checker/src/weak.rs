//! Steps of weak-memory executions, taken on a system: with what each read that memory did not hold.

use std::collections::BTreeMap;

use foliocheck_model::executor::judge;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::{RunError, System, TaskId, Var, VarId};

use crate::near;
use crate::trace::{Change, TraceStep, trace_step};

/// Variables with the values that a step reads of them, whatever memory holds.
pub type Seen = BTreeMap<VarId, u64>;

/// What `task` can do in `state` if it reads these values.
pub fn enabled(system: &System, state: &Valuation, task: TaskId, seen: &Seen) -> Vec<Action> {
    let mut believed = state.clone();
    for (var, value) in seen {
        believed.0[var.index()] = *value;
    }
    interp::enabled(system, &believed)
        .into_iter()
        .filter(|action| action.task == task)
        .collect()
}

/// The state after a step that reads these values.
///
/// # Errors
/// If the step does what a step must not do.
pub fn take(
    system: &System,
    state: &Valuation,
    action: Action,
    seen: &Seen,
) -> Result<Valuation, RunError> {
    if seen.is_empty() {
        return interp::apply(system, state, action);
    }
    Ok(judge::take(system, state, action, seen))
}

/// The step as a trace tells it; none if its task has ended.
pub fn told(
    system: &System,
    before: &Valuation,
    after: &Valuation,
    action: Action,
    seen: &Seen,
) -> Option<TraceStep> {
    let step = interp::current(system, before, action.task)?;
    let mut told = trace_step(system, before, after, action, step);
    told.stale = seen
        .iter()
        .map(|(var, value)| Change {
            variable: system.var(*var).full_name(),
            from: system.var(*var).show(before.get(*var)),
            to: system.var(*var).show(*value),
            ghost: false,
        })
        .collect();
    Some(told)
}

/// The value that is shown so. The error says that there is none, and which was meant.
///
/// # Errors
/// If the variable has no such value.
pub fn value(var: &Var, text: &str) -> Result<u64, String> {
    let label = var.labels.iter().position(|l| l == text);
    let value = match label {
        Some(label) => Some(label as u64),
        None if text == var.show(var.max) => Some(var.max),
        None => text.parse().ok(),
    };
    value.filter(|v| *v <= var.max).ok_or_else(|| {
        let meant = near::meant(text, var.labels.iter().map(String::as_str));
        format!("{} is never `{text}`{meant}", var.full_name())
    })
}

/// Values by name: variables in full, values as they are shown. The error names what is not there.
///
/// # Errors
/// If there is no such variable, or it has no such value.
pub fn seen<'a>(
    system: &System,
    named: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Seen, String> {
    let one = |(name, text): (&str, &str)| {
        let at = system.vars.iter().position(|v| v.full_name() == name);
        let at = at.ok_or_else(|| {
            let known: Vec<String> = system.vars.iter().map(Var::full_name).collect();
            let meant = near::meant(name, known.iter().map(String::as_str));
            format!("no variable `{name}`{meant}")
        })?;
        let value = value(&system.vars[at], text)?;
        Ok((VarId(u16::try_from(at).expect("few variables")), value))
    };
    named.into_iter().map(one).collect()
}

/// What a step of a trace read that memory did not hold.
///
/// # Errors
/// As [`seen`].
pub fn seen_by(system: &System, step: &TraceStep) -> Result<Seen, String> {
    let read = step.stale.iter();
    seen(system, read.map(|c| (c.variable.as_str(), c.to.as_str())))
}
