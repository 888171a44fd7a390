//! The exploration engines.
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
//! | [`limits`] | bounds, and why a run was cut |

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
