//! Who waits for whom, holding what, in a state where nobody can move.

use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::footprint::{Footprint, may_enable};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::listing::show;
use foliocheck_model::machine::step::STOPPED;
use foliocheck_model::machine::{System, TaskId, VarId};
use serde::{Deserialize, Serialize};

/// A task that cannot go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Blocked {
    /// The task.
    pub task: String,
    /// The C function it sleeps in.
    pub function: String,
    /// The condition it waits for, with the present values.
    pub waits_until: String,
    /// Tasks that could make the condition true, had they not stopped or been blocked themselves.
    pub waits_for: Vec<String>,
    /// Locks it holds.
    pub holds: Vec<String>,
    /// It has stopped by its own choice.
    pub stopped: bool,
}

impl Blocked {
    /// One line.
    pub fn line(&self) -> String {
        let holding = if self.holds.is_empty() {
            String::new()
        } else {
            format!(", holding {}", self.holds.join(", "))
        };
        if self.stopped {
            return format!("{} has stopped for ever{holding}", self.task);
        }
        let whom = if self.waits_for.is_empty() {
            "nobody can bring it about".to_owned()
        } else {
            format!("only {} could bring it about", self.waits_for.join(", "))
        };
        format!(
            "{} sleeps in {} until {} ({whom}){holding}",
            self.task, self.function, self.waits_until
        )
    }
}

/// Every task that is blocked at a step, or has stopped.
pub fn blocked(system: &System, state: &Valuation) -> Vec<Blocked> {
    system
        .task_ids()
        .filter_map(|task| blocked_task(system, state, task))
        .collect()
}

/// One task that is blocked at a step, or has stopped.
pub fn blocked_task(system: &System, state: &Valuation, task: TaskId) -> Option<Blocked> {
    let name = system.task(task).name.clone();
    let holds = held_by(system, state, task);
    if interp::loc(system, state, task) == STOPPED {
        return Some(Blocked {
            task: name,
            function: String::new(),
            waits_until: String::new(),
            waits_for: Vec::new(),
            holds,
            stopped: true,
        });
    }
    let step = interp::current(system, state, task)?;
    let unmet: Vec<&Expr> = step
        .guard
        .conjuncts()
        .into_iter()
        .filter(|c| !state.holds(c))
        .collect();
    let waits_until = unmet
        .iter()
        .map(|c| condition(system, state, c))
        .collect::<Vec<_>>();
    let waits_for = system
        .task_ids()
        .filter(|other| {
            unmet
                .iter()
                .any(|c| could_bring_about(system, state, *other, c))
        })
        .map(|other| {
            let name = &system.task(other).name;
            if other == task {
                format!("{name} itself")
            } else {
                name.clone()
            }
        })
        .collect();
    Some(Blocked {
        task: name,
        function: step.function.clone(),
        waits_until: waits_until.join(" and "),
        waits_for,
        holds,
        stopped: false,
    })
}

fn condition(system: &System, state: &Valuation, expr: &Expr) -> String {
    let mut vars = std::collections::BTreeSet::new();
    expr.reads(&mut vars);
    let now: Vec<String> = vars
        .into_iter()
        .map(|v| {
            format!(
                "{} is {}",
                system.var(v).full_name(),
                system.var(v).show(state.get(v))
            )
        })
        .collect();
    format!("{}, where {}", show(system, expr), now.join(", "))
}

/// Whether the task has a step ahead (or had one, before it stopped) that may make `expr` true.
fn could_bring_about(system: &System, state: &Valuation, task: TaskId, expr: &Expr) -> bool {
    let program = &system.task(task).program;
    let loc = interp::loc(system, state, task);
    let from = match loc {
        STOPPED => 0,
        loc if loc < program.steps.len() => loc,
        _ => return false,
    };
    let mut seen = vec![false; program.steps.len()];
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let step = &program.steps[at];
        if may_enable(&Footprint::of(system, step), expr) && helps(step, expr, state) {
            return true;
        }
        work.extend(
            step.branches
                .iter()
                .map(|b| b.next)
                .filter(|n| *n < program.steps.len()),
        );
    }
    false
}

/// Leaves out steps that take the very lock that is waited for.
fn helps(step: &foliocheck_model::machine::Step, expr: &Expr, state: &Valuation) -> bool {
    let mut vars = std::collections::BTreeSet::new();
    expr.reads(&mut vars);
    step.branches.iter().flat_map(|b| &b.assigns).any(|a| {
        vars.contains(&a.var) && {
            let after = |v: VarId| {
                if v == a.var {
                    state.eval(&a.value)
                } else {
                    i64::try_from(state.get(v)).expect("variables are small")
                }
            };
            expr.eval(&after) != 0 || !matches!(a.value, Expr::Const(_))
        }
    })
}

/// Variables that name the task as owner, and sets of holders that contain it.
fn held_by(system: &System, state: &Valuation, task: TaskId) -> Vec<String> {
    let me = task.index() as u64;
    let name = &system.task(task).name;
    system
        .vars
        .iter()
        .enumerate()
        .filter(|(i, var)| {
            let value = state.0[*i];
            let owner = var.labels.first().is_some_and(|l| l == "-")
                && value == me + 1
                && var.labels.get(task.index() + 1) == Some(name);
            owner || (var.name.ends_with(".readers") && value >> me & 1 == 1)
        })
        .map(|(_, var)| {
            var.full_name()
                .trim_end_matches(".writer")
                .trim_end_matches(".readers")
                .to_owned()
        })
        .collect()
}
