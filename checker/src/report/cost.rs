//! Tables of costs: one a scenario, today's kernel as the base line in the first row.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

use crate::cost::Bill;
use crate::engine::cost::Metric;

/// The bills of one scenario, in the order given.
fn of<'a>(bills: &'a [Bill], scenario: &str) -> Vec<&'a Bill> {
    bills.iter().filter(|b| b.scenario == scenario).collect()
}

/// The scenarios, each once, in the order in which they appear.
pub fn scenarios(bills: &[Bill]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for bill in bills {
        if !names.contains(&bill.scenario.as_str()) {
            names.push(&bill.scenario);
        }
    }
    names
}

fn row(bill: &Bill) -> Vec<String> {
    let mut row = vec![bill.scheme.clone()];
    match &bill.inconclusive {
        Some(_) => row.extend(Metric::ALL.iter().map(|_| "inconclusive".to_owned())),
        None => row.extend(bill.figures.iter().map(crate::cost::Figure::text)),
    }
    row
}

fn header() -> Vec<String> {
    std::iter::once("scheme")
        .chain(Metric::ALL.map(Metric::name))
        .map(str::to_owned)
        .collect()
}

/// For a terminal; as wide as it needs to be unless `width` is given.
pub fn table(bills: &[Bill], scenario: &str, width: Option<u16>) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header());
    if let Some(width) = width {
        table.set_width(width);
    }
    for bill in of(bills, scenario) {
        table.add_row(row(bill));
    }
    table.to_string()
}

/// In Markdown.
pub fn markdown(bills: &[Bill], scenario: &str) -> String {
    let header = header();
    let mut out = format!("| {} |\n", header.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(header.len()));
    for bill in of(bills, scenario) {
        let _ = writeln!(out, "| {} |", row(bill).join(" | "));
    }
    out
}

/// `{"schema":1,"costs":[...]}`.
pub fn json(bills: &[Bill]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        costs: &'a [Bill],
    }
    serde_json::to_string(&Document {
        schema: 1,
        costs: bills,
    })
    .expect("plain data")
}

/// The cycles that make a figure unbounded, each step a line.
pub fn cycles(bill: &Bill) -> String {
    let mut out = String::new();
    for figure in &bill.figures {
        let Some(cycle) = &figure.cycle else { continue };
        let _ = writeln!(
            out,
            "{} in {}: {} without bound",
            bill.scheme,
            bill.scenario,
            figure.metric.name()
        );
        out.push_str(&super::text::lines(&cycle.steps, Some(cycle.loop_start)));
        out.push('\n');
    }
    out
}
