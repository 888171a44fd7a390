//! Committed verdicts: `results/verdicts.json`. A check and the gate are held to them; `--bless`
//! replaces them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use foliocheck_specs::Scenario;
use serde::{Deserialize, Serialize};

use crate::results::{self, ResultsError};
use crate::verdict::{Run, Verdict};

/// Version of the file's format.
const SCHEMA: u32 = 2;

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
    /// The name of the counterexample's content, if it is one of those in `traces/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Expected {
    /// What would be committed of a run.
    pub fn of(run: &Run) -> Expected {
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
            trace: None,
        }
    }

    /// Scheme, scenario, invariant.
    pub fn key(&self) -> Key {
        key(&self.scheme, &self.scenario, &self.invariant)
    }
}

/// How large a scenario is: what a *holds* in it covers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The scenario.
    pub scenario: String,
    /// Tasks.
    pub tasks: usize,
    /// Calls that they make.
    pub calls: usize,
    /// Pages of the file.
    pub folios: usize,
    /// Words of a page.
    pub words: usize,
    /// States after which a run ends without a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_states: Option<usize>,
}

impl Bounds {
    /// Those of a scenario.
    pub fn of(scenario: &Scenario) -> Bounds {
        let setup = &scenario.setup;
        Bounds {
            scenario: scenario.id.clone(),
            tasks: setup.tasks.len(),
            calls: setup.calls().count(),
            folios: setup.folios.len(),
            words: setup.words,
            max_states: scenario.max_states,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    bounds: Vec<Bounds>,
    verdicts: Vec<Expected>,
}

/// Scheme, scenario, invariant.
pub type Key = (String, String, String);

/// The committed verdicts, by scheme, scenario and invariant.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Expectations {
    verdicts: BTreeMap<Key, Expected>,
    bounds: BTreeMap<String, Bounds>,
}

/// In what a run differs from what is committed: the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The verdict.
    Verdict,
    /// The length of the shortest counterexample.
    Length,
    /// What was visited, or the engine.
    Count,
    /// Nothing is committed for it.
    New,
    /// Something is committed that nothing produces any more.
    Vanished,
}

/// A run that is not as committed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// In what.
    pub kind: Kind,
    /// What is committed.
    pub committed: Option<Expected>,
    /// What came out.
    pub now: Option<Expected>,
}

impl Difference {
    /// What it is about.
    pub fn of(&self) -> Key {
        let either = self.now.as_ref().or(self.committed.as_ref());
        either.map(Expected::key).unwrap_or_default()
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, scenario, invariant) = self.of();
        let show = |e: &Expected| match (self.kind, e.verdict, e.length) {
            (Kind::Count, ..) => format!(
                "{} states, {} transitions, depth {}, by {}",
                e.states, e.transitions, e.depth, e.engine
            ),
            (_, Verdict::Violated, Some(length)) => format!("violated in {length} steps"),
            (_, verdict, _) => verdict.name().to_owned(),
        };
        let now = self.now.as_ref().map_or("no longer run".to_owned(), show);
        let was = match &self.committed {
            Some(committed) => format!("committed: {}", show(committed)),
            None => "nothing committed".to_owned(),
        };
        write!(f, "{scheme} in {scenario}, {invariant}: {now} ({was})")
    }
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
        Ok(file.map(Self::from).unwrap_or_default())
    }

    /// Reads them from text; `path` names it in errors.
    ///
    /// # Errors
    /// If the text is malformed, or of another schema.
    pub fn parse(text: &str, path: &Path) -> Result<Expectations, ResultsError> {
        results::parse(text, path, SCHEMA).map(|file: File| Self::from(file))
    }

    /// The committed verdict of a run.
    pub fn get(&self, scheme: &str, scenario: &str, invariant: &str) -> Option<&Expected> {
        self.verdicts.get(&key(scheme, scenario, invariant))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Expected> {
        self.verdicts.values()
    }

    /// The bounds of the scenarios, in order.
    pub fn bounds(&self) -> impl Iterator<Item = &Bounds> {
        self.bounds.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.verdicts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }

    /// How `runs` differ: the gravest first, then by name. What `covers` says should have been run and
    /// was not has vanished. An inconclusive run says nothing, and differs from nothing; of one that was
    /// cut short after a violation, and of one in full, the counts mean nothing.
    pub fn compare(&self, runs: &[Run], covers: impl Fn(&Expected) -> bool) -> Vec<Difference> {
        let mut differences: Vec<Difference> = runs
            .iter()
            .filter(|r| r.verdict != Verdict::Inconclusive)
            .filter_map(|run| {
                let now = Expected::of(run);
                let committed = self.verdicts.get(&now.key()).cloned();
                let kind = match &committed {
                    None => Kind::New,
                    Some(c) if c.verdict != now.verdict => Kind::Verdict,
                    _ if run.reason.is_some() => return None,
                    Some(c) if c.length != now.length => Kind::Length,
                    Some(c) if run.reduced && counts(c) != counts(&now) => Kind::Count,
                    Some(_) => return None,
                };
                Some(Difference {
                    kind,
                    committed,
                    now: Some(now),
                })
            })
            .collect();
        let run: std::collections::BTreeSet<Key> =
            runs.iter().map(|r| Expected::of(r).key()).collect();
        let gone = self.verdicts.values();
        let gone = gone.filter(|e| covers(e) && !run.contains(&e.key()));
        differences.extend(gone.map(|e| Difference {
            kind: Kind::Vanished,
            committed: Some(e.clone()),
            now: None,
        }));
        differences.sort_by_cached_key(|d| (d.kind, d.of()));
        differences
    }

    /// Takes over the verdicts of reduced, conclusive runs in these scenarios. With `only`, what is
    /// committed and was not run is dropped.
    pub fn accept(&mut self, runs: &[Run], scenarios: &[Scenario], only: bool) {
        if only {
            *self = Expectations::default();
        }
        for run in runs.iter().filter(|r| r.reduced && r.reason.is_none()) {
            let expected = Expected::of(run);
            self.verdicts.insert(expected.key(), expected);
        }
        for scenario in scenarios {
            let run = |e: &Expected| e.scenario == scenario.id;
            if self.verdicts.values().any(run) {
                self.bounds
                    .insert(scenario.id.clone(), Bounds::of(scenario));
            }
        }
    }

    /// Says which runs have their counterexample stored, under which name.
    pub fn name_traces(&mut self, names: &BTreeMap<Key, String>) {
        for (key, expected) in &mut self.verdicts {
            expected.trace = names.get(key).cloned();
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        format!(
            "{{\"schema\":{SCHEMA},\"bounds\":[\n{}\n],\"verdicts\":[\n{}\n]}}\n",
            results::lines(self.bounds.values()),
            results::lines(self.verdicts.values())
        )
    }
}

fn counts(e: &Expected) -> (usize, usize, usize, &str) {
    (e.states, e.transitions, e.depth, &e.engine)
}

impl From<File> for Expectations {
    fn from(file: File) -> Self {
        Expectations {
            verdicts: file.verdicts.into_iter().map(|e| (e.key(), e)).collect(),
            bounds: file
                .bounds
                .into_iter()
                .map(|b| (b.scenario.clone(), b))
                .collect(),
        }
    }
}
