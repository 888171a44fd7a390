//! What loom found in the units whose verdicts are committed.

use std::path::Path;

use serde::Serialize;

use crate::threads::ledger::{self, Line};
use crate::web::subject::{Place, Subject};

/// What is committed of units run as threads.
#[derive(Clone, Default, Debug, Serialize)]
pub struct Threads {
    /// A unit each; a unit that is not here was not run as threads.
    pub units: Vec<Line>,
    /// Why nothing is here, if it should be.
    pub problem: Option<String>,
}

impl Threads {
    /// Of a folder of results. A page without them is better than none.
    pub fn read(folder: &Path) -> Threads {
        match ledger::read(folder) {
            Ok(Some(units)) => Threads {
                units,
                problem: None,
            },
            Ok(None) => Threads::without(
                "what loom found is not committed here; `foliocheck check --bless` writes it",
            ),
            Err(error) => Threads::without(error.to_string()),
        }
    }

    fn without(problem: impl Into<String>) -> Threads {
        Threads {
            units: Vec::new(),
            problem: Some(problem.into()),
        }
    }

    /// What only weak memory violates.
    pub fn violated(&self) -> Vec<Subject> {
        let of = |unit: &Line, invariant: &String| Subject {
            place: Place {
                scheme: unit.scheme.clone(),
                without: Vec::new(),
                scenario: unit.scenario.clone(),
            },
            invariant: invariant.clone(),
        };
        let units = self.units.iter();
        units
            .flat_map(|unit| unit.violated.iter().map(move |i| of(unit, i)))
            .collect()
    }

    /// Keeps those of which `keep` says so, by scheme and scenario.
    pub fn retain(&mut self, keep: impl Fn(&str, &str) -> bool) {
        self.units.retain(|unit| keep(&unit.scheme, &unit.scenario));
    }
}
