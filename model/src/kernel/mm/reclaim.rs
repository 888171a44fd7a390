//! `mm/vmscan.c`: memory pressure takes a clean folio out of the page cache. Action R1.

use crate::kernel::functions as c;
use crate::kernel::mm::folio::{folio_unlock_put_goto, look_up};
use crate::kernel::objects::REFS_BIAS;
use crate::kernel::program::{Prog, oracle};
use crate::machine::expr::{and, any, eq};
use crate::machine::step::Order;

/// `shrink_folio_list` for the folio of one page: it is isolated (with a reference), locked if nobody
/// has it locked, and removed if it is clean, not under writeback, in no page table, and nobody else
/// refers to it. A folio that is mapped is kept, as one that was accessed lately is.
pub fn reclaim(p: &mut Prog<'_>, index: usize) {
    let folio = p.folio_register(index);
    let done = p.b.label("done");
    let keep = p.b.label("keep_locked");
    let put = p.b.label("keep");
    p.within(c::SHRINK_FOLIO_LIST, |p| {
        look_up(p, "R1g", c::ISOLATE_LRU_FOLIOS, &folio, done);
        let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
        p.b.step("R1l", c::SHRINK_FOLIO_LIST, |s| {
            s.text("folio_trylock")
                .acquire(lock.clone())
                .when(eq(lock.clone(), 0), "locked", |b| b.set(lock, me))
                .otherwise("busy: keep it", |b| b.goto(put))
        });
        let (dirty, writeback) = (
            folio.place(p.w, |f| f.dirty),
            folio.place(p.w, |f| f.writeback),
        );
        let entries: Vec<_> =
            p.w.mms_of(index)
                .iter()
                .map(|mm| p.w.ptes[&(*mm, index)])
                .collect();
        let position = folio.select(|f| p.w.position(f).into());
        let mapped = any(entries
            .iter()
            .map(|pte| and(eq(pte.rmap, 1), eq(pte.folio, position.clone()))));
        p.b.step("R1c", c::SHRINK_FOLIO_LIST, |s| {
            s.when(eq(writeback, 1), "under writeback: keep it", |b| {
                b.goto(keep)
            })
            .when(mapped, "mapped: keep it", |b| b.goto(keep))
            .when(eq(dirty.clone(), 1), "dirty: keep it", |b| b.goto(keep))
            .otherwise("clean", |b| b)
        });
        let refs = folio.place(p.w, |f| f.refs);
        let cached = folio.place(p.w, |f| f.has_mapping);
        let (slot, mark) = (p.w.indices[index].slot, p.w.indices[index].mark);
        let alone = eq(refs.clone(), REFS_BIAS + 1);
        let (w, b) = (&*p.w, &mut p.b);
        b.step("R1", c::REMOVE_MAPPING, |s| {
            s.text("under xa_lock: folio_ref_freeze, still clean?")
                .order(refs, Order::Full)
                .order(slot, Order::Full)
                .when(
                    crate::machine::expr::all([alone, eq(dirty, 0), eq(cached.clone(), 1)]),
                    "out of i_pages",
                    |b| {
                        if let Some(mark) = mark {
                            b.set(mark, 0);
                        }
                        oracle::removed_clean(w, b, &folio);
                        b.set(slot, 0).set(cached, 0)
                    },
                )
                .otherwise("somebody refers to it, or dirtied it: keep it", |b| b)
        });
        p.b.bind(keep);
        folio_unlock_put_goto(p, "R1u", &folio, done);
        p.b.bind(put);
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("R1p", c::FOLIO_PUT, |s| s.text("putback_lru").dec(refs));
        p.b.bind(done);
    });
}
