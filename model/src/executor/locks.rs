//! Which locks a task surely holds at each of its steps: a forward analysis over its program.

use std::collections::BTreeMap;

use super::condition::{Conditions, contradict, implies, with};
use super::words::{WordId, Words, kernel_assigns};
use crate::machine::expr::{Expr, Op, eq};
use crate::machine::step::{Branch, Step};
use crate::machine::system::{System, TaskId};
use crate::machine::var::{Lock, Role, VarId};

/// A lock that is held.
#[derive(Clone, PartialEq, Debug)]
pub struct Held {
    /// If this holds: which folio's lock it is may be in a register.
    pub when: Conditions,
    /// The word that the lock is in.
    pub lock: WordId,
    /// Nobody else has it.
    pub exclusive: bool,
}

/// A lock that a step takes.
#[derive(Clone, PartialEq, Debug)]
pub struct Take {
    /// If this holds.
    pub when: Conditions,
    /// The word that the lock is in.
    pub lock: WordId,
    /// Its variable; none for a lock that no variable stands for.
    pub var: Option<VarId>,
    /// Exclusive, or shared.
    pub exclusive: bool,
}

/// What holds where a task is.
#[derive(Clone, PartialEq, Default, Debug)]
struct Here {
    /// Registers whose value is known.
    known: BTreeMap<VarId, i64>,
    held: Vec<Held>,
}

/// The locks that `task` holds on arrival at each step of its program.
pub fn held(system: &System, words: &Words, task: TaskId) -> Vec<Vec<Held>> {
    let steps = &system.task(task).program.steps;
    let mut at: Vec<Option<Here>> = vec![None; steps.len()];
    if let Some(first) = at.first_mut() {
        *first = Some(Here::default());
    }
    let mut work = vec![0];
    while let Some(loc) = work.pop() {
        let Some(here) = at.get(loc).cloned().flatten() else {
            continue;
        };
        for branch in steps[loc].branches.iter().filter(|b| b.when != Expr::FALSE) {
            let after = after(system, words, task, &here, branch);
            let Some(slot) = at.get_mut(branch.next) else {
                continue;
            };
            let merged = match slot {
                None => after,
                Some(before) => merge(system, before, &after),
            };
            if slot.as_ref() != Some(&merged) {
                *slot = Some(merged);
                work.push(branch.next);
            }
        }
    }
    at.into_iter()
        .map(|here| here.unwrap_or_default().held)
        .collect()
}

fn after(system: &System, words: &Words, task: TaskId, before: &Here, branch: &Branch) -> Here {
    let mut here = before.clone();
    let assigns: Vec<_> = kernel_assigns(system, branch).collect();
    for assign in &assigns {
        if matches!(system.var(assign.var).role, Role::Private(_)) {
            here.held
                .retain(|h| !h.when.iter().any(|e| e.mentions(assign.var)));
            match assign.value.as_const() {
                Some(c) if assign.when == Expr::TRUE => here.known.insert(assign.var, c),
                _ => here.known.remove(&assign.var),
            };
        }
    }
    // What a lock is called may be assigned in the same step: then that is how it is known later.
    let named: Conditions = assigns
        .iter()
        .filter(|a| a.when == Expr::TRUE && system.var(a.var).role == Role::Private(task))
        .filter_map(|a| Some(eq(a.var, a.value.as_const()?)))
        .collect();
    for assign in &assigns {
        let Some(lock) = system.var(assign.var).memory.lock else {
            continue;
        };
        let Some(word) = words.word_of(assign.var) else {
            continue;
        };
        let mut when = named.clone();
        when.extend(assign.when.conjuncts().into_iter().cloned());
        match change(lock, &assign.value, task) {
            Change::Taken => here.held.push(Held {
                when,
                lock: word,
                exclusive: lock == Lock::Owner,
            }),
            Change::Dropped => {
                let exclusive = lock == Lock::Owner;
                here.held
                    .retain(|h| h.lock != word || h.exclusive != exclusive);
            }
        }
    }
    here
}

enum Change {
    Taken,
    Dropped,
}

