//! A trace beside the same scenario under another kernel.
//!
//! Either the other kernel's own counterexample is laid beside it, aligned by the steps that both have;
//! or the other kernel is made to *follow*: every task does what it does in the trace, in that order, as
//! far as the other kernel lets it. What it has to do in between (a rule's steps), does otherwise or waits
//! for is what the kernels differ in.

use foliocheck_model::machine::interp::{self, Action};
use foliocheck_model::machine::{System, TaskId};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::page::{self, Memory, Page};
use super::path::{Choice, Path, name};
use super::subject::{Library, Place, Subject};
use crate::engine::limits::Limits;
use crate::weak::Seen;

/// What to lay beside a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beside {
    /// The same steps, as far as the other kernel takes them.
    #[default]
    Follow,
    /// The other kernel's own counterexample.
    Own,
}

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

/// Longest traces that are aligned step by step.
const ALIGNED_MAX: usize = 2_000;

/// Lays the other kernel's execution beside the trace of `subject` that has these steps.
///
/// # Errors
/// If something is unknown, the other kernel cannot be run, or has no counterexample of its own.
pub fn compare(
    library: &Library,
    subject: &Subject,
    choices: &[Choice],
    other: &Place,
    beside: Beside,
    limits: Limits,
) -> Result<Comparison, ApiError> {
    let there = Subject {
        place: other.clone(),
        invariant: subject.invariant.clone(),
    };
    let (other, pairs) = match beside {
        Beside::Follow => {
            let (unit, instance) = page::prepare(library, other, &subject.invariant)?;
            let (path, pairs) = follow(&instance.full, choices);
            (page::own(there, &unit, &instance, &path, None)?, pairs)
        }
        Beside::Own => {
            let page = page::solve(library, &there, Memory::Sequential, limits)?;
            let (_, instance) = page::prepare(library, other, &subject.invariant)?;
            let Some(view) = &page.view else {
                return Err(ApiError::refused(format!(
                    "{} has no counterexample to {} in {}",
                    other.scheme, subject.invariant, other.scenario
                )));
            };
            let actions = view.steps.iter().map(|s| Action {
                task: TaskId(s.task),
                branch: s.branch,
            });
            let mut path = Path::start(&instance.full);
            for action in actions {
                path.take(&instance.full, action)
                    .map_err(|e| ApiError::refused(e.to_string()))?;
            }
            let pairs = align(choices, &path.choices(&instance.full));
            (page, pairs)
        }
    };
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

/// The longest common subsequence, as pairs.
fn align(left: &[Choice], right: &[Choice]) -> Vec<Pair> {
    let (n, m) = (left.len(), right.len());
    let pair = |left, right, same| Pair { left, right, same };
    if n.max(m) > ALIGNED_MAX {
        return (0..n.max(m))
            .map(|i| {
                let (l, r) = ((i < n).then_some(i), (i < m).then_some(i));
                pair(l, r, left.get(i) == right.get(i))
            })
            .collect();
    }
    let mut longest = vec![vec![0_usize; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            longest[i][j] = if left[i] == right[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < n || j < m {
        if i < n && j < m && left[i] == right[j] {
            pairs.push(pair(Some(i), Some(j), true));
            (i, j) = (i + 1, j + 1);
        } else if j == m || i < n && longest[i + 1][j] >= longest[i][j + 1] {
            pairs.push(pair(Some(i), None, false));
            i += 1;
        } else {
            pairs.push(pair(None, Some(j), false));
            j += 1;
        }
    }
    pairs
}
