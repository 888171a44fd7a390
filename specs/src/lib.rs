//! What is proposed, and what must hold.
//!
//! | module | holds |
//! |---|---|
//! | [`scheme`] | what a scheme is: named rules on hooks of the kernel's programs |
//! | [`schemes`] | the proposed schemes, one a file |
//! | [`invariants`] | the guarantees, one a file, each with its definition |
//! | [`scenario`] | scenario files: reading and checking |
//! | [`file`](mod@file) | errors that name file, line and field |
//! | [`names`] | what ids and texts may hold |
//! | [`bugs`] | real bugs, each with its fixed twin |
//! | [`claims`] | what was said on the lists, and the checks that test it |
//! | [`coverage`] | which change meets which reading in some scenario, and which in none |
//! | [`docs`] | the pages about all this, as far as programs show them |
//! | [`instance`] | one scenario under one scheme, as a system that engines explore |
//! | [`witness`] | for each invariant, something that is known to break it |
//!
//! What is *not* here: weak memory (the declared orders are carried, not explored), large folios, direct
//! IO on cached pages, and more folios, tasks or calls than a scenario names. `model/MAP.md` says what
//! each simplification could hide.

pub mod bugs;
pub mod claims;
pub mod coverage;
pub mod docs;
pub mod file;
pub mod instance;
pub mod invariants;
pub mod names;
pub mod scenario;
pub mod scheme;
pub mod schemes;
pub mod witness;

pub use instance::Instance;
pub use invariants::Invariant;
pub use scenario::Scenario;
pub use scheme::{Family, Rule, Scheme};
