//! I1, I35. What page tables allow, PG_dirty knows.

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Mapping, Setup};
use foliocheck_model::machine::expr::{Expr, all, and, eq, or};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// On a mapping that can write back, a page-table entry that is writable or dirty exists only while
/// the folio it maps is PG_dirty or locked. Writeback skips folios that are not PG_dirty: an entry
/// outside this rule is a store that it will not see.
///
/// tmpfs breaks this by design (`wp_page_shared` without `page_mkwrite`), and is not asked.
pub const INVARIANT: Invariant = Invariant {
    id: "dirty-accounted",
    guarantee: "I1, I35",
    needs_change: false,
    title: "a writable or dirty PTE exists only while its folio is PG_dirty or locked",
    source: "mm/page-writeback.c:folio_prepare_writeback, mm/memory.c:fault_dirty_shared_page",
    why: "a page table lets stores through (or remembers one) that writeback will not look for",
    applies: |setup: &Setup| {
        setup.mapping == Mapping::Disk
            && (!setup.ptes.is_empty()
                || setup.any_call(|c| {
                    matches!(c, foliocheck_model::kernel::setup::Call::MmapStore { .. })
                }))
    },
    bad,
};

/// One question for each entry and folio.
fn bad(_: &System, world: &World) -> Vec<(Scope, Expr)> {
    let mut ways = Vec::new();
    for ((_, index), pte) in &world.ptes {
        for f in &world.indices[*index].folios {
            let folio = &world.folios[*f];
            let bad = all([
                and(world.maps(pte, *f), or(eq(pte.write, 1), eq(pte.dirty, 1))),
                eq(folio.dirty, 0),
                eq(folio.lock, 0),
            ]);
            ways.push((Scope::Always, bad));
        }
    }
    ways
}
