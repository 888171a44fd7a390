//! `mm/memory.c:zap_pte_range`: taking a page out of page tables. Actions M12 and M13.
//!
//! For a dirty entry: clear, mark dirty, flush, then drop the reverse mapping, all under the PTL, so
//! that `folio_mkclean` waits for the flush. For a clean entry the reverse mapping and the PTL go
//! first and the flush follows: no CPU can hold a storing TLB entry for it.

use crate::kernel::fs::inode::{down_write, up_write};
use crate::kernel::functions as c;
use crate::kernel::mm::folio::folio_mark_dirty;
use crate::kernel::mm::unmap::flush_tlb_batched_pending;
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::builder::CFn;
use crate::machine::expr::{Expr, eq};
use crate::machine::step::{Cost, Order};

/// `munmap` of one page.
pub fn munmap(p: &mut Prog<'_>, mm: usize, index: usize) {
    let lock = p.w.mmap_locks[&mm];
    p.within(c::VM_MUNMAP, |p| {
        down_write(p, "M12a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        zap_pte_range(p, c::ZAP_PTE_RANGE, mm, index);
        up_write(p, "M12u", c::MMAP_WRITE_UNLOCK, lock, "");
    });
}

/// Every page table's entry for an index, as truncation and hole punching do.
pub fn unmap_mapping(p: &mut Prog<'_>, function: CFn, index: usize) {
    for mm in p.w.mms_of(index) {
        zap_pte_range(p, function, mm, index);
    }
}

fn zap_pte_range(p: &mut Prog<'_>, function: CFn, mm: usize, index: usize) {
    let pte = p.w.ptes[&(mm, index)];
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let me = p.me();
    let folios = p.w.indices[index].folios.clone();
    let folio = FolioRef {
        index,
        candidates: if folios.len() == 1 {
            vec![(Expr::TRUE, folios[0])]
        } else {
            folios
                .iter()
                .enumerate()
                .map(|(n, f)| (eq(pte.folio, n), *f))
                .collect()
        },
    };
    let clean = p.b.label("clean");
    let done = p.b.label("done");
    p.within(function, |p| {
        let (w, b) = (&*p.w, &mut p.b);
        b.step("M12", c::ZAP_PRESENT_FOLIO_PTES, |s| {
            flush_tlb_batched_pending(s, w, mm);
            s.text(format!("mm{mm}: take the PTL, get-and-clear the PTE"))
                .wait(eq(pte.ptl, 0))
                .acquire(pte.ptl)
                .order(pte.dirty, Order::Full)
                .when(eq(pte.present, 0), "nothing mapped", |b| b.goto(done))
                .when(eq(pte.dirty, 1), "D was set", |b| {
                    b.set(pte.ptl, me.clone())
                        .set(pte.present, 0)
                        .set(pte.write, 0)
                        .set(pte.dirty, 0)
                })
                .otherwise("clean: reverse mapping and PTL go first", |b| {
                    b.set(pte.present, 0)
                        .set(pte.write, 0)
                        .set(pte.rmap, 0)
                        .goto(clean)
                })
        });
        folio_mark_dirty(p, "M12d", &folio);
        p.b.step("M13", c::TLB_FLUSH_MMU_TLBONLY, |s| {
            for tlb in &tlbs {
                s.set(tlb.writable, 0)
                    .order(tlb.writable, Order::FullAllCpus);
            }
            s.text("shoot down, PTL held").costs(Cost::TlbFlush)
        });
        p.b.step("M13r", c::TLB_FLUSH_RMAPS, |s| {
            s.text("drop the reverse mapping, then the PTL")
                .set(pte.rmap, 0)
                .set(pte.ptl, 0)
                .release(pte.ptl)
                .goto(done)
        });
        p.b.bind(clean);
        p.b.step("M13c", c::TLB_FINISH_MMU, |s| {
            for tlb in &tlbs {
                s.set(tlb.writable, 0)
                    .order(tlb.writable, Order::FullAllCpus);
            }
            s.text("shoot down, PTL not held").costs(Cost::TlbFlush)
        });
        p.b.bind(done);
    });
}
