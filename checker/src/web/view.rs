//! A trace as the page shows it: steps, what every invariant says of every state, who waits for what,
//! what else could have been done.

use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{RunError, System, TaskId};
use foliocheck_specs::{Invariant, invariants};
use serde::{Deserialize, Serialize};

use super::machine::Asked;
use crate::blocked::{self, Blocked};
use crate::trace::{self, TraceStep};
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

/// A trace.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// The steps.
    pub steps: Vec<StepView>,
    /// Where the part begins that is repeated for ever.
    pub loop_start: Option<usize>,
    /// A row for each invariant that applies.
    pub strip: Vec<Row>,
    /// Who waits, from when to when.
    pub waits: Vec<Wait>,
    /// By state: what can be done there.
    pub enabled: Vec<Vec<Enabled>>,
    /// Who cannot go on in the last state, if nobody can; or all along the part that is repeated.
    pub blocked: Vec<Blocked>,
    /// The first state in which each violated invariant is violated, and why.
    pub violations: Vec<Violation>,
}

/// A step: which one it is says the program.
#[derive(Clone, Debug, Serialize)]
pub struct StepView {
    /// The task.
    pub task: u8,
    /// Its step.
    pub loc: usize,
    /// The branch taken.
    pub branch: u8,
    /// Variables that changed, with their new values.
    pub set: Vec<(usize, u64)>,
    /// On weak memory: variables that it read, and the values that memory did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<(usize, u64)>,
}

/// What an invariant says of every state, a character each: `+` it holds, `!` it is violated, `.` it is
/// not asked there, `~` what it demands is still to come.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The invariant.
    pub invariant: String,
    /// When it is asked.
    pub asked: Asked,
    /// The characters.
    pub marks: String,
}

/// A task that cannot move.
#[derive(Clone, Debug, Serialize)]
pub struct Wait {
    /// The task.
    pub task: u8,
    /// The first state in which it waits.
    pub from: usize,
    /// The first state after, in which it does not.
    pub to: usize,
    /// The C function that it sleeps in.
    pub function: String,
    /// What it waits for.
    pub until: String,
    /// Who could bring that about.
    pub whom: Vec<String>,
    /// It waits for work.
    pub idle: bool,
    /// It has stopped by its own choice.
    pub stopped: bool,
}

/// Something that can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Enabled(pub u8, pub u8);

/// The first state that violates an invariant.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// The invariant.
    pub invariant: String,
    /// Steps before that state.
    pub step: usize,
    /// Why.
    pub why: String,
}

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

impl View {
    /// The view of a path; with `lasso`, the invariant that its endless part violates and where that
    /// begins.
    pub fn of(system: &System, path: &Path, lasso: Option<(&Invariant, usize)>) -> View {
        let enabled: Vec<Vec<Action>> = path
            .states
            .iter()
            .map(|state| interp::enabled(system, state))
            .collect();
        let (strip, violations) = judge(system, path, &enabled, lasso);
        let last = path.last();
        let mut stuck = if lasso.is_some() || enabled.last().is_some_and(Vec::is_empty) {
            blocked::blocked(system, last)
        } else {
            Vec::new()
        };
        if let Some((_, start)) = lasso {
            let moves = |b: &Blocked| {
                path.actions[start..]
                    .iter()
                    .any(|a| system.task(a.task).name == b.task)
            };
            stuck.retain(|b| !moves(b));
        }
        View {
            steps: steps(system, path),
            loop_start: lasso.map(|(_, start)| start),
            strip,
            waits: waits(system, path),
            enabled: enabled
                .iter()
                .map(|list| list.iter().map(|a| Enabled(a.task.0, a.branch)).collect())
                .collect(),
            blocked: stuck,
            violations,
        }
    }
}

fn steps(system: &System, path: &Path) -> Vec<StepView> {
    let pairs = path.states.windows(2);
    path.actions
        .iter()
        .zip(&path.seen)
        .zip(pairs)
        .map(|((action, seen), pair)| StepView {
            task: action.task.0,
            loc: interp::loc(system, &pair[0], action.task),
            branch: action.branch,
            set: (0..system.vars.len())
                .filter(|v| pair[0].0[*v] != pair[1].0[*v])
                .map(|v| (v, pair[1].0[v]))
                .collect(),
            stale: seen.iter().map(|(var, to)| (var.index(), *to)).collect(),
        })
        .collect()
}

