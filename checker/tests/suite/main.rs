//! What the suite says of schemes, bugs and claims, and that it is what is committed.

mod ablation;
mod bugs;
mod claims;
mod coverage;
mod errors;
mod kernel_paths;
mod pipes_and_sockets;
mod sinks;
mod spliced_tag;
mod stamps;
#[path = "../support/mod.rs"]
mod support;
mod unfinished;
