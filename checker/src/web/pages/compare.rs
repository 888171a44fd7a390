//! A trace beside the same scenario under another kernel.
//!
//! The other kernel is made to *follow*: every task does what it does in the trace, in that order, as
//! far as the other kernel lets it. What it has to do in between (a rule's steps), does otherwise or waits
//! for is what the kernels differ in. (To lay the other kernel's own counterexample beside it, the page
//! needs both and nobody else: `trace/align.js`.)

use foliocheck_model::machine::interp::{self, Action};
use foliocheck_model::machine::{System, TaskId};
use serde::Serialize;

use crate::weak::Seen;
use crate::web::error::ApiError;
use crate::web::library::Library;
use crate::web::pages::page::{self, Page};
use crate::web::pages::path::{Choice, Path, name};
use crate::web::subject::{Place, Subject};

/// A step of each side; none where one side has nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Pair {
    /// Step of the trace.
    pub left: Option<usize>,
    /// Step under the other kernel.
    pub right: Option<usize>,
    /// Both do the same.
    pub same: bool,
}

/// Two traces.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The other one.
    pub other: Page,
    /// In order.
    pub pairs: Vec<Pair>,
    /// The first pair that is not the same.
    pub diverges: Option<usize>,
}

/// Most steps that a task takes to come to where the trace has it.
const DETOUR_MAX: usize = 60;

/// Makes the other kernel follow the steps of `subject`'s trace.
///
/// # Errors
/// If something is unknown, or the other kernel cannot be built.
pub fn compare(
    library: &Library,
    subject: &Subject,
    choices: &[Choice],
    other: &Place,
) -> Result<Comparison, ApiError> {
    let there = Subject {
        place: other.clone(),
        invariant: subject.invariant.clone(),
    };
    let (unit, instance) = page::prepare(library, other, &subject.invariant)?;
    let (path, pairs) = follow(&instance.full, choices);
    let other = page::own(there, &unit, &instance, &path, None)?;
    let diverges = pairs.iter().position(|p| !p.same);
    Ok(Comparison {
        other,
        pairs,
        diverges,
    })
}

/// Makes a system do what is done elsewhere.
fn follow(system: &System, choices: &[Choice]) -> (Path, Vec<Pair>) {
    let mut path = Path::start(system);
    let mut pairs = Vec::new();
    let mut parked: Vec<&str> = Vec::new();
    for (left, choice) in choices.iter().enumerate() {
        let task = choice.0.as_str();
        let here = system
            .task_ids()
            .find(|t| system.task(*t).name == task)
            .filter(|_| !parked.contains(&task));
        let detour = here.map(|id| detour(system, &path, id, choice));
        let (actions, arrives) = detour.unwrap_or_default();
        let count = actions.len();
        for (n, action) in actions.into_iter().enumerate() {
            if path.take(system, action).is_err() {
                break;
            }
            let last = arrives && n + 1 == count;
            pairs.push(Pair {
                left: last.then_some(left),
                right: Some(path.actions.len() - 1),
                same: last,
            });
        }
        if !arrives {
            parked.push(task);
            pairs.push(Pair {
                left: Some(left),
                right: None,
                same: false,
            });
        }
    }
    (path, pairs)
}

/// What the task does until it has done what `choice` says; if it never does, until it sleeps or ends.
fn detour(system: &System, path: &Path, task: TaskId, choice: &Choice) -> (Vec<Action>, bool) {
    let mut ahead = Path {
        actions: Vec::new(),
        states: vec![path.last().clone()],
        seen: Vec::new(),
    };
    while ahead.actions.len() < DETOUR_MAX {
        let state = ahead.last();
        let mine: Vec<Action> = interp::enabled(system, state)
            .into_iter()
            .filter(|a| a.task == task)
            .collect();
        let named = |a: &&Action| name(system, state, **a, &Seen::new()) == *choice;
        let meant = mine.iter().find(named).copied();
        let Some(action) = meant.or_else(|| mine.first().copied()) else {
            return (ahead.actions, false);
        };
        if ahead.take(system, action).is_err() {
            break;
        }
        if meant.is_some() {
            return (ahead.actions, true);
        }
    }
    (Vec::new(), false)
}
