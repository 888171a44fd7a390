//! Committed verdicts: `results/verdicts.json`. A check is held to them; `--bless` replaces them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    verdicts: Vec<Expected>,
}

type Key = (String, String, String);

/// The committed verdicts, by scheme, scenario and invariant.
#[derive(Clone, Default, Debug)]
pub struct Expectations(BTreeMap<Key, Expected>);

/// A file of verdicts that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpectationError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what this program writes.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// The path.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It was written by another version.
    #[error("{path}: schema {found}, but this program reads schema {SCHEMA}")]
    Schema {
        /// The path.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
}

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
    pub fn read(results: &Path) -> Result<Expectations, ExpectationError> {
        let path = Self::path(results);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Expectations::default());
            }
            Err(source) => return Err(ExpectationError::Io { path, source }),
        };
        Self::parse(&text, &path)
    }

    /// Reads them from text.
    ///
    /// # Errors
    /// If it is malformed, or of another schema.
    pub fn parse(text: &str, path: &Path) -> Result<Expectations, ExpectationError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let malformed = |e: serde_json::Error| ExpectationError::Malformed {
            path: path.to_owned(),
            line: e.line(),
            column: e.column(),
            message: e.to_string(),
        };
        let version: Version = serde_json::from_str(text).map_err(malformed)?;
        if version.schema != SCHEMA {
            return Err(ExpectationError::Schema {
                path: path.to_owned(),
                found: version.schema,
            });
        }
        let file: File = serde_json::from_str(text).map_err(malformed)?;
        Ok(Expectations(
            file.verdicts
                .into_iter()
                .map(|e| (key(&e.scheme, &e.scenario, &e.invariant), e))
                .collect(),
        ))
    }

    /// The committed verdict of a run.
    pub fn get(&self, scheme: &str, scenario: &str, invariant: &str) -> Option<&Expected> {
        self.0.get(&key(scheme, scenario, invariant))
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
            self.0.insert(
                key(&run.scheme, &run.scenario, &run.invariant),
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
                },
            );
        }
    }

    /// Writes them, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, results: &Path) -> Result<(), ExpectationError> {
        let path = Self::path(results);
        let io = |source| ExpectationError::Io {
            path: path.clone(),
            source,
        };
        // One verdict a line, so that a change of one is a change of one line.
        let lines: Vec<String> = self
            .0
            .values()
            .map(|e| serde_json::to_string(e).expect("plain data"))
            .collect();
        let text = format!(
            "{{\"schema\":{SCHEMA},\"verdicts\":[\n{}\n]}}\n",
            lines.join(",\n")
        );
        std::fs::create_dir_all(results).map_err(io)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut temporary = builder.tempfile_in(results).map_err(io)?;
        temporary.write_all(text.as_bytes()).map_err(io)?;
        temporary.as_file().sync_all().map_err(io)?;
        temporary.persist(&path).map_err(|e| io(e.error))?;
        Ok(())
    }
}
