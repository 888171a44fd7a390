//! Committed verdicts: `results/verdicts.json`. A check is held to them; `--bless` replaces them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::results::{self, ResultsError};
use crate::verdict::{Run, Verdict};

/// Version of the file's format.
const SCHEMA: u32 = 1;

/// What is committed of one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// The invariant.
    pub invariant: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Distinct states visited, reduced.
    pub states: usize,
    /// Transitions taken.
    pub transitions: usize,
    /// Largest distance from the initial state.
    pub depth: usize,
    /// Steps of the shortest counterexample.
    pub length: Option<usize>,
    /// The engine.
    pub engine: String,
}

impl From<&Run> for Expected {
    fn from(run: &Run) -> Expected {
        Expected {
            scheme: run.scheme.clone(),
            scenario: run.scenario.clone(),
            invariant: run.invariant.clone(),
            verdict: run.verdict,
            states: run.states,
            transitions: run.transitions,
            depth: run.depth,
            length: run.trace.as_ref().map(|t| t.length),
            engine: run.engine.to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    verdicts: Vec<Expected>,
}

impl File {
    fn verdicts(self) -> Expectations {
        Expectations(
            self.verdicts
                .into_iter()
                .map(|e| (key(&e.scheme, &e.scenario, &e.invariant), e))
                .collect(),
        )
    }
}

type Key = (String, String, String);

/// The committed verdicts, by scheme, scenario and invariant.
#[derive(Clone, Default, Debug)]
pub struct Expectations(BTreeMap<Key, Expected>);

/// How a run differs from what is committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// Nothing is committed for it.
    New,
    /// Another verdict.
    Verdict(Verdict),
    /// The same, but the shortest counterexample has another length.
    Length(Option<usize>),
}

fn key(scheme: &str, scenario: &str, invariant: &str) -> Key {
    (scheme.to_owned(), scenario.to_owned(), invariant.to_owned())
}

impl Expectations {
    /// The path within a folder of results.
    pub fn path(results: &Path) -> PathBuf {
        results.join("verdicts.json")
    }

    /// Reads them; none if there is no file.
    ///
    /// # Errors
    /// If the file cannot be read, is malformed, or of another schema.
    pub fn read(folder: &Path) -> Result<Expectations, ResultsError> {
        let file: Option<File> = results::read(&Self::path(folder), SCHEMA)?;
        Ok(file.map(File::verdicts).unwrap_or_default())
    }

    /// The committed verdict of a run.
    pub fn get(&self, scheme: &str, scenario: &str, invariant: &str) -> Option<&Expected> {
        self.0.get(&key(scheme, scenario, invariant))
    }

    /// All of them, by scheme, scenario and invariant.
    pub fn iter(&self) -> impl Iterator<Item = &Expected> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How `run` differs, if it does. An inconclusive run says nothing, and differs from nothing.
    pub fn difference(&self, run: &Run) -> Option<Difference> {
        if run.verdict == Verdict::Inconclusive {
            return None;
        }
        match self.get(&run.scheme, &run.scenario, &run.invariant) {
            None => Some(Difference::New),
            Some(e) if e.verdict != run.verdict => Some(Difference::Verdict(e.verdict)),
            Some(e) => {
                let length = run.trace.as_ref().map(|t| t.length);
                // A counterexample of a run that was cut short need not be the shortest.
                (run.reason.is_none() && e.length != length).then_some(Difference::Length(e.length))
            }
        }
    }

    /// Takes over the verdicts of reduced, conclusive runs. With `only`, what is committed and was not
    /// run is dropped.
    pub fn accept(&mut self, runs: &[Run], only: bool) {
        if only {
            self.0.clear();
        }
        for run in runs.iter().filter(|r| r.reduced && r.reason.is_none()) {
            let key = key(&run.scheme, &run.scenario, &run.invariant);
            self.0.insert(key, run.into());
        }
    }

    /// Writes them, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        let text = format!(
            "{{\"schema\":{SCHEMA},\"verdicts\":[\n{}\n]}}\n",
            results::lines(self.0.values())
        );
        results::write(&Self::path(folder), &text)
    }
}
