//! Real bugs, run: the buggy twin of each case must violate its invariant, the fixed one must keep it.

use foliocheck_specs::bugs::{Bug, Carried, Case, Twin};
use foliocheck_specs::{Scenario, invariants};
use serde::Serialize;

use crate::itf::{BugCase, Document};
use crate::suite::{self, Options, Unit, UnitError};
use crate::verdict::{Run, Verdict};

/// A case, run both ways.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// The bug's number.
    pub bug: &'static str,
    /// The case's number, from 1.
    pub number: usize,
    /// What is wrong in the buggy twin.
    pub case: &'static str,
    /// What is removed or misplaced in the buggy twin.
    pub removed: Vec<String>,
    /// The buggy twin's run.
    pub buggy: Run,
    /// The fixed twin's run.
    pub fixed: Run,
    /// The buggy twin's counterexample, if it has one.
    #[serde(skip)]
    pub document: Option<Document>,
}

impl Tried {
    /// Both twins do what they must.
    pub fn as_it_must(&self) -> bool {
        self.buggy.verdict == Verdict::Violated && self.fixed.verdict == Verdict::Holds
    }

    /// A twin was cut short, and neither did what it must not.
    pub fn is_open(&self) -> bool {
        let open = |r: &Run| r.verdict == Verdict::Inconclusive;
        (open(&self.buggy) || open(&self.fixed))
            && self.buggy.verdict != Verdict::Holds
            && self.fixed.verdict != Verdict::Violated
    }

    /// `H01-1`: the name of its files.
    pub fn name(&self) -> String {
        format!("{}-{}", self.bug, self.number)
    }
}

/// A case that cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BugError {
    /// There is no such scenario or invariant.
    #[error("{bug}: there is no {kind} `{name}`")]
    Unknown {
        /// The bug.
        bug: &'static str,
        /// Scenario or invariant.
        kind: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A twin could not be run.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// The invariant does not apply to the scenario.
    #[error("{bug}: {invariant} does not apply to {scenario}")]
    NotApplicable {
        /// The bug.
        bug: &'static str,
        /// The invariant.
        invariant: &'static str,
        /// The scenario.
        scenario: &'static str,
    },
}

/// Runs every case of the bugs that the model carries; `done` is called with the number of runs, after
/// each.
///
/// # Errors
/// If a case cannot be run.
pub fn try_all(
    bugs: &[Bug],
    scenarios: &[Scenario],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(usize, &Unit) + Sync),
) -> Result<Vec<Tried>, BugError> {
    let mut cases = Vec::new();
    let mut units = Vec::new();
    for bug in bugs {
        let Carried::Cases(of_bug) = &bug.carried else {
            continue;
        };
        for (n, case) in of_bug.iter().enumerate() {
            cases.push((bug, n + 1, case));
            units.push(unit(bug, case, &case.buggy, scenarios)?);
            units.push(unit(bug, case, &case.fixed, scenarios)?);
        }
    }
    let answers = suite::run_all(&units, options, jobs, &|unit| done(units.len(), unit));
    let mut runs = Vec::new();
    for (unit, answer) in units.iter().zip(answers) {
        runs.push((unit, answer?.runs.into_iter().next()));
    }
    let mut tried = Vec::new();
    for ((bug, number, case), pair) in cases.into_iter().zip(runs.chunks(2)) {
        let run = |n: usize| {
            pair[n].1.clone().ok_or(BugError::NotApplicable {
                bug: bug.id,
                invariant: case.invariant,
                scenario: case.scenario,
            })
        };
        let buggy = run(0)?;
        let named = BugCase {
            id: bug.id.to_owned(),
            case: number,
        };
        tried.push(Tried {
            bug: bug.id,
            number,
            case: case.title,
            removed: pair[0]
                .0
                .ablations
                .iter()
                .map(ToString::to_string)
                .collect(),
            document: Document::of_run(&buggy, pair[0].0, Some(named))
                .map_err(|source| pair[0].0.error(source))?,
            buggy,
            fixed: run(1)?,
        });
    }
    Ok(tried)
}

fn unit(bug: &Bug, case: &Case, twin: &Twin, scenarios: &[Scenario]) -> Result<Unit, BugError> {
    let unknown = |kind, name| BugError::Unknown {
        bug: bug.id,
        kind,
        name,
    };
    let scenario = scenarios.iter().find(|s| s.id == case.scenario);
    Ok(Unit {
        scheme: twin.scheme.clone(),
        scenario: scenario
            .cloned()
            .ok_or_else(|| unknown("scenario", case.scenario))?,
        ablations: twin.ablations.clone(),
        ask: vec![
            invariants::by_id(case.invariant)
                .ok_or_else(|| unknown("invariant", case.invariant))?,
        ],
    })
}
