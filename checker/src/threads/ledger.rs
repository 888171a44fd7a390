//! What loom found, as committed: `results/threads.json`, a unit a line.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::loomed::Loomed;
use crate::results::{self, ResultsError};
use crate::suite::Unit;

/// Version of the file's format.
const SCHEMA: u32 = 1;

/// A unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// Most preemptions of an execution; none: all executions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemptions: Option<usize>,
    /// What else bounds the executions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// Executions.
    pub executions: usize,
    /// Those that are no interleaving.
    pub weak: usize,
    /// Outcomes that only those have.
    pub weak_outcomes: usize,
    /// Invariants that only those violate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violated: Vec<String>,
}

impl Line {
    /// What is committed of a unit; `violated`: the invariants that only weak executions violate.
    pub fn of(unit: &Unit, loomed: &Loomed, violated: Vec<String>) -> Line {
        Line {
            scheme: unit.scheme.id.to_owned(),
            scenario: unit.scenario.id.clone(),
            preemptions: loomed.preemptions,
            bound: loomed.found.cut.map(|c| c.to_string()),
            executions: loomed.found.executions,
            weak: loomed.found.weak,
            weak_outcomes: loomed.found.only_weak().count(),
            violated,
        }
    }
}

/// The whole file.
#[derive(Deserialize)]
struct File {
    units: Vec<Line>,
}

/// What is committed in a folder of results; none if there is no such file.
///
/// # Errors
/// If it cannot be read, is malformed, or of another schema.
pub fn read(folder: &Path) -> Result<Option<Vec<Line>>, ResultsError> {
    let file: Option<File> = results::read(&path(folder), SCHEMA)?;
    Ok(file.map(|f| f.units))
}

/// The path within a folder of results.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("threads.json")
}

/// The file.
pub fn text(lines: &[Line]) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"units\":[\n{}\n]}}\n",
        results::lines(lines)
    )
}
