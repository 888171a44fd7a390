//! What can change the answer to a question: its cone of influence, with control flow.
//!
//! A question is an expression over the variables. The cone is the least set with:
//!
//! - the variables that the question reads;
//! - of every assignment to a variable of the cone: what its value, its condition and the condition of its
//!   branch read;
//! - of every step from which its task can go on to such an assignment (or, where the question asks where
//!   a task is, of every step of that task): what chooses its branch.
//!
//! Values reach the answer only through the cone. What a step waits for is not in it: a wait changes no
//! value, but the order of steps. It can change the answer where it [orders](ordered) steps that touch a variable of
//! the cone and do not commute.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::Expr;
use super::footprint::{Footprint, Touch};
use super::program::Program;
use super::step::{Loc, Order, Step};
use super::system::{System, TaskId};
use super::var::VarId;

/// The cone of influence of one question.
#[derive(Clone, Debug)]
pub struct Influence {
    vars: BTreeSet<VarId>,
    /// By task, by step: something of the cone may change from there on.
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

    /// Whether it can change the answer that the task goes on from there another way.
    pub fn of_step(&self, task: TaskId, loc: Loc) -> bool {
        self.decides[task.index()][loc]
    }
}

/// The variables that a wait orders: those that the task touches behind it, and another task anywhere, in
/// ways that do not commute.
pub fn ordered(system: &System, task: TaskId, loc: Loc) -> BTreeSet<VarId> {
    let mine = behind(&system.task(task).program, loc, |_| false);
    let others = system.task_ids().filter(|t| *t != task);
    let others = others.map(|t| (t, (0..system.task(t).program.steps.len()).collect()));
    conflicts(system, (task, mine), others)
}

/// The variables that a lock orders: those that the task touches while it holds the lock, and another while
/// that one holds it, in ways that do not commute.
pub fn ordered_by_lock(system: &System, task: TaskId, loc: Loc) -> BTreeSet<VarId> {
    let lock = lock_of(&system.task(task).program.steps[loc]);
    let held = |t: TaskId, at: Loc| {
        let drops = |step: &Step| lock.iter().any(|v| step.order_of(*v) == Order::Release);
        behind(&system.task(t).program, at, drops)
    };
    let others = system.task_ids().filter(|t| *t != task).map(|t| {
        let steps = system.task(t).program.steps.iter().enumerate();
        let takes = steps.filter(|(_, s)| !lock_of(s).is_disjoint(&lock));
        (t, takes.flat_map(|(at, _)| held(t, at)).collect())
    });
    conflicts(system, (task, held(task, loc)), others)
}

/// What a step acquires.
fn lock_of(step: &Step) -> BTreeSet<VarId> {
    let accesses = step.accesses.iter();
    let acquired = accesses.filter(|a| a.order == Order::Acquire);
    acquired.map(|a| a.var).collect()
}

/// The steps to which a task can go on from `loc`, up to and with those at which it `ends`.
fn behind(program: &Program, loc: Loc, ends: impl Fn(&Step) -> bool) -> BTreeSet<Loc> {
    let mut found = BTreeSet::new();
    let mut open = vec![loc];
    while let Some(at) = open.pop() {
        for branch in &program.steps[at].branches {
            if let Some(step) = program.steps.get(branch.next)
                && found.insert(branch.next)
                && !ends(step)
            {
                open.push(branch.next);
            }
        }
    }
    found
}

fn conflicts(
    system: &System,
    (task, mine): (TaskId, BTreeSet<Loc>),
    others: impl Iterator<Item = (TaskId, BTreeSet<Loc>)>,
) -> BTreeSet<VarId> {
    let mine = touches(system, task, &mine);
    let mut found = BTreeSet::new();
    for (other, steps) in others {
        for (var, theirs) in touches(system, other, &steps) {
            let clash = |a: &Touch| theirs.iter().any(|b| !a.commutes(*b));
            if mine.get(&var).is_some_and(|mine| mine.iter().any(clash)) {
                found.insert(var);
            }
        }
    }
    found
}

/// How these steps touch variables.
fn touches(
    system: &System,
    task: TaskId,
    steps: &BTreeSet<Loc>,
) -> BTreeMap<VarId, BTreeSet<Touch>> {
    let mut all: BTreeMap<VarId, BTreeSet<Touch>> = BTreeMap::new();
    for at in steps {
        let step = &system.task(task).program.steps[*at];
        for (var, touches) in Footprint::of(system, step).touches {
            all.entry(var).or_default().extend(touches);
        }
    }
    all
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
    if decides && step.branches.len() > 1 {
        for branch in &step.branches {
            branch.when.reads(vars);
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
