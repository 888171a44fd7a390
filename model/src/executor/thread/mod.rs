//! A task as a thread.

mod effects;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::backend::{Backend, Changed, Memory, Seen};
use super::execution::{End, Execution, Orders, Waits};
use super::history::Access;
use super::order::Strength;
use super::plan::{Look, Moment, Plan, TakeLock};
use super::words::WordId;
use crate::machine::VarId;
use crate::machine::expr::Expr;
use crate::machine::interp::Action;
use crate::machine::step::{Loc, Step};
use crate::machine::system::TaskId;
use crate::machine::var::Lock;

/// A thread that runs the program of one task.
pub(super) struct Thread<B: Backend> {
    execution: Arc<Execution<B>>,
    task: TaskId,
    /// Value of each variable: registers, and what was last seen of the rest.
    locals: Vec<i64>,
    /// Accesses of the step under way.
    log: Vec<Logged>,
    /// What the step under way saw, with whether only its guard asked.
    seen: Vec<(WordId, Seen, bool)>,
    /// Lock variables that the step under way has set: it acts on what was before.
    took: Vec<VarId>,
}

/// An access of the step under way.
#[derive(Clone, Copy, Debug)]
struct Logged {
    word: WordId,
    stamp: u32,
    /// The variables of the word that it changed; none if it only read.
    parts: u64,
}

/// What became of an attempt at a step.
enum Attempt {
    /// It was taken.
    Taken(Loc),
    /// It has to wait.
    Wait(Waits),
    /// The execution is over.
    Over,
}

impl<B: Backend> Thread<B> {
    pub fn new(execution: Arc<Execution<B>>, task: TaskId) -> Self {
        let vars = &execution.prepared.system.vars;
        let locals = vars.iter().map(|v| v.init.cast_signed()).collect();
        Thread {
            execution,
            task,
            locals,
            log: Vec::new(),
            seen: Vec::new(),
            took: Vec::new(),
        }
    }

    /// Runs the program to its end, or the execution's.
    pub fn run(mut self) {
        let execution = Arc::clone(&self.execution);
        let steps = &execution.prepared.system.task(self.task).program.steps;
        let mut loc = 0;
        while let Some(step) = steps.get(loc) {
            match self.step(step, loc) {
                Some(next) => loc = next,
                None => break,
            }
        }
        execution.finish(self.task, &self.locals);
    }

    fn step(&mut self, step: &Step, loc: Loc) -> Option<Loc> {
        let execution = Arc::clone(&self.execution);
        let plan = &execution.prepared.plans.plans[self.task.index()][loc];
        let mut fresh = false;
        loop {
            match self.attempt(step, loc, plan, fresh) {
                Attempt::Taken(next) => return Some(next),
                Attempt::Over => return None,
                Attempt::Wait(waits) => {
                    if !execution.sleep(self.task, waits, &self.locals) {
                        return None;
                    }
                    fresh = true;
                }
            }
        }
    }

    /// Tries to take the step. `fresh`: it has waited, so that what it waits for is read as it is now.
    ///
    /// An attempt that comes too early changes nothing and can be put off until what it waits for is so
    /// (or for ever, if it never is): the executions in which it is put off do all that those do in which
    /// the thread sleeps first, so one of the latter is enough.
    fn attempt(&mut self, step: &Step, loc: Loc, plan: &Plan, fresh: bool) -> Attempt {
        let execution = Arc::clone(&self.execution);
        if !execution.attempt() {
            return Attempt::Over;
        }
        self.log.clear();
        self.seen.clear();
        self.took.clear();
        let Some(way) = self.script(step, loc) else {
            return Attempt::Over;
        };
        let mut taken: Vec<&TakeLock> = Vec::new();
        for look in plan.looks.iter().filter(|l| l.early) {
            self.look(look, fresh);
        }
        for take in &plan.takes {
            if !self.holds(&take.take.when) {
                continue;
            }
            if !self.take(take) {
                B::prune();
                self.undo(&taken);
                return Attempt::Wait(Waits::Lock(take.clone()));
            }
            taken.push(take);
        }
        let around =
            plan.all_cpus || plan.incidental && self.execution.run.orders != Orders::Essential;
        if around {
            B::fence();
        }
        for look in plan.looks.iter().filter(|l| !l.early) {
            if self.holds(&look.when) && !taken.iter().any(|t| t.take.lock == look.word) {
                self.look(look, fresh);
            }
        }
        let moment = plan
            .moments
            .iter()
            .find(|m| m.when.iter().any(|w| self.holds(w)));
        let changes = moment.filter(|m| m.writes);
        let barrier = moment.is_some_and(|m| self.strength(m.strength).full);
        if barrier {
            B::fence();
        }
        let chosen = match (changes, moment) {
            (Some(moment), _) => self.change(step, way, moment),
            (None, Some(moment)) => {
                self.look(&moment.look(plan), fresh);
                self.choose(step, way)
            }
            (None, None) => self.choose(step, way),
        };
        let Some(branch) = chosen else {
            B::prune();
            self.undo(&taken);
            return Attempt::Wait(Waits::Guard(loc));
        };
        let action = Action {
            task: self.task,
            branch: u8::try_from(branch).expect("few branches"),
        };
        let stale = self.is_stale(loc, plan);
        let Some(event) = self.execution.commit(action, stale) else {
            return Attempt::Over;
        };
        if changes.is_some() {
            self.execution.wake();
        }
        if barrier {
            B::fence();
        }
        let branch = &step.branches[branch];
        self.finish(branch, plan, &taken, changes.map(|m| m.word));
        if around {
            B::fence();
        }
        execution.record(self.accesses(event, plan));
        Attempt::Taken(branch.next)
    }

