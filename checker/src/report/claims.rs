//! The ledger of claims, as text, Markdown and JSON.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::claims::{Evidence, Judged, Met, Outcome, Part};
use crate::results;
use crate::verdict::Verdict;

/// Version of the format.
pub const SCHEMA: u32 = 1;

/// A claim as it is committed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The claim.
    pub id: String,
    /// What the runs say.
    pub outcome: Outcome,
    /// What it says.
    pub text: String,
    /// Who said it.
    pub author: String,
    /// Where.
    pub place: String,
    /// What stands behind the outcome.
    pub evidence: Vec<Evidence>,
}

/// The committed file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of the format.
    pub schema: u32,
    /// One for each claim.
    pub claims: Vec<Entry>,
}

/// What would be committed.
pub fn entries(judged: &[Judged]) -> Vec<Entry> {
    judged
        .iter()
        .map(|j| Entry {
            id: j.claim.id.clone(),
            outcome: j.outcome.clone(),
            text: j.claim.text.clone(),
            author: j.claim.author.clone(),
            place: j.claim.place.clone(),
            evidence: j.evidence.clone(),
        })
        .collect()
}

/// A claim a line.
pub fn json(judged: &[Judged]) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"claims\":[\n{}\n]}}\n",
        results::lines(entries(judged))
    )
}

/// What stands behind a check: the trace, or the bound.
fn behind(evidence: &Evidence) -> String {
    let part = match evidence.part {
        Part::Control => "control: ",
        Part::Test => "",
        Part::OnlyIf(_) => "only if: ",
    };
    let without = evidence
        .without
        .as_ref()
        .map(|w| format!(" ({w})"))
        .unwrap_or_default();
    let rests_on = match (evidence.verdict, &evidence.scenario, evidence.length) {
        (Verdict::Violated, Some(scenario), Some(length)) => {
            format!("violated, {length} steps in {scenario}")
        }
        (verdict, ..) => format!(
            "{}, {} scenarios, {} states",
            verdict.name(),
            evidence.scenarios,
            evidence.states
        ),
    };
    let met = match evidence.met {
        Met::Yes => "",
        Met::Open => " [open]",
        Met::No => " [not as claimed]",
    };
    format!(
        "{part}{} under {}{without}: {rests_on}{met}",
        evidence.invariant, evidence.scheme
    )
}

/// A paragraph a claim.
pub fn text(judged: &[Judged]) -> String {
    let mut out = String::new();
    for j in judged {
        let claim = &j.claim;
        let _ = writeln!(out, "{}: {}", claim.id, j.outcome.text());
        let _ = writeln!(out, "  {}", claim.text);
        let _ = writeln!(out, "  {}, {}", claim.author, claim.place);
        for evidence in &j.evidence {
            let _ = writeln!(out, "    {}", behind(evidence));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary(judged));
    out
}

/// A table.
pub fn markdown(entries: &[Entry]) -> String {
    let mut out = "| claim | author | outcome | behind it |\n|---|---|---|---|\n".to_owned();
    for entry in entries {
        let lines: Vec<String> = entry.evidence.iter().map(behind).collect();
        let _ = writeln!(
            out,
            "| {} | {}, {} | {} | {} |",
            entry.text,
            entry.author,
            entry.place,
            entry.outcome.text(),
            lines.join("; ")
        );
    }
    out
}

/// `24 claims: 12 confirmed, 5 confirmed only if, ...`.
pub fn summary(judged: &[Judged]) -> String {
    let count = |test: fn(&Outcome) -> bool| judged.iter().filter(|j| test(&j.outcome)).count();
    let mut out = format!(
        "{} claims: {} confirmed, {} confirmed only if, {} refuted, {} not expressible",
        judged.len(),
        count(|o| *o == Outcome::Confirmed),
        count(|o| matches!(o, Outcome::ConfirmedOnlyIf(_))),
        count(|o| *o == Outcome::Refuted),
        count(|o| matches!(o, Outcome::NotExpressible(_))),
    );
    let open = count(|o| matches!(o, Outcome::Open | Outcome::Untested));
    if open > 0 {
        let _ = write!(out, ", {open} open or untested");
    }
    out
}
