//! `mm/mprotect.c`: PROT_READ and back, action M11; PROT_READ for good, action M14.
//!
//! The write permission goes under the PTL, the flush comes after it (`tlb_finish_mmu`): until then
//! a CPU with a cached entry still stores. D is kept. On the way back W returns without
//! `page_mkwrite` iff D is set (`can_change_pte_writable`); a mapping without write-notify gets it
//! back for every entry.

use crate::kernel::fs::inode::{down_write, up_write};
use crate::kernel::functions as c;
use crate::kernel::mm::unmap::flush_tlb_batched_pending;
use crate::kernel::program::Prog;
use crate::machine::expr::{and, eq, or};
use crate::machine::step::{Cost, Order};

/// `mprotect(PROT_READ)`, then `mprotect(PROT_READ | PROT_WRITE)`, of one page. A store between the two
/// would be a SIGSEGV, so mmap_lock is kept over both: nothing else that matters takes it.
pub fn mprotect_round_trip(p: &mut Prog<'_>, mm: usize, index: usize) {
    let pte = p.w.ptes[&(mm, index)];
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let lock = p.w.mmap_locks[&mm];
    let any_entry = !p.w.can_writeback();
    p.within(c::DO_MPROTECT_PKEY, |p| {
        down_write(p, "M11a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        let (w, b) = (&*p.w, &mut p.b);
        b.step("M11", c::CHANGE_PTE_RANGE, |s| {
            flush_tlb_batched_pending(s, w, mm);
            s.text("under the PTL: W=0, D kept")
                .wait(eq(pte.ptl, 0))
                .full(pte.ptl)
                .order(pte.write, Order::Full)
                .set(pte.write, 0)
        });
        p.b.step("M11f", c::TLB_FINISH_MMU, |s| {
            for tlb in &tlbs {
                s.set(tlb.writable, 0)
                    .order(tlb.writable, Order::FullAllCpus);
            }
            s.text("shoot down, PTL not held").costs(Cost::TlbFlush)
        });
        let back = and(eq(pte.present, 1), or(any_entry, eq(pte.dirty, 1)));
        p.b.step("M11w", c::CHANGE_PTE_RANGE, |s| {
            s.text("under the PTL: can_change_pte_writable")
                .wait(eq(pte.ptl, 0))
                .full(pte.ptl)
                .when(back, "W=1, without page_mkwrite", |b| b.set(pte.write, 1))
                .otherwise("stays write-protected", |b| b)
        });
        up_write(p, "M11v", c::MMAP_WRITE_UNLOCK, lock, "");
    });
}

/// `mprotect(PROT_READ)` of one page, for good: whoever stores afterwards is killed. Only an entry that is
/// present and changes is flushed for; one that reclaim has cleared may still be cached, and is what
/// `flush_tlb_batched_pending` is for.
pub fn mprotect_read_only(p: &mut Prog<'_>, mm: usize, index: usize) {
    let pte = p.w.ptes[&(mm, index)];
    let tlbs = p.w.tlbs[&(mm, index)].clone();
    let (lock, protection) = (p.w.mmap_locks[&mm], p.w.protections[&(mm, index)]);
    let flush = p.register("tlb.flush", 1);
    let me = p.me();
    p.within(c::DO_MPROTECT_PKEY, |p| {
        down_write(p, "M14a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        p.b.step("M14v", c::MPROTECT_FIXUP, |s| {
            s.text("the VMA loses VM_WRITE").set(protection.vm_write, 0)
        });
        p.within(c::CHANGE_PTE_RANGE, |p| {
            p.b.step("M14l", c::CHANGE_PTE_RANGE, |s| {
                s.text("take the PTL")
                    .wait(eq(pte.ptl, 0))
                    .set(pte.ptl, me.clone())
                    .acquire(pte.ptl)
            });
            if p.w.tlb_flush_batched.contains_key(&mm) {
                let (w, b) = (&*p.w, &mut p.b);
                b.step("M14b", c::FLUSH_TLB_BATCHED_PENDING, |s| {
                    flush_tlb_batched_pending(s, w, mm)
                        .text("if reclaim has unmapped something here: shoot down")
                });
            }
            p.b.step("M14", c::CHANGE_PTE_RANGE, |s| {
                let writable = and(eq(pte.present, 1), eq(pte.write, 1));
                s.text("change the PTE, drop the PTL")
                    .requires(eq(pte.ptl, me.clone()))
                    .order(pte.write, Order::Full)
                    .release(pte.ptl)
                    .when(writable, "W=0, D kept", |b| {
                        b.set(pte.write, 0).set(flush, 1).set(pte.ptl, 0)
                    })
                    .otherwise("none, or not writable: nothing to flush for", |b| {
                        b.set(pte.ptl, 0)
                    })
            });
        });
        p.b.step("M14f", c::TLB_FINISH_MMU, |s| {
            for tlb in &tlbs {
                s.set_if(eq(flush, 1), tlb.writable, 0)
                    .order(tlb.writable, Order::FullAllCpus);
            }
            s.text("shoot down if an entry changed")
                .when(eq(flush, 1), "", |b| b.set(flush, 0).costs(Cost::TlbFlush))
                .otherwise("none did", |b| b)
        });
        p.b.step("M14u", c::MMAP_WRITE_UNLOCK, |s| {
            s.text("and return")
                .set(lock.writer, 0)
                .release(lock.writer)
                .set(protection.returned, 1)
        });
    });
}
