//! `foliocheck claims`.

use foliocheck_specs::claims as catalogue;

use super::args::{ClaimsArgs, Format};
use super::bounds::{Bounds, options};
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::out::{eprintln, print};
use super::progress::Progress;
use super::select::{self, Place};
use crate::claims::{self as engine, Judged, Outcome};
use crate::gate;
use crate::report::claims as report;
use crate::report::terminal::fit;
use crate::results::{self, Batch, Lock};
use crate::verdict::Run;

/// Claims, judged, and how they differ from what is committed.
pub struct Ledger {
    /// The claims.
    pub judged: Vec<Judged>,
    /// How many came out how.
    pub summary: String,
    /// A line for each difference.
    pub differences: Vec<String>,
}

impl Ledger {
    /// The exit code.
    pub fn code(&self) -> u8 {
        if !self.differences.is_empty() {
            UNEXPECTED
        } else if self.is_open() {
            INCONCLUSIVE
        } else {
            0
        }
    }

    /// Some claim is open or untested.
    pub fn is_open(&self) -> bool {
        self.judged.iter().any(|j| unsettled(&j.outcome))
    }
}

/// Prints the ledger. The exit code.
pub fn claims(place: &Place, args: &ClaimsArgs) -> anyhow::Result<u8> {
    if args.bless && !args.claim.is_empty() {
        anyhow::bail!("nothing blessed: what is committed is of all claims; name none");
    }
    let picked = select::matching(catalogue::own()?, &args.claim, "claim", |c| &c.id)?;
    let mut ledger = judge(place, &args.bounds, &picked, &[])?;
    if args.bless {
        let _lock = Lock::exclusive(&place.results())?;
        let scenarios = place.scenarios()?;
        let mut batch = Batch::default();
        plan(&mut batch, place, &ledger)?;
        gate::page(&mut batch, &place.results(), place.catalogue(&scenarios))?;
        batch.commit(&place.results())?;
        ledger.differences.clear();
    }
    match args.format {
        Format::Json => print!("{}", report::json(&ledger.judged)),
        Format::Markdown => print!("{}", report::markdown(&report::entries(&ledger.judged))),
        Format::Table => print!("{}", fit(&report::text(&ledger.judged))),
    }
    if !ledger.differences.is_empty() {
        eprintln!("Not as committed (accept with --bless):");
        for line in &ledger.differences {
            eprintln!("  {line}");
        }
    }
    Ok(ledger.code())
}

/// All claims, as part of a check: what the check has run is not run again.
pub fn ledger(place: &Place, bounds: &Bounds, known: &[Run]) -> anyhow::Result<Ledger> {
    judge(place, bounds, &catalogue::own()?, known)
}

/// Adds the outcomes.
pub fn plan(batch: &mut Batch, place: &Place, ledger: &Ledger) -> anyhow::Result<()> {
    if let Some(open) = ledger.judged.iter().find(|j| unsettled(&j.outcome)) {
        anyhow::bail!(
            "nothing blessed: {} is {}",
            open.claim.id,
            open.outcome.text()
        );
    }
    batch.write(path(place), report::json(&ledger.judged));
    Ok(())
}

fn judge(
    place: &Place,
    bounds: &Bounds,
    claims: &[catalogue::Claim],
    known: &[Run],
) -> anyhow::Result<Ledger> {
    let progress = Progress::start("claims", None)?;
    let judged = engine::judge(
        claims,
        &place.scenarios()?,
        known,
        &options(bounds, false),
        bounds.jobs(),
        &|units, unit| progress.one_of(units, unit.scenario.id.as_str()),
    )?;
    progress.end();
    let whole = claims.len() == catalogue::own()?.len();
    Ok(Ledger {
        summary: report::summary(&judged),
        differences: differences(place, &judged, whole)?,
        judged,
    })
}

fn path(place: &Place) -> std::path::PathBuf {
    place.results().join("claims.json")
}

fn unsettled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Open | Outcome::Untested)
}

/// A line for each claim with another outcome than is committed; with `whole`, also for each that is
/// committed and gone. What is open differs from nothing; what is untested is a defect.
fn differences(place: &Place, judged: &[Judged], whole: bool) -> anyhow::Result<Vec<String>> {
    let committed: Option<report::Document> = results::read(&path(place), report::SCHEMA)?;
    let Some(committed) = committed else {
        return Ok(vec!["nothing is committed".to_owned()]);
    };
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
