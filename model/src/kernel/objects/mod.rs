//! Every kernel object that the tasks of a scenario can reach, as variables.

pub mod blocks;
pub mod ghost;
mod object;
pub mod pipe_pages;
mod sinks;
mod world;

pub use object::*;
pub use pipe_pages::PipePages;
pub use sinks::{SHARED_FRAG, Sinks};
pub use world::World;