/// What each predicate says of a state.
fn mark(predicate: &Predicate, state: &Valuation, terminal: bool, endless: bool) -> char {
    let bad = || state.holds(&predicate.bad);
    match predicate.scope {
        Scope::Terminal if !terminal => '.',
        _ if !bad() => '+',
        Scope::Progress(_) if !endless => '~',
        _ => '!',
    }
}

/// What matters most.
fn weight(mark: char) -> u8 {
    match mark {
        '!' => 3,
        '~' => 2,
        '+' => 1,
        _ => 0,
    }
}

fn judge(
    system: &System,
    path: &Path,
    enabled: &[Vec<Action>],
    lasso: Option<(&Invariant, usize)>,
) -> (Vec<Row>, Vec<Violation>) {
    let mut rows = Vec::new();
    let mut violations = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for predicate in &system.predicates {
        if !ids.contains(&predicate.invariant.as_str()) {
            ids.push(&predicate.invariant);
        }
    }
    for id in ids {
        let mine: Vec<&Predicate> = system
            .predicates
            .iter()
            .filter(|p| p.invariant == id)
            .collect();
        // Of the tasks that must finish, those that are seen not to, and from when on.
        let starved = |p: &Predicate| {
            let (_, start) = lasso.filter(|(i, _)| i.id == id)?;
            let unfinished = path.states[start..].iter().all(|s| s.holds(&p.bad));
            unfinished.then_some(start)
        };
        let starved: Vec<Option<usize>> = mine.iter().map(|p| starved(p)).collect();
        let mut first = None;
        let mut marks = String::new();
        for (n, state) in path.states.iter().enumerate() {
            let terminal = enabled[n].is_empty();
            let worst = mine
                .iter()
                .zip(&starved)
                .map(|(p, since)| (mark(p, state, terminal, since.is_some_and(|s| n >= s)), *p))
                .max_by_key(|(m, _)| weight(*m));
            let Some((worst, predicate)) = worst else {
                continue;
            };
            marks.push(worst);
            if worst == '!' && first.is_none() {
                first = Some((n, predicate));
            }
        }
        if let Some((step, predicate)) = first {
            let sentence = sentence(id);
            let evidence = trace::evidence(system, &path.states[step], &predicate.bad);
            violations.push(Violation {
                invariant: id.to_owned(),
                step,
                why: format!("{sentence}{evidence}"),
            });
        }
        let asked = mine.first().map_or(Asked::Always, |p| p.scope.into());
        rows.push(Row {
            invariant: id.to_owned(),
            asked,
            marks,
        });
    }
    (rows, violations)
}

fn sentence(id: &str) -> &'static str {
    let all = invariants::all();
    let known = all.iter().find(|i| i.id == id);
    known.map_or(invariants::assertions::INVARIANT.why, |i| i.why)
}

/// Where a task is asleep, told once for as long as it stays so.
fn waits(system: &System, path: &Path) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    for task in system.task_ids() {
        let mut open: Option<(usize, usize)> = None;
        for (n, state) in path.states.iter().enumerate() {
            let loc = interp::loc(system, state, task);
            match open {
                Some((at, wait)) if at == loc && asleep(system, state, task) => {
                    waits[wait].to = n + 1;
                }
                _ if asleep(system, state, task) => {
                    open = wait(system, state, task, n).map(|w| {
                        waits.push(w);
                        (loc, waits.len() - 1)
                    });
                }
                _ => open = None,
            }
        }
    }
    waits
}

/// It is at a step that it cannot take, or has stopped.
fn asleep(system: &System, state: &Valuation, task: TaskId) -> bool {
    match interp::current(system, state, task) {
        Some(step) => !state.holds(&step.guard),
        None => interp::loc(system, state, task) == foliocheck_model::machine::step::STOPPED,
    }
}

fn wait(system: &System, state: &Valuation, task: TaskId, n: usize) -> Option<Wait> {
    let blocked = blocked::blocked_task(system, state, task)?;
    let idle = interp::current(system, state, task).is_some_and(|s| s.idle);
    Some(Wait {
        task: task.0,
        from: n,
        to: n + 1,
        function: blocked.function,
        until: blocked.waits_until,
        whom: blocked.waits_for,
        idle,
        stopped: blocked.stopped,
    })
}
