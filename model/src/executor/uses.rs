//! What a step does to shared memory, variable by variable, and which of it other tasks can see half
//! done.
//!
//! A step is indivisible in the model. A thread takes several accesses for it. By Lipton's reduction
//! ("Reduction: a method of proving properties of parallel programs", CACM 1975) nobody can tell the
//! difference if the accesses are, in this order: locks taken; accesses that commute with
//! whatever other tasks can do meanwhile, and at most one that need not; locks dropped. An access
//! commutes if every step of another task that conflicts with it holds a common lock, and a test that
//! the task waits for does if nobody can make it false again.

use std::collections::BTreeSet;

use super::condition::{self, Conditions, contradict, implies, reads, with};
use super::locks::{self, Held, Take};
use super::words::{WordId, Words, kernel_assigns};
use crate::machine::expr::Expr;
use crate::machine::footprint::{Touch, touch_of};
use crate::machine::step::{Loc, Step};
use crate::machine::system::{System, TaskId};
use crate::machine::var::VarId;

/// One access to one variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Use {
    /// When it is made.
    pub when: Conditions,
    /// The variable.
    pub var: VarId,
    /// How.
    pub touch: Touch,
    /// The part of the guard that makes it.
    pub guard: Option<usize>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub struct Uses {
    /// The task.
    pub task: TaskId,
    /// Where it is in the task's program.
    pub loc: Loc,
    /// The accesses to words.
    pub uses: Vec<Use>,
    /// Locks that it takes.
    pub takes: Vec<Take>,
    /// Locks held while it lasts, those among them.
    pub holds: Vec<Held>,
    /// Words with locks that it takes if they are free, and else goes another way (`folio_trylock`).
    pub tries: Vec<WordId>,
}

/// Every step of the system.
pub fn all(system: &System, words: &Words) -> Vec<Vec<Uses>> {
    system
        .task_ids()
        .map(|task| {
            let held = locks::held(system, words, task);
            let steps = &system.task(task).program.steps;
            steps
                .iter()
                .zip(held)
                .enumerate()
                .map(|(loc, (step, mut holds))| {
                    let takes = locks::taken(system, words, task, step);
                    holds.extend(takes.iter().map(|t| Held {
                        when: t.when.clone(),
                        lock: t.lock,
                        exclusive: t.exclusive,
                    }));
                    let in_branches = locks::taken_by_branches(system, words, task, step);
                    let tries = in_branches.iter().map(|h| h.lock).collect();
                    holds.extend(in_branches);
                    Uses {
                        task,
                        loc,
                        uses: uses(system, words, step),
                        takes,
                        holds,
                        tries,
                    }
                })
                .collect()
        })
        .collect()
}

fn uses(system: &System, words: &Words, step: &Step) -> Vec<Use> {
    let mut out: Vec<Use> = Vec::new();
    let mut add = |when: &[Expr], var: VarId, touch: Touch, guard: Option<usize>| {
        let new = Use {
            when: when.to_vec(),
            var,
            touch,
            guard,
        };
        if words.word_of(var).is_some() && !out.contains(&new) {
            out.push(new);
        }
    };
    let guard = if step.rechecked {
        Vec::new()
    } else {
        step.guard.conjuncts()
    };
    for (n, part) in guard.into_iter().enumerate() {
        let mut found = Vec::new();
        reads(part, &[], &mut found);
        for read in found {
            add(&read.when, read.var, Touch::Read, Some(n));
        }
    }
    for branch in step.branches.iter().filter(|b| b.when != Expr::FALSE) {
        let mut found = Vec::new();
        reads(&branch.when, &[], &mut found);
        let here = with(&[], &branch.when);
        for assign in kernel_assigns(system, branch) {
            reads(&assign.when, &here, &mut found);
            let when = with(&here, &assign.when);
            let touch = touch_of(system, assign);
            // What a variable was is read by the access that changes it.
            let mut of_value = Vec::new();
            reads(&assign.value, &when, &mut of_value);
            found.extend(of_value.into_iter().filter(|r| r.var != assign.var));
            add(&when, assign.var, touch, None);
        }
        for read in found {
            add(&read.when, read.var, Touch::Read, None);
        }
    }
    out
}

/// Sees which accesses are seen by others.
pub struct Races<'a> {
    system: &'a System,
    words: &'a Words,
    all: &'a [Vec<Uses>],
}

impl<'a> Races<'a> {
    /// Of the steps of `system`.
    pub fn new(system: &'a System, words: &'a Words, all: &'a [Vec<Uses>]) -> Self {
        Races { system, words, all }
    }

