//! X1. Sinks do not write to their source.

use foliocheck_model::kernel::setup::{Call, Setup};

use super::{Invariant, recorded};

/// No action on a pipe, a socket or a sink changes a word of a folio that is in the page cache.
///
/// Source: Dirty Pipe (CVE-2022-0847) and the in-place sinks of 2026 (`schemes` of the mail threads).
pub const INVARIANT: Invariant = Invariant {
    id: "source-untouched",
    guarantee: "X1",
    title: "no action on a pipe, socket or sink changes a page-cache folio",
    why: "an action on the pipe changed a page of the file: no permission to write was asked, nothing was marked dirty",
    applies: |setup: &Setup| setup.any_call(|c| matches!(c, Call::SpliceRead { .. })),
    bad: |_, world| recorded(world.ghosts.source_changed),
};
