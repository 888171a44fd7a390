//! What leaves the file was the file's.

use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::kernel::tokens::Tokens;

use super::invariant::{Invariant, recorded};

/// Every byte that reaches a reader of a splice or the disk was the file's: stored, a zero of a hole, or old content. It is
/// never what a block held for another file, nor what happened to be in a page that was just allocated. And a clone
/// holds what the file held when it was cloned.
///
/// Asked where there are such bytes (blocks with identities; a write of part of a page that it may have to allocate), or a
/// clone of a page that is not pinned.
pub const INVARIANT: Invariant = Invariant {
    id: "file-content",
    guarantee: "I8",
    needs_change: false,
    title: "what reaches a reader, the disk or a clone is what the file held",
    source: "fs/iomap/buffered-io.c:__iomap_write_begin, which reads or zeroes the rest of a block; fs/xfs/xfs_reflink.c:xfs_reflink_remap_prep, which flushes before it shares",
    why: "somebody was given bytes that the file did not hold",
    applies: |setup: &Setup| {
        let tokens = Tokens::of(setup);
        let foreign = (0..setup.folios.len()).any(|index| tokens.foreign(index).is_some());
        let leaves = |c: &Call| {
            setup.writes_to_device(c)
                || matches!(
                    c,
                    Call::PipeRead { .. } | Call::Transmit { .. } | Call::Receive { .. }
                )
        };
        setup.any_call(|c| matches!(c, Call::Reflink { folio } if !setup.pins(*folio)))
            || foreign && setup.any_call(leaves)
    },
    bad: |_, world| {
        let ghosts = [world.ghosts.exposed, world.ghosts.clone_differs];
        ghosts.into_iter().flatten().flat_map(recorded).collect()
    },
};
