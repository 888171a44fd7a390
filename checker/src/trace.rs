//! Counterexamples: an action path replayed, step by step, on the system as it was written, with
//! every variable that exploration did not need.

use foliocheck_model::executor::judge::{self, WeakExecution};
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::Step;
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::{RunError, System, TaskId, VarId};
use foliocheck_specs::invariants::errors;
use serde::Serialize;

use crate::blocked::{self, Blocked};

/// A variable that a step changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// Its full name.
    pub variable: String,
    /// Its value before.
    pub from: String,
    /// Its value after.
    pub to: String,
    /// No kernel could show it.
    pub ghost: bool,
}

/// One step of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TraceStep {
    /// The task.
    pub task: String,
    /// The C function.
    pub function: String,
    /// What changed; the program counter is left out.
    pub changes: Vec<Change>,
    /// The action's id.
    pub id: String,
    /// The file of the function.
    pub file: String,
    /// What happens, and which branch was taken.
    pub text: String,
    /// The branch's label, with which the text ends; empty if there is no other.
    pub branch: String,
    /// The rule that put the step there.
    pub rule: Option<String>,
    /// On weak memory: what the step read that memory did not hold; `from` what it held, `to` what was
    /// read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Change>,
}

/// A counterexample.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Trace {
    /// Number of steps.
    pub length: usize,
    /// The steps.
    pub steps: Vec<TraceStep>,
    /// In an endless execution: how many steps come before the ones that are repeated for ever, which
    /// are all the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_start: Option<usize>,
    /// Why the last state violates the invariant.
    pub why: String,
    /// In a state where nobody can move, and for those who do not move in the steps that are repeated for
    /// ever: who waits, for what and for whom, holding what.
    pub blocked: Vec<Blocked>,
}

impl Trace {
    /// Replays `path` on `system` (not optimised), which must end in a state where the predicate with
    /// that index is true. `sentence` says in general why such a state is wrong. With `loop_start`, the
    /// steps from there on are repeated for ever: the predicate must be true all along, and every task
    /// must come back to the step that it was at.
    ///
    /// # Errors
    /// If the path cannot be replayed, which is an error of the model or of an optimisation.
    pub fn replay(
        system: &System,
        path: &[Action],
        loop_start: Option<usize>,
        predicate: usize,
        sentence: &str,
    ) -> Result<Trace, ReplayError> {
        let predicate = &system.predicates[predicate];
        let mut begin = None;
        let Replay { steps, last: state } = Replay::of(system, path, |number, state| {
            if loop_start == Some(number) {
                begin = Some(state.clone());
            }
            if begin.is_some() && !state.holds(&predicate.bad) {
                return Err(ReplayError::NotViolated);
            }
            Ok(())
        })?;
        if !state.holds(&predicate.bad) {
            return Err(ReplayError::NotViolated);
        }
        let mut blocked = match predicate.scope {
            Scope::Always => Vec::new(),
            Scope::Terminal | Scope::Progress(_) => blocked::blocked(system, &state),
        };
        if let Some(start) = loop_start {
            let returns = begin.is_some_and(|b| {
                let at = |s: &Valuation, t| interp::loc(system, s, t);
                system.task_ids().all(|t| at(&b, t) == at(&state, t))
            });
            if !returns {
                return Err(ReplayError::NoLoop);
            }
            blocked.retain(|b| steps[start..].iter().all(|s: &TraceStep| s.task != b.task));
        }
        let why = if predicate.invariant == errors::INVARIANT.id {
            let error = next_error(system, &state);
            format!(
                "{sentence}{}",
                error.map_or_else(String::new, |e| format!(": {e}"))
            )
        } else {
            format!("{sentence}{}", evidence(system, &state, &predicate.bad))
        };
        Ok(Trace {
            length: steps.len(),
            steps,
            loop_start,
            why,
            blocked,
        })
    }
}

impl Trace {
    /// A weak execution, up to where `length` steps are taken; `system` is the one that its threads ran.
    /// `why` says what is wrong there.
    pub fn weak(system: &System, execution: &WeakExecution, length: usize, why: String) -> Trace {
        let mut state = Valuation::init(system);
        let mut steps = Vec::new();
        for weak in &execution.steps[..length] {
            let Some(step) = interp::current(system, &state, weak.action.task) else {
                break;
            };
            let next = judge::take(system, &state, weak.action, &weak.seen);
            let mut shown = trace_step(system, &state, &next, weak.action, step);
            let read = |(var, value): &(VarId, u64)| Change {
                variable: system.var(*var).full_name(),
                from: system.var(*var).show(state.get(*var)),
                to: system.var(*var).show(*value),
                ghost: false,
            };
            shown.stale = weak.stale.iter().map(read).collect();
            steps.push(shown);
            state = next;
        }
        Trace {
            length: steps.len(),
            steps,
            loop_start: None,
            why,
            blocked: Vec::new(),
        }
    }
}

