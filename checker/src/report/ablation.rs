//! What each part of a scheme is for, as text, Markdown and JSON.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::ablation::{Conclusion, Kind, Outcome};
use crate::results;

/// Version of the format.
pub const SCHEMA: u32 = 1;

/// The ablation of one scheme, as it is committed and printed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of the format.
    pub schema: u32,
    /// The scheme.
    pub scheme: String,
    /// One for each part.
    pub outcomes: Vec<Outcome>,
}

/// A part a line.
pub fn json(document: &Document) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"scheme\":\"{}\",\"outcomes\":[\n{}\n]}}\n",
        document.scheme,
        results::lines(&document.outcomes)
    )
}

/// What the part is for: the invariants, each with length and scenario.
pub fn purpose(outcome: &Outcome) -> Vec<String> {
    let mut lines: Vec<String> = outcome
        .breaks
        .iter()
        .map(|b| {
            let bound = if b.exact { "" } else { "at most " };
            format!(
                "{}: {bound}{} steps in {}",
                b.invariant, b.length, b.scenario
            )
        })
        .collect();
    if let Some(erred) = &outcome.errs {
        lines.push(match erred.length {
            Some(n) => format!(
                "an error of the model: {n} steps in {} ({})",
                erred.scenario, erred.error
            ),
            None => format!(
                "an error of the model: in {} ({})",
                erred.scenario, erred.error
            ),
        });
    }
    if outcome.conclusion != Conclusion::Needed {
        lines.push(why_nothing(outcome));
    }
    lines
}

/// `redundant within bounds: no-lost-write in write-vs-writeback could have shown it (3 scenarios, 812 states)`.
fn why_nothing(outcome: &Outcome) -> String {
    let asked = match (&outcome.asked, outcome.conclusion) {
        (Some(asked), Conclusion::NothingLeft) => format!(
            ": {} in {} is violated with it",
            asked.invariant, asked.scenario
        ),
        (Some(asked), Conclusion::Unasked) => format!(
            ": {} in {} depends on it, but no execution comes to where it matters",
            asked.invariant, asked.scenario
        ),
        (Some(asked), _) => format!(
            ": {} in {} could have shown it",
            asked.invariant, asked.scenario
        ),
        (None, _) => String::new(),
    };
    format!(
        "{}{asked} ({} scenarios, {} states)",
        outcome.conclusion.words(),
        outcome.scenarios,
        outcome.states
    )
}

/// How many parts there are of each conclusion, then the parts: by conclusion, by kind.
pub fn text(document: &Document) -> String {
    let mut out = format!("{}: {}\n", document.scheme, summary(document));
    let names = document.outcomes.iter().map(|o| &o.removal);
    let width = names
        .filter(|r| r.kind != Kind::Rule)
        .map(|r| r.name().len())
        .max()
        .unwrap_or(0);
    for conclusion in Conclusion::ALL {
        let these = document.outcomes.iter();
        let these: Vec<&Outcome> = these.filter(|o| o.conclusion == conclusion).collect();
        if these.is_empty() {
            continue;
        }
        let heading = match conclusion {
            Conclusion::Needed => "needed: what breaks without each part",
            other => other.words(),
        };
        let _ = writeln!(out, "\n{heading}");
        let mut kind = None;
        for outcome in these {
            let removal = &outcome.removal;
            if kind != Some(removal.kind) {
                kind = Some(removal.kind);
                let _ = writeln!(out, "\n  without one {}:", removal.kind.name());
            }
            let mut name = removal.name();
            if removal.kind == Kind::Rule {
                let _ = writeln!(out, "    {name}: {}", removal.what);
                name.clear();
            }
            for line in purpose(outcome) {
                let _ = writeln!(out, "    {name:width$}  {line}");
                name.clear();
            }
        }
    }
    out
}

/// `63 parts: 40 needed, 10 redundant within bounds, 2 with nothing left to break, 8 that no question asks
/// about, 3 inconclusive`.
pub fn summary(document: &Document) -> String {
    let count = |c| {
        let these = document.outcomes.iter().filter(|o| o.conclusion == c);
        these.count()
    };
    format!(
        "{} parts: {} needed, {} redundant within bounds, {} with nothing left to break, {} that no question asks \
         about, {} inconclusive",
        document.outcomes.len(),
        count(Conclusion::Needed),
        count(Conclusion::Redundant),
        count(Conclusion::NothingLeft),
        count(Conclusion::Unasked),
        count(Conclusion::Inconclusive)
    )
}

/// A table.
pub fn markdown(document: &Document) -> String {
    let mut out = format!(
        "## {}\n\n| part | | what breaks without it |\n|---|---|---|\n",
        document.scheme
    );
    for outcome in &document.outcomes {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            outcome.removal.kind.name(),
            outcome.removal.name(),
            purpose(outcome).join("; ")
        );
    }
    out
}
