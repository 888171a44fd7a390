//! `foliocheck check --bug`: real bugs and their fixed twins.

use anstream::{print, println};
use foliocheck_specs::bugs::{self as catalogue, Bug, Carried};

use super::check::{options, print_lines};
use super::progress::Progress;
use super::select::{self, Place};
use super::{CheckArgs, Format, INCONCLUSIVE, UNEXPECTED};
use crate::bugs::{self as engine, Tried};
use crate::report::bugs as report;
use crate::results;
use crate::verdict::Run;

/// Cases that were run, and how they differ from what is committed.
pub struct Outcome {
    /// The cases.
    pub cases: Vec<Tried>,
    /// A line for each difference.
    pub differences: Vec<String>,
}

impl Outcome {
    /// The exit code.
    pub fn code(&self) -> u8 {
        let wrong = |t: &Tried| !t.as_it_must() && !t.is_open();
        if self.cases.iter().any(wrong) || !self.differences.is_empty() {
            UNEXPECTED
        } else if self.cases.iter().any(Tried::is_open) {
            INCONCLUSIVE
        } else {
            0
        }
    }
}

/// Every bug.
pub fn all() -> Vec<Bug> {
    catalogue::all()
}

/// Runs the bugs that were asked for. The exit code.
pub fn check(place: &Place, args: &CheckArgs) -> anyhow::Result<u8> {
    let bugs = select::matching(all(), &args.bug, "bug", |b| b.id)?;
    let reasons: Vec<String> = bugs
        .iter()
        .filter_map(|b| match &b.carried {
            Carried::No(reason) => Some(format!("{} is not carried: {reason}", b.id)),
            Carried::Cases(_) => None,
        })
        .collect();
    if reasons.len() == bugs.len() {
        anyhow::bail!("{}", reasons.join("; "));
    }
    let outcome = try_all(place, args, &bugs)?;
    let bug = |t: &Tried| bugs.iter().find(|b| b.id == t.bug);
    match args.format {
        Format::Json => println!(
            "{}",
            serde_json::json!({"schema": report::SCHEMA, "cases": outcome.cases})
        ),
        Format::Markdown | Format::Table => {
            for (tried, bug) in outcome.cases.iter().filter_map(|t| Some((t, bug(t)?))) {
                print!("{}", report::text(tried, bug));
            }
            for reason in reasons {
                println!("{reason}");
            }
            print!("{}", report::summary(&outcome.cases));
            print_lines(&outcome.differences);
        }
    }
    Ok(outcome.code())
}

/// Runs both twins of each case; stores the traces if `--bless`, else compares them with the stored ones.
pub fn try_all(place: &Place, args: &CheckArgs, bugs: &[Bug]) -> anyhow::Result<Outcome> {
    let progress = Progress::start()?;
    let cases = engine::try_all(
        bugs,
        &place.scenarios()?,
        &options(&args.bounds, args.full),
        args.bounds.jobs(),
        &|runs, unit| progress.one_of(runs, unit.scenario.id.as_str()),
    )?;
    progress.end();
    let folder = place.results().join("bugs");
    let mut differences = Vec::new();
    for tried in &cases {
        // A counterexample of a run that was cut short need not be the shortest.
        let exact = |run: &Run| run.reason.is_none() && run.reduced;
        let Some(text) = report::stored(tried).filter(|_| exact(&tried.buggy)) else {
            continue;
        };
        let path = folder.join(format!("{}.json", tried.name()));
        if args.bless {
            if !tried.as_it_must() {
                anyhow::bail!(
                    "nothing blessed: {} does not show, or its fix does not hold",
                    tried.bug
                );
            }
            results::write(&path, &text)?;
        } else if let Some(what) = difference(&path, &text)? {
            differences.push(format!("{}: {what}", tried.name()));
        }
    }
    Ok(Outcome { cases, differences })
}

fn difference(path: &std::path::Path, text: &str) -> anyhow::Result<Option<String>> {
    let now: serde_json::Value = serde_json::from_str(text)?;
    let committed: Option<serde_json::Value> = results::read(path, report::SCHEMA)?;
    Ok(match committed {
        None => Some("no trace is committed".to_owned()),
        Some(old) if old == now => None,
        Some(old) => Some(format!(
            "another trace ({} steps, committed: {})",
            now["trace"]["length"], old["trace"]["length"]
        )),
    })
}
