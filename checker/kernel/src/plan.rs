//! A counterexample as calls: one that a program can play from outside.
//!
//! From outside the kernel a program can order whole calls, and nothing inside of one. [`plan`] therefore looks on the
//! model for a counterexample in which every call runs from its first step to its last before another begins, and
//! takes one with the fewest calls. A store through a mapping is finer: each word is a call of its own. The search is
//! exhaustive, or says that it was cut: if it finds none, every counterexample of the scenario needs a step inside a
//! call, and [`inside`] says which step that is in the one at hand.

use std::collections::{HashSet, VecDeque};

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::{Cost, Step};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{System, TaskId, VarId};

use crate::handle::{Handle, handle, start};

/// A call, or one store of it, from its first step to its last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// The task.
    pub task: usize,
    /// The call's number within it.
    pub call: usize,
    /// The word that is stored, if it is one store of the call.
    pub word: Option<usize>,
    /// Page faults that it takes.
    pub faults: usize,
    /// The state after it.
    pub after: Valuation,
    /// Its steps.
    pub steps: usize,
}

impl Unit {
    /// Task, call, and the word that is stored.
    pub fn key(&self) -> (usize, usize, Option<usize>) {
        (self.task, self.call, self.word)
    }
}

/// A counterexample in whole calls.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The state before the first call.
    pub before: Valuation,
    /// The calls, in order.
    pub units: Vec<Unit>,
}

/// Why a counterexample cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotReplayable {
    /// A call or a property of the scenario that nothing here can make.
    #[error("{0}")]
    NoHandle(String),
    /// It never ends.
    #[error("the counterexample is an endless execution")]
    Endless,
    /// Every counterexample needs a step inside a call.
    #[error(
        "every counterexample needs a step inside of a call, and from outside only whole calls can be ordered"
    )]
    Inside,
    /// This one does.
    #[error(
        "step {} ({}) is in the middle of {}, and from outside only whole calls can be ordered",
        .0.step, .0.what, .0.of
    )]
    Middle(Inside),
    /// The search was cut.
    #[error("not found within {STATES} states between calls, and there are more")]
    TooMany,
    /// A call does not end.
    #[error("a call that has not ended after {STEPS} steps")]
    TooLong,
    /// The model does something that it must not do.
    #[error("the model: {0}")]
    Model(String),
}

/// Most states between calls that the search visits. Scenarios have a dozen calls at most.
const STATES: usize = 200_000;

/// Most steps of a call.
const STEPS: usize = 2000;

/// How a search goes on from a state.
type Way = (Valuation, Vec<Unit>);

/// The shortest counterexample in whole calls to the first invariant that `system` asks.
///
/// # Errors
/// Why there is none that can be played.
pub fn plan(system: &System, world: &World) -> Result<Plan, NotReplayable> {
    let setup = &world.setup;
    refused(setup)?;
    ends(system)?;
    let without: Vec<String> = setup
        .calls()
        .filter_map(|(_, _, call)| handle(call, setup).err())
        .map(str::to_owned)
        .collect();
    let before = Valuation::init(system);
    let mut seen: HashSet<Valuation> = HashSet::from([before.clone()]);
    let mut queue: VecDeque<Way> = VecDeque::from([(before.clone(), Vec::new())]);
    let mut cut = false;
    while let Some((state, units)) = queue.pop_front() {
        for run in next(system, world, &state)? {
            let mut units = units.clone();
            let violated = run.violated;
            units.push(run.unit);
            let after = run.after;
            if violated || ends_badly(system, &after) {
                return Ok(Plan { before, units });
            }
            if seen.len() < STATES {
                if seen.insert(after.clone()) {
                    queue.push_back((after, units));
                }
            } else if !seen.contains(&after) {
                cut = true;
            }
        }
    }
    Err(match without.first() {
        Some(reason) => NotReplayable::NoHandle(reason.clone()),
        None if cut => NotReplayable::TooMany,
        None => NotReplayable::Inside,
    })
}

/// Some predicate is about executions that end.
fn ends(system: &System) -> Result<(), NotReplayable> {
    let endless = |p: &Predicate| matches!(p.scope, Scope::Progress(_));
    if system.predicates.iter().all(endless) {
        return Err(NotReplayable::Endless);
    }
    Ok(())
}

