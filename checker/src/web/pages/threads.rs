//! What loom found in the units whose verdicts are committed.

use std::path::Path;

use serde::Serialize;

use crate::threads::ledger::{self, Line};
use crate::web::library::Library;
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
    /// Of a folder of results. A page without them is better than none. They are kept for the project's scenarios only.
    pub fn read(folder: &Path, library: &Library) -> Threads {
        match ledger::read(folder) {
            Ok(Some(units)) => Threads {
                units,
                problem: None,
            },
            Ok(None) if library.folder.is_some() => Threads::without(format!(
                "what loom finds is not kept for scenarios of your own; `{}` runs them",
                library.command(["check", "--engine", "loom"])
            )),
            Ok(None) => Threads::without(format!(
                "what loom found is not committed here; `{}` writes it",
                library.command(["check", "--bless"])
            )),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_is_for_the_scenarios_at_hand() {
        let nothing = tempfile::tempdir().expect("a folder");
        let mut library = Library::new(Vec::new(), Vec::new());
        let said = |library: &Library| Threads::read(nothing.path(), library).problem;
        let problem = said(&library).expect("nothing is committed");
        assert!(
            problem.contains("`foliocheck check --bless` writes it"),
            "{problem}"
        );
        library.folder = Some("mine".to_owned());
        let problem = said(&library).expect("nothing is kept");
        let command = "`foliocheck check --engine loom --scenarios mine` runs them";
        assert!(problem.contains(command), "{problem}");
    }
}
