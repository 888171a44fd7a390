//! `mm/mprotect.c`: PROT_READ and back. Action M11.
//!
//! The write permission goes under the PTL, the flush comes after it (`tlb_finish_mmu`): until then
//! a CPU with a cached entry still stores. D is kept. On the way back W returns without
//! `page_mkwrite` iff D is set (`can_change_pte_writable`); a mapping without write-notify gets it
//! back for every entry.

use super::functions as c;
use super::inode::{down_write, up_write};
use super::prog::Prog;
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
        p.b.step("M11", c::CHANGE_PTE_RANGE, |s| {
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
