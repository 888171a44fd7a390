//! Removing or misplacing one named part of a system: what breaks without it is what it was for.

use std::collections::BTreeSet;

use super::error::BuildError;
use super::expr::{Expr, all, and, eq};
use super::misplace::misplace;
use super::step::{Order, Step};
use super::system::System;
use super::var::VarId;

/// What to remove or misplace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ablation {
    /// The effects of every step with this id: it is still passed, and changes nothing.
    Effect(String),
    /// The wait of every step with this id: it no longer sleeps.
    Wait(String),
    /// The test of every step with this id: its first branch is taken, whatever holds.
    Test(String),
    /// One way on from every step with this id, by its label: it is not taken. Where it would be, the next
    /// one whose condition holds is, or else the last of the others.
    Branch(String, String),
    /// One assignment, to variables with this name (`flags`), of every step with this id.
    Assignment(String, String),
    /// The lock that steps with this id take: they neither wait for it nor take it, and what would
    /// have dropped it drops it only if the task holds it from elsewhere.
    Lock(String),
    /// Every step with the first id is done just before the nearest step with the second: the next one
    /// where there is one, else the last.
    Before(String, String),
    /// The same, just after it.
    After(String, String),
}

impl std::fmt::Display for Ablation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ablation::Effect(id) => write!(f, "{id} does nothing"),
            Ablation::Wait(id) => write!(f, "{id} does not wait"),
            Ablation::Test(id) => write!(f, "{id} does not test"),
            Ablation::Branch(id, label) => write!(f, "{id} does not go \"{label}\""),
            Ablation::Assignment(id, name) => write!(f, "{id} does not assign {name}"),
            Ablation::Lock(id) => write!(f, "{id} takes no lock"),
            Ablation::Before(id, other) => write!(f, "{id} before {other}"),
            Ablation::After(id, other) => write!(f, "{id} after {other}"),
        }
    }
}

impl std::str::FromStr for Ablation {
    type Err = String;

    /// Reads what [`Display`](std::fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let whole = |end: &str| text.strip_suffix(end).map(str::to_owned);
        let pair = |middle: &str| {
            let (a, b) = text.split_once(middle)?;
            Some((a.to_owned(), b.to_owned()))
        };
        whole(" does nothing")
            .map(Ablation::Effect)
            .or_else(|| whole(" does not wait").map(Ablation::Wait))
            .or_else(|| whole(" does not test").map(Ablation::Test))
            .or_else(|| whole(" takes no lock").map(Ablation::Lock))
            .or_else(|| pair(" does not assign ").map(|(a, b)| Ablation::Assignment(a, b)))
            .or_else(|| {
                let (id, label) = text.split_once(" does not go \"")?;
                let label = label.strip_suffix('"')?;
                Some(Ablation::Branch(id.to_owned(), label.to_owned()))
            })
            .or_else(|| pair(" before ").map(|(a, b)| Ablation::Before(a, b)))
            .or_else(|| pair(" after ").map(|(a, b)| Ablation::After(a, b)))
            .ok_or_else(|| {
                format!(
                    "`{text}` removes nothing; expected `STEP does nothing`, `STEP does not wait`, \
                     `STEP does not test`, `STEP takes no lock`, `STEP does not assign NAME`, \
                     `STEP does not go \"BRANCH\"`, `STEP before STEP` or `STEP after STEP`"
                )
            })
    }
}

