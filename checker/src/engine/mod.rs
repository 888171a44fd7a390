//! The exploration engine.
//!
//! | module | holds |
//! |---|---|
//! | [`explore`] | stateright over the packed machine, with our own accounting of completeness |
//! | [`stubborn`] | the reduction, and why it preserves what is asked |
//! | [`nodes`] | what is known of each step before exploration: conflicts, enablers, dominators |
//! | [`limits`] | bounds, and why a run was cut |

pub mod explore;
pub mod limits;
pub mod nodes;
pub mod stubborn;
