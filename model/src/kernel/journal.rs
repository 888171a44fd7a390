//! `fs/jbd2/commit.c`, ext4 with `data=ordered`: extents become durable when the journal commits, and the
//! data that they point to must be on disk by then. Actions J0 to J2.
//!
//! Only with [`Setup::journal`](super::setup::Setup::journal): allocations of `dioread_nolock`, ext4's
//! default since 5.6, are unwritten until their IO has completed, and need no such order.

use super::functions as c;
use super::prog::Prog;
use super::setup::Filesystem;
use super::world::extent;
use crate::machine::expr::{and, any, clear_bit, eq, ite, not, or, set_bit};

/// `ext4_journal_start`: writeback has a handle from before it allocates until the IO is submitted.
pub fn start(p: &mut Prog<'_>) {
    let Some(handles) = p.w.inode.handles else {
        return;
    };
    let task = p.b.task.index();
    p.b.step("B9s", c::EXT4_JOURNAL_START, |s| {
        s.text("a handle of the running transaction")
            .set(handles, set_bit(handles, task))
            .full(handles)
    });
}

/// `ext4_jbd2_inode_add_wait`: the commit will wait for the data of this page.
pub fn add_ordered(p: &mut Prog<'_>, index: usize) {
    let Some(journal) = p.w.indices[index].journal else {
        return;
    };
    p.b.step("B9j", c::EXT4_JBD2_INODE_ADD_WAIT, |s| {
        s.text("the inode goes on the transaction's list of ordered data")
            .set(journal.ordered, 1)
    });
}

/// `ext4_journal_stop`.
pub fn stop(p: &mut Prog<'_>) {
    let Some(handles) = p.w.inode.handles else {
        return;
    };
    let task = p.b.task.index();
    p.b.step("B10j", c::EXT4_JOURNAL_STOP, |s| {
        s.text("the IO is submitted: drop the handle")
            .set(handles, clear_bit(handles, task))
            .release(handles)
    });
}

/// `jbd2_journal_commit_transaction`: no handle is open any more; then the ordered data; then the
/// extents, as they were when the transaction was locked, are what a crash leaves.
pub fn commit(p: &mut Prog<'_>) {
    debug_assert!(p.w.setup.filesystem == Filesystem::Ext4);
    let Some(handles) = p.w.inode.handles else {
        return;
    };
    let indices = p.w.indices.clone();
    let parts: Vec<_> = indices
        .iter()
        .enumerate()
        .filter_map(|(n, index)| Some((n, index.extent, index.journal?)))
        .collect();
    let registers: Vec<_> = parts
        .iter()
        .map(|(n, _, _)| {
            (
                p.register(&format!("tx.extent[{n}]"), extent::WRITTEN),
                p.register(&format!("tx.ordered[{n}]"), 1),
            )
        })
        .collect();
    p.within(c::JBD2_JOURNAL_COMMIT_TRANSACTION, |p| {
        p.b.step("J0", c::JBD2_JOURNAL_COMMIT_TRANSACTION, |s| {
            s.text("wait until no handle is open, lock the transaction")
                .wait(eq(handles, 0))
                .acquire(handles);
            for ((_, state, journal), (copy, ordered)) in parts.iter().zip(&registers) {
                s.set(*copy, *state)
                    .set(*ordered, journal.ordered)
                    .set(journal.ordered, 0);
            }
            s
        });
        for ((n, _, _), (_, ordered)) in parts.iter().zip(&registers) {
            let under_writeback = any(indices[*n].folios.iter().map(|f| {
                let folio = &p.w.folios[*f];
                and(eq(folio.mapped_in_cache, 1), eq(folio.writeback, 1))
            }));
            let quiet = not(under_writeback);
            p.b.step("J1", c::JOURNAL_FINISH_INODE_DATA_BUFFERS, |s| {
                s.text(format!("page {n}: wait for its data, if it is on the list"))
                    .wait(or(eq(*ordered, 0), quiet))
            });
        }
        p.b.step("J2", c::JBD2_JOURNAL_COMMIT_TRANSACTION, |s| {
            s.text("the commit record: from here on a crash finds these extents");
            for ((_, _, journal), (copy, _)) in parts.iter().zip(&registers) {
                // What is reserved is in memory only.
                let durable = ite(eq(*copy, extent::DELALLOC), extent::HOLE, *copy);
                s.set(journal.committed, durable);
            }
            s
        });
    });
}
