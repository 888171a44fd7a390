//! `results/README.md`: the folder as a page. It is made from the other files, and from the scenarios (what they
//! cover), so that it says nothing that is not committed.

use std::fmt::Write as _;
use std::path::Path;

use foliocheck_specs::{Invariant, Scenario, bugs};

use super::coverage::Coverage;
use super::{ablation, claims, cost, summary};
use crate::ablation::{Conclusion, Kind};
use crate::expectation::{Expectations, Expected};
use crate::gate::traces;
use crate::itf::replay::Catalogue;
use crate::results::{self, Batch, ResultsError};
use crate::verdict::Verdict;

/// The file's name.
pub const NAME: &str = "README.md";

/// The scheme that every other is compared with.
const BASE: &str = "by-reference";

/// The page, from the files as they are to be. What is not there is left out.
///
/// # Errors
/// If a file cannot be read.
pub fn render(
    batch: &Batch,
    folder: &Path,
    catalogue: Catalogue<'_>,
    invariants: &[Invariant],
) -> Result<String, ResultsError> {
    let mut out = String::from(
        "# Results\n\nWritten by `foliocheck` (`gate --bless`, `claims --bless`, `ablate '*' --bless`, \
         `cost --bless`); do not edit.\n\n",
    );
    out.push_str(&verdicts(batch, folder, catalogue, invariants)?);
    out.push_str(&covered(catalogue));
    out.push_str(&bug_cases(batch, folder)?);
    if let Some(document) =
        read::<claims::Document>(batch, &folder.join("claims.json"), claims::SCHEMA)?
    {
        let _ = writeln!(out, "## Claims\n\n{}", claims::markdown(&document.claims));
    }
    out.push_str(&parts(batch, folder)?);
    if let Some(document) = read::<cost::Committed>(batch, &folder.join("cost.json"), cost::SCHEMA)?
    {
        let schemes: Vec<&str> = catalogue.schemes.iter().map(|s| s.id).collect();
        let _ = writeln!(
            out,
            "## Costs\n\nThe most that a scheme costs beyond {BASE}, over all executions of a scenario; the \
             largest over all scenarios. Empty: no more. All figures: [cost.json](cost.json).\n\n{}",
            cost::markdown(cost::beyond(&document.costs, BASE, &schemes))
        );
    }
    Ok(format!("{}\n", out.trim_end()))
}

fn read<T: serde::de::DeserializeOwned>(
    batch: &Batch,
    path: &Path,
    schema: u32,
) -> Result<Option<T>, ResultsError> {
    let text = batch.read(path)?;
    text.map(|text| results::parse(&text, path, schema))
        .transpose()
}

fn verdicts(
    batch: &Batch,
    folder: &Path,
    catalogue: Catalogue<'_>,
    invariants: &[Invariant],
) -> Result<String, ResultsError> {
    let path = Expectations::path(folder);
    let Some(text) = batch.read(&path)? else {
        return Ok(String::new());
    };
    let expected = Expectations::parse(&text, &path)?;
    let runs: Vec<Expected> = expected.iter().cloned().collect();
    let count = |v: Verdict| runs.iter().filter(|r| r.verdict == v).count();
    let most = |of: fn(&crate::expectation::Bounds) -> usize| {
        expected.bounds().map(of).max().unwrap_or_default()
    };
    let mut out = format!(
        "## Verdicts\n\n{} verdicts in {} scenarios: {} hold, {} violated \
         ([verdicts.json](verdicts.json), one a line). A *holds* covers every interleaving of the scenarios \
         run, and no more: files of up to {} pages of {} words, up to {} tasks that make up to {} calls \
         (`bounds` there). `violated N`: N steps in the shortest counterexample over the scenarios of the table, \
         which the link shows step by step. `holds (N)`: on N triples of [coverage](#coverage). \
         Empty: does not apply.\n\n",
        runs.len(),
        expected.bounds().count(),
        count(Verdict::Holds),
        count(Verdict::Violated),
        most(|b| b.folios),
        most(|b| b.words),
        most(|b| b.tasks),
        most(|b| b.calls),
    );
    let tables = summary::tables(catalogue.schemes, invariants, catalogue.scenarios, &runs);
    for (environment, matrix) in &tables {
        let _ = writeln!(out, "### {}\n", environment.title);
        let _ = writeln!(out, "| scheme | {} |", matrix.invariants.join(" | "));
        let _ = writeln!(out, "|{}", "---|".repeat(matrix.invariants.len() + 1));
        for (scheme, cells) in matrix.schemes.iter().zip(&matrix.cells) {
            let cells: Vec<String> = cells
                .iter()
                .map(|c| c.as_ref().map_or_else(String::new, linked))
                .collect();
            let _ = writeln!(out, "| {scheme} | {} |", cells.join(" | "));
        }
        out.push('\n');
    }
    out.push_str("What each invariant says:\n\n");
    let shown = |i: &&Invariant| runs.iter().any(|r| r.invariant == i.id);
    for invariant in invariants.iter().filter(shown) {
        let _ = writeln!(out, "- `{}`: {}", invariant.id, invariant.title);
    }
    out.push('\n');
    Ok(out)
}

