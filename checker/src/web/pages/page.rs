//! A trace with everything that its page shows, from a subject or from steps.

use foliocheck_model::executor::execution::Orders;
use foliocheck_model::machine::System;
use foliocheck_specs::Instance;
use foliocheck_specs::invariants::errors;
use serde::{Deserialize, Serialize};

use crate::engine::limits::Limits;
use crate::itf::Document;
use crate::report::listing::{self, RuleItem};
use crate::suite::{self, Options, Unit, UnitError};
use crate::threads::loomed::{self, Looming, Reach};
use crate::trace::Trace;
use crate::verdict::{Run, Verdict};
use crate::web::error::{ApiError, chain};
use crate::web::library::{Library, build};
use crate::web::pages::machine::Machine;
use crate::web::pages::path::{Choice, Path};
use crate::web::pages::view::View;
use crate::web::subject::{BugName, Place, Subject};

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
    id: &'static str,
    title: &'static str,
    source: &'static str,
    rules: Vec<RuleItem>,
    /// What was removed from the kernel's programs, in words.
    removed: Vec<String>,
    /// The real bug whose twin it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    bug: Option<BugName>,
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
    /// Why what holds says little, if it does.
    pub caution: Option<String>,
    /// What was covered, where that is not told by states.
    pub coverage: Option<String>,
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
            caution: run.caution(),
            coverage: run.coverage.clone(),
            why: run.trace.as_ref().map(|t| t.why.clone()),
        }
    }
}

impl Kernel {
    fn of(unit: &Unit, place: &Place) -> Kernel {
        Kernel {
            id: unit.scheme.id,
            title: unit.scheme.title,
            source: unit.scheme.source,
            rules: listing::rules(&unit.scheme),
            removed: unit.ablations.iter().map(ToString::to_string).collect(),
            bug: place.bug(),
        }
    }
}

/// The memory that tasks share.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Memory {
    /// Every step sees what the steps before it did.
    #[default]
    Sequential,
    /// As the declared memory orders have it: loom's.
    Weak,
}

/// Answers the subject's question: with the counterexample that is committed, or by exploring.
///
/// # Errors
/// If something is unknown, does not apply, or cannot be run.
pub fn solve(
    library: &Library,
    subject: &Subject,
    memory: Memory,
    limits: Limits,
) -> Result<Page, ApiError> {
    let (unit, instance) = prepare(library, &subject.place, &subject.invariant)?;
    let run = run(library, subject, &unit, memory, limits)?;
    answered(subject.clone(), &unit, &instance, &run)
}

/// The counterexample as a trace file.
///
/// # Errors
/// As [`solve`]; or there is none.
pub fn file(
    library: &Library,
    subject: &Subject,
    memory: Memory,
    limits: Limits,
) -> Result<Document, ApiError> {
    let (unit, instance) = prepare(library, &subject.place, &subject.invariant)?;
    let run = run(library, subject, &unit, memory, limits)?;
    let Some(trace) = &run.trace else {
        return Err(ApiError::missing(format!(
            "no counterexample: {} is {} there",
            subject.invariant,
            run.verdict.name()
        )));
    };
    let named = subject.in_file(&unit)?;
    let system = &instance.full;
    let trace = Trace {
        steps: told(system, trace)?.steps(system),
        ..trace.clone()
    };
    Ok(Document::of(named, run.engine, &trace, system))
}

/// The path of a run's trace.
fn told(system: &System, trace: &Trace) -> Result<Path, ApiError> {
    Path::told(system, &trace.steps)
        .map_err(|n| ApiError::refused(format!("step {n} cannot be replayed")))
}

