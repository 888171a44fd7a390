//! A stored trace, run step by step on the present model.

use foliocheck_model::machine::ablate::Ablation;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::Step;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{BuildError, RunError, System, TaskId};
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::claims::Without;
use foliocheck_specs::{Invariant, Scenario, Scheme, instance, invariants};

use super::{Document, Subject, meant};
use crate::near;
use crate::trace::{Change, ReplayError, Trace, TraceStep};
use crate::weak::{self, Seen};

/// What traces may name.
#[derive(Clone, Copy)]
pub struct Catalogue<'a> {
    /// Schemes.
    pub schemes: &'a [Scheme],
    /// Scenarios.
    pub scenarios: &'a [Scenario],
}

/// A trace that runs, and violates what it is said to violate.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The scenario under the scheme, as written.
    pub system: System,
    /// The steps, as actions of the present model.
    pub path: Vec<Action>,
    /// The state before the first step and after each, every variable of `system` in it.
    pub states: Vec<Valuation>,
    /// By step: what it read, on weak memory, that memory did not hold.
    pub seen: Vec<Seen>,
    /// The trace as the present model shows it.
    pub trace: Trace,
}

/// A trace that does not run on the present model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stale {
    /// It names something that is not there.
    #[error("no {kind} `{name}`{meant}; there are: {known}")]
    Unknown {
        /// Scheme, scenario, invariant, bug, rule, variable or task.
        kind: &'static str,
        /// The name.
        name: String,
        /// Which ones are near, in words; empty if none is.
        meant: String,
        /// What there is.
        known: String,
    },
    /// What is removed is not described in a way that is understood.
    #[error("#meta.without: {0}")]
    Without(String),
    /// What is removed is not there, or the scheme cannot be built.
    #[error("it cannot be built: {0}")]
    Build(#[from] BuildError),
    /// A step cannot be taken.
    #[error("step {number}, {step}: {why}; enabled there: {}", list(.nearest))]
    Stops {
        /// Which step, from 1.
        number: usize,
        /// What it is.
        step: String,
        /// Why not.
        why: String,
        /// The enabled steps most like it, best first.
        nearest: Vec<String>,
    },
    /// A step does something that the model must not do.
    #[error("step {number}")]
    Run {
        /// Which step, from 1.
        number: usize,
        /// What it does.
        source: RunError,
    },
    /// All steps can be taken, and violate nothing.
    #[error("its steps can still be taken, but {invariant} is not violated: {source}")]
    Kept {
        /// The invariant.
        invariant: String,
        /// In what respect.
        source: ReplayError,
    },
    /// All steps can be taken, but the invariant is about states in which nobody can move.
    #[error(
        "its steps can still be taken, but the last state is not final; enabled there: {}",
        list(.0)
    )]
    GoesOn(Vec<String>),
}

fn list(steps: &[String]) -> String {
    if steps.is_empty() {
        "nothing".to_owned()
    } else {
        steps.join(", ")
    }
}

/// Runs the steps of `document`, which are looked for by task, id, function and branch. That a loop is
/// fair is not looked at again.
///
/// # Errors
/// If a step cannot be taken or changes something else, if what the trace names is not there, or if the
/// invariant is not violated.
pub fn replay(document: &Document, catalogue: Catalogue<'_>) -> Result<Replayed, Stale> {
    let invariant = invariants::by_id(&document.subject.invariant).ok_or_else(|| {
        let known = invariants::all();
        unknown(
            "invariant",
            &document.subject.invariant,
            known.iter().map(|i| i.id),
        )
    })?;
    let system = build(&document.subject, &invariant, catalogue)?;
    known_variables(document, &system)?;
    let mut state = Valuation::init(&system);
    let mut states = vec![state.clone()];
    let (mut path, mut reads) = (Vec::new(), Vec::new());
    for (n, wanted) in document.trace.steps.iter().enumerate() {
        let seen = weak::seen_by(&system, wanted).map_err(|why| Stale::Stops {
            number: n + 1,
            step: describe(&wanted.task, &wanted.id, &wanted.function, &wanted.branch),
            why,
            nearest: Vec::new(),
        })?;
        let (action, next) = take(&system, &state, n + 1, wanted, &seen)?;
        path.push(action);
        reads.push(seen);
        states.push(next.clone());
        state = next;
    }
    let trace = if reads.iter().all(Seen::is_empty) {
        violation(&system, document, &invariant, &path, &state)?
    } else {
        weakly(&system, document, &invariant, &state)?
    };
    Ok(Replayed {
        system,
        path,
        states,
        seen: reads,
        trace,
    })
}

