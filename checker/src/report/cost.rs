//! Tables of costs: one a scenario, today's kernel as the base line in the first row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::{Deserialize, Serialize};

use crate::cost::Bill;
use crate::engine::cost::Metric;
use crate::results;

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

/// The rows of one scenario.
pub fn of_scenario(bills: &[Bill], scenario: &str) -> Vec<Vec<String>> {
    of(bills, scenario).into_iter().map(row).collect()
}

/// Rows for a terminal; as wide as they need to be unless `width` is given.
pub fn table(rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header());
    if let Some(width) = width {
        table.set_width(width);
    }
    table.add_rows(rows);
    table.to_string()
}

/// Rows in Markdown.
pub fn markdown(rows: Vec<Vec<String>>) -> String {
    let header = header();
    let mut out = format!("| {} |\n", header.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(header.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// Version of the format.
pub const SCHEMA: u32 = 1;

/// `{"schema":1,"costs":[...]}`.
pub fn json(bills: &[Bill]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        costs: &'a [Bill],
    }
    serde_json::to_string(&Document {
        schema: SCHEMA,
        costs: bills,
    })
    .expect("plain data")
}

/// What is committed of a bill: the figures, without the cycles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// States of the graph.
    pub states: usize,
    /// Its edges.
    pub transitions: usize,
    /// By metric: least and most; none where there is no such number.
    pub figures: BTreeMap<Metric, (Option<u32>, Option<u32>)>,
}

/// The committed file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// Version of the format.
    pub schema: u32,
    /// One for each scheme and scenario.
    pub costs: Vec<Entry>,
}

/// What would be committed.
pub fn entries(bills: &[Bill]) -> Vec<Entry> {
    let entry = |bill: &Bill| Entry {
        scheme: bill.scheme.clone(),
        scenario: bill.scenario.clone(),
        states: bill.states,
        transitions: bill.transitions,
        figures: bill
            .figures
            .iter()
            .map(|f| (f.metric, (f.least, f.most)))
            .collect(),
    };
    let mut entries: Vec<Entry> = bills.iter().map(entry).collect();
    entries.sort_by(|a, b| (&a.scheme, &a.scenario).cmp(&(&b.scheme, &b.scenario)));
    entries
}

/// A bill a line.
pub fn committed(entries: &[Entry]) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"costs\":[\n{}\n]}}\n",
        results::lines(entries)
    )
}

/// For each scheme the most that it costs beyond `base` in the same scenario, over all scenarios.
pub fn beyond(entries: &[Entry], base: &str, schemes: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let of = |scheme: &str, scenario: &str| {
        let is = |e: &&Entry| e.scheme == scheme && e.scenario == scenario;
        entries.iter().find(is)
    };
    for scheme in schemes.iter().filter(|s| **s != base) {
        let mine: Vec<(&Entry, &Entry)> = entries
            .iter()
            .filter(|e| e.scheme == *scheme)
            .filter_map(|e| Some((e, of(base, &e.scenario)?)))
            .collect();
        if mine.is_empty() {
            continue;
        }
        let mut row = vec![(*scheme).to_owned()];
        row.extend(Metric::ALL.iter().map(|metric| {
            let most = |e: &Entry| e.figures.get(metric).and_then(|f| f.1);
            let beyond = mine.iter().map(|(e, b)| match (most(e), most(b)) {
                (Some(most), Some(base)) => Some(most.saturating_sub(base)),
                // Both without bound: nothing beyond.
                (_, None) => Some(0),
                (None, Some(_)) => None,
            });
            let unbounded = beyond.clone().any(|b| b.is_none());
            match beyond.flatten().max() {
                _ if unbounded => "unbounded".to_owned(),
                Some(0) | None => String::new(),
                Some(more) => format!("+{more}"),
            }
        }));
        rows.push(row);
    }
    rows
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
