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