/// What an assignment does to a lock, for `task`.
fn change(lock: Lock, value: &Expr, task: TaskId) -> Change {
    let me = i64::from(task.0) + 1;
    let taken = match lock {
        Lock::Owner => value.as_const() == Some(me),
        Lock::Readers => matches!(value, Expr::Bin(Op::SetBit, ..)),
    };
    if taken {
        Change::Taken
    } else {
        Change::Dropped
    }
}

/// What holds whichever way the task came: what both say, and what one says about a register value that
/// the other does not have.
fn merge(system: &System, a: &Here, b: &Here) -> Here {
    let mut held: Vec<Held> = Vec::new();
    for (mine, other) in [(a, b), (b, a)] {
        let known: Conditions = other.known.iter().map(|(v, c)| eq(*v, *c)).collect();
        for h in &mine.held {
            let absurd = contradict(system, &[known.as_slice(), &h.when].concat());
            if (absurd || covers(system, &other.held, h)) && !held.contains(h) {
                held.push(h.clone());
            }
        }
    }
    Here {
        known: a
            .known
            .iter()
            .filter(|(v, c)| b.known.get(v) == Some(c))
            .map(|(v, c)| (*v, *c))
            .collect(),
        held,
    }
}

fn covers(system: &System, held: &[Held], h: &Held) -> bool {
    held.iter().any(|o| {
        o.lock == h.lock
            && o.exclusive == h.exclusive
            && o.when.iter().all(|e| implies(system, &h.when, e))
    })
}

/// The locks that a step takes, to keep them or for as long as it lasts: those that it waits for and
/// declares an order for, whichever, and those that no variable stands for.
pub fn taken(system: &System, words: &Words, task: TaskId, step: &Step) -> Vec<Take> {
    let mut takes: Vec<Take> = Vec::new();
    let mut add = |take: Take| {
        if !takes.contains(&take) {
            takes.push(take);
        }
    };
    for var in super::words::kernel_vars(system, step) {
        if let Some(lock) = &system.var(var).memory.under
            && words.word_of(var).is_some()
        {
            add(Take {
                when: Vec::new(),
                lock: words.locks[lock],
                var: None,
                exclusive: true,
            });
        }
    }
    let mut assigned = Vec::new();
    for assign in step.branches.iter().flat_map(|b| kernel_assigns(system, b)) {
        let Some(lock) = system.var(assign.var).memory.lock else {
            continue;
        };
        let Some(word) = words.word_of(assign.var) else {
            continue;
        };
        let waits = words.words[word]
            .parts
            .iter()
            .any(|(v, _)| step.guard.mentions(*v));
        if waits && matches!(change(lock, &assign.value, task), Change::Taken) {
            assigned.push(word);
            add(Take {
                when: with(&[], &assign.when),
                lock: word,
                var: Some(assign.var),
                exclusive: lock == Lock::Owner,
            });
        }
    }
    for access in &step.accesses {
        let var = access.var;
        let lock = system.var(var).memory.lock == Some(Lock::Owner);
        if lock && step.guard.mentions(var) {
            let Some(word) = words.word_of(var) else {
                continue;
            };
            if !assigned.contains(&word) {
                add(Take {
                    when: Vec::new(),
                    lock: word,
                    var: Some(var),
                    exclusive: true,
                });
            }
        }
    }
    takes
}

/// Locks that some branches take without having waited for them (`folio_trylock`, a new folio), held where
/// such a branch is taken.
pub fn taken_by_branches(system: &System, words: &Words, task: TaskId, step: &Step) -> Vec<Held> {
    let mut held = Vec::new();
    for branch in &step.branches {
        for assign in kernel_assigns(system, branch) {
            let Some(lock) = system.var(assign.var).memory.lock else {
                continue;
            };
            let taken = matches!(change(lock, &assign.value, task), Change::Taken);
            if let Some(word) = words.word_of(assign.var)
                && taken
                && branch.when.mentions(assign.var)
            {
                held.push(Held {
                    when: with(&with(&[], &branch.when), &assign.when),
                    lock: word,
                    exclusive: lock == Lock::Owner,
                });
            }
        }
    }
    held
}
