//! What a page can name: schemes, scenarios, invariants, and what is committed of them.

use foliocheck_specs::bugs::Twin;
use foliocheck_specs::claims::Without;
use foliocheck_specs::invariants::errors;
use foliocheck_specs::{Instance, Invariant, Scenario, Scheme, instance, invariants};

use crate::command;
use crate::itf::replay::Catalogue;
use crate::suite::Unit;
use crate::web::committed::Committed;
use crate::web::error::ApiError;
use crate::web::subject::{Place, twin};
use crate::without::parse;

/// What can be named.
pub struct Library {
    /// Schemes.
    pub schemes: Vec<Scheme>,
    /// Scenarios.
    pub scenarios: Vec<Scenario>,
    /// Guarantees.
    pub invariants: Vec<Invariant>,
    /// What is committed of them.
    pub committed: Committed,
    /// The folder of somebody's own scenarios, as it was named on the command line.
    pub folder: Option<String>,
}

impl Library {
    /// These schemes and scenarios, and every invariant.
    pub fn new(schemes: Vec<Scheme>, scenarios: Vec<Scenario>) -> Library {
        Library {
            schemes,
            scenarios,
            invariants: invariants::all(),
            committed: Committed::default(),
            folder: None,
        }
    }

    /// What a trace file can be about.
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue {
            schemes: &self.schemes,
            scenarios: &self.scenarios,
        }
    }

    /// The command line that runs this program with these arguments, for these scenarios.
    pub fn command<'w>(&'w self, words: impl IntoIterator<Item = &'w str>) -> String {
        let folder = self.folder.iter().flat_map(|f| ["--scenarios", f]);
        command::named(words.into_iter().chain(folder))
    }

    /// The kernel's rules and what is removed from its programs.
    ///
    /// # Errors
    /// If there is no such scheme, bug, rule or kind of part.
    pub fn kernel(&self, place: &Place) -> Result<Twin, ApiError> {
        let Twin {
            mut scheme,
            mut ablations,
        } = match place.scheme.strip_prefix("bug:") {
            Some(bug) => twin(bug)?,
            None => Twin::new(
                named(&self.schemes, &place.scheme, "scheme", |s| s.id)?.clone(),
                [],
            ),
        };
        for removed in &place.without {
            match parse(removed)? {
                Without::Rule(rule) => {
                    let names = scheme.rule_names();
                    if !names.contains(&rule.as_str()) {
                        return Err(ApiError::unknown("rule", &rule, names));
                    }
                    scheme = scheme.without(&rule);
                }
                Without::Step(ablation) => ablations.push(ablation),
            }
        }
        Ok(Twin { scheme, ablations })
    }

    /// The scenario of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn scenario(&self, name: &str) -> Result<&Scenario, ApiError> {
        named(&self.scenarios, name, "scenario", |s| &s.id)
    }

    /// The invariant of that name, and the one that is no guarantee: that no step errs.
    ///
    /// # Errors
    /// If there is none.
    pub fn invariant(&self, name: &str) -> Result<Invariant, ApiError> {
        if name == errors::INVARIANT.id {
            return Ok(errors::INVARIANT);
        }
        named(&self.invariants, name, "invariant", |i| i.id).copied()
    }

    /// What is explored to answer the invariants asked.
    ///
    /// # Errors
    /// If something of the place is unknown.
    pub fn unit(&self, place: &Place, ask: Vec<Invariant>) -> Result<Unit, ApiError> {
        let Twin { scheme, ablations } = self.kernel(place)?;
        Ok(Unit {
            scheme,
            scenario: self.scenario(&place.scenario)?.clone(),
            ablations,
            ask,
        })
    }
}

/// The system of a unit as it is written, with every invariant that applies.
///
/// # Errors
/// If it cannot be built.
pub fn build(unit: &Unit) -> Result<Instance, ApiError> {
    let setup = &unit.scenario.setup;
    let mut ask = instance::applicable(setup);
    let extra = unit.ask.iter().filter(|i| i.id == errors::INVARIANT.id);
    ask.extend(extra.copied());
    Instance::build(setup, &unit.scheme, &unit.ablations, &ask)
        .map_err(|error| ApiError::refused(error.to_string()))
}

/// The item of that name.
fn named<'a, T>(
    all: &'a [T],
    name: &str,
    kind: &str,
    id: impl Fn(&T) -> &str,
) -> Result<&'a T, ApiError> {
    all.iter()
        .find(|item| id(item) == name)
        .ok_or_else(|| ApiError::unknown(kind, name, all.iter().map(&id)))
}
