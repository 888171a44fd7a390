//! `mm/rmap.c:try_to_unmap`, with the TLB flush put off to the end of a batch, and reclaim's use of it
//! (`mm/vmscan.c:shrink_folio_list`) up to where the folio would leave the cache. Action R1, first half.
//!
//! A page-table entry is cleared under its PTL and nobody is told: CPUs with a cached entry go on
//! storing until the batch is flushed, or until somebody who depends on it asks (`mm/mprotect.c`,
//! `zap_pte_range`, `move_ptes`: `flush_tlb_batched_pending`).

use crate::kernel::fs::buffers::try_to_free_buffers;
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::mm::rmap::peek_at_pte;
use crate::kernel::objects::{World, address, address_space};
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::builder::{Label, StepDraft};
use crate::machine::expr::{Expr, and, any, eq, ne, not, or};
use crate::machine::step::{Cost, Order};
use crate::machine::var::VarId;

/// `current->tlb_ubc`: what this task has unmapped and not flushed.
#[derive(Clone, Copy)]
pub struct Batch {
    /// Something is to be flushed.
    flush_required: VarId,
}

impl Batch {
    /// An empty batch.
    pub fn new(p: &mut Prog<'_>) -> Batch {
        Batch {
            flush_required: p.register("tlb_ubc.flush_required", 1),
        }
    }
}

/// Shoots down every cached entry of an address space, if `when` holds.
fn flush_mm<'s>(s: &'s mut StepDraft, w: &World, mm: usize, when: &Expr) -> &'s mut StepDraft {
    for (_, tlbs) in w.tlbs.iter().filter(|((m, _), _)| address_space(*m) == mm) {
        for tlb in tlbs {
            s.set_if(when.clone(), tlb.writable, 0)
                .order(tlb.writable, Order::FullAllCpus);
        }
    }
    s
}

/// `flush_tlb_batched_pending`, under a PTL of the address space: flushes if reclaim has unmapped
/// something of it since the last time. To be added to the step that takes the PTL.
pub fn flush_tlb_batched_pending<'s>(
    s: &'s mut StepDraft,
    w: &World,
    mm: usize,
) -> &'s mut StepDraft {
    let mm = address_space(mm);
    if let Some(batched) = w.tlb_flush_batched.get(&mm) {
        flush_mm(s, w, mm, &eq(*batched, 1)).set(*batched, 0);
    }
    s
}

/// Clears every page-table entry of a folio that is locked, TLB flushes put off.
pub fn try_to_unmap(p: &mut Prog<'_>, folio: &FolioRef, batch: Batch) {
    let mms = p.w.mms_of(folio.index);
    p.within(c::TRY_TO_UNMAP, |p| {
        for mm in mms {
            try_to_unmap_one(p, folio, mm, batch);
        }
    });
}

fn try_to_unmap_one(p: &mut Prog<'_>, folio: &FolioRef, mm: usize, batch: Batch) {
    let pte = p.w.ptes[&(mm, folio.index)];
    let batched = p.w.tlb_flush_batched[&address_space(mm)];
    let was_dirty = p.register(&format!("pteval.D[{}]", address(mm)), 1);
    let next = p.b.label("next vma");
    let me = p.me();
    p.within(c::TRY_TO_UNMAP_ONE, |p| {
        peek_at_pte(p, "U2p", mm, folio, next);
        let position = folio.select(|f| Expr::from(p.w.position(f)));
        let mapped = and(eq(pte.present, 1), eq(pte.folio, position));
        p.b.step("U2", c::TRY_TO_UNMAP_ONE, |s| {
            s.text(format!(
                "{}: take the PTL; ptep_get_and_clear, the flush is put off",
                address(mm)
            ))
            .wait(eq(pte.ptl, 0))
            .acquire(pte.ptl)
            .order(pte.dirty, Order::Full)
            .when(not(mapped), "gone meanwhile", |b| b.goto(next))
            .otherwise("unmapped", |b| {
                b.set(was_dirty, pte.dirty)
                    .set(pte.ptl, me.clone())
                    .set(pte.present, 0)
                    .set(pte.write, 0)
                    .set(pte.dirty, 0)
            })
        });
        p.b.step("U2b", c::SET_TLB_UBC_FLUSH_PENDING, |s| {
            s.text("note the address space in the batch; mm->tlb_flush_batched")
                .set(batch.flush_required, 1)
                .set(batched, 1)
                .order(batched, Order::Full)
        });
        let marks = folio.dirty_marks(p.w);
        p.b.step("U2d", c::FOLIO_MARK_DIRTY, |s| {
            s.when(eq(was_dirty, 1), "D moves to PG_dirty", |b| {
                for (mark, value) in &marks {
                    b.set(mark.clone(), value.clone());
                }
                b
            })
            .otherwise("it was clean", |b| b);
            for (mark, _) in &marks {
                s.full(mark.clone());
            }
            s
        });
        p.b.step("U2r", c::FOLIO_REMOVE_RMAP_PTE, |s| {
            s.text("drop the reverse mapping, then the PTL")
                .requires(eq(pte.ptl, me))
                .set(pte.rmap, 0)
                .set(pte.ptl, 0)
                .release(pte.ptl)
        });
    });
    p.b.bind(next);
}

