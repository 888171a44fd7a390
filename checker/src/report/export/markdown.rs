//! A page for a code host: what the trace is of, the diagram, every step.

use std::fmt::Write as _;

use super::{changes, conclusion, mermaid::mermaid, says, title};
use crate::itf::Document;

/// The page. `itf` is where the document itself is, relative to the page.
pub fn markdown(document: &Document, itf: &str) -> String {
    let mut out = format!("# {}\n\n", title(document));
    let says = says(document);
    if !says.is_empty() {
        let _ = writeln!(out, "`{}`: {says}.\n", document.subject.invariant);
    }
    for line in conclusion(document) {
        let _ = writeln!(out, "{line}\n");
    }
    let _ = writeln!(
        out,
        "Found by: {}. The trace itself: [{itf}]({itf}).\n",
        document.engine
    );
    out.push_str(&table(document));
    let _ = write!(out, "\n```mermaid\n{}```\n", mermaid(document));
    out
}

/// The steps.
pub fn table(document: &Document) -> String {
    let trace = &document.trace;
    let mut out = String::from(
        "| | task | function | what happens | what changes |\n|---|---|---|---|---|\n",
    );
    for (n, step) in trace.steps.iter().enumerate() {
        if trace.loop_start == Some(n) {
            out.push_str("| | | | **for ever:** | |\n");
        }
        let rule = step
            .rule
            .as_ref()
            .map(|r| format!("*rule {r}* "))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | `{}` | {rule}{} | {} |",
            n + 1,
            cell(&step.task),
            step.function,
            cell(&step.text),
            cell(&changes(step))
        );
    }
    if let Some(start) = trace.loop_start {
        let _ = writeln!(out, "| | | | again from step {} | |", start + 1);
    }
    out
}

/// Text in a cell: no end of the cell, no markup of its own.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '<' | '[' | ']' | '\\' | '~') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}
