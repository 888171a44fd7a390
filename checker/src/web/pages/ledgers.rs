//! Claims, bugs, ablation and cost: what the command line prints, each line with the trace it leads to.

use std::path::Path;

use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::claims as catalogue;
use foliocheck_specs::invariants::errors;
use serde::Serialize;

use crate::ablation::Outcome;
use crate::claims::{self, Evidence};
use crate::cost::{self, Bill, Figure};
use crate::engine::limits::Limits;
use crate::itf::{Document, ENDING};
use crate::report::{ablation, claims as ledger};
use crate::results;
use crate::trace::TraceStep;
use crate::web::error::{ApiError, chain};
use crate::web::library::Library;
use crate::web::pages::path::Choice;
use crate::web::subject::{Place, Subject};
use crate::without::{ablated, written};

fn failed(error: &dyn std::error::Error) -> ApiError {
    ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, chain(error))
}

/// A claim.
#[derive(Serialize)]
pub struct ClaimPage {
    #[serde(flatten)]
    entry: ledger::Entry,
    /// The outcome in words.
    says: String,
    /// By evidence: the trace that it rests on.
    traces: Vec<Option<Subject>>,
}

/// All claims with their committed outcomes.
///
/// # Errors
/// If the committed file or the list of claims cannot be read.
pub fn claims(folder: &Path) -> Result<Vec<ClaimPage>, ApiError> {
    let all = catalogue::own().map_err(|e| failed(&e))?;
    let committed: Option<ledger::Document> =
        results::read(&folder.join("claims.json"), ledger::SCHEMA).map_err(|e| failed(&e))?;
    let entries = committed.map(|d| d.claims).unwrap_or_default();
    Ok(entries
        .into_iter()
        .map(|entry| {
            let claim = all.iter().find(|c| c.id == entry.id);
            let checks = claim.map(claims::checks).unwrap_or_default();
            let traces = entry.evidence.iter().enumerate().map(|(n, evidence)| {
                let check = checks.get(n).map(|(_, check)| *check);
                check.and_then(|check| rests_on(evidence, check))
            });
            ClaimPage {
                says: entry.outcome.text(),
                traces: traces.collect(),
                entry,
            }
        })
        .collect())
}

fn rests_on(evidence: &Evidence, check: &catalogue::Check) -> Option<Subject> {
    Some(Subject {
        place: Place {
            scheme: check.scheme.clone(),
            without: check.without.iter().map(written).collect(),
            scenario: evidence.scenario.clone()?,
        },
        invariant: check.invariant.clone(),
    })
}

/// The traces that claims rest on, those of whole schemes left out.
pub fn claimed(claims: &[ClaimPage]) -> Vec<Subject> {
    claims
        .iter()
        .flat_map(|c| c.traces.iter().flatten())
        .filter(|subject| !subject.place.without.is_empty())
        .cloned()
        .collect()
}

/// A bug.
#[derive(Serialize)]
pub struct BugPage {
    id: &'static str,
    title: &'static str,
    kernel: &'static str,
    fix: &'static str,
    story: String,
    test: Option<&'static str>,
    /// Why the model does not carry it.
    reason: Option<&'static str>,
    cases: Vec<CasePage>,
}

#[derive(Serialize)]
struct CasePage {
    title: &'static str,
    removed: Vec<String>,
    /// Steps of the committed trace.
    length: Option<usize>,
    buggy: Subject,
    fixed: Subject,
}

/// Steps of a stored trace, if there is one.
fn stored_length(path: &Path) -> Result<Option<usize>, ApiError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let document = Document::parse(&text).map_err(|e| failed(&e))?;
            Ok(Some(document.trace.length))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(&e)),
    }
}

/// All bugs.
///
/// # Errors
/// If a committed trace cannot be read.
pub fn bugs(folder: &Path) -> Result<Vec<BugPage>, ApiError> {
    let mut pages = Vec::new();
    for bug in bugs::all() {
        let (carried, reason) = match bug.carried {
            Carried::Cases(cases) => (cases, None),
            Carried::No(reason) => (Vec::new(), Some(reason)),
        };
        let mut cases = Vec::new();
        for (n, case) in carried.into_iter().enumerate() {
            let name = format!("{}-{}", bug.id, n + 1);
            let path = folder.join("bugs").join(format!("{name}{ENDING}"));
            let length = stored_length(&path)?;
            let subject = |suffix: &str| Subject {
                place: Place {
                    scheme: format!("bug:{name}{suffix}"),
                    without: Vec::new(),
                    scenario: case.scenario.to_owned(),
                },
                invariant: case.invariant.to_owned(),
            };
            cases.push(CasePage {
                title: case.title,
                removed: case
                    .buggy
                    .ablations
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                length,
                buggy: subject(""),
                fixed: subject(":fixed"),
            });
        }
        pages.push(BugPage {
            id: bug.id,
            title: bug.title,
            kernel: bug.kernel,
            fix: bug.fix,
            story: bug.story.replace('\n', " "),
            test: bug.test,
            reason,
            cases,
        });
    }
    Ok(pages)
}

