//! Sampling by shuttle: schedules at random, of systems that are too large to explore.
//!
//! Memory is sequentially consistent, so every execution is an interleaving, which the machine takes as
//! well. That nothing was found says nothing: it is never more than *inconclusive*. What was found is kept as an action
//! path: schedules of shuttle's do not survive a change of version. Its `max_time` stops without a
//! word, and a scheduler cannot be told to stop: both are done here, by a scheduler around it.

mod backend;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use foliocheck_model::executor::execution::{Orders, Prepared, Run};
use foliocheck_model::executor::follow::Follow;
use foliocheck_model::executor::judge::{Judged, judge};
use foliocheck_model::executor::run::run_threads;
use foliocheck_model::machine::RunError;
use foliocheck_model::machine::interp::Action;
use shuttle::scheduler::{
    PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId, UrwRandomScheduler,
};
use shuttle::{Config, FailurePersistence, Runner};

pub use backend::Shuttle;

use crate::limits::{Cut, Limits, Watch};
use crate::lock;

/// Most attempts at a step in one execution: where a task never ends, executions are cut here.
const ATTEMPTS_MAX: usize = 2_000;

/// Changes of priority in an execution of the PCT scheduler.
const PCT_DEPTH: usize = 4;

/// Bytes of a thread's stack.
const STACK: usize = 1 << 16;

/// Who chooses which thread moves next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Chooser {
    /// Any that can move, with equal chance, at each access.
    Random,
    /// The one of highest priority; priorities change a few times (probabilistic concurrency testing).
    Pct,
    /// One by how much it still has to do (uniform random walk).
    Urw,
}

impl Chooser {
    /// All of them.
    pub const ALL: [Chooser; 3] = [Chooser::Random, Chooser::Pct, Chooser::Urw];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Chooser::Random => "random",
            Chooser::Pct => "pct",
            Chooser::Urw => "urw",
        }
    }

    fn scheduler(self, seed: u64, schedules: usize) -> Box<dyn Scheduler + Send> {
        match self {
            Chooser::Random => Box::new(RandomScheduler::new_from_seed(seed, schedules)),
            Chooser::Pct => Box::new(PctScheduler::new_from_seed(seed, PCT_DEPTH, schedules)),
            Chooser::Urw => Box::new(UrwRandomScheduler::new_from_seed(seed, schedules)),
        }
    }
}

/// How much is sampled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Schedules of each chooser.
    pub schedules: usize,
    /// Most time.
    pub time: Option<Duration>,
    /// Most memory of the whole process, in bytes.
    pub memory: Option<usize>,
    /// Where chance begins: the same seed gives the same schedules.
    pub seed: u64,
    /// Stop once something that is asked is violated.
    pub stop_at_violation: bool,
}

/// A violation that was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Met {
    /// The way there.
    pub path: Vec<Action>,
    /// Who chose the schedule.
    pub chooser: Chooser,
    /// Which schedule of that chooser, from 1: sampled again with the same seed, it is met again.
    pub schedule: usize,
}

/// What was sampled.
#[derive(Clone, Default, Debug)]
pub struct Sample {
    /// Schedules.
    pub schedules: usize,
    /// Steps of all of them.
    pub steps: usize,
    /// Steps of the longest.
    pub longest: usize,
    /// Executions that did not come to an end.
    pub unfinished: usize,
    /// Why there are fewer schedules than were asked for.
    pub cut: Option<Cut>,
    /// Final observations.
    pub outcomes: BTreeSet<Vec<u64>>,
    /// Predicates that were true, each with the shortest way there that was met.
    pub violations: BTreeMap<usize, Met>,
}

/// A sampling that found an error of the model or of the executor.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShuttleError {
    /// A step did what a step must not do.
    #[error("error of the model")]
    Run(#[from] RunError),
    /// Threads did something that the machine does not.
    #[error("error of the executor: {0}")]
    NotRefined(String),
    /// The environment would take the place of the seed.
    #[error(
        "SHUTTLE_RANDOM_SEED is set: it would take the place of every seed given here; unset it"
    )]
    SeedFromEnvironment,
    /// shuttle itself failed.
    #[error("shuttle failed")]
    Failed,
}

#[derive(Default)]
struct Shared {
    sample: Sample,
    error: Option<ShuttleError>,
}

