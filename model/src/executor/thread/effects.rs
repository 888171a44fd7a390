//! What a branch does to memory and registers, beside what everybody sees at once.

use std::sync::Arc;

use super::Thread;
use crate::executor::backend::Backend;
use crate::executor::order::Strength;
use crate::executor::plan::{Plan, TakeLock};
use crate::executor::words::{WordId, kernel_assigns};
use crate::machine::expr::{Expr, Op};
use crate::machine::step::Branch;
use crate::machine::var::Lock;
use crate::machine::{Assign, VarId};

impl<B: Backend> Thread<B> {
    /// The value of a word after a branch. Locks that the branch drops stay held: that comes last.
    pub(super) fn assigned(&self, word: WordId, value: u64, branch: &Branch) -> u64 {
        let prepared = &self.execution.prepared;
        let (system, words) = (&prepared.system, &prepared.plans.words);
        let current: Vec<(VarId, u64)> = words.unpack(system, word, value).collect();
        words.pack(word, |var| {
            let old = current.iter().find(|(v, _)| *v == var).map_or(0, |c| c.1);
            let assign = self
                .assigns(branch)
                .find(|a| a.var == var && !self.drops_lock(a));
            let Some(assign) = assign else { return old };
            // What is added or or-ed goes to what is there now.
            let now = |v: VarId| {
                if v == var {
                    old.cast_signed()
                } else {
                    self.locals[v.index()]
                }
            };
            let new = assign.value.eval(&now);
            // Out of range is for the machine that follows to report.
            u64::try_from(new).unwrap_or(0).min(system.var(var).max)
        })
    }

    /// The same, as to the locks that the branch drops.
    pub(super) fn dropped(&self, word: WordId, value: u64, branch: &Branch) -> u64 {
        let prepared = &self.execution.prepared;
        let (system, words) = (&prepared.system, &prepared.plans.words);
        let current: Vec<(VarId, u64)> = words.unpack(system, word, value).collect();
        words.pack(word, |var| {
            let old = current.iter().find(|(v, _)| *v == var).map_or(0, |c| c.1);
            let drops = |a: &&Assign| a.var == var && self.drops_lock(a);
            match (
                self.assigns(branch).find(drops),
                system.var(var).memory.lock,
            ) {
                (Some(_), Some(Lock::Readers)) => old & !(1 << self.task.0),
                (Some(_), _) => 0,
                (None, _) => old,
            }
        })
    }

    /// What a branch assigns, as things are.
    fn assigns<'b>(&'b self, branch: &'b Branch) -> impl Iterator<Item = &'b Assign> {
        kernel_assigns(&self.execution.prepared.system, branch).filter(|a| self.is_true(&a.when))
    }

    fn drops_lock(&self, assign: &Assign) -> bool {
        match self.execution.prepared.system.var(assign.var).memory.lock {
            None => false,
            Some(Lock::Owner) => assign.value.as_const() == Some(0),
            Some(Lock::Readers) => matches!(assign.value, Expr::Bin(Op::ClearBit, ..)),
        }
    }

    /// Whether a branch keeps a lock that its step has taken.
    fn keeps(&self, branch: &Branch, take: &TakeLock) -> bool {
        self.assigns(branch)
            .any(|a| Some(a.var) == take.take.var && !self.drops_lock(a))
    }

    /// Whether a lock in the word that everybody sees change can be dropped by the same access: nothing else
    /// is left to be changed under it.
    pub(super) fn drops_at_once(&self, word: WordId, branch: &Branch) -> bool {
        let words = &self.execution.prepared.plans.words;
        self.assigns(branch)
            .filter_map(|a| words.word_of(a.var))
            .all(|w| w == word)
    }

    /// The rest of a step: what it changes beside the word that everybody saw it change, then the locks.
    pub(super) fn finish(
        &mut self,
        branch: &Branch,
        plan: &Plan,
        taken: &[&TakeLock],
        done: Option<WordId>,
    ) {
        let prepared = Arc::clone(&self.execution.prepared);
        let words = &prepared.plans.words;
        let mut changed: Vec<WordId> = Vec::new();
        let mut dropped: Vec<WordId> = Vec::new();
        for assign in self.assigns(branch) {
            let Some(word) = words.word_of(assign.var) else {
                continue;
            };
            let list = if self.drops_lock(assign) {
                &mut dropped
            } else if taken.iter().any(|t| t.take.var == Some(assign.var)) {
                continue;
            } else {
                &mut changed
            };
            if !list.contains(&word) {
                list.push(word);
            }
        }
        let strength = |word: WordId| {
            let known = plan.writes.iter().find(|(w, _)| *w == word);
            known.map_or(Strength::RELAXED, |(_, s)| *s)
        };
        changed.retain(|w| Some(*w) != done);
        // A word with a lock that is dropped is changed by the same access.
        for word in changed.iter().filter(|w| !dropped.contains(w)) {
            self.rmw_by(*word, strength(*word), |t, value| {
                t.assigned(*word, value, branch)
            });
        }
        let at_once = done.filter(|w| self.drops_at_once(*w, branch));
        for word in dropped.into_iter().filter(|w| Some(*w) != at_once) {
            let also = changed.contains(&word);
            let order = if also {
                strength(word)
            } else {
                strength(word).of_drop()
            };
            self.rmw_by(word, order, |t, value| {
                let value = if also {
                    t.assigned(word, value, branch)
                } else {
                    value
                };
                t.dropped(word, value, branch)
            });
        }
        for take in taken.iter().rev() {
            let explicitly = take.take.var.is_some_and(|var| {
                self.assigns(branch)
                    .any(|a| a.var == var && self.drops_lock(a))
            });
            if !explicitly && !self.keeps(branch, take) {
                self.give_back(take);
            }
        }
        let registers: Vec<(VarId, i64)> = self
            .assigns(branch)
            .filter(|a| words.word_of(a.var).is_none())
            .map(|a| (a.var, a.value.eval(&|v| self.locals[v.index()])))
            .collect();
        for (register, value) in registers {
            self.locals[register.index()] = value;
        }
    }
}
