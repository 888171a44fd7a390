//! `mm/mremap.c:move_ptes`: a page-table entry moves to another address. Action V1.
//!
//! For a moment neither address has it, with all that it knows in a register. CPUs that have cached the old
//! address go on storing through it until the flush, which comes before either page-table lock goes: whoever
//! then finds the entry at the new address (writeback, truncation) flushes that address only.

use crate::kernel::fs::inode::down_write;
use crate::kernel::functions as c;
use crate::kernel::mm::unmap::flush_tlb_batched_pending;
use crate::kernel::objects::MOVED;
use crate::kernel::program::Prog;
use crate::machine::expr::eq;
use crate::machine::step::{Cost, Order};

/// `mremap` of one page to another address of the same address space.
pub fn mremap(p: &mut Prog<'_>, mm: usize, index: usize) {
    let (old, new) = (p.w.ptes[&(mm, index)], p.w.ptes[&(mm + MOVED, index)]);
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let (lock, moved) = (p.w.mmap_locks[&mm], p.w.moved[&(mm, index)]);
    let me = p.me();
    let (write, dirty) = (p.register("pte.W", 1), p.register("pte.D", 1));
    let unlock = p.b.label("nothing to move");
    p.within(c::MREMAP_TO, |p| {
        down_write(p, "V1a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        p.within(c::MOVE_PTES, |p| {
            p.b.step("M15o", c::MOVE_PTES, |s| {
                s.text(format!("mm{mm}: the PTL of the old address"))
                    .wait(eq(old.ptl, 0))
                    .set(old.ptl, me.clone())
                    .acquire(old.ptl)
            });
            let (w, b) = (&*p.w, &mut p.b);
            b.step("M15n", c::MOVE_PTES, |s| {
                s.text(format!("mm{mm}: the PTL of the new address"))
                    .wait(eq(new.ptl, 0))
                    .set(new.ptl, me.clone())
                    .acquire(new.ptl);
                flush_tlb_batched_pending(s, w, mm)
            });
            p.b.step("M15", c::MOVE_PTES, |s| {
                s.text(format!(
                    "mm{mm}: get-and-clear the entry of the old address"
                ))
                .order(old.dirty, Order::Full)
                .when(eq(old.present, 0), "none: nothing to move", |b| {
                    b.goto(unlock)
                })
                .otherwise("none for a moment", |b| {
                    b.set(write, old.write)
                        .set(dirty, old.dirty)
                        .set(new.folio, old.folio)
                        .set(old.present, 0)
                        .set(old.write, 0)
                        .set(old.dirty, 0)
                })
            });
            p.b.step("M16", c::SET_PTE_AT, |s| {
                s.text("at the new address, W and D as they were")
                    .set(new.present, 1)
                    .set(new.write, write)
                    .set(new.dirty, dirty)
                    .set(new.rmap, 1)
                    .set(old.rmap, 0)
            });
            p.b.step("M17", c::FLUSH_TLB_RANGE, |s| {
                for tlb in &tlbs {
                    s.set(tlb.writable, 0)
                        .order(tlb.writable, Order::FullAllCpus);
                }
                s.text("shoot down the old address, both PTLs held")
                    .costs(Cost::TlbFlush)
            });
            p.b.bind(unlock);
            for (id, text, ptl) in [
                ("M18n", "drop the PTL of the new address", new.ptl),
                ("M18", "drop the PTL of the old address", old.ptl),
            ] {
                p.b.step(id, c::MOVE_PTES, |s| {
                    s.text(text)
                        .requires(eq(ptl, me.clone()))
                        .set(ptl, 0)
                        .release(ptl)
                });
            }
        });
        p.b.step("V1u", c::MMAP_WRITE_UNLOCK, |s| {
            s.text("the old VMA is gone; mremap returns the new address")
                .set(moved, 1)
                .set(lock.writer, 0)
                .release(lock.writer)
        });
    });
}