/// Both twins of every case.
pub fn cases(bugs: &[BugPage]) -> Vec<Subject> {
    bugs.iter()
        .flat_map(|b| &b.cases)
        .flat_map(|c| [c.buggy.clone(), c.fixed.clone()])
        .collect()
}

/// A part of a scheme or of the kernel below it.
#[derive(Serialize)]
pub struct PartPage {
    #[serde(flatten)]
    outcome: Outcome,
    name: String,
    /// How it is removed in an address.
    without: String,
}

/// What each part of a scheme is for.
///
/// # Errors
/// If nothing is committed, or it cannot be read.
pub fn ablation(library: &Library, folder: &Path, scheme: &str) -> Result<Vec<PartPage>, ApiError> {
    let names = library.schemes.iter().map(|s| s.id);
    if !names.clone().any(|s| s == scheme) {
        return Err(ApiError::unknown("scheme", scheme, names));
    }
    let path = folder.join("ablation").join(format!("{scheme}.json"));
    let committed: Option<ablation::Document> =
        results::read(&path, ablation::SCHEMA).map_err(|e| failed(&e))?;
    let Some(document) = committed else {
        return Err(ApiError::missing(format!(
            "no ablation of {scheme} is committed; `{}` makes one",
            library.command(["ablate", scheme, "--bless"])
        )));
    };
    Ok(document
        .outcomes
        .into_iter()
        .map(|outcome| PartPage {
            name: outcome.removal.name(),
            without: ablated(&outcome.removal),
            outcome,
        })
        .collect())
}

/// The traces that show what the parts of a scheme are for.
pub fn broken(scheme: &str, parts: &[PartPage]) -> Vec<Subject> {
    let subject = |part: &PartPage, scenario: &str, invariant: &str| Subject {
        place: Place {
            scheme: scheme.to_owned(),
            without: vec![part.without.clone()],
            scenario: scenario.to_owned(),
        },
        invariant: invariant.to_owned(),
    };
    let mut subjects = Vec::new();
    for part in parts {
        let breaks = part.outcome.breaks.iter();
        subjects.extend(breaks.map(|b| subject(part, &b.scenario, &b.invariant)));
        let erred = part.outcome.errs.iter().filter(|e| e.length.is_some());
        subjects.extend(erred.map(|e| subject(part, &e.scenario, errors::INVARIANT.id)));
    }
    subjects
}

/// What a scheme costs.
#[derive(Serialize)]
pub struct BillPage {
    #[serde(flatten)]
    bill: Bill,
    /// By figure: the cycle that makes it unbounded, as steps by name.
    cycles: Vec<Option<Vec<Choice>>>,
}

/// What every scheme costs in a scenario, today's kernel first.
///
/// # Errors
/// If there is no such scenario, or something cannot be run.
pub fn cost(library: &Library, scenario: &str, limits: &Limits) -> Result<Vec<BillPage>, ApiError> {
    let scenario = library.scenario(scenario)?;
    let started = std::time::Instant::now();
    let concerned = library
        .schemes
        .iter()
        .filter(|scheme| scheme.family.concerns(&scenario.setup));
    concerned
        .map(|scheme| {
            // The time is that of all of them together.
            let left = |t: std::time::Duration| t.saturating_sub(started.elapsed());
            let limits = Limits {
                timeout: limits.timeout.map(left),
                ..*limits
            };
            let bill =
                cost::bill(scheme, scenario, &limits).map_err(|e| ApiError::refused(chain(&e)))?;
            let cycle = |figure: &Figure| {
                let steps = figure.cycle.iter().flat_map(|c| &c.steps);
                let named = |s: &TraceStep| {
                    Choice(s.task.clone(), s.id.clone(), s.branch.clone(), Vec::new())
                };
                figure.cycle.is_some().then(|| steps.map(named).collect())
            };
            Ok(BillPage {
                cycles: bill.figures.iter().map(cycle).collect(),
                bill,
            })
        })
        .collect()
}
