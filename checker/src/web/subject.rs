//! What a page is about, named as in its address: a kernel, a scenario, an invariant.
//!
//! A *kernel* is a scheme (`stable-pin`), or a twin of a real bug (`bug:H16-1`, `bug:H16-1:fixed`), with
//! or without [parts](crate::without) removed.

use std::fmt::Write as _;

use foliocheck_specs::bugs::{self, Carried, Twin};
use foliocheck_specs::claims::Without;
use serde::{Deserialize, Serialize};

use crate::itf;
use crate::suite::Unit;
use crate::verdict::Run;
use crate::web::error::ApiError;
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

/// The twin of that name: `H16-1`, `H16-1:fixed`.
///
/// # Errors
/// If there is no such case.
pub fn twin(name: &str) -> Result<Twin, ApiError> {
    Ok(found(name)?.1)
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
