//! The engines: held against enumeration, against plain search, against each other.

mod cost;
mod lasso;
mod progress;
mod reduction;
#[path = "../support/mod.rs"]
mod support;
mod threads;
