//! Exploration by loom: the same programs as threads, on memory that may be weaker than any order of
//! steps.
//!
//! What loom (0.7.3) does that would make a verdict wrong, and what is done about it:
//!
//! - it takes its settings from the environment, and panics where one is no number: every setting is given here,
//!   and such an environment is refused;
//! - it knows no bound on memory, and nobody can ask it to stop: an execution that begins after that ends it by an
//!   unwinding that no hook of a panic sees;
//! - it stops at `max_permutations` and `max_duration` as if it had finished, and looks at them only every
//!   `checkpoint_interval` executions: executions are counted here, and one that reaches the bound is cut;
//! - it panics, and may abort, with more than five threads, or more operations than `max_branches`: both are
//!   bounded before it starts, an execution with too many attempts is given up and makes the run cut;
//! - it cannot choose: steps that may go several ways have a script, and each script is explored; an
//!   execution in which such a step comes up twice is given up;
//! - a thread that waits for memory to change must sleep: see `executor::execution`;
//! - no execution in which a load takes effect after a later store of its thread (load buffering) is found;
//! - a load finds one of the last seven writes to its word;
//! - full barriers of different threads take effect in the order of the execution, and loom tries other
//!   orders only where accesses conflict: a weak execution that needs another order of barriers alone is missed.
//!
//! Every execution is judged ([`judge`]): it is an interleaving, which the machine has taken as well, or
//! weak. Interleavings are what the state space has; loom stands one in for all that differ in nothing but
//! the order of accesses to different words, so *whether an invariant holds in all interleavings is for
//! exploration by states to say*. What loom adds is the rest.

mod backend;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foliocheck_model::executor::execution::{End, Orders, Prepared, Run};
use foliocheck_model::executor::judge::{Judged, WeakExecution, judge};
use foliocheck_model::executor::run::run_threads;
use foliocheck_model::machine::RunError;
use foliocheck_model::machine::interp::Action;

pub use backend::Loom;

use crate::limits::{self, Limits, Watch};
use crate::lock;

/// Most tasks: loom has five threads, and the one that starts the others runs a task as well.
pub const TASKS_MAX: usize = loom::MAX_THREADS;

/// Most attempts at a step in one execution.
const ATTEMPTS_MAX: usize = 600;

/// Most operations of loom's that one attempt takes, and what starting threads takes.
const OPERATIONS_AN_ATTEMPT: usize = 40;

/// How far an exploration goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Most preemptions in an execution; none: any number.
    pub preemptions: Option<usize>,
    /// Most executions.
    pub executions: usize,
    /// Most time.
    pub time: Option<Duration>,
    /// Most memory of the whole process, in bytes.
    pub memory: Option<usize>,
}

/// Why an exploration does not cover what its bounds say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cut {
    /// It reached the largest number of executions.
    Executions,
    /// It reached its time.
    Time,
    /// The process uses too much memory.
    Memory,
    /// Somebody asked it to stop.
    Cancelled,
    /// An execution took too many steps.
    TooLong,
    /// A step that may go several ways came up twice in an execution.
    ChoseTwice,
}

impl Cut {
    /// It is a bound on executions, of retries and of choices, and not on the exploration.
    pub fn bounds_executions(self) -> bool {
        matches!(self, Cut::TooLong | Cut::ChoseTwice)
    }
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cut::Executions => "the largest number of executions was reached",
            Cut::Time => "the time was up",
            Cut::Memory => "the largest use of memory was reached",
            Cut::Cancelled => "it was stopped on request",
            Cut::TooLong => "executions with many retries were given up",
            Cut::ChoseTwice => {
                "executions in which a step that may go several ways came up twice were given up"
            }
        })
    }
}