/// A trace as calls, in its own order. A call that it leaves in the middle, at its end, is made whole.
///
/// # Errors
/// Why it cannot be played: among others, the first step that is in the middle of another task's call.
pub fn along(system: &System, world: &World, path: &[Action]) -> Result<Plan, NotReplayable> {
    playable(&world.setup)?;
    ends(system)?;
    let before = Valuation::init(system);
    let mut units: Vec<Unit> = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.first() {
        let state = units.last().map_or(&before, |u| &u.after);
        let runs = of_task(system, world, state, first.task)?;
        let taken = |run: &Run| rest.starts_with(&run.actions) || run.actions.starts_with(rest);
        let Some(run) = runs.into_iter().find(taken) else {
            let why = "the trace has a call that does not go from its first step to its last";
            let middle = inside(system, path).map(NotReplayable::Middle);
            return Err(middle.unwrap_or_else(|| NotReplayable::NoHandle(why.to_owned())));
        };
        rest = rest.get(run.actions.len()..).unwrap_or_default();
        units.push(run.unit);
    }
    Ok(Plan { before, units })
}

/// Calls in a given order, by task, call and word: what the model makes of them.
///
/// # Errors
/// If the model cannot make one of them there, from its first step to its last.
pub fn follow(
    system: &System,
    world: &World,
    order: &[(usize, usize, Option<usize>)],
) -> Result<Plan, NotReplayable> {
    let before = Valuation::init(system);
    let mut units: Vec<Unit> = Vec::new();
    for (number, wanted) in order.iter().enumerate() {
        let state = units.last().map_or(&before, |u| &u.after);
        let task = system.task_ids().nth(wanted.0);
        let runs = task.map_or(Ok(Vec::new()), |task| of_task(system, world, state, task))?;
        let found = runs
            .into_iter()
            .map(|run| run.unit)
            .find(|u| u.key() == *wanted);
        units.push(found.ok_or_else(|| {
            NotReplayable::Model(format!("call {number} of the order cannot be made there"))
        })?);
    }
    Ok(Plan { before, units })
}

/// Nobody can move, and a predicate about such states is violated.
fn ends_badly(system: &System, state: &Valuation) -> bool {
    interp::enabled(system, state).is_empty()
        && system
            .predicates
            .iter()
            .any(|p| p.scope == Scope::Terminal && state.holds(&p.bad))
}

struct Run {
    unit: Unit,
    actions: Vec<Action>,
    after: Valuation,
    violated: bool,
}

/// Whether all of a scenario's calls can be made from outside, and its start be set up.
///
/// # Errors
/// Why not.
pub fn playable(setup: &Setup) -> Result<(), NotReplayable> {
    refused(setup)?;
    match setup
        .calls()
        .find_map(|(_, _, call)| handle(call, setup).err())
    {
        Some(why) => Err(NotReplayable::NoHandle(why.to_owned())),
        None => Ok(()),
    }
}

/// The calls that can be made next, each to its end; one for each way in which it can end.
///
/// # Errors
/// If the model errs, or a call does not end.
pub fn ready(
    system: &System,
    world: &World,
    state: &Valuation,
) -> Result<Vec<Unit>, NotReplayable> {
    let runs = next(system, world, state)?;
    Ok(runs.into_iter().map(|run| run.unit).collect())
}

/// The calls that can be made next, each run to its end.
fn next(system: &System, world: &World, state: &Valuation) -> Result<Vec<Run>, NotReplayable> {
    let mut runs = Vec::new();
    for task in system.task_ids() {
        let Some(step) = interp::current(system, state, task) else {
            continue;
        };
        let call = &world.setup.tasks[task.index()].calls[step.call];
        let of = of_task(system, world, state, task)?;
        // What the kernel does by itself happens at once, before any program does anything else.
        if matches!(handle(call, &world.setup), Ok(Handle::Kernel)) && !of.is_empty() {
            return Ok(of);
        }
        if handle(call, &world.setup).is_ok() {
            runs.extend(of);
        }
    }
    Ok(runs)
}

