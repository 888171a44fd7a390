//! What is known of a part after its removal.

use serde::{Deserialize, Serialize};

use super::Removal;

/// An invariant that breaks without the part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    /// The invariant.
    pub invariant: String,
    /// The smallest scenario that shows it.
    pub scenario: String,
    /// Steps of the shortest trace there.
    pub length: usize,
    /// Whether it is known to be the shortest: nothing was cut short there.
    pub exact: bool,
}

/// The model errs without the part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erred {
    /// The task, the step, and what is wrong there.
    pub error: String,
    /// The smallest scenario that shows it.
    pub scenario: String,
    /// Steps of the shortest way to it; none if it was not found, or there is no program to run.
    pub length: Option<usize>,
}

/// What is known of a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Something breaks without it.
    Needed,
    /// Nothing does, although a question was asked that the part could have answered, and everything that
    /// could have shown it was explored to the end.
    Redundant,
    /// Nothing does, and the questions that the part could have answered are all violated by the whole scheme.
    NothingLeft,
    /// Nothing does, and the part could have answered no question that was asked: none depends on what it
    /// changes, or no execution comes to where it matters.
    Unasked,
    /// Nothing did, but some exploration was cut short.
    Inconclusive,
}

impl Conclusion {
    /// All of them, in the order of reports.
    pub const ALL: [Conclusion; 5] = [
        Conclusion::Needed,
        Conclusion::Redundant,
        Conclusion::NothingLeft,
        Conclusion::Unasked,
        Conclusion::Inconclusive,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Conclusion::Needed => "needed",
            Conclusion::Redundant => "redundant within bounds",
            Conclusion::NothingLeft => "nothing left to break",
            Conclusion::Unasked => "no question asks about it",
            Conclusion::Inconclusive => "inconclusive",
        }
    }
}

/// A question that a part could have answered, the first that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The invariant.
    pub invariant: String,
    /// Where it was asked.
    pub scenario: String,
}

/// What a part is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The part.
    pub removal: Removal,
    /// What is known of it.
    pub conclusion: Conclusion,
    /// The invariants that break without it.
    pub breaks: Vec<Broken>,
    /// How the model errs without it.
    pub errs: Option<Erred>,
    /// What it could have answered, where nothing breaks: kept by the whole scheme if the part is
    /// [redundant](Conclusion::Redundant), violated if [nothing is left](Conclusion::NothingLeft). If it is
    /// [not asked about](Conclusion::Unasked): what depends on it, although no execution comes to where it matters.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Scenarios in which its removal changes anything; at least one.
    pub scenarios: usize,
    /// Distinct states visited without it.
    pub states: usize,
}
