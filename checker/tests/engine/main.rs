//! The engines: held against enumeration, against plain search, against each other.

mod cost;
mod counts;
mod lasso;
mod progress;
mod reduction;
mod sets;
#[path = "../support/mod.rs"]
mod support;
mod threads;
