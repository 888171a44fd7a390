//! What the scenarios cover: a grid of what changes a page and what reads it, for people; all of it, for
//! scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use foliocheck_specs::coverage::{self, Changer, Kind, Reader, Triple, Universe, Why};
use foliocheck_specs::{Scenario, Scheme};
use serde::Serialize;

/// What of one scheme is covered.
pub struct Coverage<'a> {
    /// The scheme.
    pub scheme: &'a str,
    /// The triples that are run, with the scenarios that run them.
    pub run: BTreeMap<Triple, Vec<&'a str>>,
    /// For each triple, whether it should be; if not, why not.
    pub wanted: BTreeMap<Triple, Result<(), Why>>,
}

impl<'a> Coverage<'a> {
    /// Of each scheme, by these scenarios.
    pub fn of(schemes: &'a [Scheme], scenarios: &'a [Scenario]) -> Vec<Coverage<'a>> {
        let universe = Universe::new();
        let of = |scheme: &'a Scheme| {
            let mut run: BTreeMap<Triple, Vec<&str>> = BTreeMap::new();
            let mine = |s: &&Scenario| scheme.family.concerns(&s.setup);
            for scenario in scenarios.iter().filter(mine) {
                for triple in coverage::under(scheme, &scenario.setup) {
                    run.entry(triple).or_default().push(&scenario.id);
                }
            }
            Coverage {
                scheme: scheme.id,
                run,
                wanted: universe.under(scheme),
            }
        };
        schemes.iter().map(of).collect()
    }

    /// What should be run, and is not.
    pub fn missing(&self) -> BTreeSet<Triple> {
        let wanted = self.wanted.iter().filter(|(_, w)| w.is_ok());
        let missing = wanted.filter(|(t, _)| !self.run.contains_key(t));
        missing.map(|(t, _)| *t).collect()
    }

    /// The triples that need not be run, by the reason.
    pub fn reasons(&self) -> BTreeMap<&Why, Vec<Triple>> {
        let mut reasons: BTreeMap<&Why, Vec<Triple>> = BTreeMap::new();
        for (triple, wanted) in &self.wanted {
            if let Err(why) = wanted
                && !self.run.contains_key(triple)
            {
                reasons.entry(why).or_default().push(*triple);
            }
        }
        reasons
    }

    /// The letters of a cell: capital if run, small if missing, a dot if neither.
    fn letters(&self, changer: Changer, reader: Reader) -> String {
        let letter = |kind: Kind| {
            let triple = Triple {
                changer,
                reader,
                kind,
            };
            let first = kind.name().chars().next().unwrap_or('?');
            if self.run.contains_key(&triple) {
                first.to_ascii_uppercase()
            } else if self.wanted.get(&triple).is_some_and(Result::is_ok) {
                first
            } else {
                '·'
            }
        };
        Kind::ALL.into_iter().map(letter).collect()
    }

    /// Rows by changer, columns by reader, both as far as anything is there.
    fn grid(&self) -> (Vec<&'static str>, Vec<(&'static str, Vec<String>)>) {
        let there = |c: Changer, r: Reader| self.letters(c, r).chars().any(|l| l != '·');
        let readers: Vec<Reader> = Reader::ALL
            .into_iter()
            .filter(|r| Changer::ALL.into_iter().any(|c| there(c, *r)))
            .collect();
        let rows = Changer::ALL
            .into_iter()
            .filter(|c| readers.iter().any(|r| there(*c, *r)));
        let row = |c: Changer| {
            let cells = readers.iter().map(|r| self.letters(c, *r)).collect();
            (c.name(), cells)
        };
        let heads = readers.iter().map(|r| r.name()).collect();
        (heads, rows.map(row).collect())
    }
}

/// What the letters mean.
pub const LEGEND: &str = "X, E, T: some scenario runs it on XFS, ext4, tmpfs; small: none does, though it can be; ·: it cannot be.";

/// A line for each scheme.
pub fn summary(all: &[Coverage<'_>]) -> String {
    let width = all.iter().map(|c| c.scheme.len()).max().unwrap_or(0);
    let mut out = String::from(
        "Triples: what changes a page × what reads it × kind of file. Run by some scenario, and by none (`--scheme` lists them).\n\n",
    );
    for c in all {
        let (run, missing) = (c.run.len(), c.missing().len());
        let _ = writeln!(
            out,
            "{:width$}  {run:>4} run  {missing:>4} by none",
            c.scheme
        );
    }
    out
}

/// All of one scheme.
pub fn text(c: &Coverage<'_>) -> String {
    let missing = c.missing();
    let mut out = format!(
        "{}: {} triples run, {} by no scenario\n{LEGEND}\n\n",
        c.scheme,
        c.run.len(),
        missing.len()
    );
    let (heads, rows) = c.grid();
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    let heads = heads.iter().map(|h| h.replace(' ', "\n"));
    table.set_header(std::iter::once(String::new()).chain(heads));
    for (name, cells) in rows {
        table.add_row(std::iter::once(name.to_owned()).chain(cells));
    }
    let _ = writeln!(out, "{table}");
    if !missing.is_empty() {
        out.push_str("\nBy no scenario:\n");
    }
    for triple in missing {
        let _ = writeln!(out, "  {triple}");
    }
    out.push_str("\nNot run, because\n");
    for (why, triples) in c.reasons() {
        let _ = writeln!(out, "  {:>4}  {why}", triples.len());
    }
    out
}

/// The grid in Markdown.
pub fn markdown(c: &Coverage<'_>) -> String {
    let (heads, rows) = c.grid();
    let mut out = format!(
        "| | {} |\n|{}\n",
        heads.join(" | "),
        "---|".repeat(heads.len() + 1)
    );
    for (name, cells) in rows {
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    out
}

#[derive(Serialize)]
struct Item {
    changer: &'static str,
    reader: &'static str,
    kind: &'static str,
}

impl Item {
    fn of(triple: Triple) -> Item {
        Item {
            changer: triple.changer.name(),
            reader: triple.reader.name(),
            kind: triple.kind.name(),
        }
    }
}

#[derive(Serialize)]
struct RunItem<'a> {
    #[serde(flatten)]
    triple: Item,
    scenarios: &'a [&'a str],
}

#[derive(Serialize)]
struct Reason {
    why: String,
    triples: Vec<Item>,
}

#[derive(Serialize)]
struct SchemeItem<'a> {
    scheme: &'a str,
    run: Vec<RunItem<'a>>,
    missing: Vec<Item>,
    not_run: Vec<Reason>,
}

/// All of it, for scripts.
///
/// # Errors
/// Never, of plain data.
pub fn json(all: &[Coverage<'_>]) -> serde_json::Result<String> {
    let item = |c| SchemeItem::of(c);
    serde_json::to_string(&all.iter().map(item).collect::<Vec<_>>())
}

impl<'a> SchemeItem<'a> {
    fn of(c: &'a Coverage<'a>) -> SchemeItem<'a> {
        let run = c.run.iter().map(|(triple, scenarios)| RunItem {
            triple: Item::of(*triple),
            scenarios,
        });
        let reasons = c.reasons().into_iter().map(|(why, triples)| Reason {
            why: why.to_string(),
            triples: triples.into_iter().map(Item::of).collect(),
        });
        SchemeItem {
            scheme: c.scheme,
            run: run.collect(),
            missing: c.missing().into_iter().map(Item::of).collect(),
            not_run: reasons.collect(),
        }
    }
}
