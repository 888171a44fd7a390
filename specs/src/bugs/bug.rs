//! What a bug of the catalogue is.

use foliocheck_model::machine::ablate::Ablation;

use crate::scheme::Scheme;
use crate::schemes::by_reference;

/// A bug.
#[derive(Clone)]
pub struct Bug {
    /// Its number in the catalogue.
    pub id: &'static str,
    /// What it is called, in one line.
    pub title: &'static str,
    /// Kernel versions that had it.
    pub kernel: &'static str,
    /// The commit that fixed it, and the release; or that nothing has.
    pub fix: &'static str,
    /// What went wrong, in two lines.
    pub story: &'static str,
    /// The fstests or LTP test, where one exists.
    pub test: Option<&'static str>,
    /// Whether the model carries it.
    pub carried: Carried,
}

/// Whether the model carries a bug.
#[derive(Clone)]
pub enum Carried {
    /// In each of these cases.
    Cases(Vec<Case>),
    /// It does not, for this reason.
    No(&'static str),
}

/// A scenario in which the bug shows and its fix does not.
#[derive(Clone)]
pub struct Case {
    /// What is wrong in the buggy twin, in one line.
    pub title: &'static str,
    /// The scenario.
    pub scenario: &'static str,
    /// The invariant that the buggy twin violates, and the fixed one keeps.
    pub invariant: &'static str,
    /// With the bug.
    pub buggy: Twin,
    /// Without.
    pub fixed: Twin,
}

/// A kernel.
#[derive(Clone)]
pub struct Twin {
    /// Its rules.
    pub scheme: Scheme,
    /// What is removed or misplaced.
    pub ablations: Vec<Ablation>,
}

impl Twin {
    /// A scheme with something removed or misplaced.
    pub fn new(scheme: Scheme, ablations: impl IntoIterator<Item = Ablation>) -> Twin {
        Twin {
            scheme,
            ablations: ablations.into_iter().collect(),
        }
    }
}

/// Today's kernel, and today's kernel with something removed or misplaced.
pub(super) fn without(ablations: impl IntoIterator<Item = Ablation>) -> (Twin, Twin) {
    let today = by_reference::scheme;
    (Twin::new(today(), ablations), Twin::new(today(), []))
}
