//! DL. A store is never forgotten.

use foliocheck_model::kernel::fs::buffers;
use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, ne, not};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// A folio of the file that is up to date and bears no dirty mark anywhere has on disk what it has in memory. Marks are:
/// PG_dirty, PG_writeback, a buffer under IO, D in a page-table entry that maps it, the folio lock or the page-table lock
/// being held (whoever holds it may be about to move a mark), zeroing under way
/// (invalidate_lock held exclusive), and a pin whose holder has yet to unpin.
///
/// No store of a program may go to a folio that the file no longer has: one that reclaim or truncation took out of the
/// cache, or one whose bytes a scheme has copied to the folio that took its place. And a folio that reclaim takes out of
/// the cache has nothing that is not on disk.
///
/// It follows that after a final sync every store is on disk. Does not apply to tmpfs.
pub const INVARIANT: Invariant = Invariant {
    id: "no-lost-write",
    guarantee: "DL",
    needs_change: false,
    title: "a folio with no dirty mark anywhere has on disk what it has in memory",
    source: "the bugs of folio_mkclean and its callers since 2.6.19 (7658cc289288)",
    why: "memory and disk differ, and nothing remembers that the folio must be written",
    applies: |setup: &Setup| {
        setup.mapping == foliocheck_model::kernel::setup::Mapping::Disk
            && setup.any_call(|c| {
                setup.flushes(c)
                    || matches!(
                        c,
                        Call::Munmap { .. }
                            | Call::TryToUnmap { .. }
                            | Call::PunchHole { .. }
                            | Call::Truncate { .. }
                            | Call::Reclaim { .. }
                    )
            })
    },
    bad,
};

/// One question a folio: each is answered by what touches that folio.
fn bad(system: &System, world: &World) -> Vec<(Scope, Expr)> {
    let mut ways = Vec::new();
    for (f, folio) in world.folios.iter().enumerate() {
        let index = &world.indices[folio.index];
        let mut unmarked = vec![
            eq(folio.has_mapping, 1),
            eq(folio.uptodate, 1),
            eq(folio.dirty, 0),
            eq(folio.writeback, 0),
            eq(folio.lock, 0),
            eq(world.inode.invalidate_lock.writer, 0),
            buffers::no_io(folio),
        ];
        for ((_, i), pte) in &world.ptes {
            if *i == folio.index {
                unmarked.push(eq(pte.ptl, 0));
                unmarked.push(not(and(world.maps(pte, f), eq(pte.dirty, 1))).fold());
            }
        }
        for (task, setup) in system.task_ids().zip(&world.setup.tasks) {
            let pins = setup
                .calls
                .iter()
                .any(|c| matches!(c, Call::PinStore { folio: i, .. } if *i == folio.index));
            if pins {
                unmarked.push(system.ended(task));
            }
        }
        let differs =
            any(folio.data.iter().enumerate().map(|(word, data)| {
                ne(*data, index.on_disk(word, world.tokens.zero(folio.index)))
            }));
        unmarked.push(differs);
        ways.push((Scope::Always, all(unmarked)));
    }
    if let Some(lost) = world.ghosts.store_lost {
        ways.push((Scope::Always, eq(lost, 1)));
    }
    ways
}