    /// The accesses of the step under way, as the history has them. Of a word that was read twice, once to
    /// take a lock in it, all but the lock is as it was the second time.
    fn accesses(&self, event: u32, plan: &Plan) -> Vec<Access> {
        let prepared = &self.execution.prepared;
        let words = &prepared.plans.words;
        let is_lock = |v: &&VarId| prepared.system.var(**v).memory.lock.is_some();
        let locks: BTreeSet<VarId> = plan.reads.iter().filter(is_lock).copied().collect();
        let reads = |n: usize, logged: &Logged| {
            let all = words.positions(logged.word, &plan.reads);
            let again = |l: &Logged| l.word == logged.word && l.parts == 0;
            if self.log[n + 1..].iter().any(again) {
                all & words.positions(logged.word, &locks)
            } else if self.log[..n].iter().any(again) {
                all & !words.positions(logged.word, &locks)
            } else {
                all
            }
        };
        let access = |(n, logged): (usize, &Logged)| Access {
            event,
            word: u16::try_from(logged.word).expect("few words"),
            stamp: logged.stamp,
            parts: match logged.parts {
                0 => reads(n, logged),
                changed => changed,
            },
            write: logged.parts != 0,
        };
        self.log.iter().enumerate().map(access).collect()
    }

    /// Which way the script sends a step that may go several ways; none if the execution has to end.
    fn script(&self, step: &Step, loc: Loc) -> Option<usize> {
        if !step.choice || step.branches.len() < 2 {
            return Some(0);
        }
        let Some(script) = &self.execution.run.script else {
            return Some(B::choose(step.branches.len()));
        };
        let choices = &self.execution.prepared.plans.choices;
        let at = choices
            .iter()
            .position(|(task, l, _)| *task == self.task && *l == loc)
            .expect("every choice is known");
        let mut book = self.execution.book();
        if std::mem::replace(&mut book.chosen[at], true) {
            Execution::stop(book, End::ChoseTwice);
            return None;
        }
        Some(script[at])
    }

    /// The branch to take by what was seen; none if the guard is false. Where any may be taken, the first
    /// at or after `way` is.
    fn choose(&self, step: &Step, way: usize) -> Option<usize> {
        if !self.is_true(&step.guard) {
            return None;
        }
        let applies = |n: &usize| self.is_true(&step.branches[*n].when);
        let n = step.branches.len();
        if step.choice {
            (0..n).map(|k| (way + k) % n).find(applies)
        } else {
            (0..n).find(applies)
        }
    }

    fn is_true(&self, expr: &Expr) -> bool {
        expr.eval(&|v| self.locals[v.index()]) != 0
    }

    fn holds(&self, conditions: &[Expr]) -> bool {
        conditions.iter().all(|c| self.is_true(c))
    }

    /// Reads a word.
    fn look(&mut self, look: &Look, fresh: bool) {
        let seen = if fresh && look.guard {
            self.rmw(look.word, look.strength, true, &mut |value| value)
                .old
        } else {
            let strength = self.strength(look.strength);
            if strength.full {
                B::fence();
            }
            let seen = self.execution.memory.load(look.word, strength.for_load());
            if strength.full {
                B::fence();
            }
            self.log.push(Logged {
                word: look.word,
                stamp: seen.stamp,
                parts: 0,
            });
            seen
        };
        self.seen.push((look.word, seen, look.only_guard));
        self.learn(look.word, seen.value);
    }

    fn learn(&mut self, word: WordId, value: u64) {
        let prepared = &self.execution.prepared;
        for (var, value) in prepared.plans.words.unpack(&prepared.system, word, value) {
            let before = match prepared.system.var(var).memory.lock {
                Some(Lock::Owner) if self.took.contains(&var) => 0,
                Some(Lock::Readers) if self.took.contains(&var) => value & !(1 << self.task.0),
                _ => value,
            };
            self.locals[var.index()] = before.cast_signed();
        }
    }

