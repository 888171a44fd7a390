//! I8. Writes and writeback go by the mapping that is.

use foliocheck_model::kernel::objects::extent;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::expr::{and, any, eq};
use foliocheck_model::machine::system::Scope;

use super::invariant::{Invariant, recorded};

/// A cached mapping is acted on only while it says what is.
///
/// - A write that completes a folio (W8) reads where the data fork has data at that moment, from the block
///   that it maps at that moment, and zeroes elsewhere: else valid content is zeroed, or a block's former
///   content exposed.
/// - The IO of a writeback or of a direct write (B12) goes to the block of the COW fork if there is one, else to that of the
///   data fork, as they are at that moment, and never to a block that another file maps.
/// - With a journal: what the last commit says is written holds no former content of its block, or a
///   crash exposes it.
///
/// Asked where block identities are part of the state.
pub const INVARIANT: Invariant = Invariant {
    id: "mapping-current",
    guarantee: "I8",
    needs_change: false,
    title: "a write or writeback acts only on the extent that maps the page at that moment",
    source: "iomap_write_begin and its comment on iomap_valid; xfs_map_blocks; Chinner, 20220817093627.GZ3600936@dread.disaster.area; 06bd3c36a733 for the last part",
    why: "a mapping was acted on that was no longer that of the page",
    applies: |setup: &Setup| {
        setup.blocks
            && setup.any_call(|c| matches!(c, Call::Write { .. }) || setup.writes_to_device(c))
    },
    bad: |_, world| {
        let mut ways = recorded(world.ghosts.mapping_stale);
        for (n, index) in world.indices.iter().enumerate() {
            if let (Some(journal), Some(secret)) = (index.journal, world.tokens.secret(n)) {
                let block = &index.blocks[0];
                let exposed = any(block.data.iter().map(|word| eq(*word, secret)));
                let bad = and(eq(journal.committed, extent::WRITTEN), exposed);
                ways.push((Scope::Always, bad));
            }
        }
        ways
    },
};
