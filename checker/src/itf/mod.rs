//! Traces as files: the Informal Trace Format of Apalache (ADR 015), `*.itf.json`.
//!
//! | function | does |
//! |---|---|
//! | [`Document::of_run`], [`Document::of`] | a trace, found on a system, as a document |
//! | [`Document::text`], [`Document::parse`] | a document as text, and back |
//! | [`Document::address`] | the name of its content: stays the same as long as the steps do |
//! | [`replay::replay`] | runs its steps on the present model, and gives every state in full |
//!
//! What a file holds:
//!
//! - `vars`: the variables that the trace changes, in the model's order, then `mbt::actionTaken` (the
//!   C function) and `mbt::nondetPicks` (the task and the branch that were chosen);
//! - `states`: the state before the first step and the one after each; an integer is
//!   `{"#bigint": "3"}`, a value that has a name (`splicer`, `-`) a string. `#meta` of a state: its
//!   `index`, and of the step that led to it `task`, `function`, `file`, `id`, `text`, `branch`, `rule`,
//!   `changed`, and `stale`, what it read on weak memory that memory did not hold (`name = value`);
//! - `loop`: the state that the last one leads back to, in an endless execution;
//! - `#meta`: `varTypes` as Apalache writes them; `schema`; `scheme`, `scenario`, `invariant`, `without`
//!   (what is removed or misplaced), `bug` (`H07-1`: whose buggy twin this is), `engine`, `why`;
//!   `ghosts`, the variables that no kernel could show; `unchanged`, what every other variable is all
//!   along; `blocked` ([`Blocked`](crate::blocked::Blocked) as JSON). Readers of the format take every
//!   field here for a string, so each is one: lists are separated by `; `.
//!
//! Fingerprints and indices of actions are never stored: a step is known by its task, id, function and
//! branch, which survive changes elsewhere in the model.

mod address;
mod meant;
mod read;
pub mod replay;
mod write;

use std::collections::BTreeMap;

use foliocheck_model::machine::var::Var;
use foliocheck_model::machine::{BuildError, System};
use foliocheck_specs::instance;

use crate::suite::Unit;
use crate::trace::Trace;
use crate::verdict::Run;

pub use read::ItfError;

/// Version of the format of `#meta`.
pub const SCHEMA: u32 = 1;

/// Between the items of a list in `#meta`.
const BETWEEN: &str = "; ";

/// The ending of a file's name.
pub const ENDING: &str = ".itf.json";

/// What a trace is a counterexample of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// The invariant.
    pub invariant: String,
    /// What is removed or misplaced, as `Without` and `Ablation` print it.
    pub without: Vec<String>,
    /// The bug whose buggy twin it is: schemes of bugs are not among the proposed ones.
    pub bug: Option<BugCase>,
}

/// A case of a real bug, printed as `H07-1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BugCase {
    /// The bug's number in the catalogue.
    pub id: String,
    /// The case's number, from 1.
    pub case: usize,
}

impl std::fmt::Display for BugCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.id, self.case)
    }
}

impl std::str::FromStr for BugCase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('-')
            .and_then(|(id, case)| {
                Some(BugCase {
                    id: id.to_owned(),
                    case: case.parse().ok()?,
                })
            })
            .ok_or_else(|| format!("`{text}` is no case of a bug; expected one such as `H07-1`"))
    }
}

/// Whether values of a variable have names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A number.
    Int,
    /// A name.
    Str,
}

/// A variable that a trace changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// Its full name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// No kernel could show it.
    pub ghost: bool,
    /// Its first value, as printed.
    pub init: String,
}

/// A trace and everything that is needed to read it by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// What it is a counterexample of.
    pub subject: Subject,
    /// What found it.
    pub engine: String,
    /// The variables that it changes, in the model's order.
    pub variables: Vec<Variable>,
    /// What every other variable is, as printed; program counters are left out.
    pub unchanged: BTreeMap<String, String>,
    /// The steps.
    pub trace: Trace,
}

impl Document {
    /// Puts down a trace that was found on `system` (as written, not optimised).
    pub fn of(subject: Subject, engine: &str, trace: &Trace, system: &System) -> Document {
        let changed: std::collections::BTreeSet<&str> = trace
            .steps
            .iter()
            .flat_map(|s| &s.changes)
            .map(|c| c.variable.as_str())
            .collect();
        let pcs: Vec<usize> = system.tasks.iter().map(|t| t.pc.index()).collect();
        let mut variables = Vec::new();
        let mut unchanged = BTreeMap::new();
        for (_, var) in system
            .vars
            .iter()
            .enumerate()
            .filter(|(i, _)| !pcs.contains(i))
        {
            let name = var.full_name();
            if changed.contains(name.as_str()) {
                variables.push(variable(var));
            } else {
                unchanged.insert(name, var.show(var.init));
            }
        }
        Document {
            subject,
            engine: engine.to_owned(),
            variables,
            unchanged,
            trace: trace.clone(),
        }
    }

    /// Puts down the counterexample of a run, if it has one. Every unit that a run can come from will do:
    /// what it asks does not matter.
    ///
    /// # Errors
    /// If the unit cannot be built.
    pub fn of_run(
        run: &Run,
        unit: &Unit,
        bug: Option<BugCase>,
    ) -> Result<Option<Document>, BuildError> {
        let Some(trace) = &run.trace else {
            return Ok(None);
        };
        let setup = &unit.scenario.setup;
        let (system, _) = instance::system(setup, &unit.scheme, &unit.ablations, &[])?;
        let subject = Subject {
            scheme: run.scheme.clone(),
            scenario: run.scenario.clone(),
            invariant: run.invariant.clone(),
            without: unit.ablations.iter().map(ToString::to_string).collect(),
            bug,
        };
        let document = Document::of(subject, run.engine, trace, &system);
        Ok(Some(document))
    }

    /// The values of [`variables`](Self::variables) before the first step and after each, as printed.
    pub fn values(&self) -> Vec<Vec<String>> {
        let mut now: Vec<String> = self.variables.iter().map(|v| v.init.clone()).collect();
        let mut all = vec![now.clone()];
        for step in &self.trace.steps {
            for change in &step.changes {
                let at = self
                    .variables
                    .iter()
                    .position(|v| v.name == change.variable);
                if let Some(at) = at {
                    now[at].clone_from(&change.to);
                }
            }
            all.push(now.clone());
        }
        all
    }

    /// The name of its file without the ending: `stable-pin.snapshot.0123456789abcdef`.
    pub fn stem(&self) -> String {
        let Subject {
            scheme, invariant, ..
        } = &self.subject;
        format!("{scheme}.{invariant}.{}", self.address())
    }
}

fn variable(var: &Var) -> Variable {
    Variable {
        name: var.full_name(),
        kind: if var.labels.is_empty() {
            Kind::Int
        } else {
            Kind::Str
        },
        ghost: var.is_ghost(),
        init: var.show(var.init),
    }
}
