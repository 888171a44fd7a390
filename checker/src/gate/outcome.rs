//! How a run compares with what is committed: what every report of the gate is made from.

use crate::expectation::{Difference, Key};
use crate::gate::Counterexamples;
use crate::verdict::{Run, Verdict};

/// Something that is held to what is committed beside the verdicts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// What: `stored counterexamples`.
    pub title: &'static str,
    /// How many were looked at.
    pub looked_at: usize,
    /// A line for each that is not as committed.
    pub lines: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Every run.
    pub runs: Vec<Run>,
    /// Those that are not as committed, the gravest first, and what has vanished.
    pub differences: Vec<Difference>,
    /// What else was looked at.
    pub sections: Vec<Section>,
    /// The counterexamples of the violated cells.
    pub counterexamples: Counterexamples,
    /// Those of runs whose verdict or length is not as committed.
    pub changed: Counterexamples,
    /// Why this is not everything that is committed; none if it is.
    pub missing: Vec<String>,
    /// What else is inconclusive, beside runs.
    pub open: Vec<String>,
}

impl Outcome {
    /// Nothing is other than committed.
    pub fn as_committed(&self) -> bool {
        self.wrong() == 0
    }

    /// How much is other than committed.
    pub fn wrong(&self) -> usize {
        let beside = self.sections.iter().map(|s| s.lines.len());
        self.differences.len() + beside.sum::<usize>()
    }

    /// The run that a difference is about; none if it has vanished.
    pub fn run(&self, key: &Key) -> Option<&Run> {
        self.runs
            .iter()
            .find(|r| (&r.scheme, &r.scenario, &r.invariant) == (&key.0, &key.1, &key.2))
    }

    /// How many runs have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.runs.iter().filter(|r| r.verdict == verdict).count()
    }

    /// The last line: complete or not, and as committed or not.
    pub fn conclusion(&self) -> String {
        let mut looked_at = vec![format!("{} verdicts", self.runs.len())];
        let sections = self.sections.iter().filter(|s| s.looked_at > 0);
        looked_at.extend(sections.map(|s| format!("{} {}", s.looked_at, s.title)));
        let complete = if self.missing.is_empty() {
            "complete".to_owned()
        } else {
            format!("NOT complete ({})", self.missing.join("; "))
        };
        let how = match (self.wrong(), self.count(Verdict::Inconclusive)) {
            (0, 0) => "everything is as committed".to_owned(),
            (0, open) => format!("nothing is other than committed, and {open} inconclusive"),
            (wrong, _) => format!("{wrong} not as committed"),
        };
        format!("gate: {complete}: {}; {how}", looked_at.join(", "))
    }
}
