//! The engines: held against enumeration, against plain search, against each other.

#[path = "../../../../model/tests/support/build.rs"]
mod build;
mod cost;
mod counts;
mod explore;
mod graph;
mod lasso;
mod limits;
mod minimize;
#[path = "../../../../model/tests/support/plan.rs"]
mod plan;
mod progress;
mod reduction;
mod sampling;
mod sets;
#[path = "../../../tests/support/mod.rs"]
mod support;
mod systems;
mod threads;