/// What an exploration found.
#[derive(Clone, Default, Debug)]
pub struct Exploration {
    /// Executions.
    pub executions: usize,
    /// Those that are no interleaving.
    pub weak: usize,
    /// Steps taken in all of them.
    pub steps: usize,
    /// Steps of the longest.
    pub longest: usize,
    /// Why it does not cover what its bounds say.
    pub cut: Option<Cut>,
    /// Final observations of interleavings.
    pub outcomes: BTreeSet<Vec<u64>>,
    /// Final observations of weak executions, each with the first that had it.
    pub weak_outcomes: BTreeMap<Vec<u64>, WeakExecution>,
    /// Predicates that an interleaving made true, each with the shortest way there that was met.
    pub violations: BTreeMap<usize, Vec<Action>>,
    /// Predicates that a weak execution made true, each with the one in which the fewest steps did.
    pub weak_violations: BTreeMap<usize, (usize, WeakExecution)>,
}

impl Exploration {
    /// Final observations that only weak executions have.
    pub fn only_weak(&self) -> impl Iterator<Item = (&Vec<u64>, &WeakExecution)> {
        self.weak_outcomes
            .iter()
            .filter(|(o, _)| !self.outcomes.contains(*o))
    }
}

/// An exploration that did not happen, or found an error of the model or of the executor.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoomError {
    /// Too many tasks.
    #[error("{0} tasks are more than loom has threads for: at most {TASKS_MAX}")]
    TooManyTasks(usize),
    /// A task never ends.
    #[error("task `{0}` never ends: loom explores executions that do")]
    Endless(String),
    /// A step did what a step must not do.
    #[error("error of the model")]
    Run(#[from] RunError),
    /// Threads did something that the machine does not.
    #[error("error of the executor: {0}")]
    NotRefined(String),
    /// The environment has a setting of loom's that is no number.
    #[error(
        "{name} is `{value}`, which is no number: loom does not start with that; unset it (every bound of loom's \
         is given by options here)"
    )]
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// loom itself failed.
    #[error("loom failed: {0}")]
    Failed(String),
}

/// What is shared by the executions of one exploration.
#[derive(Default)]
struct Shared {
    found: Exploration,
    error: Option<LoomError>,
}

/// What an exploration is unwound with that nothing is wrong with.
struct Stopped;

/// Explores the executions of a system.
///
/// # Errors
/// If it cannot be explored, or an error of the model or the executor shows.
pub fn explore(
    prepared: &Arc<Prepared>,
    orders: Orders,
    bounds: &Bounds,
) -> Result<Exploration, LoomError> {
    let tasks = &prepared.system.tasks;
    if tasks.len() > TASKS_MAX {
        return Err(LoomError::TooManyTasks(tasks.len()));
    }
    if let Some(task) = tasks.iter().find(|t| t.forever) {
        return Err(LoomError::Endless(task.name.clone()));
    }
    check_environment()?;
    crate::shuttle::keep_panic_hook();
    let shared = Arc::new(Mutex::new(Shared::default()));
    let started = Instant::now();
    let watch = Arc::new(Watch::new(Limits {
        max_states: None,
        timeout: bounds.time,
        max_memory: bounds.memory,
    }));
    for script in scripts(prepared) {
        let before = lock(&shared).found.executions;
        let left = bounds.executions.saturating_sub(before);
        let time = bounds.time.map(|t| t.saturating_sub(started.elapsed()));
        let builder = builder(bounds.preemptions, left, time);
        let (prepared, into) = (Arc::clone(prepared), Arc::clone(&shared));
        let run = Run {
            orders,
            script: Some(script),
            max_attempts: ATTEMPTS_MAX,
        };
        let checked = catch_unwind(AssertUnwindSafe(|| {
            let watch = Arc::clone(&watch);
            builder.check(move || {
                if !watch.look() {
                    resume_unwind(Box::new(Stopped));
                }
                one(&prepared, run.clone(), &into);
            });
        }));
        let mut shared = lock(&shared);
        if let Err(panic) = checked
            && !panic.is::<Stopped>()
        {
            return Err(LoomError::Failed(message(&*panic)));
        }
        if let Some(error) = shared.error.take() {
            return Err(error);
        }
        if let Some(cut) = watch.cut() {
            shared.found.cut = Some(match cut {
                limits::Cut::Time | limits::Cut::States => Cut::Time,
                limits::Cut::Memory => Cut::Memory,
                limits::Cut::Cancelled => Cut::Cancelled,
            });
            break;
        }
        // loom executes nothing where nothing is left, and one less than it is allowed: an exploration that
        // ends on its own at just that number counts as cut.
        if shared.found.executions - before + 1 >= left {
            shared.found.cut.get_or_insert(Cut::Executions);
        } else if bounds.time.is_some_and(|t| started.elapsed() >= t) {
            shared.found.cut.get_or_insert(Cut::Time);
        }
    }
    let found = std::mem::take(&mut lock(&shared).found);
    Ok(found)
}

