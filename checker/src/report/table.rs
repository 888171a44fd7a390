//! The table on a terminal.

use anstyle::{AnsiColor, Style};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};

use super::summary::Matrix;
use crate::verdict::Verdict;

/// Schemes × invariants. Coloured if `colour`; as wide as it needs to be unless `width` is given.
pub fn matrix(matrix: &Matrix<'_>, colour: bool, width: Option<u16>) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    // A hyphenated name may be broken into lines, to keep columns narrow.
    let header = matrix.invariants.iter().map(|i| i.replace('-', "-\n"));
    table.set_header(std::iter::once("scheme".to_owned()).chain(header));
    for (scheme, cells) in matrix.schemes.iter().zip(&matrix.cells) {
        let mut row = vec![Cell::new(scheme)];
        for cell in cells {
            row.push(match cell {
                None => Cell::new(""),
                Some(cell) => styled(cell.verdict, &cell.text().replace(' ', "\u{a0}"), colour),
            });
        }
        table.add_row(row);
    }
    table.to_string()
}

fn styled(verdict: Verdict, text: &str, colour: bool) -> Cell {
    let cell = Cell::new(text);
    if !colour {
        return cell;
    }
    match verdict {
        Verdict::Holds => cell.fg(Color::Green),
        Verdict::Violated => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Verdict::Inconclusive => cell.fg(Color::Yellow),
    }
}

/// The style in which a verdict's word is printed outside the table.
pub fn style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Holds => AnsiColor::Green,
        Verdict::Violated => AnsiColor::Red,
        Verdict::Inconclusive => AnsiColor::Yellow,
    };
    colour.on_default()
}
