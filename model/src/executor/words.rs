//! Which variables are words of shared memory, and which variables share one.

use std::collections::{BTreeMap, BTreeSet};

use crate::machine::expr::Expr;
use crate::machine::footprint::{Touch, touch_of};
use crate::machine::step::{Branch, Step};
use crate::machine::system::System;
use crate::machine::var::{Lock, Role, VarId};

/// Index of a word.
pub type WordId = usize;

/// A word: one access reads or changes all of it.
#[derive(Clone, Debug)]
pub struct Word {
    /// `folio0.flags`, or the variable's own name.
    pub name: String,
    /// Its variables, with the bit that each begins at.
    pub parts: Vec<(VarId, u32)>,
}

/// All shared memory of a system.
#[derive(Clone, Debug)]
pub struct Words {
    /// The words: variables first, then the locks that no variable stands for.
    pub words: Vec<Word>,
    /// The word of each variable; none for registers, ghosts, and what only one task touches.
    pub of: Vec<Option<WordId>>,
    /// The word of each lock that no variable stands for.
    pub locks: BTreeMap<String, WordId>,
}

impl Words {
    /// Lays out the memory of `system`.
    pub fn of(system: &System) -> Words {
        let shared = shared(system);
        let mut words: Vec<Word> = Vec::new();
        let mut of = vec![None; system.vars.len()];
        let mut by_name: BTreeMap<String, WordId> = BTreeMap::new();
        for var in &shared {
            let decl = system.var(*var);
            let own = || decl.full_name();
            let name = decl.memory.word.clone().unwrap_or_else(own);
            let id = *by_name.entry(name.clone()).or_insert_with(|| {
                words.push(Word {
                    name,
                    parts: Vec::new(),
                });
                words.len() - 1
            });
            let shift = words[id].bits(system);
            words[id].parts.push((*var, shift));
            of[var.index()] = Some(id);
        }
        let mut locks = BTreeMap::new();
        for var in shared {
            if let Some(lock) = &system.var(var).memory.under {
                locks.entry(lock.clone()).or_insert_with(|| {
                    words.push(Word {
                        name: lock.clone(),
                        parts: Vec::new(),
                    });
                    words.len() - 1
                });
            }
        }
        Words { words, of, locks }
    }

    /// The word of a variable.
    pub fn word_of(&self, var: VarId) -> Option<WordId> {
        self.of[var.index()]
    }

    /// Value of a word, its variables' values given.
    pub fn pack(&self, word: WordId, value: impl Fn(VarId) -> u64) -> u64 {
        self.words[word]
            .parts
            .iter()
            .fold(0, |packed, (var, shift)| packed | value(*var) << shift)
    }

    /// Which variables of a word differ between two values of it, as a set of positions; all of a word
    /// without variables.
    pub fn changed(&self, system: &System, word: WordId, a: u64, b: u64) -> u64 {
        if self.words[word].parts.is_empty() {
            return u64::from(a != b);
        }
        let pairs = self
            .unpack(system, word, a)
            .zip(self.unpack(system, word, b));
        pairs
            .enumerate()
            .filter(|(_, ((_, a), (_, b)))| a != b)
            .fold(0, |set, (n, _)| set | 1 << n)
    }

    /// The positions in a word of the variables among `vars`, as a set.
    pub fn positions(&self, word: WordId, vars: &BTreeSet<VarId>) -> u64 {
        let parts = &self.words[word].parts;
        if parts.is_empty() {
            return 1;
        }
        parts
            .iter()
            .enumerate()
            .filter(|(_, (v, _))| vars.contains(v))
            .fold(0, |set, (n, _)| set | 1 << n)
    }

    /// The variables of a word and their values.
    pub fn unpack<'s>(
        &'s self,
        system: &'s System,
        word: WordId,
        value: u64,
    ) -> impl Iterator<Item = (VarId, u64)> + 's {
        self.words[word].parts.iter().map(move |(var, shift)| {
            let bits = system.var(*var).bits();
            let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
            (*var, value >> shift & mask)
        })
    }
}

impl Word {
    /// Bits that its variables take.
    fn bits(&self, system: &System) -> u32 {
        self.parts
            .last()
            .map_or(0, |(var, shift)| shift + system.var(*var).bits())
    }
}

/// Variables that more than one task touches, and locks: who holds a lock is looked at even where no
/// other task takes it. What no step looks at and every step changes in a way that commutes with the others (a
/// count of references that nobody asks for) is not among them: no thread could tell one
/// order of accesses from another, and the machine that follows knows the value.
fn shared(system: &System) -> BTreeSet<VarId> {
    let mut users: BTreeMap<VarId, BTreeSet<usize>> = BTreeMap::new();
    let mut seen: BTreeSet<VarId> = BTreeSet::new();
    let mut touches: BTreeMap<VarId, BTreeSet<(usize, Touch)>> = BTreeMap::new();
    for (task, _, step) in system.steps() {
        let task = task.index();
        for var in kernel_vars(system, step) {
            users.entry(var).or_default().insert(task);
        }
        step.guard.reads(&mut seen);
        for branch in step.branches.iter().filter(|b| b.when != Expr::FALSE) {
            branch.when.reads(&mut seen);
            for assign in kernel_assigns(system, branch) {
                let touch = touch_of(system, assign);
                touches.entry(assign.var).or_default().insert((task, touch));
                assign.when.reads(&mut seen);
                let mut reads = BTreeSet::new();
                assign.value.reads(&mut reads);
                if matches!(touch, Touch::Add | Touch::Or) {
                    reads.remove(&assign.var);
                }
                seen.extend(reads);
            }
        }
    }
    let commute = |var: &VarId| {
        let touches = &touches[var];
        let clash =
            |(a, x): &(usize, Touch)| touches.iter().any(|(b, y)| a != b && !x.commutes(*y));
        !touches.iter().any(clash)
    };
    users
        .into_iter()
        .filter(|(var, tasks)| {
            let decl = system.var(*var);
            let told_apart = seen.contains(var) || !commute(var);
            decl.role == Role::Shared
                && told_apart
                && (tasks.len() > 1 || decl.memory.lock == Some(Lock::Owner))
        })
        .map(|(var, _)| var)
        .collect()
}

/// Every variable that the kernel's part of a step reads or assigns. What it asserts is left out: a
/// check of the model, which no kernel pays for.
pub fn kernel_vars(system: &System, step: &Step) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    step.guard.reads(&mut vars);
    for branch in step.branches.iter().filter(|b| b.when != Expr::FALSE) {
        branch.when.reads(&mut vars);
        for assign in kernel_assigns(system, branch) {
            vars.insert(assign.var);
            assign.when.reads(&mut vars);
            assign.value.reads(&mut vars);
        }
    }
    vars
}

/// The assignments of a branch that a kernel makes.
pub fn kernel_assigns<'a>(
    system: &'a System,
    branch: &'a Branch,
) -> impl Iterator<Item = &'a crate::machine::Assign> {
    branch
        .assigns
        .iter()
        .filter(|a| !system.var(a.var).is_ghost())
}
