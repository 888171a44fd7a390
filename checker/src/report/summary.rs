//! Runs gathered into cells: one for each scheme and invariant, over all scenarios.

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_specs::coverage::{self, Triple};
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants};

use crate::expectation::Expected;
use crate::verdict::Verdict;

/// A part of the world that scenarios live in. What holds for ordinary files may be impossible to have
/// elsewhere, so each part has a table of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Environment {
    /// Heading.
    pub title: &'static str,
    /// The scenario group that marks it; none for everything that no other group marks.
    pub group: Option<&'static str>,
}

/// The parts, in the order of the tables.
pub const ENVIRONMENTS: [Environment; 8] = [
    Environment {
        title: "Files on disk",
        group: None,
    },
    Environment {
        title: "tmpfs (no page_mkwrite, no writeback)",
        group: Some("tmpfs"),
    },
    Environment {
        title: "With a writer through a pin",
        group: Some("pin"),
    },
    Environment {
        title: "Cached mappings of extents",
        group: Some("mapping"),
    },
    Environment {
        title: "Writeback to devices that read twice (checksum or parity, and DMA)",
        group: Some("device"),
    },
    Environment {
        title: "Such a device, and a mapping that is not marked stable",
        group: Some("unstable"),
    },
    Environment {
        title: "Such a device, where waiting does not reach: direct writes, buffers written by hand, deferred TLB flushes",
        group: Some("unreached"),
    },
    Environment {
        title: "With a flusher that never rests",
        group: Some("endless-flusher"),
    },
];

impl Environment {
    /// Whether a scenario of these groups belongs here.
    pub fn has(&self, groups: &[String]) -> bool {
        let marked = |e: &Environment| e.group.is_some_and(|g| groups.iter().any(|have| have == g));
        match ENVIRONMENTS.iter().find(|e| marked(e)) {
            Some(first) => first == self,
            None => self.group.is_none(),
        }
    }
}

/// A table for each part of the world that has a run.
pub fn tables<'a>(
    schemes: &'a [Scheme],
    invariants: &'a [Invariant],
    scenarios: &[Scenario],
    runs: &'a [Expected],
) -> Vec<(Environment, Matrix<'a>)> {
    let parts: BTreeMap<&str, Environment> = scenarios
        .iter()
        .filter_map(|s| {
            let part = ENVIRONMENTS.into_iter().find(|e| e.has(&s.groups))?;
            Some((s.id.as_str(), part))
        })
        .collect();
    let covered = Covered::new(schemes, scenarios);
    ENVIRONMENTS
        .into_iter()
        .filter_map(|environment| {
            let here = |run: &&Expected| parts.get(run.scenario.as_str()) == Some(&environment);
            let mine: Vec<&Expected> = runs.iter().filter(here).collect();
            (!mine.is_empty()).then(|| {
                (
                    environment,
                    Matrix::new(schemes, invariants, &mine, &covered),
                )
            })
        })
        .collect()
}

/// A cell of the table schemes × invariants.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    /// The scheme.
    pub scheme: &'a str,
    /// The invariant.
    pub invariant: &'a str,
    /// Violated if it is in any scenario; else inconclusive if it is in any.
    pub verdict: Verdict,
    /// Runs in it.
    pub runs: usize,
    /// Of a *holds*, the triples that they cover: what changes a page, what reads it, in which kind of file.
    pub triples: usize,
    /// It holds, only a change of bytes could violate it, and no scenario in it has a call that changes any.
    pub unchanged: bool,
    /// The run with the shortest counterexample.
    pub shortest: Option<&'a Expected>,
}

impl Cell<'_> {
    /// `holds (57)`, on 57 triples; `violated 17`; `inconclusive`.
    pub fn text(&self) -> String {
        match self.shortest.and_then(|r| r.length) {
            Some(length) => format!("violated {length}"),
            None if self.verdict == Verdict::Holds => {
                format!("{} ({})", self.verdict.name(), self.triples)
            }
            None => self.verdict.name().to_owned(),
        }
    }
}

/// The triples of each scheme and scenario, found when they are asked for.
struct Covered<'a> {
    schemes: BTreeMap<&'a str, &'a Scheme>,
    scenarios: BTreeMap<&'a str, &'a Scenario>,
}

