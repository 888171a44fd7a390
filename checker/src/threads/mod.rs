//! Units run as threads: by loom, on weak memory, and by shuttle, at random.
//!
//! | module | holds |
//! |---|---|
//! | [`loomed`] | what loom finds in a unit, and the verdicts that follow |
//! | [`ledger`] | what is committed of that |
//! | [`sampled`] | what shuttle meets in a unit |
//! | [`agree`] | the engines answering for each other |
//! | [`orders`] | which memory orders a scheme rests on |

pub mod agree;
pub mod ledger;
pub mod loomed;
pub mod orders;
pub mod sampled;

use std::sync::Arc;

use foliocheck_model::executor::execution::Prepared;
use foliocheck_model::executor::follow;
use foliocheck_model::executor::plan::Plans;
use foliocheck_model::machine::optimize::for_threads;
use foliocheck_model::machine::{BuildError, System};

/// A system made ready for threads; `full` is as it was written.
///
/// # Errors
/// [`BuildError::TwoObjects`] if a step of it is no sequence of accesses.
pub fn prepare(full: &System) -> Result<Arc<Prepared>, BuildError> {
    let system = for_threads(full);
    let plans = Plans::of(&system)?;
    let leader = follow::leader(&system)?;
    Ok(Arc::new(Prepared {
        system,
        plans,
        leader,
    }))
}
