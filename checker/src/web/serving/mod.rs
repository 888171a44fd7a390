//! Requests and answers: the server, its limits, the page as one file.

pub mod assets;
pub mod cache;
pub mod export;
pub mod guard;
pub mod pack;
pub mod runs;
pub mod server;
