//! Shows that the machine is what its documentation says: the reference interpreter, the packed
//! machine, the optimiser and the footprints agree with each other, and with an interpreter that is
//! written here and shares no code with them, on random systems; and that systems which break a rule
//! of the model are refused.

mod ablation;
mod agreement;
#[path = "../support/build.rs"]
mod build;
mod builder;
mod counters;
mod counters_random;
mod explore;
mod expr;
mod footprint;
mod forever;
mod influence;
mod listing;
mod misplace;
mod naive;
mod optimize;
#[path = "../support/plan.rs"]
mod plan;
mod refusal;
mod saturate;
#[path = "../support/cases.rs"]
mod support;
mod system;
mod weaken;

use support::cases as config;

/// Words of a packed state in these tests.
const WORDS: usize = 8;