/// The steps of a path, replayed on `system` (not optimised).
///
/// # Errors
/// If the path cannot be replayed.
pub fn steps(system: &System, path: &[Action]) -> Result<Vec<TraceStep>, ReplayError> {
    Replay::of(system, path, |_, _| Ok(())).map(|r| r.steps)
}

/// A path replayed.
struct Replay {
    steps: Vec<TraceStep>,
    last: Valuation,
}

impl Replay {
    /// `look` is shown each state that is left, with the number of steps before it.
    fn of(
        system: &System,
        path: &[Action],
        mut look: impl FnMut(usize, &Valuation) -> Result<(), ReplayError>,
    ) -> Result<Replay, ReplayError> {
        let mut state = Valuation::init(system);
        let mut steps = Vec::new();
        for (number, action) in path.iter().enumerate() {
            look(number, &state)?;
            let step = interp::current(system, &state, action.task)
                .ok_or(ReplayError::Ended(number + 1))?;
            let next =
                interp::apply(system, &state, *action).map_err(|source| ReplayError::Step {
                    number: number + 1,
                    source,
                })?;
            steps.push(trace_step(system, &state, &next, *action, step));
            state = next;
        }
        Ok(Replay { steps, last: state })
    }
}

/// What a step that can be taken next does wrong.
fn next_error(system: &System, state: &Valuation) -> Option<RunError> {
    system.task_ids().find_map(|task| {
        let step = interp::current(system, state, task)?;
        if !state.holds(&step.guard) {
            return None;
        }
        let mut actions = interp::enabled(system, state);
        actions.retain(|a| a.task == task);
        if actions.is_empty() {
            let step = format!("{} {}", step.id, step.function);
            let task = task_name(system, task);
            return Some(RunError::NoBranch { task, step });
        }
        actions
            .into_iter()
            .find_map(|a| interp::apply(system, state, a).err())
    })
}

/// A trace that does not fit the system.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A step of it cannot be taken.
    #[error("step {number} cannot be replayed")]
    Step {
        /// Which step, from 1.
        number: usize,
        /// Why not.
        source: RunError,
    },
    /// Its task had ended.
    #[error("step {0} cannot be replayed: its task has ended")]
    Ended(usize),
    /// What is said to be repeated for ever does not lead back.
    #[error("the trace does not come back to where its loop begins")]
    NoLoop,
    /// The last state does not violate the invariant.
    #[error("the trace does not end in a violation")]
    NotViolated,
}

/// The step that `action` takes from `before` to `after`; `step` is the one that its task is at.
pub(crate) fn trace_step(
    system: &System,
    before: &Valuation,
    after: &Valuation,
    action: Action,
    step: &Step,
) -> TraceStep {
    let pcs: Vec<_> = system.tasks.iter().map(|t| t.pc).collect();
    let changes = system
        .vars
        .iter()
        .enumerate()
        .map(|(i, var)| (VarId(u16::try_from(i).expect("few variables")), var))
        .filter(|(id, _)| !pcs.contains(id) && before.get(*id) != after.get(*id))
        .map(|(id, var)| Change {
            variable: var.full_name(),
            from: var.show(before.get(id)),
            to: var.show(after.get(id)),
            ghost: var.is_ghost(),
        })
        .collect();
    let branch = &step.branches[usize::from(action.branch)];
    let text = match (step.text.as_str(), branch.label.as_str()) {
        (text, "") => text.to_owned(),
        ("", label) => label.to_owned(),
        (text, label) => format!("{text}: {label}"),
    };
    TraceStep {
        task: task_name(system, action.task),
        function: step.function.clone(),
        changes,
        id: step.id.clone(),
        file: step.file.clone(),
        text,
        branch: branch.label.clone(),
        rule: step.rule.as_ref().map(|r| r.rule.clone()),
        stale: Vec::new(),
    }
}

fn task_name(system: &System, task: TaskId) -> String {
    system.task(task).name.clone()
}

/// The variables that make the predicate true, but for program counters and what was merely recorded.
pub(crate) fn matters(system: &System, state: &Valuation, bad: &Expr) -> Vec<VarId> {
    let Some(way) = bad.disjuncts().into_iter().find(|d| state.holds(d)) else {
        return Vec::new();
    };
    let mut vars = std::collections::BTreeSet::new();
    way.reads(&mut vars);
    let pcs: Vec<_> = system.tasks.iter().map(|t| t.pc).collect();
    vars.into_iter()
        .filter(|v| !pcs.contains(v) && system.var(*v).object != "broken")
        .collect()
}

/// The way in which the predicate is true, if it says more than that something was recorded.
pub(crate) fn evidence(system: &System, state: &Valuation, bad: &Expr) -> String {
    let shown: Vec<String> = matters(system, state, bad)
        .into_iter()
        .map(|v| {
            format!(
                "{} = {}",
                system.var(v).full_name(),
                system.var(v).show(state.get(v))
            )
        })
        .collect();
    if shown.is_empty() {
        String::new()
    } else {
        format!(" ({})", shown.join(", "))
    }
}
