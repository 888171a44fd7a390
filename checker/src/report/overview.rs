//! What came out of everything, in words: of the kernel as it is, and what each family changes about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use foliocheck_specs::scheme::Family;
use foliocheck_specs::{Invariant, Scheme};

use super::summary::{Environment, Matrix};
use crate::expectation::Expected;
use crate::verdict::Verdict;

/// What a scheme changes of one invariant, over the scenarios that it was run in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Change {
    /// The kernel as it is violates it in one of them, and the scheme in none.
    Mends,
    /// Both violate it.
    Leaves,
    /// Only the scheme does.
    Breaks,
}

/// The invariants that the kernel as it is violates, each with the shortest counterexample; then a paragraph for each
/// family.
pub fn text(schemes: &[Scheme], invariants: &[Invariant], runs: &[Expected]) -> String {
    let table = Verdicts::of(runs);
    let mut out = String::new();
    if let Some(today) = schemes.iter().find(|s| s.family == Family::Reference) {
        let broken: Vec<String> = invariants
            .iter()
            .filter_map(|i| Some((i, table.shortest(today.id, i.id)?)))
            .map(|(i, steps)| format!("{} ({steps})", i.id))
            .collect();
        let asked = invariants
            .iter()
            .filter(|i| table.was_asked(today.id, i.id));
        let _ = writeln!(
            out,
            "The kernel as it is ({}) violates {} of {} invariants (steps of the shortest counterexample):",
            today.id,
            broken.len(),
            asked.count()
        );
        let _ = writeln!(out, "  {}\n", broken.join(", "));
        let _ = writeln!(
            out,
            "What each family of schemes changes, in the scenarios that it was run in (N/M: N of its M schemes):"
        );
        for (family, members) in families(schemes) {
            let _ = write!(
                out,
                "{}",
                of_family(family, &members, today.id, invariants, &table)
            );
        }
    }
    out
}

/// One line: how many cells of a table are violated.
pub fn line(environment: &Environment, matrix: &Matrix<'_>) -> String {
    let cells = matrix.cells.iter().flatten().flatten();
    let open = cells.clone().filter(|c| c.verdict == Verdict::Inconclusive);
    let open = match open.count() {
        0 => String::new(),
        open => format!(", {open} inconclusive"),
    };
    format!(
        "{}: {} of {} cells violated{open}",
        environment.title,
        matrix.violated().count(),
        cells.count()
    )
}

/// Families in the order of the schemes, but for the kernel as it is.
fn families(schemes: &[Scheme]) -> Vec<(&'static str, Vec<&Scheme>)> {
    let mut out: Vec<(&'static str, Vec<&Scheme>)> = Vec::new();
    for scheme in schemes.iter().filter(|s| s.family != Family::Reference) {
        let name = scheme.family.name();
        match out.iter_mut().find(|(n, _)| *n == name) {
            Some((_, members)) => members.push(scheme),
            None => out.push((name, vec![scheme])),
        }
    }
    out
}

fn of_family(
    family: &str,
    members: &[&Scheme],
    today: &str,
    invariants: &[Invariant],
    table: &Verdicts<'_>,
) -> String {
    let mut by_change: BTreeMap<Change, Vec<String>> = BTreeMap::new();
    for invariant in invariants {
        let mut counts: BTreeMap<Change, usize> = BTreeMap::new();
        for scheme in members {
            if let Some(change) = table.change(scheme.id, today, invariant.id) {
                *counts.entry(change).or_default() += 1;
            }
        }
        for (change, count) in counts {
            let share = if count == members.len() {
                String::new()
            } else {
                format!(" {count}/{}", members.len())
            };
            let list = by_change.entry(change).or_default();
            list.push(format!("{}{share}", invariant.id));
        }
    }
    let words = [
        (Change::Mends, "mends"),
        (Change::Leaves, "leaves violated"),
        (Change::Breaks, "violates anew"),
    ];
    let mut out = String::new();
    let mut name = format!("{family} ({})", members.len());
    for (change, word) in words {
        if let Some(list) = by_change.get(&change) {
            let _ = writeln!(out, "  {name:14}  {word:15}  {}", list.join(", "));
            name = String::new();
        }
    }
    out
}

/// Verdicts by scheme, invariant and scenario.
struct Verdicts<'a>(BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, &'a Expected>>);

impl<'a> Verdicts<'a> {
    fn of(runs: &'a [Expected]) -> Verdicts<'a> {
        let mut map: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for run in runs {
            map.entry((run.scheme.as_str(), run.invariant.as_str()))
                .or_default()
                .insert(run.scenario.as_str(), run);
        }
        Verdicts(map)
    }

    fn was_asked(&self, scheme: &str, invariant: &str) -> bool {
        self.0.contains_key(&(scheme, invariant))
    }

    fn shortest(&self, scheme: &str, invariant: &str) -> Option<usize> {
        let runs = self.0.get(&(scheme, invariant))?;
        runs.values().filter_map(|r| r.length).min()
    }

    fn change(&self, scheme: &str, today: &str, invariant: &str) -> Option<Change> {
        let mine = self.0.get(&(scheme, invariant))?;
        let violated = |r: &&&Expected| r.verdict == Verdict::Violated;
        let scenarios: BTreeSet<&str> = mine.keys().copied().collect();
        let now = mine.values().any(|r| violated(&r));
        let before = self.0.get(&(today, invariant)).is_some_and(|runs| {
            let runs = runs.iter().filter(|(s, _)| scenarios.contains(*s));
            runs.map(|(_, r)| r).any(|r| violated(&r))
        });
        match (before, now) {
            (true, false) => Some(Change::Mends),
            (true, true) => Some(Change::Leaves),
            (false, true) => Some(Change::Breaks),
            (false, false) => None,
        }
    }
}
