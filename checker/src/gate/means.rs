//! What a plan takes, and why there may be none.

use crate::results::ResultsError;
use crate::suite::{Options, UnitError};

/// A plan that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A file cannot be read.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A counterexample cannot be run anew.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// How the counterexamples that no run has at hand are found.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// What there is.
    pub options: &'a Options,
    /// Explorations at once.
    pub jobs: usize,
}
