//! `mm/page-writeback.c:folio_wait_stable`: what keeps a writer off a folio under writeback.
//!
//! The mark is the mapping's (AS_STABLE_WRITES). An inode gets it when it is initialised, if the
//! device demands it (`bdev_stable_writes`, passed on by the superblock's SB_I_STABLE_WRITES); a
//! filesystem sets or clears it afterwards (`xfs_update_stable_writes`; btrfs for NODATASUM).

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::expr::{eq, or};

/// Sleeps, with the folio lock held, while a folio of a stable mapping is under writeback. `caller` is
/// the hook of the place that it is called from.
pub fn folio_wait_stable(p: &mut Prog<'_>, id: &str, caller: Hook, folio: &FolioRef) {
    let writeback = folio.place(p.w, |f| f.writeback);
    let stable = or(!p.w.setup.stable_writes, eq(writeback, 0));
    let own = p.own_wait(Hook::FolioWaitStable, stable);
    let everywhere = p.waits(Hook::FolioWaitStable, folio);
    let here = p.waits(caller, folio);
    p.b.step(id, c::FOLIO_WAIT_STABLE, |s| {
        here(everywhere(s.text("folio lock held").wait(own)))
    });
}
