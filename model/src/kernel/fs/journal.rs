//! `fs/jbd2`, ext4 with `data=ordered`: handles, and the commit that waits for them. Extents become durable when the
//! journal commits, and the data that they point to must be on disk by then. Actions J0 to J2.
//!
//! Only with [`Setup::journal`](crate::kernel::setup::Setup::journal): allocations of `dioread_nolock`, ext4's
//! default since 5.6, are unwritten until their IO has completed, and need no such order.
//!
//! A commit waits for every handle, and for the folio locks of the pages that it has to write. Whoever sleeps on
//! something else with either of them stops the commit, and with it every fsync of the filesystem.

use crate::kernel::functions as c;
use crate::kernel::objects::ordered;
use crate::kernel::program::Prog;
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, clear_bit, eq, set_bit, test_bit};

/// `ext4_journal_start`: a handle of the running transaction, once no commit waits for it to be idle. (`id` is the
/// step's.)
pub fn start(p: &mut Prog<'_>, id: &str) {
    let Some(transaction) = p.w.inode.transaction else {
        return;
    };
    let (handles, task) = (transaction.handles, p.b.task.index());
    p.b.step(id, c::EXT4_JOURNAL_START, |s| {
        s.text("a handle of the running transaction")
            .wait(eq(transaction.locked, 0))
            .set(handles, set_bit(handles, task))
            .full(handles)
    });
}

/// This task has a handle.
pub fn has_handle(p: &Prog<'_>) -> Expr {
    match p.w.inode.transaction {
        None => Expr::FALSE,
        Some(transaction) => test_bit(transaction.handles, p.b.task.index()),
    }
}

/// The commit will care for the data of this page: `ext4_jbd2_inode_add_wait`, or `ext4_jbd2_inode_add_write` where
/// nobody else is about to write it.
pub fn add_ordered(p: &mut Prog<'_>, id: &str, index: usize, what: u64) {
    let Some(journal) = p.w.indices[index].journal else {
        return;
    };
    let function = if what == ordered::WRITE {
        c::EXT4_JBD2_INODE_ADD_WRITE
    } else {
        c::EXT4_JBD2_INODE_ADD_WAIT
    };
    p.b.step(id, function, |s| {
        s.text("the inode goes on the transaction's list of ordered data");
        if what == ordered::WRITE {
            s.set(journal.ordered, what)
        } else {
            s.set_if(eq(journal.ordered, ordered::NO), journal.ordered, what)
        }
    });
}

/// `ext4_journal_stop`.
pub fn stop(p: &mut Prog<'_>, id: &str) {
    drop_handle(p, id, None);
}

/// The same, and on to `next`.
pub fn stop_goto(p: &mut Prog<'_>, id: &str, next: Label) {
    drop_handle(p, id, Some(next));
}

fn drop_handle(p: &mut Prog<'_>, id: &str, next: Option<Label>) {
    let Some(transaction) = p.w.inode.transaction else {
        return;
    };
    let (handles, task) = (transaction.handles, p.b.task.index());
    p.b.step(id, c::EXT4_JOURNAL_STOP, |s| {
        s.text("drop the handle, if there is one")
            .set(handles, clear_bit(handles, task))
            .release(handles);
        match next {
            Some(next) => s.goto(next),
            None => s,
        }
    });
}