/// What the scenarios run, and what none does.
fn covered(catalogue: Catalogue<'_>) -> String {
    let default = catalogue.scenarios.iter().filter(|s| s.is_default());
    let scenarios: Vec<Scenario> = default.cloned().collect();
    let all = Coverage::of(catalogue.schemes, &scenarios);
    let mut out = format!(
        "## Coverage\n\nWhat changes a page, what reads it, and in which kind of file: triples that some scenario runs \
         (`foliocheck list coverage --scheme NAME`; how they are measured: `specs/src/coverage`). {}\n\n",
        super::coverage::LEGEND
    );
    if let Some(base) = all.iter().find(|c| c.scheme == BASE) {
        let _ = writeln!(out, "{}", super::coverage::markdown(base));
    }
    let mut alike: Vec<(usize, usize, Vec<&str>)> = Vec::new();
    for c in &all {
        let (run, missing) = (c.run.len(), c.missing().len());
        match alike.iter_mut().find(|a| (a.0, a.1) == (run, missing)) {
            Some(same) => same.2.push(c.scheme),
            None => alike.push((run, missing, vec![c.scheme])),
        }
    }
    out.push_str("| schemes | triples run | by no scenario, though they can be |\n|---|---|---|\n");
    for (run, missing, schemes) in alike {
        let _ = writeln!(out, "| {} | {run} | {missing} |", schemes.join(", "));
    }
    out.push('\n');
    out
}

/// A cell's verdict; the counterexample linked.
fn linked(cell: &summary::Cell<'_>) -> String {
    let text = cell.text();
    match cell.shortest.and_then(|s| s.trace.as_ref().map(|t| (s, t))) {
        Some((shortest, address)) => format!(
            "[{text}]({}/{}.{}.{address}.md)",
            traces::FOLDER,
            shortest.scheme,
            shortest.invariant
        ),
        None => text,
    }
}

/// A row for each case of a bug whose trace is stored.
fn bug_cases(batch: &Batch, folder: &Path) -> Result<String, ResultsError> {
    let stored = traces::stored(batch, &folder.join("bugs"))?;
    if stored.is_empty() {
        return Ok(String::new());
    }
    let all = bugs::all();
    let mut out = String::from(
        "## Real bugs\n\nThe model with the bug violates the invariant as linked; with the fix it holds in \
         the same scenario (`foliocheck check --bug 'H*'`).\n\n\
         | | bug | kernel | fix | violated | scenario |\n|---|---|---|---|---|---|\n",
    );
    for stored in stored {
        let Some(of) = &stored.document.subject.bug else {
            continue;
        };
        let bug = all.iter().find(|b| b.id == of.id);
        let subject = &stored.document.subject;
        let _ = writeln!(
            out,
            "| {of} | {} | {} | {} | [{}, {} steps](bugs/{of}.md) | {} |",
            bug.map_or("", |b| b.title),
            bug.map_or("", |b| b.kernel),
            bug.map_or("", |b| b.fix),
            subject.invariant,
            stored.document.trace.length,
            subject.scenario
        );
    }
    out.push('\n');
    Ok(out)
}

/// What each rule is for; of the kernel's parts, how many are.
fn parts(batch: &Batch, folder: &Path) -> Result<String, ResultsError> {
    let mut rules = String::new();
    let mut counts = String::new();
    for path in batch.list(&folder.join("ablation"), ".json")? {
        let Some(document) = read::<ablation::Document>(batch, &path, ablation::SCHEMA)? else {
            continue;
        };
        let of = |kind: Kind| {
            document
                .outcomes
                .iter()
                .filter(move |o| o.removal.kind == kind)
        };
        for outcome in of(Kind::Rule) {
            let _ = writeln!(
                rules,
                "| {} | {} | {} | {} |",
                document.scheme,
                outcome.removal.id,
                outcome.removal.what,
                ablation::purpose(outcome).join("; ")
            );
        }
        let kernel = |c: Conclusion| {
            let parts = document.outcomes.iter();
            let parts = parts.filter(|o| o.removal.kind != Kind::Rule);
            parts.filter(|o| o.conclusion == c).count()
        };
        let _ = writeln!(
            counts,
            "| [{0}](ablation/{0}.json) | {1} |",
            document.scheme,
            Conclusion::ALL.map(|c| kernel(c).to_string()).join(" | ")
        );
    }
    if counts.is_empty() {
        return Ok(String::new());
    }
    let mut out = String::from("## Ablation\n\n");
    if !rules.is_empty() {
        let _ = writeln!(
            out,
            "What breaks without each rule, everything else in place: the shortest trace in the smallest \
             scenario that shows it.\n\n\
             | scheme | rule | purpose | without it |\n|---|---|---|---|\n{rules}"
        );
    }
    let _ = writeln!(
        out,
        "Parts of the kernel below each scheme (locks, waits, flushes, flags), removed one at a time. *Redundant \
         within bounds*: nothing breaks, although a question was asked that the part could have answered. *Nothing \
         left to break*: those questions are violated with it, too.\n\n\
         | scheme | {} |\n|{}\n{counts}",
        Conclusion::ALL.map(Conclusion::words).join(" | "),
        "---|".repeat(1 + Conclusion::ALL.len())
    );
    Ok(out)
}