fn unknown<'n>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Stale {
    let known: Vec<&str> = known.into_iter().collect();
    Stale::Unknown {
        kind,
        name: name.to_owned(),
        meant: near::meant(name, known.iter().copied()),
        known: known.join(", "),
    }
}

/// What the trace is of, built anew.
fn build(
    subject: &Subject,
    invariant: &Invariant,
    catalogue: Catalogue<'_>,
) -> Result<System, Stale> {
    let scenario = catalogue
        .scenarios
        .iter()
        .find(|s| s.id == subject.scenario)
        .ok_or_else(|| {
            let known = catalogue.scenarios.iter().map(|s| s.id.as_str());
            unknown("scenario", &subject.scenario, known)
        })?;
    let (mut scheme, mut ablations) = match &subject.bug {
        None => {
            let found = catalogue.schemes.iter().find(|s| s.id == subject.scheme);
            let scheme = found.cloned().ok_or_else(|| {
                let known = catalogue.schemes.iter().map(|s| s.id);
                unknown("scheme", &subject.scheme, known)
            })?;
            (scheme, Vec::new())
        }
        Some(of) => {
            let bug = bugs::all().into_iter().find(|b| b.id == of.id);
            let Some(Carried::Cases(cases)) = bug.map(|b| b.carried) else {
                let all = bugs::all();
                return Err(unknown("bug", &of.id, all.iter().map(|b| b.id)));
            };
            let case = of.case.checked_sub(1).and_then(|n| cases.get(n));
            let case = case.ok_or_else(|| {
                let known: Vec<String> = (1..=cases.len()).map(|n| n.to_string()).collect();
                let name = format!("{} of {}", of.case, of.id);
                unknown("case", &name, known.iter().map(String::as_str))
            })?;
            (case.buggy.scheme.clone(), case.buggy.ablations.clone())
        }
    };
    if subject.bug.is_none() {
        for part in &subject.without {
            match part.parse::<Without>().map_err(Stale::Without)? {
                Without::Rule(rule) if !scheme.rule_names().contains(&rule.as_str()) => {
                    return Err(unknown("rule", &rule, scheme.rule_names()));
                }
                Without::Rule(rule) => scheme = scheme.without(&rule),
                Without::Step(ablation) => ablations.push(ablation),
            }
        }
    } else if subject.without != printed(&ablations) {
        return Err(Stale::Without(format!(
            "the bug is `{}` now",
            printed(&ablations).join(", ")
        )));
    }
    let ask = std::slice::from_ref(invariant);
    let built = |ablations| instance::system(&scenario.setup, &scheme, ablations, ask);
    match built(&ablations) {
        Ok((system, _)) => Ok(system),
        Err(BuildError::NothingToAblate(what)) => {
            let (whole, _) = built(&[])?;
            Err(Stale::Without(meant::removal(&whole, what)))
        }
        Err(error) => Err(error.into()),
    }
}

fn printed(ablations: &[Ablation]) -> Vec<String> {
    ablations.iter().map(ToString::to_string).collect()
}

fn known_variables(document: &Document, system: &System) -> Result<(), Stale> {
    let known: Vec<String> = system
        .vars
        .iter()
        .map(foliocheck_model::machine::Var::full_name)
        .collect();
    let named = document.variables.iter().map(|v| &v.name);
    match named
        .chain(document.unchanged.keys())
        .find(|n| !known.contains(n))
    {
        None => Ok(()),
        Some(name) => {
            let known = known.iter().map(String::as_str);
            Err(unknown("variable", name, known))
        }
    }
}