    /// Changes a word, and enters it in the log.
    fn rmw(
        &mut self,
        word: WordId,
        strength: Strength,
        acts: bool,
        change: &mut dyn FnMut(u64) -> u64,
    ) -> Changed {
        let strength = self.strength(strength);
        if strength.full {
            B::fence();
        }
        let changed = self.execution.memory.rmw(word, strength.for_rmw(), change);
        self.note(word, changed, acts);
        if changed.new.value != changed.old.value {
            self.execution.wake();
        }
        if strength.full {
            B::fence();
        }
        changed
    }

    /// The same, by something that depends on the thread.
    fn rmw_by(&mut self, word: WordId, strength: Strength, change: impl Fn(&Self, u64) -> u64) {
        let execution = Arc::clone(&self.execution);
        let strength = self.strength(strength);
        if strength.full {
            B::fence();
        }
        let changed = execution
            .memory
            .rmw(word, strength.for_rmw(), &mut |value| change(self, value));
        self.note(word, changed, false);
        execution.wake();
        if strength.full {
            B::fence();
        }
    }

    fn strength(&self, declared: Strength) -> Strength {
        match self.execution.run.orders {
            Orders::Declared | Orders::Essential => declared,
            Orders::Strongest => Strength::FULL,
        }
    }

    /// Takes a lock, if it is free.
    fn take(&mut self, take: &TakeLock) -> bool {
        let prepared = Arc::clone(&self.execution.prepared);
        let (system, words, task) = (&prepared.system, &prepared.plans.words, self.task);
        let is_free = |value| take.is_free(system, words, value);
        let changed = self.rmw(
            take.take.lock,
            take.strength.of_take(),
            true,
            &mut |value| {
                if is_free(value) {
                    take.taken(system, words, value, task)
                } else {
                    value
                }
            },
        );
        if !is_free(changed.old.value) {
            return false;
        }
        self.seen.push((take.take.lock, changed.new, false));
        self.took.extend(take.take.var);
        self.learn(take.take.lock, changed.old.value);
        true
    }

    /// Drops what was taken, the last first, as if nothing had been.
    fn undo(&mut self, taken: &[&TakeLock]) {
        for take in taken.iter().rev() {
            self.give_back(take);
        }
    }

    fn give_back(&mut self, take: &TakeLock) {
        let prepared = Arc::clone(&self.execution.prepared);
        let (system, words, task) = (&prepared.system, &prepared.plans.words, self.task);
        self.rmw(
            take.take.lock,
            take.strength.of_drop(),
            false,
            &mut |value| take.dropped(system, words, value, task),
        );
    }

    /// The access that everybody sees: chooses the branch by what it finds, and does what that does to the
    /// word.
    fn change(&mut self, step: &Step, way: usize, moment: &Moment) -> Option<usize> {
        let execution = Arc::clone(&self.execution);
        let word = moment.word;
        let mut chosen = None;
        let changed = execution.memory.rmw(
            word,
            self.strength(moment.strength).for_rmw(),
            &mut |value| {
                self.learn(word, value);
                chosen = self.choose(step, way);
                match chosen.map(|n| &step.branches[n]) {
                    Some(branch) if self.drops_at_once(word, branch) => {
                        let value = self.assigned(word, value, branch);
                        self.dropped(word, value, branch)
                    }
                    Some(branch) => self.assigned(word, value, branch),
                    None => value,
                }
            },
        );
        self.note(word, changed, true);
        chosen
    }

    /// Enters a read-modify-write in the log; what it found only where the step acts on it.
    fn note(&mut self, word: WordId, changed: Changed, acts: bool) {
        if acts {
            self.log.push(Logged {
                word,
                stamp: changed.old.stamp,
                parts: 0,
            });
        }
        let parts = self.execution.prepared.plans.words.changed(
            &self.execution.prepared.system,
            word,
            changed.old.value,
            changed.new.value,
        );
        if parts != 0 {
            self.log.push(Logged {
                word,
                stamp: changed.new.stamp,
                parts,
            });
        }
    }

    /// Whether the step saw something that it depends on and is not so any more.
    fn is_stale(&mut self, loc: Loc, plan: &Plan) -> bool {
        let prepared = Arc::clone(&self.execution.prepared);
        let (system, words) = (&prepared.system, &prepared.plans.words);
        let mut stale = false;
        for (word, seen, guard) in std::mem::take(&mut self.seen) {
            // What was changed was found as it was.
            if plan.moments.iter().any(|m| m.word == word && m.writes) {
                continue;
            }
            let latest = self.execution.memory.latest(word);
            let changed = words.changed(system, word, latest.value, seen.value);
            if changed & words.positions(word, &plan.reads) == 0 {
                continue;
            }
            let waits = Waits::Guard(loc);
            if guard
                && self
                    .execution
                    .is_over(self.task, &waits, &mut self.locals.clone())
            {
                // What was waited for is still so: the step may as well have looked now.
                let looks = |l: &&mut Logged| l.word == word && l.parts == 0;
                for logged in self.log.iter_mut().filter(looks) {
                    logged.stamp = latest.stamp;
                }
                continue;
            }
            stale = true;
        }
        stale
    }
}
