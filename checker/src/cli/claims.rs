//! `foliocheck claims`.

use anstream::{eprintln, print};
use foliocheck_specs::claims as catalogue;

use super::check::options;
use super::progress::Progress;
use super::select::{self, Place};
use super::{Bounds, ClaimsArgs, Format, INCONCLUSIVE, UNEXPECTED};
use crate::claims::{self as engine, Judged, Outcome};
use crate::report::claims as report;
use crate::results;
use crate::verdict::Run;

/// Prints the ledger. The exit code.
pub fn claims(place: &Place, args: &ClaimsArgs) -> anyhow::Result<u8> {
    let all = catalogue::own()?;
    let whole = args.claim.is_empty();
    if args.bless && !whole {
        anyhow::bail!("nothing blessed: what is committed is of all claims; name none");
    }
    let picked = select::matching(all, &args.claim, "claim", |c| &c.id)?;
    let judged = judge(place, &args.bounds, &picked, &[])?;
    match args.format {
        Format::Json => print!("{}", report::json(&judged)),
        Format::Markdown => print!("{}", report::markdown(&judged)),
        Format::Table => print!("{}", report::text(&judged)),
    }
    let open = judged.iter().find(|j| unsettled(&j.outcome));
    if args.bless {
        if let Some(open) = open {
            anyhow::bail!("nothing blessed: {} is {}", open.claim.id, open.outcome.text());
        }
        results::write(&path(place), &report::json(&judged))?;
    }
    let differences = differences(place, &judged, whole)?;
    if !differences.is_empty() {
        eprintln!("Not as committed (accept with --bless):");
        for line in differences {
            eprintln!("  {line}");
        }
        return Ok(UNEXPECTED);
    }
    Ok(if open.is_some() { INCONCLUSIVE } else { 0 })
}

fn path(place: &Place) -> std::path::PathBuf {
    place.results().join("claims.json")
}

fn unsettled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Open | Outcome::Untested)
}

/// Judges claims; runs in `known` are not run again.
pub fn judge(
    place: &Place,
    bounds: &Bounds,
    claims: &[catalogue::Claim],
    known: &[Run],
) -> anyhow::Result<Vec<Judged>> {
    let progress = Progress::start()?;
    let judged = engine::judge(
        claims,
        &place.scenarios()?,
        known,
        &options(bounds, false),
        bounds.jobs(),
        &|units, unit| progress.one_of(units, unit.scenario.id.as_str()),
    )?;
    progress.end();
    Ok(judged)
}

/// A line for each claim with another outcome than is committed; with `whole`, also for each that is
/// committed and gone. What is open differs from nothing; what is untested is a defect.
pub fn differences(place: &Place, judged: &[Judged], whole: bool) -> anyhow::Result<Vec<String>> {
    let committed: report::Document =
        results::read(&path(place), report::SCHEMA)?.unwrap_or_default();
    let mut lines = Vec::new();
    for j in judged.iter().filter(|j| j.outcome != Outcome::Open) {
        let was = committed.claims.iter().find(|e| e.id == j.claim.id);
        let was = match was {
            Some(entry) if entry.outcome == j.outcome => continue,
            Some(entry) => entry.outcome.text(),
            None => "nothing".to_owned(),
        };
        let now = j.outcome.text();
        lines.push(format!("{}: {now} (committed: {was})", j.claim.id));
    }
    let gone = |e: &&report::Entry| whole && judged.iter().all(|j| j.claim.id != e.id);
    for entry in committed.claims.iter().filter(gone) {
        lines.push(format!("{}: committed, and no longer there", entry.id));
    }
    Ok(lines)
}
