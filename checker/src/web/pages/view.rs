//! A trace as the page shows it: steps, what every invariant says of every state, who waits for what,
//! what else could have been done.

use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{System, TaskId};
use foliocheck_specs::{Invariant, invariants};
use serde::Serialize;

use crate::blocked::{self, Blocked};
use crate::trace;
use crate::web::pages::machine::Asked;
use crate::web::pages::path::Path;

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
    /// Tasks that the invariant wants to finish, and that do not in the part that is repeated.
    pub starves: Vec<String>,
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
    /// Why, in general.
    pub sentence: &'static str,
    /// Variables that make it so, and their values.
    pub evidence: Vec<(usize, u64)>,
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
            starves: lasso.map_or_else(Vec::new, |(i, start)| starving(system, path, i.id, start)),
        }
    }
}

/// Who should finish and does not, all along the states from `start` on.
fn starving(system: &System, path: &Path, invariant: &str, start: usize) -> Vec<String> {
    let mine = system.predicates.iter();
    mine.filter(|p| p.invariant == invariant)
        .filter(|p| path.states[start..].iter().all(|s| s.holds(&p.bad)))
        .filter_map(|p| match p.scope {
            Scope::Progress(task) => Some(system.task(task).name.clone()),
            _ => None,
        })
        .collect()
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
            let state = &path.states[step];
            let evidence = trace::evidence(system, state, &predicate.bad);
            let matters = trace::matters(system, state, &predicate.bad);
            violations.push(Violation {
                invariant: id.to_owned(),
                step,
                why: format!("{sentence}{evidence}"),
                sentence,
                evidence: (matters.into_iter())
                    .map(|v| (v.index(), state.get(v)))
                    .collect(),
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
    known.map_or(invariants::errors::INVARIANT.why, |i| i.why)
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
