//! The Linux page cache as programs of atomic steps.
//!
//! | module | holds |
//! |---|---|
//! | [`machine`] | steps as data: variables, expressions, programs, interpreter, packed machine |
//! | [`kernel`] | the kernel's paths as programs on it, and the places where rules attach |
//!
//! `MAP.md`, next to this crate's manifest, sets every variable and step against the C that it stands for.

pub mod executor;
pub mod kernel;
pub mod machine;
