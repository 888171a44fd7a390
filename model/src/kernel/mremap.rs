//! `mm/mremap.c:move_ptes`: a page-table entry is none for a moment, with all that it knows in a register.
//! Action V1.

use super::functions as c;
use super::inode::{down_write, up_write};
use super::prog::Prog;
use super::unmap::flush_tlb_batched_pending;
use crate::machine::expr::eq;
use crate::machine::step::{Cost, Order};

/// `mremap` of one page to another address of the same address space. The entry at the new address takes
/// over the name of the old: nobody stores through an address that is not mapped, except through a cached
/// entry until the flush, and that is the same entry.
pub fn mremap(p: &mut Prog<'_>, mm: usize, index: usize) {
    let pte = p.w.ptes[&(mm, index)];
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let lock = p.w.mmap_locks[&mm];
    let me = p.me();
    let (write, dirty) = (p.register("pte.W", 1), p.register("pte.D", 1));
    let out = p.b.label("nothing to move");
    p.within(c::MREMAP_TO, |p| {
        down_write(p, "V1a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        p.within(c::MOVE_PTES, |p| {
            let (w, b) = (&*p.w, &mut p.b);
            b.step("M15", c::MOVE_PTES, |s| {
                s.text(format!("mm{mm}: take the PTL, get-and-clear the PTE"))
                    .wait(eq(pte.ptl, 0))
                    .acquire(pte.ptl)
                    .order(pte.dirty, Order::Full);
                flush_tlb_batched_pending(s, w, mm)
                    .when(eq(pte.present, 0), "none: nothing to move", |b| b.goto(out))
                    .otherwise("none for a moment", |b| {
                        b.set(write, pte.write)
                            .set(dirty, pte.dirty)
                            .set(pte.ptl, me.clone())
                            .set(pte.present, 0)
                            .set(pte.write, 0)
                            .set(pte.dirty, 0)
                    })
            });
            p.b.step("M16", c::SET_PTE_AT, |s| {
                s.text("at the new address, W and D as they were")
                    .set(pte.present, 1)
                    .set(pte.write, write)
                    .set(pte.dirty, dirty)
            });
            p.b.step("M17", c::FLUSH_TLB_RANGE, |s| {
                for tlb in &tlbs {
                    s.set(tlb.writable, 0)
                        .order(tlb.writable, Order::FullAllCpus);
                }
                s.text("shoot down the old address, PTL held")
                    .costs(Cost::TlbFlush)
            });
            p.b.step("M18", c::MOVE_PTES, |s| {
                s.text("drop the PTL")
                    .requires(eq(pte.ptl, me.clone()))
                    .set(pte.ptl, 0)
                    .release(pte.ptl)
            });
        });
        p.b.bind(out);
        up_write(p, "V1u", c::MMAP_WRITE_UNLOCK, lock, "");
    });
}
