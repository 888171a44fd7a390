//! Technical statements made on the mailing lists, each with the checks that test it: `claims.toml`.
//!
//! | key of `[[claim]]` | value |
//! |---|---|
//! | `id` | lower-case letters, digits and hyphens |
//! | `text` | the statement, in our words |
//! | `author`, `place` | who said it, and where |
//! | `not-expressible` | why the model cannot test it; then no checks |
//! | `[[claim.test]]` | checks: the claim is confirmed if each comes out as expected |
//! | `[[claim.control]]` | checks without which the tests mean nothing |
//! | `[[claim.only-if]]` | `condition` and `test`: the checks that hold under it |
//!
//! | key of a check | value |
//! |---|---|
//! | `scheme`, `invariant` | names |
//! | `scenarios` | globs; all default scenarios if not given |
//! | `group` | only scenarios of this group |
//! | `except` | no scenarios of these groups |
//! | `expect` | `holds`: in every scenario picked; `violated`: in at least one |
//! | `without` | something removed or misplaced: `{ rule = "..." }`, `{ effect = "B3" }`, `{ wait = "W6" }`, `{ lock = "W5" }`, `{ assignment = ["S2", "CAN_MERGE"] }`, `{ before = ["W7", "W5"] }`, `{ after = ["W2", "W10"] }` |
//!
//! A check picks the scenarios named that the scheme concerns and the invariant applies to, and must
//! pick one.
//!
//! The **outcome is computed**; the file does not state it:
//!
//! 1. *not expressible* if the file says so;
//! 2. *untested* if a control does not come out as expected: the tests would pass or fail for another
//!    reason than the claim's;
//! 3. *confirmed* if every test comes out as expected;
//! 4. else *confirmed only if C*, C being the condition of the first `only-if` of which every test
//!    comes out as expected;
//! 5. else *refuted*.
//!
//! Where a run that decides between these is inconclusive, the outcome is *open*.

mod file;

use std::path::Path;

use foliocheck_model::machine::ablate::Ablation;

pub use file::parse;

use crate::file::FileError;

const BUILT_IN: &str = include_str!("../../claims.toml");

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Its name.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Who said it.
    pub author: String,
    /// Where.
    pub place: String,
    /// How it is tested.
    pub test: Test,
}

/// How a claim is tested.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Test {
    /// It cannot be, for this reason.
    NotExpressible(String),
    /// By these checks.
    Checks {
        /// What must come out as expected for the tests to mean anything.
        controls: Vec<Check>,
        /// What the claim says.
        tests: Vec<Check>,
        /// Weaker forms of it.
        only_if: Vec<OnlyIf>,
    },
}

/// A weaker form of a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnlyIf {
    /// Its condition.
    pub condition: String,
    /// What holds under the condition.
    pub tests: Vec<Check>,
}

/// One check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// The scheme's name.
    pub scheme: String,
    /// The invariant's name.
    pub invariant: String,
    /// Globs of scenarios; all default ones if there are none.
    pub scenarios: Vec<String>,
    /// Only scenarios of this group.
    pub group: Option<String>,
    /// No scenarios of these groups.
    pub except: Vec<String>,
    /// What is expected.
    pub expect: Expect,
    /// What is removed or misplaced.
    pub without: Option<Without>,
}

/// What a check expects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// The invariant holds in every scenario picked.
    Holds,
    /// It is violated in at least one.
    Violated,
}

/// What is removed or misplaced.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Without {
    /// A rule of the scheme.
    Rule(String),
    /// A part of the kernel.
    Step(Ablation),
}

impl std::fmt::Display for Without {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Without::Rule(rule) => write!(f, "without rule {rule}"),
            Without::Step(ablation) => write!(f, "{ablation}"),
        }
    }
}

impl std::str::FromStr for Without {
    type Err = String;

    /// Reads what [`Display`](std::fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("without rule ") {
            Some(rule) => Ok(Without::Rule(rule.to_owned())),
            None => text.parse().map(Without::Step),
        }
    }
}

/// How many claims there are: the gate holds [`own`] to it.
pub const NUMBER: usize = 37;

/// The project's own claims, as they were when the program was built. No file is read.
///
/// # Errors
/// If the text is wrong.
pub fn own() -> Result<Vec<Claim>, FileError> {
    parse(Path::new("claims.toml"), BUILT_IN)
}
