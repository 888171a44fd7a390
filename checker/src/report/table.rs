//! The table on a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::summary::{Cell, Matrix};
use crate::verdict::Verdict;

const DIM: Style = Style::new().dimmed();

/// What the signs mean. Said once, under the last table.
pub const LEGEND: &str = "✗N violated: N steps in the shortest counterexample. ✓N holds: in every scenario that was run, which cover N \
                          triples of what changes a page, what reads it and kind of file. ? inconclusive. \
                          ∅ holds, because no call there changes the file. \
                          Empty: does not apply.";

/// Schemes × invariants: a row for each scheme, families apart, and the names of the columns as stairs above them.
/// Where `width` is given, and the columns are too many for it, the table is split, unless it fits without the
/// numbers of what holds.
pub fn matrix(matrix: &Matrix<'_>, width: Option<usize>) -> String {
    let width = width.unwrap_or(usize::MAX);
    let names = matrix.schemes.iter().chain(&matrix.invariants);
    // The name of the first column stands left of it, with its corner.
    let left = names.map(|n| n.len()).max().unwrap_or(0) + 2;
    let counted = Columns::of(matrix, true);
    let plain = Columns::of(matrix, false);
    let columns = if counted.fit(left, width) || !plain.fit(left, width) {
        counted
    } else {
        plain
    };
    let blocks = columns.split(left, width);
    let blocks = blocks
        .into_iter()
        .map(|range| block(matrix, &columns, left, range));
    blocks.collect::<Vec<_>>().join("\n")
}

/// What stands in the columns, and how wide they are.
struct Columns {
    /// By invariant, by scheme.
    texts: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Columns {
    fn of(matrix: &Matrix<'_>, counted: bool) -> Columns {
        let column = |i: usize| {
            let cells = matrix.cells.iter();
            let texts = cells.map(|row| {
                row[i]
                    .as_ref()
                    .map_or_else(String::new, |c| sign(c, counted))
            });
            texts.collect::<Vec<String>>()
        };
        let texts: Vec<Vec<String>> = (0..matrix.invariants.len()).map(column).collect();
        let widest = |column: &Vec<String>| column.iter().map(|t| t.chars().count()).max();
        let widths = texts.iter().map(|c| widest(c).unwrap_or(0) + 1).collect();
        Columns { texts, widths }
    }

    fn fit(&self, left: usize, width: usize) -> bool {
        left + self.widths.iter().sum::<usize>() <= width
    }

    /// Columns side by side that fit, in blocks of about as many each.
    fn split(&self, left: usize, width: usize) -> Vec<std::ops::Range<usize>> {
        let mut count = 1;
        loop {
            let each = self.widths.len().div_ceil(count).max(1);
            let blocks: Vec<_> = (0..self.widths.len())
                .step_by(each)
                .map(|begin| begin..(begin + each).min(self.widths.len()))
                .collect();
            let wide =
                |r: &std::ops::Range<usize>| left + self.widths[r.clone()].iter().sum::<usize>();
            if each == 1 || blocks.iter().all(|b| wide(b) <= width) {
                return blocks;
            }
            count += 1;
        }
    }
}

fn block(
    matrix: &Matrix<'_>,
    columns: &Columns,
    left: usize,
    range: std::ops::Range<usize>,
) -> String {
    let mut out = String::new();
    let mut at = left;
    let mut begins = Vec::new();
    for i in range.clone() {
        begins.push(at);
        at += columns.widths[i];
    }
    for n in (0..begins.len()).rev() {
        let name = matrix.invariants[range.start + n];
        let _ = write!(out, "{:>1$} {DIM}┐", name, begins[n] - 1);
        let mut here = begins[n] + 1;
        for later in &begins[n + 1..] {
            let _ = write!(out, "{}│", " ".repeat(later - here));
            here = later + 1;
        }
        let _ = writeln!(out, "{DIM:#}");
    }
    let mut family = "";
    for (row, scheme) in matrix.schemes.iter().enumerate() {
        if matrix.families[row] != family {
            family = matrix.families[row];
            let rule = "─".repeat(at.saturating_sub(family.len() + 4));
            let _ = writeln!(out, "{DIM}── {family} {rule}{DIM:#}");
        }
        let mut line = format!("{scheme:left$}");
        for i in range.clone() {
            let text = &columns.texts[i][row];
            let style = matrix.cells[row][i]
                .as_ref()
                .map_or(Style::new(), |c| style(c.verdict));
            let gap = " ".repeat(columns.widths[i] - text.chars().count());
            let _ = write!(line, "{style}{text}{style:#}{gap}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// A verdict in at most four characters, or in one.
fn sign(cell: &Cell<'_>, counted: bool) -> String {
    match (cell.verdict, cell.shortest.and_then(|r| r.length)) {
        (Verdict::Violated, Some(length)) => format!("✗{length}"),
        (Verdict::Violated, None) => "✗".to_owned(),
        (Verdict::Holds, _) if cell.unchanged => "∅".to_owned(),
        (Verdict::Holds, _) if counted => format!("✓{}", cell.triples),
        (Verdict::Holds, _) => "✓".to_owned(),
        (Verdict::Inconclusive, _) => "?".to_owned(),
    }
}

/// The style in which a verdict is printed.
pub fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Holds => AnsiColor::Green.on_default(),
        Verdict::Violated => AnsiColor::Red.on_default().bold(),
        Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
    }
}