/// What loom reads from the environment as a number, and panics if it is none.
const NUMBERS: [&str; 5] = [
    "LOOM_CHECKPOINT_INTERVAL",
    "LOOM_MAX_BRANCHES",
    "LOOM_MAX_DURATION",
    "LOOM_MAX_PERMUTATIONS",
    "LOOM_MAX_PREEMPTIONS",
];

/// The environment is one that loom can be started in.
fn check_environment() -> Result<(), LoomError> {
    for name in NUMBERS {
        if let Ok(value) = std::env::var(name)
            && value.parse::<u32>().is_err()
        {
            return Err(LoomError::Environment { name, value });
        }
    }
    Ok(())
}

/// Every field is set: nothing is taken from the environment.
fn builder(
    preemptions: Option<usize>,
    executions: usize,
    time: Option<Duration>,
) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = TASKS_MAX;
    builder.max_branches = (ATTEMPTS_MAX + TASKS_MAX) * OPERATIONS_AN_ATTEMPT;
    builder.max_permutations = Some(executions);
    builder.max_duration = time;
    builder.preemption_bound = preemptions;
    builder.checkpoint_file = None;
    builder.checkpoint_interval = 1;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

/// One execution.
fn one(prepared: &Arc<Prepared>, run: Run, shared: &Mutex<Shared>) {
    let outcome = run_threads::<Loom>(prepared, run);
    let steps = outcome.history.events.len();
    let judged = judge(prepared, outcome);
    let mut shared = lock(shared);
    let found = &mut shared.found;
    found.executions += 1;
    found.steps += steps;
    found.longest = found.longest.max(steps);
    match judged {
        Judged::Interleaving(follow) => {
            found.outcomes.insert(follow.observation());
            for (predicate, length) in follow.violated() {
                let known = found.violations.get(predicate);
                if known.is_none_or(|path| path.len() > *length) {
                    let path = follow.path()[..*length].to_vec();
                    found.violations.insert(*predicate, path);
                }
            }
        }
        Judged::Weak(weak) => {
            found.weak += 1;
            for (predicate, length) in &weak.violated {
                let known = found.weak_violations.get(predicate);
                if known.is_none_or(|(least, _)| least > length) {
                    let entry = (*length, weak.clone());
                    found.weak_violations.insert(*predicate, entry);
                }
            }
            let observation = weak.observation.clone();
            found.weak_outcomes.entry(observation).or_insert(weak);
        }
        Judged::Unfinished(End::ChoseTwice, _) => {
            found.cut.get_or_insert(Cut::ChoseTwice);
        }
        Judged::Unfinished(..) => {
            found.cut.get_or_insert(Cut::TooLong);
        }
        Judged::NotRefined(what) => {
            shared.error.get_or_insert(LoomError::NotRefined(what));
        }
        Judged::Error(error) => {
            shared.error.get_or_insert(error.into());
        }
    }
}

/// Every way to go at the steps that may go several ways.
fn scripts(prepared: &Prepared) -> Vec<Vec<usize>> {
    let choices = &prepared.plans.choices;
    choices.iter().fold(vec![Vec::new()], |all, (_, _, ways)| {
        let longer = |script: &Vec<usize>| {
            let script = script.clone();
            (0..*ways).map(move |way| [script.as_slice(), &[way]].concat())
        };
        all.iter().flat_map(longer).collect()
    })
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