/// The run of a unit that asks one invariant.
fn run(
    library: &Library,
    subject: &Subject,
    unit: &Unit,
    memory: Memory,
    limits: Limits,
) -> Result<Run, ApiError> {
    let refused = |e: UnitError| {
        let error = ApiError::refused(chain(&e));
        if e.steps().is_some() {
            error.erring()
        } else {
            error
        }
    };
    if memory == Memory::Sequential
        && let Some(run) = library
            .committed
            .counterexample(subject, library.catalogue())
    {
        return Ok(run);
    }
    let options = Options {
        limits,
        ..Options::default()
    };
    let answer = suite::run(unit, &options).map_err(refused)?;
    let runs = match memory {
        Memory::Sequential => answer.runs,
        Memory::Weak => {
            match loomed::run(
                unit,
                Orders::Declared,
                &Reach::DEFAULT.within(&options.limits),
            )
            .map_err(refused)?
            {
                Looming::Ran(loomed) => loomed.runs(unit, &answer).map_err(refused)?,
                Looming::Passed(why) => {
                    return Err(ApiError::refused(format!("not run as threads: {why}")));
                }
            }
        }
    };
    runs.into_iter().next().ok_or_else(|| {
        let asked = unit.ask.first().map_or("nothing", |i| i.id);
        ApiError::refused(format!(
            "{asked} does not apply to scenario {}",
            unit.scenario.id
        ))
    })
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
) -> Result<Page, ApiError> {
    let system = &instance.full;
    let mut page = Page {
        kernel: Kernel::of(unit, &subject.place),
        answer: Some(run.into()),
        machine: Machine::of(system, &unit.scenario),
        view: None,
        address: None,
        subject,
    };
    if let Some(trace) = &run.trace {
        let path = told(system, trace)?;
        let subject = page.subject.in_file(unit)?;
        page.address = Some(Document::of(subject, run.engine, trace, system).address());
        let lasso = unit.ask.first().zip(trace.loop_start);
        page.view = Some(View::of(system, &path, lasso));
    }
    Ok(page)
}

/// The page of somebody's own steps, those from `loop_start` on repeated for ever.
///
/// # Errors
/// If something is unknown, a step cannot be taken where it is asked for, or the loop is none.
pub fn replay(
    library: &Library,
    subject: &Subject,
    choices: &[Choice],
    loop_start: Option<usize>,
) -> Result<Page, ApiError> {
    let (unit, instance) = prepare(library, &subject.place, &subject.invariant)?;
    let system = &instance.full;
    let path = Path::of(system, choices).map_err(|e| ApiError::refused(e.to_string()))?;
    if let Some(start) = loop_start
        && !path.comes_back(system, start)
    {
        return Err(ApiError::refused(format!(
            "the steps do not come back to where they were after step {start}: there is no loop"
        )));
    }
    own(subject.clone(), &unit, &instance, &path, loop_start)
}

/// The page of a path.
///
/// # Errors
/// If it cannot be replayed, which is an error of the model.
pub fn own(
    subject: Subject,
    unit: &Unit,
    instance: &Instance,
    path: &Path,
    loop_start: Option<usize>,
) -> Result<Page, ApiError> {
    let system = &instance.full;
    let steps = path.steps(system);
    let trace = Trace {
        length: steps.len(),
        steps,
        loop_start,
        why: String::new(),
        blocked: Vec::new(),
    };
    let lasso = unit.ask.first().zip(loop_start);
    let named = subject.in_file(unit)?;
    Ok(Page {
        kernel: Kernel::of(unit, &subject.place),
        answer: None,
        machine: Machine::of(system, &unit.scenario),
        address: Some(Document::of(named, "", &trace, system).address()),
        view: Some(View::of(system, path, lasso)),
        subject,
    })
}

/// A scenario before anybody has moved, under the first scheme, which is today's kernel.
///
/// # Errors
/// If there is no such scenario, or it cannot be built.
pub fn start(library: &Library, scenario: &str) -> Result<Page, ApiError> {
    let setup = &library.scenario(scenario)?.setup;
    let first = library.schemes.first();
    let scheme = first.ok_or_else(|| ApiError::missing("there are no schemes"))?;
    let asked = library.invariants.iter().find(|i| (i.applies)(setup));
    let subject = Subject {
        place: Place {
            scheme: scheme.id.to_owned(),
            without: Vec::new(),
            scenario: scenario.to_owned(),
        },
        invariant: asked.unwrap_or(&errors::INVARIANT).id.to_owned(),
    };
    replay(library, &subject, &[], None)
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
