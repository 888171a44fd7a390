//! `fs/jbd2/commit.c`: a commit of the running transaction. Actions J0 to J2.

use crate::kernel::functions as c;
use crate::kernel::mm::writeback;
use crate::kernel::objects::{extent, ordered};
use crate::kernel::program::Prog;
use crate::kernel::setup::{Filesystem, SyncMode};
use crate::machine::expr::{Expr, and, any, eq, ite, not, or};

/// `jbd2_journal_commit_transaction`: no new handle, and none open any more; then the ordered data; then the
/// extents, as they were when the transaction was locked, are what a crash leaves.
pub fn commit(p: &mut Prog<'_>) {
    debug_assert!(p.w.setup.filesystem == Filesystem::Ext4);
    let Some(transaction) = p.w.inode.transaction else {
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
                p.register(&format!("tx.ordered[{n}]"), ordered::WRITE),
            )
        })
        .collect();
    p.within(c::JBD2_JOURNAL_COMMIT_TRANSACTION, |p| {
        p.b.step("J0l", c::JBD2_JOURNAL_COMMIT_TRANSACTION, |s| {
            s.text("T_LOCKED: no new handle")
                .wait(eq(transaction.locked, 0))
                .set(transaction.locked, 1)
                .acquire(transaction.locked)
        });
        p.b.step("J0", c::JBD2_JOURNAL_WAIT_UPDATES, |s| {
            s.text("wait until no handle is open; then a new transaction may begin")
                .wait(eq(transaction.handles, 0))
                .acquire(transaction.handles)
                .set(transaction.locked, 0)
                .release(transaction.locked);
            for ((_, state, journal), (copy, list)) in parts.iter().zip(&registers) {
                s.set(*copy, *state)
                    .set(*list, journal.ordered)
                    .set(journal.ordered, ordered::NO);
            }
            s
        });
        for ((n, _, _), (_, list)) in parts.iter().zip(&registers) {
            if adds_write(p, *n) {
                submit_data(p, *n, eq(*list, ordered::WRITE));
            }
        }
        for ((n, _, _), (_, list)) in parts.iter().zip(&registers) {
            let under_writeback = any(indices[*n].folios.iter().map(|f| {
                let folio = &p.w.folios[*f];
                and(eq(folio.has_mapping, 1), eq(folio.writeback, 1))
            }));
            let quiet = not(under_writeback);
            p.b.step("J1", c::JOURNAL_FINISH_INODE_DATA_BUFFERS, |s| {
                s.text(format!("page {n}: wait for its data, if it is on the list"))
                    .wait(or(eq(*list, ordered::NO), quiet))
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

/// Some call can have a commit write the page: it zeroes part of it, or allocates without writing.
fn adds_write(p: &Prog<'_>, index: usize) -> bool {
    p.w.setup.any_call(|call| {
        use crate::kernel::setup::Call;
        match call {
            Call::PunchHole { .. } => call.zeroes_part(index),
            Call::Write { .. } | Call::MmapStore { .. } => {
                !p.w.setup.delalloc && call.touches(index)
            }
            _ => false,
        }
    })
}

/// `journal_submit_data_buffers`: the commit writes what is dirty and has a block.
fn submit_data(p: &mut Prog<'_>, index: usize, listed: Expr) {
    let next = p.b.label("not on the list");
    p.within(c::JOURNAL_SUBMIT_DATA_BUFFERS, |p| {
        p.b.step("J0d", c::JOURNAL_SUBMIT_DATA_BUFFERS, |s| {
            s.text(format!("page {index}: is it to be written?"))
                .when(listed, "JI_WRITE_DATA", |b| b)
                .otherwise("no", |b| b.goto(next))
        });
        writeback::write_mapped(p, index, SyncMode::All);
    });
    p.b.bind(next);
}
