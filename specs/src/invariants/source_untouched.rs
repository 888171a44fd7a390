//! X1. Sinks do not write to their source.

use foliocheck_model::kernel::objects::pipe_pages;
use foliocheck_model::kernel::setup::{Call, Setup};

use super::invariant::{Invariant, recorded};

/// No action on a pipe, a socket or a sink changes a word of a folio that is in the page cache; and no
/// write to one pipe changes bytes that are queued in another. (The second half is recorded when they
/// are read.)
pub const INVARIANT: Invariant = Invariant {
    id: "source-untouched",
    guarantee: "X1",
    needs_change: false,
    title: "no action on a pipe, socket or sink changes a page-cache folio",
    source: "Dirty Pipe (CVE-2022-0847) and the in-place sinks of 2026 (schemes of the mail threads); a0ce2f0aa6ad for pipes among themselves",
    why: "an action on a pipe or a socket changed a page that others use: no permission to write was asked, nothing was marked dirty",
    applies: |setup: &Setup| {
        setup.any_call(|c| matches!(c, Call::SpliceRead { .. })) || pipe_pages::are_shared(setup)
    },
    bad: |_, world| {
        let pipes = world.pipe_pages.iter().map(|p| p.overwritten);
        let ways = [world.ghosts.source_changed].into_iter().chain(pipes);
        ways.flat_map(recorded).collect()
    },
};
