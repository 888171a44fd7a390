//! One execution: what its threads share beyond the memory of their programs.

use std::sync::{Arc, Mutex, MutexGuard};

use super::backend::{Backend, Memory};
use super::follow::{self, Follow, Leader};
use super::history::{Access, History};
use super::plan::{Plans, TakeLock};
use crate::machine::interp::Action;
use crate::machine::optimize::for_threads;
use crate::machine::step::Loc;
use crate::machine::system::{System, TaskId};
use crate::machine::{BuildError, RunError, VarId};

/// A system that threads can run.
pub struct Prepared {
    /// Its variables and programs.
    pub system: System,
    /// How its steps are done.
    pub plans: Plans,
    /// Makes machines that follow.
    pub leader: Leader,
}

impl Prepared {
    /// Makes a system ready; `full` is as it was written.
    ///
    /// # Errors
    /// [`BuildError::TwoObjects`] if a step of it is no sequence of accesses.
    pub fn of(full: &System) -> Result<Arc<Self>, BuildError> {
        let system = for_threads(full);
        let plans = Plans::of(&system)?;
        let leader = follow::leader(&system)?;
        Ok(Arc::new(Prepared {
            system,
            plans,
            leader,
        }))
    }
}

/// What orders the accesses have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Orders {
    /// Those that the steps declare.
    Declared,
    /// The same, without the barriers that come with what nobody looks at: a reference count is given back
    /// fully ordered, and what rests on that rests on chance.
    Essential,
    /// A full barrier around each.
    Strongest,
}

/// Bounds and choices of an execution.
#[derive(Clone, Debug)]
pub struct Run {
    /// The orders.
    pub orders: Orders,
    /// Which way steps go that may go several ways, in the order of [`Plans::choices`]; left to the
    /// back-end where there is none.
    pub script: Option<Vec<usize>>,
    /// Most attempts at a step; an execution that takes more is given up.
    pub max_attempts: usize,
}

/// How an execution ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Nothing could move any more.
    Over,
    /// It took more attempts than allowed.
    TooLong,
    /// A step of a script that goes several ways was taken twice.
    ChoseTwice,
}

/// An execution that ended.
pub struct Outcome {
    /// How.
    pub end: End,
    /// What it did.
    pub history: History,
    /// The machine that followed, unless it was left behind: the steps then have another order than they
    /// took effect in, or none.
    pub followed: Option<Box<dyn Follow>>,
    /// A step did what a step must not do.
    pub error: Option<RunError>,
    /// Values of all variables at the end, as the threads have them; a word's last write.
    pub values: Vec<u64>,
}

/// What a sleeping thread waits for.
#[derive(Clone, Debug)]
pub(super) enum Waits {
    /// A lock.
    Lock(TakeLock),
    /// The guard of a step.
    Guard(Loc),
}

pub(super) struct Sleeper<B: Backend> {
    pub waits: Waits,
    pub locals: Vec<i64>,
    pub thread: B::Thread,
}

pub(super) struct Book<B: Backend> {
    pub history: History,
    pub follow: Option<Box<dyn Follow>>,
    pub sleepers: Vec<Option<Sleeper<B>>>,
    pub finished: usize,
    pub end: Option<End>,
    pub error: Option<RunError>,
    pub values: Vec<u64>,
    pub chosen: Vec<bool>,
    pub attempts: usize,
}

/// What the threads of an execution share.
pub(super) struct Execution<B: Backend> {
    pub prepared: Arc<Prepared>,
    pub run: Run,
    pub memory: B::Memory,
    book: Mutex<Book<B>>,
}

impl<B: Backend> Execution<B> {
    pub fn new(prepared: Arc<Prepared>, run: Run) -> Self {
        let system = &prepared.system;
        let tasks = system.tasks.len();
        Execution {
            memory: B::Memory::new(&prepared.plans.init(system)),
            book: Mutex::new(Book {
                history: History::default(),
                follow: Some((prepared.leader)()),
                sleepers: (0..tasks).map(|_| None).collect(),
                finished: 0,
                end: None,
                error: None,
                values: system.vars.iter().map(|v| v.init).collect(),
                attempts: 0,
                chosen: vec![false; prepared.plans.choices.len()],
            }),
            prepared,
            run,
        }
    }

    /// A thread begins an attempt at a step. False if the execution is over.
    pub fn attempt(&self) -> bool {
        let mut book = self.book();
        book.attempts += 1;
        if book.attempts > self.run.max_attempts {
            Self::stop(book, End::TooLong);
            return false;
        }
        book.end.is_none()
    }