    /// Whether a step of another task could come between this access and the rest of its step, and one of
    /// them would notice.
    pub fn races(&self, step: &Uses, access: &Use) -> bool {
        if self.is_own_lock(step, access) {
            return false;
        }
        if let Some(part) = access.guard
            && self.stays_true(step, access, part)
        {
            return false;
        }
        self.others(step).any(|(other, theirs)| {
            theirs.var == access.var
                && !access.touch.commutes(theirs.touch)
                && !self.excluded(step, &access.when, other, &theirs.when)
        })
    }

    fn others(&self, step: &Uses) -> impl Iterator<Item = (&'a Uses, &'a Use)> + use<'a> {
        let task = step.task;
        self.all
            .iter()
            .flatten()
            .filter(move |u| u.task != task)
            .flat_map(|u| u.uses.iter().map(move |x| (u, x)))
    }

    /// It takes, keeps or drops a lock.
    fn is_own_lock(&self, step: &Uses, access: &Use) -> bool {
        let lock = self.system.var(access.var).memory.lock;
        let Some(word) = self.words.word_of(access.var) else {
            return true;
        };
        let tried = step.tries.contains(&word);
        lock.is_some() && !tried && step.holds.iter().any(|h| h.lock == word)
    }

    /// Both steps hold a lock that keeps them apart.
    fn excluded(&self, a: &Uses, when_a: &[Expr], b: &Uses, when_b: &[Expr]) -> bool {
        let holds =
            |given: &[Expr], held: &Held| held.when.iter().all(|e| implies(self.system, given, e));
        a.holds.iter().filter(|h| holds(when_a, h)).any(|mine| {
            b.holds.iter().any(|theirs| {
                mine.lock == theirs.lock
                    && (mine.exclusive || theirs.exclusive)
                    && holds(when_b, theirs)
            })
        })
    }

    /// That part of the guard, once true, cannot be made false by a step that may come between.
    fn stays_true(&self, step: &Uses, access: &Use, part: usize) -> bool {
        let program = &self.system.task(step.task).program;
        let guard = program.steps[step.loc].guard.conjuncts()[part];
        self.others(step).all(|(other, theirs)| {
            theirs.var != access.var
                || !may_falsify(self.system, guard, theirs)
                || self.excluded(step, &access.when, other, &theirs.when)
        })
    }

    /// Whether a step of another task can tell that a lock is held without having to wait for it
    /// (`folio_trylock`): then taking the lock is itself something that everybody sees.
    pub fn is_tried(&self, step: &Uses, lock: VarId) -> bool {
        self.others(step).any(|(other, theirs)| {
            theirs.var == lock
                && theirs.touch == Touch::Read
                && theirs.guard.is_none()
                && !other.takes.iter().any(|t| t.var == Some(lock))
        })
    }

    /// The words of which a step makes an access that others could see apart from the rest of it, each
    /// with when.
    pub fn racy(&self, step: &Uses) -> Vec<(WordId, Conditions)> {
        let mut racy: Vec<(WordId, Conditions)> = Vec::new();
        for access in step.uses.iter().filter(|u| self.races(step, u)) {
            let word = self.words.word_of(access.var).expect("only words are used");
            let new = (word, access.when.clone());
            if !racy.contains(&new) {
                racy.push(new);
            }
        }
        racy
    }

    /// Two words of which a step would have to make such accesses at once.
    pub fn two_objects(&self, step: &Uses) -> Option<(WordId, WordId)> {
        let racy = self.racy(step);
        racy.iter().enumerate().find_map(|(n, (a, when_a))| {
            let clash = |(b, when_b): &&(WordId, Conditions)| {
                a != b && !contradict(self.system, &[when_a.as_slice(), when_b].concat())
            };
            racy[..n].iter().find(clash).map(|(b, _)| (*b, *a))
        })
    }
}

/// Whether an access may make a true condition false.
fn may_falsify(system: &System, condition: &Expr, access: &Use) -> bool {
    let stored = match access.touch {
        Touch::Read => return false,
        Touch::Store(c) => c,
        Touch::Or if system.var(access.var).max == 1 => 1,
        _ => return true,
    };
    let mut vars = BTreeSet::new();
    condition.reads(&mut vars);
    condition::cases(system, condition).iter().any(|case| {
        let mut own = BTreeSet::new();
        case.reads(&mut own);
        match own.len() {
            _ if !own.contains(&access.var) => false,
            1 => case.eval(&|_| stored) == 0,
            _ => true,
        }
    })
}