/// Removes or misplaces it.
///
/// # Errors
/// If nothing in the system bears the name: an ablation that removes nothing shows nothing.
pub fn ablate(system: &mut System, ablation: &Ablation) -> Result<(), BuildError> {
    let found = match ablation {
        Ablation::Effect(id) => each(system, id, |_, step| {
            let before: usize = step.branches.iter().map(|b| b.assigns.len()).sum();
            for branch in &mut step.branches {
                branch.assigns.clear();
            }
            before != 0
        }),
        Ablation::Wait(id) => each(system, id, |_, step| {
            std::mem::replace(&mut step.guard, Expr::TRUE) != Expr::TRUE
        }),
        Ablation::Test(id) => each(system, id, |_, step| {
            let tests = step.branches.len() > 1;
            step.branches.truncate(1);
            for branch in &mut step.branches {
                branch.when = Expr::TRUE;
            }
            tests
        }),
        Ablation::Branch(id, label) => each(system, id, |_, step| remove_branch(step, label)),
        Ablation::Assignment(id, name) => each(system, id, |names, step| {
            let mut removed = false;
            for branch in &mut step.branches {
                let before = branch.assigns.len();
                branch.assigns.retain(|a| names[a.var.index()] != *name);
                removed |= branch.assigns.len() != before;
            }
            removed
        }),
        Ablation::Lock(id) => remove_lock(system, id),
        Ablation::Before(id, other) => misplace(system, id, other, false)?,
        Ablation::After(id, other) => misplace(system, id, other, true)?,
    };
    if found {
        Ok(())
    } else {
        Err(BuildError::NothingToAblate(match ablation {
            Ablation::Effect(id) => id.clone(),
            Ablation::Wait(id) => format!("{id} with a wait"),
            Ablation::Test(id) => format!("{id} with a test"),
            Ablation::Branch(id, label) => format!("{id} with a branch `{label}` beside others"),
            Ablation::Assignment(id, name) => format!("{id} that assigns `{name}`"),
            Ablation::Lock(id) => format!("{id} that takes a lock"),
            Ablation::Before(id, other) => format!("{id} that can go before {other}"),
            Ablation::After(id, other) => format!("{id} that can go after {other}"),
        }))
    }
}

fn each(system: &mut System, id: &str, change: impl Fn(&[String], &mut Step) -> bool) -> bool {
    let names: Vec<String> = system.vars.iter().map(|v| v.name.clone()).collect();
    let mut found = false;
    for step in system
        .tasks
        .iter_mut()
        .flat_map(|t| &mut t.program.steps)
        .filter(|s| s.id == *id)
    {
        found |= change(&names, step);
    }
    found
}

fn remove_branch(step: &mut Step, label: &str) -> bool {
    let others = step.branches.iter().filter(|b| b.label != label).count();
    if others == 0 || others == step.branches.len() {
        return false;
    }
    step.branches.retain(|b| b.label != label);
    if let Some(last) = step.branches.last_mut().filter(|_| !step.choice) {
        last.when = Expr::TRUE;
    }
    true
}

/// The variables by which a step takes locks: acquired and set, once they, or others that it acquires
/// (the writer of a semaphore that is taken shared), have been waited for.
pub fn locks_taken(step: &Step) -> BTreeSet<VarId> {
    let mut tested = acquired_in_guard(step);
    let shared = !tested.is_empty();
    for branch in &step.branches {
        branch.when.reads(&mut tested);
    }
    step.branches
        .iter()
        .flat_map(|b| &b.assigns)
        .map(|a| a.var)
        .filter(|v| step.order_of(*v) == Order::Acquire && (shared || tested.contains(v)))
        .collect()
}

/// The variables that a step waits for and acquires.
fn acquired_in_guard(step: &Step) -> BTreeSet<VarId> {
    let mut waited = BTreeSet::new();
    step.guard.reads(&mut waited);
    waited.retain(|v| step.order_of(*v) == Order::Acquire);
    waited
}

fn remove_lock(system: &mut System, id: &str) -> bool {
    let mut found = false;
    for (n, task) in system.tasks.iter_mut().enumerate() {
        let me = n + 1;
        let mut locks = BTreeSet::new();
        for step in task.program.steps.iter_mut().filter(|s| s.id == *id) {
            let taken = locks_taken(step);
            if taken.is_empty() {
                continue;
            }
            let waited = &taken | &acquired_in_guard(step);
            step.guard = without(&step.guard, &waited);
            for branch in &mut step.branches {
                branch.assigns.retain(|a| !taken.contains(&a.var));
                branch.when = without(&branch.when, &taken);
            }
            locks.extend(taken);
        }
        if locks.is_empty() {
            continue;
        }
        found = true;
        for step in &mut task.program.steps {
            step.requires = without(&step.requires, &locks);
            for assign in step.branches.iter_mut().flat_map(|b| &mut b.assigns) {
                if locks.contains(&assign.var) && assign.value == Expr::FALSE {
                    assign.when = and(assign.when.clone(), eq(assign.var, me)).fold();
                }
            }
        }
    }
    found
}

/// The parts of a condition that read none of `vars`.
fn without(condition: &Expr, vars: &BTreeSet<VarId>) -> Expr {
    all(condition
        .conjuncts()
        .into_iter()
        .filter(|c| {
            let mut reads = BTreeSet::new();
            c.reads(&mut reads);
            reads.is_disjoint(vars)
        })
        .cloned())
    .fold()
}