    /// Never held across an access of a back-end.
    pub fn book(&self) -> MutexGuard<'_, Book<B>> {
        self.book.lock().expect("no panic while held")
    }

    /// Whether what a sleeper waits for is so, by the last writes to memory.
    pub fn is_over(&self, task: TaskId, waits: &Waits, locals: &mut [i64]) -> bool {
        let (system, words) = (&self.prepared.system, &self.prepared.plans.words);
        match waits {
            Waits::Lock(lock) => {
                lock.is_free(system, words, self.memory.latest(lock.take.lock).value)
            }
            Waits::Guard(loc) => {
                let plan = &self.prepared.plans.plans[task.index()][*loc];
                for word in &plan.guard_words {
                    let value = self.memory.latest(*word).value;
                    for (var, value) in words.unpack(system, *word, value) {
                        locals[var.index()] = value.cast_signed();
                    }
                }
                let guard = &system.task(task).program.steps[*loc].guard;
                guard.eval(&|v| locals[v.index()]) != 0
            }
        }
    }

    /// Wakes whoever a change of memory lets go on.
    pub fn wake(&self) {
        let mut book = self.book();
        if book.sleepers.iter().all(Option::is_none) {
            return;
        }
        let mut woken = Vec::new();
        for task in self.prepared.system.task_ids() {
            let Some(sleeper) = &mut book.sleepers[task.index()] else {
                continue;
            };
            let waits = sleeper.waits.clone();
            if self.is_over(task, &waits, &mut sleeper.locals) {
                woken.extend(book.sleepers[task.index()].take().map(|s| s.thread));
            }
        }
        drop(book);
        for thread in woken {
            B::unpark(&thread);
        }
    }

    /// Sleeps until `waits` is over. False if the execution is.
    pub fn sleep(&self, task: TaskId, waits: Waits, locals: &[i64]) -> bool {
        {
            let mut book = self.book();
            if book.end.is_some() {
                return false;
            }
            let mut locals = locals.to_vec();
            if self.is_over(task, &waits, &mut locals) {
                return true;
            }
            book.sleepers[task.index()] = Some(Sleeper {
                waits,
                locals,
                thread: B::current(),
            });
            if self.is_still(&book) {
                Self::stop(book, End::Over);
                return false;
            }
        }
        loop {
            B::park();
            let book = self.book();
            if book.end.is_some() {
                return false;
            }
            if book.sleepers[task.index()].is_none() {
                return true;
            }
        }
    }

    /// A thread has come to its end, with these values of its registers.
    pub fn finish(&self, task: TaskId, locals: &[i64]) {
        let mut book = self.book();
        for (n, var) in self.prepared.system.vars.iter().enumerate() {
            let own = self.prepared.plans.words.of[n].is_none() && !var.is_ghost();
            let id = VarId(u16::try_from(n).expect("few variables"));
            let touched = self.prepared.plans.touches(task, id);
            if own && touched {
                book.values[n] = u64::try_from(locals[n]).unwrap_or_default();
            }
        }
        book.finished += 1;
        if book.end.is_none() && self.is_still(&book) {
            Self::stop(book, End::Over);
        }
    }

    /// Nobody is left who could wake anybody.
    fn is_still(&self, book: &Book<B>) -> bool {
        let asleep = book.sleepers.iter().filter(|s| s.is_some()).count();
        asleep + book.finished == self.prepared.system.tasks.len()
    }

    /// Ends the execution.
    pub fn stop(mut book: MutexGuard<'_, Book<B>>, end: End) {
        if book.end.is_none() {
            book.end = Some(end);
        }
        let threads: Vec<_> = book
            .sleepers
            .iter()
            .flatten()
            .map(|s| s.thread.clone())
            .collect();
        drop(book);
        for thread in threads {
            B::unpark(&thread);
        }
    }

    /// What came of it, once every thread has ended.
    pub fn outcome(&self) -> Outcome {
        let system = &self.prepared.system;
        let words = &self.prepared.plans.words;
        let mut book = self.book();
        for word in 0..words.words.len() {
            for (var, value) in words.unpack(system, word, self.memory.latest(word).value) {
                book.values[var.index()] = value;
            }
        }
        let mut history = std::mem::take(&mut book.history);
        history.writes = self.memory.writes();
        let end = book.end.clone().unwrap_or(End::Over);
        let mut followed = book.follow.take();
        if end == End::Over && followed.as_mut().is_some_and(|f| !f.end()) {
            followed = None;
        }
        Outcome {
            end,
            history,
            followed,
            error: book.error.take(),
            values: std::mem::take(&mut book.values),
        }
    }

    /// Records a step that takes effect now, `stale` if something that it read is no longer so. Its place
    /// in the history; none if the execution is over.
    pub fn commit(&self, action: Action, stale: bool) -> Option<u32> {
        let mut book = self.book();
        book.history.events.push(action);
        let event = book.history.events.len() - 1;
        if stale {
            book.follow = None;
        }
        if let Some(follow) = &mut book.follow {
            match follow.take(action) {
                Ok(true) => {}
                Ok(false) => book.follow = None,
                Err(error) => {
                    book.error = Some(error);
                    Self::stop(book, End::Over);
                    return None;
                }
            }
        }
        Some(u32::try_from(event).expect("few steps"))
    }

    /// Adds accesses to the history.
    pub fn record(&self, accesses: impl IntoIterator<Item = Access>) {
        self.book().history.accesses.extend(accesses);
    }
}
