//! How a run compares with what is committed, as text, Markdown and JSON: verdict flips first, each with
//! its counterexample, then lengths, counts, what is new, what has vanished, what else.

use std::fmt::Write as _;

use serde::Serialize;

use super::{markdown, text};
use crate::expectation::{Difference, Expected, Kind};
use crate::gate::outcome::{Outcome, Section};
use crate::report::summary::{Environment, Matrix};
use crate::verdict::Verdict;

/// Lines of one kind that are printed; the others are counted.
const SHOWN: usize = 40;
/// Counterexamples that are printed in full.
const TRACES: usize = 5;

/// The heading of differences of that kind.
fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Verdict => "Verdicts",
        Kind::Length => "Lengths of counterexamples",
        Kind::Count => "What was visited",
        Kind::New => "New, not gated yet",
        Kind::Vanished => "No longer run",
    }
}

/// The differences by kind, those kinds that there are.
fn by_kind(outcome: &Outcome) -> Vec<(Kind, Vec<&Difference>)> {
    [
        Kind::Verdict,
        Kind::Length,
        Kind::Count,
        Kind::New,
        Kind::Vanished,
    ]
    .into_iter()
    .map(|kind| {
        let of = outcome.differences.iter().filter(|d| d.kind == kind);
        (kind, of.collect::<Vec<_>>())
    })
    .filter(|(_, of)| !of.is_empty())
    .collect()
}

/// The counterexample that comes with a flip, printed.
fn counterexample(outcome: &Outcome, difference: &Difference) -> Option<String> {
    let run = outcome.run(&difference.of())?;
    let worth = matches!(difference.kind, Kind::Verdict | Kind::Length);
    (worth && run.trace.is_some()).then(|| text::run(run, &difference.to_string()))
}

/// For a terminal; nothing if everything is as committed.
pub fn plain(outcome: &Outcome) -> String {
    if outcome.as_committed() {
        return String::new();
    }
    let mut out = String::from("Not as committed (accept with --bless):\n");
    let mut traces = 0;
    for (kind, differences) in by_kind(outcome) {
        let _ = writeln!(out, " {}:", heading(kind));
        for difference in differences.iter().take(SHOWN) {
            let _ = writeln!(out, "  {difference}");
            if kind == Kind::Verdict
                && traces < TRACES
                && let Some(trace) = counterexample(outcome, difference)
            {
                traces += 1;
                let _ = writeln!(out, "\n{trace}");
            }
        }
        rest(&mut out, differences.len());
    }
    for section in wrong(outcome) {
        let _ = writeln!(out, " Of the {}:", section.title);
        for line in section.lines.iter().take(SHOWN) {
            let _ = writeln!(out, "  {line}");
        }
        rest(&mut out, section.lines.len());
    }
    out.push('\n');
    out
}

fn wrong(outcome: &Outcome) -> impl Iterator<Item = &Section> {
    outcome.sections.iter().filter(|s| !s.lines.is_empty())
}

fn rest(out: &mut String, all: usize) {
    if all > SHOWN {
        let _ = writeln!(out, "  and {} more (--json FILE has all)", all - SHOWN);
    }
}

/// The largest job summary that GitHub shows.
pub const MARKDOWN_MAX: usize = 1 << 20;

/// For a CI job summary: at most [`MARKDOWN_MAX`] bytes; what is left out is said.
pub fn job_summary(outcome: &Outcome, tables: &[(Environment, Matrix<'_>)]) -> String {
    let mut parts = vec![format!("# {}\n\n", outcome.conclusion())];
    for (kind, differences) in by_kind(outcome) {
        parts.push(format!("## {}\n\n", heading(kind)));
        for difference in differences {
            parts.push(format!("- {difference}\n"));
            if let Some(trace) = counterexample(outcome, difference) {
                parts.push(format!("\n```text\n{}\n```\n\n", plain_text(&trace)));
            }
        }
    }
    for section in wrong(outcome) {
        parts.push(format!("## Of the {}\n\n", section.title));
        parts.extend(section.lines.iter().map(|line| format!("- {line}\n")));
    }
    for run in outcome
        .runs
        .iter()
        .filter(|r| r.verdict == Verdict::Inconclusive)
    {
        parts.push(format!(
            "- inconclusive: {} in {}, {}: {}\n",
            run.scheme,
            run.scenario,
            run.invariant,
            run.reason.as_deref().unwrap_or_default()
        ));
    }
    for (environment, matrix) in tables {
        parts.push(format!(
            "\n## {}\n\n{}",
            environment.title,
            markdown::matrix(matrix)
        ));
    }
    within(parts, MARKDOWN_MAX)
}

/// As many parts as fit, and how many do not.
fn within(parts: Vec<String>, max: usize) -> String {
    let note =
        |left: usize| format!("\n**Cut short: {left} more parts do not fit into {max} bytes.**\n");
    let room = max - note(usize::MAX).len();
    let mut out = String::new();
    let all = parts.len();
    for (n, part) in parts.into_iter().enumerate() {
        if out.len() + part.len() > room {
            out.push_str(&note(all - n));
            break;
        }
        out.push_str(&part);
    }
    out
}

/// Without colours.
pub fn plain_text(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The whole as JSON.
pub fn json(outcome: &Outcome) -> String {
    #[derive(Serialize)]
    struct Other<'a> {
        of: &'a str,
        looked_at: usize,
        differences: &'a [String],
    }
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        complete: bool,
        missing: &'a [String],
        runs: usize,
        holds: usize,
        violated: usize,
        inconclusive: usize,
        differences: &'a [Difference],
        others: Vec<Other<'a>>,
        open: Vec<Expected>,
    }
    let open = outcome
        .runs
        .iter()
        .filter(|r| r.verdict == Verdict::Inconclusive);
    let document = Document {
        schema: 1,
        complete: outcome.missing.is_empty(),
        missing: &outcome.missing,
        runs: outcome.runs.len(),
        holds: outcome.count(Verdict::Holds),
        violated: outcome.count(Verdict::Violated),
        inconclusive: outcome.count(Verdict::Inconclusive),
        differences: &outcome.differences,
        others: outcome
            .sections
            .iter()
            .map(|s| Other {
                of: s.title,
                looked_at: s.looked_at,
                differences: &s.lines,
            })
            .collect(),
        open: open.map(Expected::of).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("plain data");
    text.push('\n');
    text
}
