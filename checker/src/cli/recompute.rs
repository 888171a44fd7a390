//! What the gate recomputes beside verdicts: all costs, and the ablation of some schemes. The rest of the ablation is
//! read, held to the schemes that there are, and said to be not recomputed.

use std::path::Path;

use foliocheck_specs::{Scenario, Scheme};
use sha2::{Digest as _, Sha256};

use super::ablate;
use super::args::Ablations;
use super::bounds::Bounds;
use super::cost;
use super::progress::Progress;
use super::select::Place;
use crate::ablation::{self, Scenarios};
use crate::gate::outcome::Section;
use crate::report::ablation::{self as report, Document};
use crate::results::{self, Batch};
use crate::suite::Options;

/// What was recomputed.
#[derive(Default)]
pub struct Recomputed {
    /// What differs.
    pub sections: Vec<Section>,
    /// What was not recomputed, in words.
    pub note: Option<String>,
    /// What is open, or could not be run.
    pub missing: Vec<String>,
}

/// Recomputes. Of the project's own results, what is not there is missed; of others, only what is there is held.
///
/// # Errors
/// If a file cannot be read, or something cannot be run.
pub fn recompute(
    place: &Place,
    scenarios: &[Scenario],
    options: &Options,
    bounds: &Bounds,
    ablations: Ablations,
    seed: u64,
) -> anyhow::Result<Recomputed> {
    let mut out = Recomputed::default();
    let own = place.is_own();
    if own || place.results().join("cost.json").exists() {
        costs(place, scenarios, options, bounds, &mut out)?;
    }
    let folder = place.results().join("ablation");
    let committed = read(&folder)?;
    if own || !committed.is_empty() {
        parts(
            place,
            &committed,
            options,
            bounds,
            (ablations, seed),
            &mut out,
        )?;
    }
    Ok(out)
}

fn costs(
    place: &Place,
    scenarios: &[Scenario],
    options: &Options,
    bounds: &Bounds,
    out: &mut Recomputed,
) -> anyhow::Result<()> {
    let pairs = cost::pairs(&place.schemes, scenarios);
    let progress = Progress::start("costs", None)?;
    let bills = cost::bills(&pairs, &options.limits, bounds.jobs());
    progress.end();
    let bills = bills?;
    if let Some(open) = bills.iter().find(|b| b.inconclusive.is_some()) {
        let why = open.inconclusive.as_deref().unwrap_or_default();
        let line = format!("costs of {} in {}: {why}", open.scheme, open.scenario);
        out.missing.push(line);
        return Ok(());
    }
    let now = crate::report::cost::entries(&bills);
    out.sections.push(Section {
        title: "costs recomputed",
        looked_at: now.len(),
        lines: cost::differences(place, &now)?,
    });
    Ok(())
}

/// A committed ablation, by the file's stem.
type Committed = Vec<(String, Document)>;

fn read(folder: &Path) -> anyhow::Result<Committed> {
    let mut committed = Vec::new();
    for path in Batch::default().list(folder, ".json")? {
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        if let Some(document) = results::read(&path, report::SCHEMA)? {
            committed.push((stem.unwrap_or_default(), document));
        }
    }
    Ok(committed)
}

fn parts(
    place: &Place,
    committed: &Committed,
    options: &Options,
    bounds: &Bounds,
    (ablations, seed): (Ablations, u64),
    out: &mut Recomputed,
) -> anyhow::Result<()> {
    let known = |id: &str| place.schemes.iter().any(|s| s.id == id);
    let mut lines = Vec::new();
    for (stem, document) in committed {
        if !known(stem) {
            lines.push(format!("ablation/{stem}.json: there is no scheme `{stem}`"));
        } else if *stem != document.scheme {
            lines.push(format!("ablation/{stem}.json is of {}", document.scheme));
        }
    }
    let of = |scheme: &Scheme| committed.iter().find(|(stem, _)| *stem == scheme.id);
    let absent = |s: &&Scheme| place.is_own() && of(s).is_none();
    for scheme in place.schemes.iter().filter(absent) {
        lines.push(format!("ablation/{}.json is not there", scheme.id));
    }
    out.sections.push(Section {
        title: "ablations read",
        looked_at: committed.len(),
        lines,
    });
    let there: Vec<&Scheme> = place.schemes.iter().filter(|s| of(s).is_some()).collect();
    let picked = pick(&there, ablations, seed);
    let names: Vec<&str> = picked.iter().map(|s| s.id).collect();
    out.note = Some(format!(
        "Ablation: recomputed of {} of {} schemes ({}; seed {seed}). The others are read, and not recomputed: \
         --ablations all.",
        picked.len(),
        there.len(),
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        },
    ));
    let scenarios = Scenarios::default_of(&place.scenarios()?);
    let mut lines = Vec::new();
    let progress = Progress::start("ablations", None)?;
    for scheme in &picked {
        let done = |parts| progress.one_of(parts, scheme.id);
        let ablated = ablation::ablate(scheme, &scenarios, options, bounds.jobs(), &done)?;
        if let Some(error) = ablated.errors.first() {
            lines.push(format!("{}: {}", scheme.id, crate::causes::chain(error)));
        }
        if let Some(cut) = ablated.cut.first() {
            out.missing
                .push(format!("ablation of {}: {cut}", scheme.id));
            continue;
        }
        let before = of(scheme).map(|(_, document)| document);
        let differing = ablate::differences(&ablated.outcomes, before, !bounds.is_none());
        lines.extend(differing.into_iter().map(|l| format!("{}: {l}", scheme.id)));
    }
    progress.end();
    out.sections.push(Section {
        title: "ablations recomputed",
        looked_at: picked.len(),
        lines,
    });
    Ok(())
}

/// The schemes that come first if they are ordered by a hash of the seed and their name.
fn pick<'a>(schemes: &[&'a Scheme], ablations: Ablations, seed: u64) -> Vec<&'a Scheme> {
    let mut schemes = schemes.to_vec();
    let number = match ablations {
        Ablations::All => schemes.len(),
        Ablations::Some(n) => n.min(schemes.len()),
    };
    schemes.sort_by_cached_key(|s| {
        let digest = Sha256::digest(format!("{seed} {}", s.id));
        digest.to_vec()
    });
    schemes.truncate(number);
    schemes
}
