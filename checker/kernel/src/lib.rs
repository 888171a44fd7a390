//! Holds the model against the running kernel.
//!
//! | module | holds |
//! |---|---|
//! | [`probe`] | what this machine allows, each with its reason |
//! | [`place`] | scratch file systems: made, and undone however the program ends |
//! | [`act`] | system calls in threads of their own, with a time limit: done, or blocked and where |
//! | [`gate`] | how a call is held at a step: a source buffer whose page is not there yet |
//! | [`observe`] | what can be seen without changing it: flags of a folio, bytes in memory and on disk, faults |
//! | [`peek`], [`btf`] | what pipes refer to, read from the kernel's own structures |
//! | [`handle`] | which starts and calls can be made from outside |
//! | [`plan`] | a counterexample as whole calls, found on the model |
//! | [`player`] | the file as a scenario has it at the start, and its calls |
//! | [`replay`] | that plan played on the kernel, and compared after every call |
//! | [`conform`] | random walks on both, until they disagree; the shortest one that does |
//! | [`random`] | scenarios and orders of calls by chance, and how they are made smaller |
//! | [`reproduce`] | the programs that show what was found in Linux |
//! | `sys` | the only `unsafe` of the project: what no kept crate wraps |
//!
//! Everything works in a folder of its own, on file systems that it made there. Nothing stays behind: see [`place`].
//! What the machine does not allow is said, and never counts as seen.

pub mod act;
pub mod btf;
pub mod conform;
pub mod gate;
pub mod handle;
pub mod observe;
pub mod peek;
pub mod place;
pub mod plan;
pub mod player;
pub mod probe;
pub mod random;
pub mod replay;
pub mod reproduce;
mod sys;
