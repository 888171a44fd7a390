//! E1. One access of a sink is one set of bytes.

use foliocheck_model::kernel::setup::{Call, Device, Setup};

use super::invariant::{Invariant, recorded};

/// The reads that belong to one access by a device or protocol (the checksum or the parity, and the DMA,
/// of one write; the checksum and the sending of one transmission) see the same bytes, word by word.
///
/// Broken at the second read of a word that differs from the first. A retransmission is an access of
/// its own: see `reread-consistent`. May legitimately not hold on a device that declares no need for
/// stable pages and yet reads twice: such a device is a scenario's choice. A parity that is not that of
/// the block is found only when another disk of the array fails, and then another block is rebuilt wrong.
/// A device that copies first (the stripe cache, a bounce page) reads its copy twice: what the copy is of
/// is not asked here.
pub const INVARIANT: Invariant = Invariant {
    id: "access-consistent",
    guarantee: "E1",
    needs_change: true,
    title: "the reads that make up one sink access see the same bytes",
    source: "Chinner, 10 Feb 2023, 20230210061953.GC2825702@dread.disaster.area; bdev_stable_writes",
    why: "the checksum was computed over bytes that are not the bytes that were sent or written",
    applies,
    bad: |_, world| recorded(world.ghosts.access_inconsistent),
};

fn applies(setup: &Setup) -> bool {
    setup.any_call(|c| match c {
        Call::Transmit {
            checksum,
            software_checksum,
            ..
        } => *checksum || *software_checksum,
        _ => setup.device != Device::Plain && setup.writes_to_device(c),
    })
}
