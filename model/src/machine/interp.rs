//! The reference interpreter: one value a variable, the expressions as they were written. It is
//! slow and plain on purpose; the packed machine is tested against it, and traces are replayed on it
//! so that they show every variable of the unoptimised system.

use super::error::RunError;
use super::expr::Expr;
use super::step::{END, Loc, STOPPED, Step};
use super::system::{System, TaskId};
use super::var::VarId;

/// A transition: a task takes one branch of the step it is at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Action {
    /// The task.
    pub task: TaskId,
    /// The branch of its current step.
    pub branch: u8,
}

/// A state: the value of each variable, by index.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Valuation(pub Vec<u64>);

impl Valuation {
    /// The initial state.
    pub fn init(system: &System) -> Self {
        Valuation(system.vars.iter().map(|v| v.init).collect())
    }

    /// The value of a variable.
    pub fn get(&self, var: VarId) -> u64 {
        self.0[var.index()]
    }

    /// The value of an expression.
    pub fn eval(&self, expr: &Expr) -> i64 {
        expr.eval(&|v| i64::try_from(self.get(v)).expect("variables are small"))
    }

    /// Whether an expression is true.
    pub fn holds(&self, expr: &Expr) -> bool {
        self.eval(expr) != 0
    }
}

/// Where a task is.
pub fn loc(system: &System, state: &Valuation, task: TaskId) -> Loc {
    let task = system.task(task);
    let pc = usize::try_from(state.get(task.pc)).expect("program counters are small");
    match pc.checked_sub(task.program.steps.len()) {
        None => pc,
        Some(0) => END,
        Some(_) => STOPPED,
    }
}

/// The step a task is at, unless it has ended or stopped.
pub fn current<'s>(system: &'s System, state: &Valuation, task: TaskId) -> Option<&'s Step> {
    system
        .task(task)
        .program
        .steps
        .get(loc(system, state, task))
}

/// The enabled transitions, by task and branch.
pub fn enabled(system: &System, state: &Valuation) -> Vec<Action> {
    let mut actions = Vec::new();
    for task in system.task_ids() {
        let Some(step) = current(system, state, task) else {
            continue;
        };
        if !state.holds(&step.guard) {
            continue;
        }
        for (n, branch) in step.branches.iter().enumerate() {
            if state.holds(&branch.when) {
                actions.push(Action {
                    task,
                    branch: u8::try_from(n).expect("few branches"),
                });
                if !step.choice {
                    break;
                }
            }
        }
    }
    actions
}

/// Takes a transition.
///
/// # Errors
/// If it is not enabled, or does what a step must not do.
pub fn apply(system: &System, state: &Valuation, action: Action) -> Result<Valuation, RunError> {
    let task = system.task(action.task);
    let at = |step: &Step| (task.name.clone(), format!("{} {}", step.id, step.function));
    let Some(step) = current(system, state, action.task) else {
        let (task, step) = (task.name.clone(), "(ended)".to_owned());
        return Err(RunError::NotEnabled {
            task,
            step,
            branch: action.branch.into(),
        });
    };
    if !enabled(system, state).contains(&action) {
        let (task, step) = at(step);
        return Err(RunError::NotEnabled {
            task,
            step,
            branch: action.branch.into(),
        });
    }
    if !state.holds(&step.requires) {
        let (task, step) = at(step);
        return Err(RunError::Requirement { task, step });
    }
    let branch = &step.branches[usize::from(action.branch)];
    let mut after = state.clone();
    for assign in &branch.assigns {
        if !state.holds(&assign.when) {
            continue;
        }
        let value = state.eval(&assign.value);
        let var = system.var(assign.var);
        match u64::try_from(value) {
            Ok(v) if v <= var.max => after.0[assign.var.index()] = v,
            _ => {
                let (task, step) = at(step);
                return Err(RunError::OutOfRange {
                    task,
                    step,
                    var: var.full_name(),
                    value,
                    max: var.max,
                });
            }
        }
    }
    after.0[task.pc.index()] = task.program.pc_value(branch.next);
    Ok(after)
}
