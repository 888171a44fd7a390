//! What a page is about, named as in its address: a kernel, a scenario, an invariant.
//!
//! A *kernel* is a scheme (`stable-pin`), or a twin of a real bug (`bug:H16-1`, `bug:H16-1:fixed`), with
//! or without [parts](crate::without) removed.

use std::fmt::Write as _;

use foliocheck_specs::bugs::{self, Carried, Twin};
use foliocheck_specs::claims::Without;
use foliocheck_specs::invariants::errors;
use foliocheck_specs::{Instance, Invariant, Scenario, Scheme, instance, invariants};
use serde::{Deserialize, Serialize};

use super::committed::Committed;
use super::error::ApiError;
use crate::command;
use crate::itf;
use crate::suite::Unit;
use crate::verdict::Run;
use crate::without::{PartError, parse, written};

/// A kernel and a scenario.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The scheme, or the bug's twin.
    pub scheme: String,
    /// What is removed from it, in order.
    #[serde(default)]
    pub without: Vec<String>,
    /// The scenario.
    pub scenario: String,
}

/// A place and the invariant that is asked there.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The invariant.
    pub invariant: String,
}

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
            Some(bug) => found(bug)?.1,
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

/// A case of a real bug.
#[derive(Clone, Debug, Serialize)]
pub struct BugName {
    /// The bug.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What is wrong in this case.
    pub case: &'static str,
    /// It is the twin without the bug.
    pub fixed: bool,
}

/// `H16-1`, `H16-1:fixed`.
fn found(name: &str) -> Result<(BugName, Twin), ApiError> {
    let (case, fixed) = match name.strip_suffix(":fixed") {
        Some(case) => (case, true),
        None => (name, false),
    };
    for bug in bugs::all() {
        let Carried::Cases(cases) = bug.carried else {
            continue;
        };
        for (n, found) in cases.into_iter().enumerate() {
            if case == format!("{}-{}", bug.id, n + 1) {
                let name = BugName {
                    id: bug.id,
                    title: bug.title,
                    case: found.title,
                    fixed,
                };
                return Ok((name, if fixed { found.fixed } else { found.buggy }));
            }
        }
    }
    Err(ApiError::missing(format!(
        "no case `{case}` of a real bug; they are named like H16-1, and listed on the page of bugs"
    )))
}

impl From<PartError> for ApiError {
    fn from(error: PartError) -> ApiError {
        ApiError::refused(error.to_string())
    }
}

impl Place {
    /// The bug whose twin it is, if it is one.
    pub fn bug(&self) -> Option<BugName> {
        let name = self.scheme.strip_prefix("bug:")?;
        found(name).ok().map(|(bug, _)| bug)
    }
}

impl Subject {
    /// What a run of a whole scheme is about.
    pub fn of_run(run: &Run) -> Subject {
        Subject {
            place: Place {
                scheme: run.scheme.clone(),
                without: Vec::new(),
                scenario: run.scenario.clone(),
            },
            invariant: run.invariant.clone(),
        }
    }

    /// The address under which the API answers it. The page makes the same (`api.js`).
    pub fn path(&self) -> String {
        let Place {
            scheme,
            without,
            scenario,
        } = &self.place;
        let mut path = "/api/trace?".to_owned();
        let mut part = |key: &str, value: &str| {
            let ampersand = if path.ends_with('?') { "" } else { "&" };
            let _ = write!(path, "{ampersand}{key}=");
            // As URLSearchParams does it.
            for byte in value.bytes() {
                let _ = match byte {
                    b'*' | b'-' | b'.' | b'_' => path.write_char(byte.into()),
                    _ if byte.is_ascii_alphanumeric() => path.write_char(byte.into()),
                    b' ' => path.write_char('+'),
                    _ => write!(path, "%{byte:02X}"),
                };
            }
        };
        part("scheme", scheme);
        part("scenario", scenario);
        part("invariant", &self.invariant);
        if !without.is_empty() {
            part("without", &without.join(","));
        }
        path
    }

    /// How a trace file names it.
    ///
    /// # Errors
    /// If something removed is not understood.
    pub fn in_file(&self, unit: &Unit) -> Result<itf::Subject, ApiError> {
        let Place {
            scheme, without, ..
        } = &self.place;
        let bug = scheme.strip_prefix("bug:").and_then(|b| b.parse().ok());
        let mut printed = Vec::new();
        for removed in without {
            printed.push(parse(removed)?.to_string());
        }
        if scheme.starts_with("bug:") {
            printed = unit.ablations.iter().map(ToString::to_string).collect();
        }
        Ok(itf::Subject {
            scheme: unit.scheme.id.to_owned(),
            scenario: self.place.scenario.clone(),
            invariant: self.invariant.clone(),
            without: printed,
            bug,
        })
    }

    /// What a trace file is about.
    ///
    /// # Errors
    /// If what is removed is not understood.
    pub fn of_file(subject: &itf::Subject) -> Result<Subject, ApiError> {
        let (scheme, without) = if let Some(case) = &subject.bug {
            (format!("bug:{case}"), Vec::new())
        } else {
            let parts = subject.without.iter().map(|w| w.parse::<Without>());
            let parts: Result<Vec<Without>, String> = parts.collect();
            let parts = parts.map_err(ApiError::refused)?;
            (subject.scheme.clone(), parts.iter().map(written).collect())
        };
        Ok(Subject {
            place: Place {
                scheme,
                without,
                scenario: subject.scenario.clone(),
            },
            invariant: subject.invariant.clone(),
        })
    }
}