/// shuttle puts a hook of its own before every panic of the process, once, and its hook prints; loom ends
/// its threads by what looks like a panic. Nothing here panics on purpose: the hook before is put back. Both engines
/// ask for this before anything else, so that no thread of loom ends while shuttle's hook is in place.
pub(crate) fn keep_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        Runner::new(RandomScheduler::new_from_seed(0, 1), config()).run(|| {});
        std::panic::set_hook(before);
    });
}

/// Samples executions of a system: each chooser in turn.
///
/// # Errors
/// If an error of the model or the executor shows.
pub fn sample(prepared: &Arc<Prepared>, bounds: &Bounds) -> Result<Sample, ShuttleError> {
    if std::env::var_os("SHUTTLE_RANDOM_SEED").is_some() {
        return Err(ShuttleError::SeedFromEnvironment);
    }
    keep_panic_hook();
    let shared = Arc::new(Mutex::new(Shared::default()));
    let stop = Arc::new(AtomicBool::new(false));
    let watch = Arc::new(Watch::new(Limits {
        max_states: None,
        timeout: bounds.time,
        max_memory: bounds.memory,
    }));
    // PCT panics where there is nobody to compete with.
    let alone = prepared.system.tasks.len() < 2;
    for chooser in Chooser::ALL {
        if alone && chooser == Chooser::Pct {
            continue;
        }
        let scheduler = Stoppable {
            inner: chooser.scheduler(bounds.seed, bounds.schedules),
            stop: Arc::clone(&stop),
            watch: Arc::clone(&watch),
        };
        let (prepared, into, stop) = (Arc::clone(prepared), Arc::clone(&shared), Arc::clone(&stop));
        let stop_at_violation = bounds.stop_at_violation;
        let before = lock(&shared).sample.schedules;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            Runner::new(scheduler, config()).run(move || {
                one(&prepared, &into, chooser, before);
                let shared = lock(&into);
                let found = !shared.sample.violations.is_empty();
                if shared.error.is_some() || stop_at_violation && found {
                    stop.store(true, Ordering::Relaxed);
                }
            })
        }));
        if let Some(error) = lock(&shared).error.take() {
            return Err(error);
        }
        if ran.is_err() {
            return Err(ShuttleError::Failed);
        }
    }
    let mut sample = std::mem::take(&mut lock(&shared).sample);
    sample.cut = watch.cut();
    Ok(sample)
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    config
}

/// One execution. `before`: schedules of earlier choosers.
fn one(prepared: &Arc<Prepared>, shared: &Mutex<Shared>, chooser: Chooser, before: usize) {
    let run = Run {
        orders: Orders::Declared,
        script: None,
        max_attempts: ATTEMPTS_MAX,
    };
    let outcome = run_threads::<Shuttle>(prepared, run);
    let steps = outcome.history.events.len();
    let judged = judge(prepared, outcome);
    let mut shared = lock(shared);
    let sample = &mut shared.sample;
    sample.schedules += 1;
    sample.steps += steps;
    sample.longest = sample.longest.max(steps);
    let schedule = sample.schedules - before;
    let mut note = |follow: &dyn Follow| {
        for (predicate, length) in follow.violated() {
            let known = sample.violations.get(predicate);
            if known.is_none_or(|met| met.path.len() > *length) {
                let path = follow.path()[..*length].to_vec();
                let met = Met {
                    path,
                    chooser,
                    schedule,
                };
                sample.violations.insert(*predicate, met);
            }
        }
    };
    match judged {
        Judged::Interleaving(follow) => {
            note(&*follow);
            sample.outcomes.insert(follow.observation());
        }
        Judged::Unfinished(_, follow) => {
            if let Some(follow) = follow {
                note(&*follow);
            }
            sample.unfinished += 1;
        }
        Judged::Weak(_) => {
            let what = "an execution on sequentially consistent memory is no interleaving";
            shared.error = Some(ShuttleError::NotRefined(what.to_owned()));
        }
        Judged::NotRefined(what) => shared.error = Some(ShuttleError::NotRefined(what)),
        Judged::Error(error) => shared.error = Some(error.into()),
    }
}

/// A scheduler that can be told to stop, and stops in time.
struct Stoppable {
    inner: Box<dyn Scheduler + Send>,
    stop: Arc<AtomicBool>,
    watch: Arc<Watch>,
}

impl Scheduler for Stoppable {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.stop.load(Ordering::Relaxed) || !self.watch.look() {
            return None;
        }
        self.inner.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.inner.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
