//! `foliocheck check --bug`: real bugs and their fixed twins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use foliocheck_specs::bugs::{self as catalogue, Bug, Carried};

use super::args::{CheckArgs, Format};
use super::bounds::options;
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::out;
use super::out::{print, println};
use super::progress::Progress;
use super::select::{self, Place};
use crate::bugs::{self as engine, Tried};
use crate::gate::{self, traces};
use crate::itf::Document;
use crate::report::bugs as report;
use crate::report::terminal::fit;
use crate::results::{Batch, Lock};
use crate::suite::Options;

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
    let options = options(&args.bounds, args.full);
    let mut outcome = try_all(place, &options, args.bounds.jobs(), &bugs)?;
    if args.bless {
        let _lock = Lock::exclusive(&place.results())?;
        let scenarios = place.scenarios()?;
        let mut batch = Batch::default();
        plan(&mut batch, place, &outcome.cases, false)?;
        gate::page(&mut batch, &place.results(), place.catalogue(&scenarios))?;
        batch.commit(&place.results())?;
        outcome.differences.clear();
    }
    let bug = |t: &Tried| bugs.iter().find(|b| b.id == t.bug);
    match args.format {
        Format::Json => println!(
            "{}",
            serde_json::json!({"schema": report::SCHEMA, "cases": outcome.cases})
        ),
        Format::Markdown | Format::Table => {
            for (tried, bug) in outcome.cases.iter().filter_map(|t| Some((t, bug(t)?))) {
                print!("{}", fit(&report::text(tried, bug)));
            }
            for reason in reasons {
                println!("{reason}");
            }
            print!("{}", report::summary(&outcome.cases));
            out::differences(&outcome.differences);
        }
    }
    Ok(outcome.code())
}

/// Runs both twins of each case, and compares the traces with the stored ones.
pub fn try_all(
    place: &Place,
    options: &Options,
    jobs: usize,
    bugs: &[Bug],
) -> anyhow::Result<Outcome> {
    let scenarios = place.scenarios()?;
    let progress = Progress::start("bugs", None)?;
    let cases = engine::try_all(bugs, &scenarios, options, jobs, &|runs, unit| {
        progress.one_of(runs, unit.scenario.id.as_str());
    })?;
    progress.end();
    let stored = traces::stored(&Batch::default(), &folder(place))?;
    let stored: BTreeMap<String, Document> = stored
        .into_iter()
        .filter_map(|s| Some((s.document.subject.bug.as_ref()?.to_string(), s.document)))
        .collect();
    let mut differences = Vec::new();
    for (tried, now) in cases.iter().filter_map(exact) {
        let what = match stored.get(&tried.name()) {
            Some(old) if old == now => continue,
            None => "no trace is committed".to_owned(),
            Some(old) => format!(
                "another trace ({} steps, committed: {})",
                now.trace.length, old.trace.length
            ),
        };
        differences.push(format!("{}: {what}", tried.name()));
    }
    Ok(Outcome { cases, differences })
}

fn folder(place: &Place) -> PathBuf {
    place.results().join("bugs")
}

/// The case with its counterexample, if that is known to be the shortest.
fn exact(tried: &Tried) -> Option<(&Tried, &Document)> {
    let known = tried.buggy.reason.is_none() && tried.buggy.reduced;
    Some((tried, tried.document.as_ref().filter(|_| known)?))
}

/// Adds the traces. With `only`, those of other cases are dropped.
pub fn plan(batch: &mut Batch, place: &Place, cases: &[Tried], only: bool) -> anyhow::Result<()> {
    if let Some(wrong) = cases.iter().find(|t| !t.as_it_must()) {
        anyhow::bail!(
            "nothing blessed: {} does not show, or its fix does not hold",
            wrong.bug
        );
    }
    let files = cases.iter().filter_map(exact).map(|(t, d)| (t.name(), d));
    traces::put(batch, &folder(place), files, only)?;
    Ok(())
}
