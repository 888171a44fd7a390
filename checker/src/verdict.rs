//! Verdicts, and the runs they come from.

use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// What is known of an invariant in a scenario under a scheme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every reachable state within the scenario's bounds was visited (or shown to be equivalent to
    /// one that was), and none violates it.
    Holds,
    /// There is a counterexample.
    Violated,
    /// The exploration was cut short before either was known.
    Inconclusive,
}

impl Verdict {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// Of a unit, why what holds there may say little.
pub const UNFINISHED_TASK: &str =
    "a task comes to its end in no execution; what holds there may hold for that reason";

/// One invariant in one scenario under one scheme.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// The invariant.
    pub invariant: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Distinct states visited for it.
    pub states: usize,
    /// Transitions taken for it.
    pub transitions: usize,
    /// Largest distance from the initial state.
    pub depth: usize,
    /// Whether stubborn sets were used.
    pub reduced: bool,
    /// The engine.
    pub engine: &'static str,
    /// Why it is inconclusive, and what was covered.
    pub reason: Option<String>,
    /// What a verdict of an engine that runs threads covers: executions, and within what bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<String>,
    /// Of what holds: tasks that come to their end in no execution. It may hold because of that alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<String>,
    /// Of what holds: only a change of bytes could violate it, and the scenario has no call that changes any.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// A shortest counterexample.
    pub trace: Option<Trace>,
}

impl Run {
    /// Why what holds says little, if it does.
    pub fn caution(&self) -> Option<String> {
        if self.unchanged {
            return Some(
                "no call of this scenario changes bytes of the file, and only that could violate it"
                    .to_owned(),
            );
        }
        let tasks = self.unfinished.join(", ");
        (!tasks.is_empty()).then(|| format!("in this unit {UNFINISHED_TASK}: {tasks}"))
    }
}
