//! I2, I6. A stable mapping is stable under writeback.

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, or};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// On a mapping with AS_STABLE_WRITES: while PG_writeback is set no page-table entry and no TLB entry
/// lets a store through to what the device reads; and the checksum or parity that the device computed is
/// that of the bytes that its DMA read. Where a copy is made when the write is submitted, the device
/// never reads the folio, and only the second half is asked.
///
/// Writers through pins are outside the kernel's reach and break the second half: see the scenarios of
/// group `pin`.
pub const INVARIANT: Invariant = Invariant {
    id: "stable-under-writeback",
    guarantee: "I2, I6",
    needs_change: false,
    title: "on a stable mapping nothing can write while writeback is in flight",
    source: "mm/page-writeback.c:folio_wait_stable",
    why: "the mapping promises stable pages, and the folio could be (or was) changed under writeback",
    applies: |setup: &Setup| {
        setup.stable_writes
            && setup.any_call(|c| matches!(c, Call::CommitData { .. }) || setup.flushes(c))
    },
    bad,
};

/// One question for the checksum, one for each entry and folio.
fn bad(_: &System, world: &World) -> Vec<(Scope, Expr)> {
    let mut ways = vec![(Scope::Always, eq(world.ghosts.checksum_mismatch, 1))];
    if world.bounces {
        return ways;
    }
    for ((mm, index), pte) in &world.ptes {
        for f in &world.indices[*index].folios {
            let writable = and(world.maps(pte, *f), eq(pte.write, 1));
            let position = world.position(*f);
            let cached = any(world.tlbs[&(*mm, *index)]
                .iter()
                .map(|tlb| and(eq(tlb.writable, 1), eq(tlb.folio, position))));
            let bad = all([eq(world.folios[*f].writeback, 1), or(writable, cached)]);
            ways.push((Scope::Always, bad));
        }
    }
    ways
}
