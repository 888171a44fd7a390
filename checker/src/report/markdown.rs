//! The table in Markdown, for a page or a job summary.

use std::fmt::Write as _;

use super::summary::Matrix;

/// Schemes × invariants, then the shortest counterexample of each violated cell.
pub fn matrix(matrix: &Matrix<'_>) -> String {
    let mut out = format!("| scheme | {} |\n|---|", matrix.invariants.join(" | "));
    out.push_str(&"---|".repeat(matrix.invariants.len()));
    out.push('\n');
    for (scheme, cells) in matrix.schemes.iter().zip(&matrix.cells) {
        let texts: Vec<String> = cells
            .iter()
            .map(|c| {
                c.as_ref()
                    .map_or_else(String::new, super::summary::Cell::text)
            })
            .collect();
        let _ = writeln!(out, "| {scheme} | {} |", texts.join(" | "));
    }
    let violated: Vec<_> = matrix.violated().collect();
    if !violated.is_empty() {
        out.push_str("\n| scheme | invariant | steps | scenario |\n|---|---|---|---|\n");
    }
    for cell in violated {
        if let Some(run) = cell.shortest {
            let steps = run.length.unwrap_or_default();
            let _ = writeln!(
                out,
                "| {} | {} | {steps} | {} |",
                cell.scheme, cell.invariant, run.scenario
            );
        }
    }
    out
}