/// The ways in which a task's next call can run to its end by itself; none if it would wait.
fn of_task(
    system: &System,
    world: &World,
    state: &Valuation,
    task: TaskId,
) -> Result<Vec<Run>, NotReplayable> {
    let Some(first) = interp::current(system, state, task) else {
        return Ok(Vec::new());
    };
    let number = first.call;
    let call = &world.setup.tasks[task.index()].calls[number];
    let apart = matches!(call, Call::MmapStore { .. } | Call::BufferStore { .. });
    let mut done = Vec::new();
    let mut open = vec![Run {
        unit: Unit {
            task: task.index(),
            call: number,
            word: None,
            faults: 0,
            after: state.clone(),
            steps: 0,
        },
        actions: Vec::new(),
        after: state.clone(),
        violated: false,
    }];
    while let Some(run) = open.pop() {
        let here = interp::current(system, &run.after, task);
        let Some(step) = here.filter(|s| s.call == number && !(apart && run.unit.word.is_some()))
        else {
            done.push(finished(run));
            continue;
        };
        if run.unit.steps > STEPS {
            return Err(NotReplayable::TooLong);
        }
        for action in interp::enabled(system, &run.after) {
            if action.task != task || stops(step, action) {
                continue;
            }
            let after = interp::apply(system, &run.after, action)
                .map_err(|error| NotReplayable::Model(error.to_string()))?;
            let mut unit = run.unit.clone();
            unit.steps += 1;
            let branch = &step.branches[usize::from(action.branch)];
            unit.faults += branch.costs.iter().filter(|c| **c == Cost::Fault).count();
            if apart {
                unit.word = stored(world, (task.index(), number), &run.after, &after);
            }
            let violated = run.violated
                || system
                    .predicates
                    .iter()
                    .any(|p| p.scope == Scope::Always && after.holds(&p.bad));
            let actions = [&run.actions[..], &[action]].concat();
            open.push(Run {
                unit,
                actions,
                after,
                violated,
            });
        }
    }
    Ok(done)
}

fn finished(mut run: Run) -> Run {
    run.unit.after = run.after.clone();
    run
}

/// The branch ends the task for ever: a program that never makes the call.
fn stops(step: &Step, action: Action) -> bool {
    step.branches[usize::from(action.branch)].next == foliocheck_model::machine::step::STOPPED
}

/// The word that a step stored for a call of a task, if it did. A page that is read in changes, too.
fn stored(
    world: &World,
    (task, number): (usize, usize),
    before: &Valuation,
    after: &Valuation,
) -> Option<usize> {
    let call = &world.setup.tasks[task].calls[number];
    let (Call::MmapStore { folio, words, .. } | Call::BufferStore { folio, words }) = call else {
        return None;
    };
    let changed = |vars: &[VarId], word: usize| {
        let token = world.tokens.store(task, number, *folio, word);
        vars.get(word)
            .is_some_and(|v| before.get(*v) != after.get(*v) && token == Some(after.get(*v)))
    };
    words.iter().copied().find(|word| {
        let folios = world.indices[*folio].folios.iter();
        let data = folios.map(|f| &world.folios[*f].data);
        let buffer = world.user_buffers.get(folio);
        data.chain(buffer).any(|vars| changed(vars, *word))
    })
}

/// Endless tasks, and what cannot be set up.
fn refused(setup: &Setup) -> Result<(), NotReplayable> {
    if setup.tasks.iter().any(|t| t.forever) {
        return Err(NotReplayable::Endless);
    }
    start(setup).map_err(|why| NotReplayable::NoHandle(why.to_owned()))
}

/// Where a trace leaves whole calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inside {
    /// The number of the step, from 1.
    pub step: usize,
    /// The step.
    pub what: String,
    /// The call that it is in the middle of: task and the function it began with.
    pub of: String,
}

/// The first step of a trace that is inside of another task's call; none if its calls follow one another.
pub fn inside(system: &System, path: &[Action]) -> Option<Inside> {
    let mut state = Valuation::init(system);
    let mut open: Option<(TaskId, usize, String)> = None;
    for (number, action) in path.iter().enumerate() {
        let step = interp::current(system, &state, action.task)?;
        let (call, function) = (step.call, step.function.clone());
        match &open {
            Some((task, _, of)) if *task != action.task => {
                return Some(Inside {
                    step: number + 1,
                    what: format!("{} {function}", system.task(action.task).name),
                    of: format!("{} {of}", system.task(*task).name),
                });
            }
            Some((_, c, _)) if *c == call => {}
            _ => open = Some((action.task, call, function)),
        }
        state = interp::apply(system, &state, *action).ok()?;
        let next = interp::current(system, &state, action.task);
        if next.is_none_or(|s| s.call != call) {
            open = None;
        }
    }
    None
}