/// Flushes what the batch has put off.
pub fn try_to_unmap_flush(p: &mut Prog<'_>, id: &str, batch: Batch) {
    let mms: Vec<usize> = p.w.tlb_flush_batched.keys().copied().collect();
    let (w, b) = (&*p.w, &mut p.b);
    b.step(id, c::TRY_TO_UNMAP_FLUSH, |s| {
        s.text("flush every CPU that the batch names")
            .when(eq(batch.flush_required, 1), "", |b| b.costs(Cost::TlbFlush))
            .otherwise("nothing was put off", |b| b);
        for mm in mms {
            flush_mm(s, w, mm, &eq(batch.flush_required, 1));
        }
        s.set(batch.flush_required, 0)
    });
}

/// `shrink_folio_list` over one folio that it cannot free: it is dirty, or somebody else refers to it.
/// The folio is unmapped and goes back to its list; the batch is flushed at the end.
pub fn unmap_and_keep(p: &mut Prog<'_>, index: usize) {
    let folio = p.folio_register(index);
    let batch = Batch::new(p);
    let end = p.b.label("keep");
    p.within(c::SHRINK_FOLIO_LIST, |p| {
        isolate(p, &folio, end);
        let unlock = p.b.label("activate_locked");
        let writeback = folio.place(p.w, |f| f.writeback);
        p.b.step("U1w", c::SHRINK_FOLIO_LIST, |s| {
            s.when(eq(writeback, 1), "under writeback: activate_locked", |b| {
                b.goto(unlock)
            })
            .otherwise("to be unmapped", |b| b)
        });
        try_to_unmap(p, &folio, batch);
        if p.w.setup.buffer_heads {
            release(p, &folio, unlock);
        }
        p.b.bind(unlock);
        let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
        p.b.step("U3", c::FOLIO_UNLOCK, |s| {
            s.text("dirty, or still referenced: back to the list")
                .requires(eq(lock.clone(), me))
                .set(lock.clone(), 0)
                .release(lock)
        });
        p.b.bind(end);
        try_to_unmap_flush(p, "U4", batch);
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("U5", c::FOLIO_PUT, |s| s.dec(refs));
    });
}

/// `filemap_release_folio`, for a folio that could go: a pinned one could not (d824ec2a1546), nor one that
/// is dirty or still mapped.
fn release(p: &mut Prog<'_>, folio: &FolioRef, unlock: Label) {
    let pins = folio
        .candidates
        .iter()
        .find_map(|(_, f)| p.w.folios[*f].pins);
    if let Some(pins) = pins.filter(|_| !p.rules.omits(Hook::ReclaimPinned)) {
        p.b.step("U3p", c::SHRINK_FOLIO_LIST, |s| {
            s.text("folio_maybe_dma_pinned")
                .when(ne(pins, 0), "pinned: activate_locked", |b| b.goto(unlock))
                .otherwise("not pinned", |b| b)
        });
    }
    let dirty = folio.place(p.w, |f| f.dirty);
    let mapped = any(p.w.mms_of(folio.index).into_iter().map(|mm| {
        let pte = p.w.ptes[&(mm, folio.index)];
        let position = folio.select(|f| Expr::from(p.w.position(f)));
        and(eq(pte.rmap, 1), eq(pte.folio, position))
    }));
    p.b.step("U3d", c::SHRINK_FOLIO_LIST, |s| {
        s.when(
            or(eq(dirty, 1), mapped),
            "dirty, or still mapped: activate_locked",
            |b| b.goto(unlock),
        )
        .otherwise("clean, not mapped", |b| b)
    });
    try_to_free_buffers(p, folio);
}

/// Takes the folio off its list, with a reference, and locks it if nobody else has.
fn isolate(p: &mut Prog<'_>, folio: &FolioRef, busy: Label) {
    let (lock, refs, me) = (
        folio.place(p.w, |f| f.lock),
        folio.place(p.w, |f| f.refs),
        p.me(),
    );
    p.b.step("U1", c::ISOLATE_LRU_FOLIOS, |s| {
        s.text("off the LRU list, with a reference").inc(refs)
    });
    p.b.step("U1l", c::SHRINK_FOLIO_LIST, |s| {
        s.text("folio_trylock")
            .acquire(lock.clone())
            .when(eq(lock.clone(), 0), "locked", |b| b.set(lock.clone(), me))
            .otherwise("busy: keep", |b| b.goto(busy))
    });
}