/// Finds the action that `wanted` describes, and takes it.
fn take(
    system: &System,
    state: &Valuation,
    number: usize,
    wanted: &TraceStep,
    seen: &Seen,
) -> Result<(Action, Valuation), Stale> {
    let stops = |why: String| Stale::Stops {
        number,
        step: describe(&wanted.task, &wanted.id, &wanted.function, &wanted.branch),
        why,
        nearest: nearest(system, state, Some(wanted)),
    };
    let task = system
        .task_ids()
        .find(|t| system.task(*t).name == wanted.task);
    let task = task.ok_or_else(|| {
        let names = system.tasks.iter().map(|t| t.name.as_str());
        unknown("task", &wanted.task, names)
    })?;
    let Some(step) = interp::current(system, state, task) else {
        return Err(stops(format!("{} has ended or stopped", wanted.task)));
    };
    if (&step.id, &step.function) != (&wanted.id, &wanted.function) {
        let meant = meant::step(system.task(task), wanted);
        let (id, function) = (&step.id, &step.function);
        let why = format!("{} is at {id} {function}{meant}", wanted.task);
        return Err(stops(why));
    }
    let mine = weak::enabled(system, state, task, seen);
    if mine.is_empty() {
        return Err(stops(format!("{} is blocked there", wanted.task)));
    }
    let mut other = None;
    for action in mine.iter().filter(|a| label(step, **a) == wanted.branch) {
        let next = weak::take(system, state, *action, seen)
            .map_err(|source| Stale::Run { number, source })?;
        let taken = weak::told(system, state, &next, *action, seen);
        let changes = taken.map(|t| t.changes).unwrap_or_default();
        if changes == wanted.changes {
            return Ok((*action, next));
        }
        other.get_or_insert(changes);
    }
    Err(stops(match other {
        Some(changes) => format!(
            "it changes {}, not {}{}",
            changed(&changes, &wanted.changes),
            changed(&wanted.changes, &changes),
            meant::value(system, &wanted.changes)
        ),
        None => format!(
            "it takes another branch there: {}{}",
            branches(step, &mine),
            meant::branch(step, &wanted.branch)
        ),
    }))
}

fn branches(step: &Step, actions: &[Action]) -> String {
    let labels: Vec<&str> = actions.iter().map(|a| label(step, *a)).collect();
    labels.join(", ")
}

fn label(step: &Step, action: Action) -> &str {
    &step.branches[usize::from(action.branch)].label
}

/// Changes that are not also among `others`.
fn changed(changes: &[Change], others: &[Change]) -> String {
    let own = changes.iter().filter(|c| !others.contains(c));
    let texts = own.map(|c| format!("{}: {} → {}", c.variable, c.from, c.to));
    list(&texts.collect::<Vec<_>>())
}

fn describe(task: &str, id: &str, function: &str, branch: &str) -> String {
    let colon = if branch.is_empty() { "" } else { ": " };
    format!("{task} {id} {function}{colon}{branch}")
}

/// How many enabled steps an error names.
const NEAREST: usize = 3;

/// The enabled steps most like `wanted`: of the same task, in the same function, with the same id.
fn nearest(system: &System, state: &Valuation, wanted: Option<&TraceStep>) -> Vec<String> {
    let mut found: Vec<(usize, String)> = interp::enabled(system, state)
        .into_iter()
        .filter_map(|action| {
            let step = interp::current(system, state, action.task)?;
            let task = name(system, action.task);
            let unlike = wanted.map_or(0, |w| {
                4 * usize::from(w.task != task)
                    + 2 * usize::from(w.function != step.function)
                    + usize::from(w.id != step.id)
            });
            let text = describe(task, &step.id, &step.function, label(step, action));
            Some((unlike, text))
        })
        .collect();
    found.sort();
    found.truncate(NEAREST);
    found.into_iter().map(|(_, text)| text).collect()
}

fn name(system: &System, task: TaskId) -> &str {
    &system.task(task).name
}

/// A trace on weak memory, whose last state must violate the invariant.
fn weakly(
    system: &System,
    document: &Document,
    invariant: &Invariant,
    last: &Valuation,
) -> Result<Trace, Stale> {
    // What is asked at an end only is not broken on the way to it.
    let at_end = interp::enabled(system, last).is_empty();
    let asked = |p: &Predicate| match p.scope {
        Scope::Always => true,
        Scope::Terminal => at_end,
        Scope::Progress(_) => false,
    };
    let mut predicates = system.predicates.iter();
    if predicates.any(|p| asked(p) && last.holds(&p.bad)) {
        return Ok(document.trace.clone());
    }
    Err(Stale::Kept {
        invariant: invariant.id.to_owned(),
        source: ReplayError::NotViolated,
    })
}

/// The trace as the first predicate shows it that is violated.
fn violation(
    system: &System,
    document: &Document,
    invariant: &Invariant,
    path: &[Action],
    last: &Valuation,
) -> Result<Trace, Stale> {
    let mut kept = ReplayError::NotViolated;
    for (n, predicate) in system.predicates.iter().enumerate() {
        match Trace::replay(system, path, document.trace.loop_start, n, invariant.why) {
            Ok(_)
                if predicate.scope == Scope::Terminal
                    && !interp::enabled(system, last).is_empty() =>
            {
                return Err(Stale::GoesOn(nearest(system, last, None)));
            }
            Ok(trace) => return Ok(trace),
            Err(error) => kept = error,
        }
    }
    Err(Stale::Kept {
        invariant: invariant.id.to_owned(),
        source: kept,
    })
}
