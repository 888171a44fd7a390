//! The exploration engines: a system of atomic steps in, what it can do out. They know nothing of schemes
//! and invariants but predicates over states, and nothing of how answers are shown.
//!
//! | module | holds |
//! |---|---|
//! | [`explore`] | stateright over the packed machine, with our own accounting of completeness |
//! | [`stubborn`] | the reduction, and why it preserves what is asked |
//! | [`nodes`] | what is known of each step before exploration: conflicts, enablers, dominators |
//! | [`graph`] | the state graph with every interleaving, numbered |
//! | [`components`] | its strongly connected components, by petgraph |
//! | [`lasso`] | fair endless executions in which a task never finishes |
//! | [`progress`] | that question asked of a system |
//! | [`cost`] | least and most of what steps cost, over the paths of the graph |
//! | [`loom`] | the same programs as threads on weak memory: every execution within bounds |
//! | [`shuttle`] | the same programs as threads, at random |
//! | [`minimize`] | a path that was met by chance, made short |
//! | [`limits`] | bounds, and why a run was cut |
//!
//! What is *not* found: a state whose 64-bit fingerprint another has ([`explore::Exploration::expected_omissions`]);
//! what needs load buffering, or another order of full barriers than loom tries ([`loom`]); anything that
//! [`shuttle`] does not happen to meet. An [`explore::Mode`] refuses predicates that it does not decide.

pub mod components;
pub mod cost;
pub mod explore;
pub mod graph;
pub mod lasso;
pub mod limits;
pub mod loom;
pub mod minimize;
pub mod nodes;
pub mod progress;
pub mod shuttle;
pub mod stubborn;

/// What executions share; one that panicked while it held the lock has left it whole.
fn lock<T>(shared: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