impl<'a> Covered<'a> {
    fn new(schemes: &'a [Scheme], scenarios: &'a [Scenario]) -> Covered<'a> {
        Covered {
            schemes: schemes.iter().map(|s| (s.id, s)).collect(),
            scenarios: scenarios.iter().map(|s| (s.id.as_str(), s)).collect(),
        }
    }

    fn by(&self, run: &Expected) -> BTreeSet<Triple> {
        let scheme = self.schemes.get(run.scheme.as_str());
        let scenario = self.scenarios.get(run.scenario.as_str());
        match (scheme, scenario) {
            (Some(scheme), Some(scenario)) => coverage::under(scheme, &scenario.setup),
            _ => BTreeSet::new(),
        }
    }

    /// Whether any call of a run's scenario changes bytes. What is not known may.
    fn changes(&self, run: &Expected) -> bool {
        let scenario = self.scenarios.get(run.scenario.as_str());
        scenario.is_none_or(|s| coverage::changes_bytes(&s.setup))
    }
}

/// The cells of every scheme and invariant that has a run: rows by scheme, columns by invariant.
pub struct Matrix<'a> {
    /// Names of the schemes with a run, family by family.
    pub schemes: Vec<&'a str>,
    /// The family of each.
    pub families: Vec<&'static str>,
    /// Names of the invariants with a run.
    pub invariants: Vec<&'a str>,
    /// By scheme, by invariant; none where no run applies.
    pub cells: Vec<Vec<Option<Cell<'a>>>>,
}

impl<'a> Matrix<'a> {
    /// Gathers `runs`, in the order of the listings.
    fn new(
        schemes: &'a [Scheme],
        invariants: &'a [Invariant],
        runs: &[&'a Expected],
        covered: &Covered<'_>,
    ) -> Self {
        let mut with_runs: Vec<&Scheme> = schemes.iter().collect();
        with_runs.retain(|s| runs.iter().any(|r| r.scheme == s.id));
        let place = |s: &&Scheme| {
            let first = schemes
                .iter()
                .position(|o| o.family.name() == s.family.name());
            first.unwrap_or(usize::MAX)
        };
        with_runs.sort_by_key(place);
        let families = with_runs.iter().map(|s| s.family.name()).collect();
        let schemes: Vec<&str> = with_runs.iter().map(|s| s.id).collect();
        let invariants: Vec<&str> = invariants
            .iter()
            .map(|i| i.id)
            .filter(|i| runs.iter().any(|r| r.invariant == *i))
            .collect();
        let cells = schemes
            .iter()
            .map(|s| {
                let cells = invariants.iter().map(|i| cell(s, i, runs, covered));
                cells.collect()
            })
            .collect();
        Matrix {
            schemes,
            families,
            invariants,
            cells,
        }
    }

    /// The violated cells.
    pub fn violated(&self) -> impl Iterator<Item = &Cell<'a>> {
        self.cells
            .iter()
            .flatten()
            .flatten()
            .filter(|c| c.verdict == Verdict::Violated)
    }
}

fn cell<'a>(
    scheme: &'a str,
    invariant: &'a str,
    runs: &[&'a Expected],
    covered: &Covered<'_>,
) -> Option<Cell<'a>> {
    let mine: Vec<&Expected> = runs
        .iter()
        .copied()
        .filter(|r| r.scheme == scheme && r.invariant == invariant)
        .collect();
    if mine.is_empty() {
        return None;
    }
    let any = |v: Verdict| mine.iter().any(|r| r.verdict == v);
    let verdict = if any(Verdict::Violated) {
        Verdict::Violated
    } else if any(Verdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Holds
    };
    let shortest = mine
        .iter()
        .filter(|r| r.length.is_some())
        .min_by_key(|r| (r.length, &r.scenario))
        .copied();
    let triples: BTreeSet<Triple> = match verdict {
        Verdict::Holds => mine.iter().flat_map(|r| covered.by(r)).collect(),
        Verdict::Violated | Verdict::Inconclusive => BTreeSet::new(),
    };
    let needs_change = invariants::by_id(invariant).is_some_and(|i| i.needs_change);
    let unchanged =
        verdict == Verdict::Holds && needs_change && !mine.iter().any(|r| covered.changes(r));
    Some(Cell {
        scheme,
        invariant,
        verdict,
        runs: mine.len(),
        triples: triples.len(),
        unchanged,
        shortest,
    })
}
