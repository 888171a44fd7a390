//! What can change the answer to a question: its cone of influence, with control flow.
//!
//! A question is an expression over the variables. The cone is the least set with:
//!
//! - the variables that the question reads;
//! - of every assignment to a variable of the cone: what its value, its condition and the condition of its
//!   branch read;
//! - of every step from which its task can go on to such an assignment (or, where the question asks where
//!   a task is, of every step of that task): what the step waits for, and what chooses its branch. They
//!   decide whether the assignment is made, and when.
//!
//! A change of a variable outside the cone, or of a wait or test that is no such step, changes no answer.
//! The program counter counts only where the question reads it: what leads a task on is covered by the
//! third rule.

use std::collections::BTreeSet;

use super::expr::Expr;
use super::program::Program;
use super::step::{Loc, Step};
use super::system::{System, TaskId};
use super::var::VarId;

/// The cone of influence of one question.
#[derive(Clone, Debug)]
pub struct Influence {
    vars: BTreeSet<VarId>,
    /// By task, by step: it decides whether and when something of the cone changes.
    decides: Vec<Vec<bool>>,
}

impl Influence {
    /// The cone of `question`.
    pub fn on(system: &System, question: &Expr) -> Influence {
        let mut vars = BTreeSet::new();
        question.reads(&mut vars);
        loop {
            let before = vars.len();
            let decides: Vec<Vec<bool>> = system
                .tasks
                .iter()
                .map(|task| {
                    let program = &task.program;
                    if vars.contains(&task.pc) {
                        vec![true; program.steps.len()]
                    } else {
                        leading_to(program, |step| assigns_any(step, &vars))
                    }
                })
                .collect();
            for (task, decides) in system.tasks.iter().zip(&decides) {
                for (step, decides) in task.program.steps.iter().zip(decides) {
                    add(step, *decides, &mut vars);
                }
            }
            if vars.len() == before {
                return Influence { vars, decides };
            }
        }
    }

    /// Whether a change of the variable can change the answer.
    pub fn of_var(&self, var: VarId) -> bool {
        self.vars.contains(&var)
    }

    /// Whether it can change the answer that the task waits there or not, or goes on another way.
    pub fn of_step(&self, task: TaskId, loc: Loc) -> bool {
        self.decides[task.index()][loc]
    }
}

fn assigns_any(step: &Step, vars: &BTreeSet<VarId>) -> bool {
    let mut assigns = step.branches.iter().flat_map(|b| &b.assigns);
    assigns.any(|a| vars.contains(&a.var))
}

/// By step: it is such a step, or its task can go on from it to one.
fn leading_to(program: &Program, is: impl Fn(&Step) -> bool) -> Vec<bool> {
    let mut leads: Vec<bool> = program.steps.iter().map(is).collect();
    loop {
        let mut grown = false;
        for at in (0..leads.len()).rev() {
            let on = |next: Loc| leads.get(next).copied().unwrap_or(false);
            if !leads[at] && program.steps[at].branches.iter().any(|b| on(b.next)) {
                leads[at] = true;
                grown = true;
            }
        }
        if !grown {
            return leads;
        }
    }
}

/// What of a step belongs to the cone of these variables.
fn add(step: &Step, decides: bool, vars: &mut BTreeSet<VarId>) {
    if decides {
        step.guard.reads(vars);
        if step.branches.len() > 1 {
            for branch in &step.branches {
                branch.when.reads(vars);
            }
        }
    }
    for branch in &step.branches {
        for assign in &branch.assigns {
            if vars.contains(&assign.var) {
                assign.value.reads(vars);
                assign.when.reads(vars);
            }
        }
    }
}
