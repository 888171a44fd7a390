//! What fsync promises.

use foliocheck_model::kernel::setup::{Call, Mapping, Setup, SyncMode};

use super::invariant::{Invariant, recorded};

/// A word that was stored before a call that syncs (fsync, msync, sync_file_range with both waits) began is on disk when
/// that call returns 0: that word, or one stored later. Broken when the call returns and the disk still has what it had when
/// the call began, although memory had something else by then.
///
/// Bytes that are zeroed by truncation or punching meanwhile are not asked about, nor is the zero of a punch that is
/// still under way when the sync begins: no call has returned for it yet. Nor are pages that are pinned: the holder of a
/// pin stores when it likes, and marks the page when it is done. What the file reads from disk at that moment counts,
/// so a write that went to another block does not.
pub const INVARIANT: Invariant = Invariant {
    id: "durable-after-sync",
    guarantee: "DL",
    needs_change: false,
    title: "what was stored before a sync began is on disk when it returns",
    source: "fsync(2); mm/page-writeback.c:folio_prepare_writeback, which skips a folio that is no longer in the mapping",
    why: "the call reported success, and what was stored before it began is not on disk",
    applies: |setup: &Setup| {
        setup.mapping == Mapping::Disk
            && setup.calls().any(|(_, _, c)| {
                matches!(c, Call::Writeback { folios, sync: SyncMode::All }
                    if folios.iter().any(|index| can_differ(setup, *index)))
            })
    },
    bad: |_, world| {
        world
            .ghosts
            .not_durable
            .into_iter()
            .flat_map(recorded)
            .collect()
    },
};

/// The page can be other than what is on disk, for a reason that a sync has to care for.
fn can_differ(setup: &Setup, index: usize) -> bool {
    let stored =
        |c: &Call| matches!(c, Call::Write { .. } | Call::MmapStore { .. }) && c.touches(index);
    !setup.pins(index) && (setup.folios[index].dirty || setup.any_call(stored))
}
