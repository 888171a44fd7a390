//! The engines as the suite uses them: reduced against full, endless executions, costs, threads.

mod cost;
mod progress;
mod reduction;
#[path = "../support/mod.rs"]
mod support;
mod threads;
