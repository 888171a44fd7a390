//! A trace with everything that its page shows, from a subject or from steps.

use foliocheck_specs::{Instance, Invariant};
use serde::Serialize;

use super::error::{ApiError, chain};
use super::machine::Machine;
use super::subject::{Library, Place, Subject, address, build};
use super::view::{Choice, Path, View};
use crate::engine::limits::Limits;
use crate::suite::{self, Options, Unit};
use crate::verdict::{Run, Verdict};

/// What is known of a subject, and its trace if there is one.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What it is about.
    pub subject: Subject,
    /// Its rules, and what was removed.
    pub kernel: Kernel,
    /// The verdict, if it is the answer to a question and not somebody's own steps.
    pub answer: Option<Answered>,
    /// The system.
    pub machine: Machine,
    /// The trace, if there is one.
    pub view: Option<View>,
    /// The trace's address.
    pub address: Option<String>,
}

/// A scheme as it was built.
#[derive(Clone, Debug, Serialize)]
pub struct Kernel {
    title: &'static str,
    source: &'static str,
    rules: Vec<RuleLine>,
    /// What was removed from the kernel's programs, in words.
    removed: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct RuleLine {
    name: &'static str,
    purpose: &'static str,
    hook: &'static str,
}

/// A run's answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    /// The invariant.
    pub invariant: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Distinct states visited for it.
    pub states: usize,
    /// Transitions taken for it.
    pub transitions: usize,
    /// Largest distance from the initial state.
    pub depth: usize,
    /// Steps of the counterexample.
    pub length: Option<usize>,
    /// What answered.
    pub engine: String,
    /// Why it is inconclusive, or the counterexample perhaps not the shortest.
    pub reason: Option<String>,
    /// Why the last state violates the invariant.
    pub why: Option<String>,
}

impl From<&Run> for Answered {
    fn from(run: &Run) -> Answered {
        Answered {
            invariant: run.invariant.clone(),
            verdict: run.verdict,
            states: run.states,
            transitions: run.transitions,
            depth: run.depth,
            length: run.trace.as_ref().map(|t| t.length),
            engine: run.engine.to_owned(),
            reason: run.reason.clone(),
            why: run.trace.as_ref().map(|t| t.why.clone()),
        }
    }
}

impl Kernel {
    fn of(unit: &Unit) -> Kernel {
        Kernel {
            title: unit.scheme.title,
            source: unit.scheme.source,
            rules: unit
                .scheme
                .rules
                .iter()
                .map(|rule| RuleLine {
                    name: rule.name,
                    purpose: rule.purpose,
                    hook: rule.hook.name(),
                })
                .collect(),
            removed: unit.ablations.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Explores until the subject's question is answered.
///
/// # Errors
/// If something is unknown, does not apply, or cannot be run.
pub fn solve(library: &Library, subject: &Subject, limits: Limits) -> Result<Page, ApiError> {
    let invariant = library.invariant(&subject.invariant)?;
    let unit = library.unit(&subject.place, vec![invariant])?;
    let options = Options {
        limits,
        ..Options::default()
    };
    let answer = suite::run(&unit, &options).map_err(|e| ApiError::refused(chain(&e)))?;
    let Some(run) = answer.runs.into_iter().next() else {
        return Err(ApiError::refused(format!(
            "{} does not apply to scenario {}",
            invariant.id, unit.scenario.id
        )));
    };
    answered(subject.clone(), &unit, &build(&unit)?, &run, &invariant)
}

/// The page of a run.
///
/// # Errors
/// If its trace cannot be replayed, which is an error of the model.
pub fn answered(
    subject: Subject,
    unit: &Unit,
    instance: &Instance,
    run: &Run,
    invariant: &Invariant,
) -> Result<Page, ApiError> {
    let system = &instance.full;
    let mut page = Page {
        kernel: Kernel::of(unit),
        answer: Some(run.into()),
        machine: Machine::of(system, &unit.scenario),
        view: None,
        address: None,
        subject,
    };
    if let Some(trace) = &run.trace {
        let path = Path::of_trace(system, trace)
            .map_err(|n| ApiError::refused(format!("step {n} cannot be replayed")))?;
        page.address = Some(address(&page.subject, &path.choices(system)));
        let lasso = trace.loop_start.map(|start| (invariant, start));
        page.view = Some(View::of(system, &path, lasso));
    }
    Ok(page)
}

/// The page of somebody's own steps.
///
/// # Errors
/// If something is unknown, or a step cannot be taken where it is asked for.
pub fn replay(library: &Library, subject: &Subject, choices: &[Choice]) -> Result<Page, ApiError> {
    let invariant = library.invariant(&subject.invariant)?;
    let unit = library.unit(&subject.place, vec![invariant])?;
    let instance = build(&unit)?;
    let path = Path::of(&instance.full, choices).map_err(|e| ApiError::refused(e.to_string()))?;
    Ok(own(subject.clone(), &unit, &instance, &path))
}

/// The page of a path.
pub fn own(subject: Subject, unit: &Unit, instance: &Instance, path: &Path) -> Page {
    let system = &instance.full;
    Page {
        kernel: Kernel::of(unit),
        answer: None,
        machine: Machine::of(system, &unit.scenario),
        address: Some(address(&subject, &path.choices(system))),
        view: Some(View::of(system, path, None)),
        subject,
    }
}

/// The unit of a place with one invariant, built.
///
/// # Errors
/// If something is unknown or cannot be built.
pub fn prepare(
    library: &Library,
    place: &Place,
    invariant: &str,
) -> Result<(Unit, Instance), ApiError> {
    let invariant = library.invariant(invariant)?;
    let unit = library.unit(place, vec![invariant])?;
    let instance = build(&unit)?;
    Ok((unit, instance))
}
