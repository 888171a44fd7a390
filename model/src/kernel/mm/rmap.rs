//! `mm/rmap.c`: write-protecting and cleaning the page-table entries of a folio. Actions B2 to B5,
//! and the same for a splice (P2 to P5).

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::objects::address;
use crate::kernel::program::{At, FolioRef, Prog};
use crate::machine::VarId;
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, and, eq, not, or};
use crate::machine::step::{Cost, Order};

/// `folio_mkclean`, then `folio_mark_dirty` if it found anything: every page-table entry of the
/// folio loses W and D, and what D said moves to PG_dirty. Needs the folio lock. Step ids are
/// `{prefix}2` to `{prefix}5`.
///
/// Per entry: get-and-clear under the page-table lock (a hardware walk that sets D comes before or
/// after it as a whole); flush, until which a CPU with a cached entry still stores; set the entry
/// back, write-protected and clean.
pub fn mkclean_and_mark_dirty(p: &mut Prog<'_>, prefix: &str, folio: &FolioRef) {
    let mms = p.w.mms_of(folio.index);
    if !p.w.can_writeback() && prefix == "B" {
        return;
    }
    let cleaned = p.register(&format!("{prefix}.cleaned[{}]", folio.index), 1);
    p.within(c::FOLIO_MKCLEAN, |p| {
        for mm in &mms {
            page_vma_mkclean_one(p, prefix, folio, *mm, cleaned);
        }
    });
    let (dirty, marks) = (folio.place(p.w, |f| f.dirty), folio.dirty_marks(p.w));
    if mms.is_empty() {
        return;
    }
    p.b.step(&format!("{prefix}5"), c::FOLIO_MARK_DIRTY, |s| {
        s.text("if anything was writable or dirty")
            .order(dirty.clone(), Order::Full)
            .when(eq(cleaned, 1), "D moves to PG_dirty", |b| {
                for (mark, value) in marks {
                    b.set(mark, value);
                }
                b.set(cleaned, 0)
            })
            .otherwise("nothing was", |b| b)
    });
}

/// `page_vma_mapped_walk` without PVMW_SYNC: looks at the entry without its PTL, and takes one that is
/// none for one that is not there. Who comes while another has cleared it for a moment goes to `next`.
pub fn peek_at_pte(p: &mut Prog<'_>, id: &str, mm: usize, folio: &FolioRef, next: Label) {
    let pte = p.w.ptes[&(mm, folio.index)];
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let mapped = and(eq(pte.rmap, 1), eq(pte.folio, position));
    p.b.step(id, c::PAGE_VMA_MAPPED_WALK, |s| {
        s.text(format!("{}: look at the PTE, PTL not held", address(mm)))
            .when(and(mapped, eq(pte.present, 1)), "present", |b| b)
            .otherwise("not mapped, or none", |b| b.goto(next))
    });
}

fn page_vma_mkclean_one(
    p: &mut Prog<'_>,
    prefix: &str,
    folio: &FolioRef,
    mm: usize,
    cleaned: VarId,
) {
    let index = folio.index;
    let pte = p.w.ptes[&(mm, index)];
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let me = p.me();
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let next = p.b.label("next vma");
    // Without a mapcount on this folio the walk is not made, and the lock not taken.
    let mapped = and(eq(pte.rmap, 1), eq(pte.folio, position.clone()));
    p.hook(
        Hook::PageVmaMappedWalk,
        &At::Walk {
            mm,
            folio: folio.clone(),
            skip: next,
        },
    );
    let worth = and(eq(pte.present, 1), or(eq(pte.write, 1), eq(pte.dirty, 1)));
    p.within(c::PAGE_VMA_MKCLEAN_ONE, |p| {
        p.b.step(&format!("{prefix}2"), c::FOLIO_MKCLEAN, |s| {
            s.text(format!(
                "{}: take the PTL, get-and-clear the PTE",
                address(mm)
            ))
            .wait(or(not(mapped.clone()), eq(pte.ptl, 0)))
            .acquire(pte.ptl)
            .order(pte.write, Order::Full)
            .order(pte.dirty, Order::Full)
            .when(and(mapped, worth), "W or D was set", |b| {
                b.set(pte.ptl, me.clone())
                    .set(pte.present, 0)
                    .set(pte.write, 0)
                    .set(pte.dirty, 0)
                    .set(cleaned, 1)
            })
            .otherwise("not mapped, or neither W nor D", |b| b.goto(next))
        });
        p.b.step(&format!("{prefix}3"), c::FLUSH_TLB_PAGE, |s| {
            s.text("shoot down on every CPU; stores through cached entries end here")
                .costs(Cost::TlbFlush);
            for tlb in &tlbs {
                s.set(tlb.writable, 0)
                    .order(tlb.writable, Order::FullAllCpus);
            }
            s
        });
        p.b.step(&format!("{prefix}4"), c::SET_PTE_AT, |s| {
            s.text("present, W=0, D=0; drop the PTL")
                .requires(eq(pte.ptl, me.clone()))
                .set(pte.present, 1)
                .set(pte.ptl, 0)
                .release(pte.ptl)
        });
    });
    p.b.bind(next);
}
