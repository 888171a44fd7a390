//! No CPU can store to a page that the file has given up.

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::expr::{Expr, all, eq};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// No TLB entry that lets stores through leads to a folio that is not in the page cache. Such a folio is free, or soon
/// will be, and then belongs to somebody else. Whoever takes a page out of the file unmaps it and flushes first.
///
/// Asked where a page can leave the page cache, or can be replaced, and a mapping stores to it. Entries that allow only
/// reads are not modelled.
pub const INVARIANT: Invariant = Invariant {
    id: "no-stale-translation",
    guarantee: "I7",
    needs_change: false,
    title: "no TLB entry leads to a folio that the file no longer has",
    source: "CVE-2018-18281 (eb66ae030829: move_ptes dropped the page-table locks before its flush); mm/mmu_gather.c",
    why: "a CPU still has a writable translation to a folio that has left the page cache",
    applies,
    bad,
};

fn applies(setup: &Setup) -> bool {
    setup.calls().any(|(_, _, call)| {
        let Call::MmapStore { folio, .. } = call else {
            return false;
        };
        setup.any_call(|c| {
            c.removes(*folio)
                || matches!(c, Call::SpliceRead { folios, .. } if folios.contains(folio))
        })
    })
}

/// One question for each entry and folio.
fn bad(_: &System, world: &World) -> Vec<(Scope, Expr)> {
    let mut ways = Vec::new();
    for ((_, index), tlbs) in &world.tlbs {
        if world.indices[*index].fixed {
            continue;
        }
        for tlb in tlbs {
            for f in &world.indices[*index].folios {
                let bad = all([
                    eq(tlb.writable, 1),
                    eq(tlb.folio, world.position(*f)),
                    eq(world.folios[*f].has_mapping, 0),
                ]);
                ways.push((Scope::Always, bad));
            }
        }
    }
    ways
}
