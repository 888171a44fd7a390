//! Engines, verdicts, traces and reports.
//!
//! What a program of one's own can build on:
//!
//! | module | holds |
//! |---|---|
//! | [`engine`] | exploration by stateright, the reduction, bounds; the state graph, fair lassos, costs |
//! | [`suite`] | which explorations answer which questions; running them in parallel |
//! | [`threads`] | units run as threads: weak memory, sampling, the engines answering for each other |
//! | [`verdict`] | what is known of an invariant, and the run that it comes from |
//! | [`itf`] | traces as files: written, read, named by content, replayed against the present model |
//! | [`trace`], [`weak`], [`blocked`] | counterexamples, step by step; what weak memory lets a step read; who waits for whom |
//! | [`without`] | parts that are removed, as the command line and the page name them |
//! | [`ablation`] | what each part of a scheme, and of the kernel below it, is for |
//! | [`bugs`] | each real bug and its fixed twin, run |
//! | [`claims`] | what was said on the lists, and what the runs say of it |
//! | [`expectation`] | committed verdicts: what a run is held to |
//! | [`cost`] | what schemes cost: copies, flushes, faults, waits, retries |
//! | [`results`] | committed files: read, written whole or not at all |
//! | [`gate`] | what `results/` must hold after a run, and how it differs |
//! | [`interrupt`], [`causes`] | what happens on Ctrl-C; errors in one line |
//! | [`near`], [`command`] | the name that was meant; this program's own command line |
//! | [`report`] | tables, Markdown, JSON, printed traces |
//!
//! The program `foliocheck` itself; nothing above uses it:
//!
//! | module | holds |
//! |---|---|
//! | [`web`] | the page, and its server |
//! | [`cli`] | the command line; [`cli::main_with`] runs it for schemes of one's own |
//!
//! A *holds* means that every reachable state within the bounds of the scenario was visited, or is
//! represented by one that was (see [`engine::stubborn`]); up to the expected number of states that
//! 64-bit fingerprints confuse, which each run reports. What loom does not find is
//! not found on weak memory ([`engine::loom`]); nothing here explores more tasks or folios than a scenario names.

pub mod ablation;
pub mod blocked;
pub mod bugs;
pub mod causes;
pub mod claims;
pub mod cli;
pub mod command;
pub mod cost;
pub mod expectation;
pub mod gate;
pub mod interrupt;
pub mod itf;
pub mod near;
pub mod report;
pub mod results;
pub mod suite;
pub mod threads;
pub mod trace;
pub mod verdict;
pub mod weak;
pub mod web;
pub mod without;

/// The engines: a crate of their own.
pub use foliocheck_engine as engine;

/// The example of a scheme is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../specs/docs/schemes.md")]
pub struct Schemes;
