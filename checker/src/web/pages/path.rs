//! Paths on a system: steps as addresses name them, taken one after the other.

use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::{RunError, System};
use serde::{Deserialize, Serialize};

use crate::blocked;
use crate::trace::TraceStep;
use crate::weak::{self, Seen};

/// One step as it is named in addresses: task, step, branch; and on weak memory, the variables that it
/// reads otherwise than memory holds them, each with the value that it reads.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Choice(
    pub String,
    pub String,
    pub String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")] pub Vec<(String, String)>,
);

/// A step that cannot be taken where it is said to be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Misstep {
    /// There is no such task.
    #[error("step {number}: there is no task `{task}`; tasks are: {tasks}")]
    Task {
        /// Which, from 1.
        number: usize,
        /// The task.
        task: String,
        /// Those that there are.
        tasks: String,
    },
    /// It is not what the task would do there.
    #[error("step {number}: {task} cannot take {step} here; it {instead}")]
    Elsewhere {
        /// Which, from 1.
        number: usize,
        /// The task.
        task: String,
        /// The step asked for.
        step: String,
        /// What the task can do.
        instead: String,
    },
    /// It cannot read that.
    #[error("step {number}: {why}")]
    Read {
        /// Which, from 1.
        number: usize,
        /// Why not.
        why: String,
    },
    /// The model errs there.
    #[error("step {number}: {source}")]
    Run {
        /// Which, from 1.
        number: usize,
        /// How.
        source: RunError,
    },
}

/// A path on a system, and the states along it.
pub struct Path {
    /// The actions.
    pub actions: Vec<Action>,
    /// The states; one more.
    pub states: Vec<Valuation>,
    /// By action: what it read that memory did not hold.
    pub seen: Vec<Seen>,
}

impl Path {
    /// Nothing done yet.
    pub fn start(system: &System) -> Path {
        Path {
            actions: Vec::new(),
            states: vec![Valuation::init(system)],
            seen: Vec::new(),
        }
    }

    /// The last state.
    pub fn last(&self) -> &Valuation {
        self.states.last().expect("there is a first")
    }

    /// Takes an action.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub fn take(&mut self, system: &System, action: Action) -> Result<(), RunError> {
        self.take_seeing(system, action, Seen::new())
    }

    fn take_seeing(&mut self, system: &System, action: Action, seen: Seen) -> Result<(), RunError> {
        let next = weak::take(system, self.last(), action, &seen)?;
        self.actions.push(action);
        self.states.push(next);
        self.seen.push(seen);
        Ok(())
    }

    /// The path of these choices.
    ///
    /// # Errors
    /// If one of them cannot be taken.
    pub fn of(system: &System, choices: &[Choice]) -> Result<Path, Misstep> {
        let mut path = Path::start(system);
        for choice in choices {
            let number = path.actions.len() + 1;
            let read = choice.3.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let seen = weak::seen(system, read).map_err(|why| Misstep::Read { number, why })?;
            let action = resolve(system, path.last(), choice, &seen, number)?;
            path.take_seeing(system, action, seen)
                .map_err(|source| Misstep::Run { number, source })?;
        }
        Ok(path)
    }

    /// The path that is told in these steps. Threads run a system without the variables that nothing
    /// depends on: where they are told of, more may change than is told.
    ///
    /// # Errors
    /// The number of the first step that the system cannot take.
    pub fn told(system: &System, steps: &[TraceStep]) -> Result<Path, usize> {
        let threads = steps.iter().any(|s| !s.stale.is_empty());
        let mut path = Path::start(system);
        for (n, told) in steps.iter().enumerate() {
            let state = path.last();
            let seen = weak::seen_by(system, told).map_err(|_| n + 1)?;
            let task = system
                .task_ids()
                .find(|t| system.task(*t).name == told.task);
            let actions = task.map(|task| weak::enabled(system, state, task, &seen));
            let action = actions.into_iter().flatten().find(|action| {
                let next = weak::take(system, state, *action, &seen).ok();
                let taken = next.and_then(|next| weak::told(system, state, &next, *action, &seen));
                taken.is_some_and(|mut taken| {
                    if threads {
                        taken.changes.retain(|c| told.changes.contains(c));
                    }
                    taken == *told
                })
            });
            let action = action.ok_or(n + 1)?;
            path.take_seeing(system, action, seen).map_err(|_| n + 1)?;
        }
        Ok(path)
    }

    /// Its steps, told.
    pub fn steps(&self, system: &System) -> Vec<TraceStep> {
        let pairs = self.states.windows(2);
        let taken = self.actions.iter().zip(&self.seen);
        pairs
            .zip(taken)
            .filter_map(|(pair, (action, seen))| {
                weak::told(system, &pair[0], &pair[1], *action, seen)
            })
            .collect()
    }

    /// Whether every task is at its end where it was after `start` steps.
    pub fn comes_back(&self, system: &System, start: usize) -> bool {
        let at = |state, t| interp::loc(system, state, t);
        let begin = self.states.get(start);
        start < self.actions.len()
            && begin.is_some_and(|b| system.task_ids().all(|t| at(b, t) == at(self.last(), t)))
    }

    /// Its steps by name.
    pub fn choices(&self, system: &System) -> Vec<Choice> {
        self.actions
            .iter()
            .zip(self.states.iter().zip(&self.seen))
            .map(|(action, (state, seen))| name(system, state, *action, seen))
            .collect()
    }
}

/// An action by name, with what it reads that memory does not hold.
pub fn name(system: &System, state: &Valuation, action: Action, seen: &Seen) -> Choice {
    let step = interp::current(system, state, action.task).expect("it can move");
    let read = seen.iter().map(|(var, value)| {
        let var = system.var(*var);
        (var.full_name(), var.show(*value))
    });
    Choice(
        system.task(action.task).name.clone(),
        step.id.clone(),
        step.branches[usize::from(action.branch)].label.clone(),
        read.collect(),
    )
}

/// The action that is meant by a name.
fn resolve(
    system: &System,
    state: &Valuation,
    choice: &Choice,
    seen: &Seen,
    number: usize,
) -> Result<Action, Misstep> {
    let Choice(task, step, branch, _) = choice;
    let id = system
        .task_ids()
        .find(|t| system.task(*t).name == *task)
        .ok_or_else(|| Misstep::Task {
            number,
            task: task.clone(),
            tasks: names(system.tasks.iter().map(|t| t.name.as_str())),
        })?;
    let mine = weak::enabled(system, state, id, seen);
    let meant = mine
        .iter()
        .find(|a| name(system, state, **a, seen) == *choice)
        .copied();
    meant.ok_or_else(|| {
        let told = |step: &str, branch: &str| match branch {
            "" => step.to_owned(),
            branch => format!("{step} ({branch})"),
        };
        let can: Vec<String> = mine
            .iter()
            .map(|a| name(system, state, *a, seen))
            .map(|Choice(_, s, b, _)| told(&s, &b))
            .collect();
        Misstep::Elsewhere {
            number,
            task: task.clone(),
            step: told(step, branch),
            instead: match blocked::blocked_task(system, state, id) {
                _ if !can.is_empty() => format!("can take {}", can.join(", ")),
                Some(wait) if wait.stopped => "has stopped".to_owned(),
                Some(wait) => {
                    format!("waits in {} until {}", wait.function, wait.waits_until)
                }
                None => "has ended".to_owned(),
            },
        }
    })
}

fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.collect::<Vec<_>>().join(", ")
}
