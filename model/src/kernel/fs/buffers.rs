//! `fs/buffer.c`: a filesystem with buffer heads writes only the blocks whose buffers are dirty, and
//! somebody may write a buffer by hand, without the folio lock, PG_writeback or a look at page tables:
//! the journal of ext3 with ordered data (to 4.2), or who uses the block device's own mapping. One block
//! a folio.

use crate::kernel::fs::ioend::{Target, write_folio_to_disk};
use crate::kernel::functions as c;
use crate::kernel::objects::{Buffer, Folio, World};
use crate::kernel::program::{FolioRef, Prog};
use crate::kernel::setup::SyncMode;
use crate::machine::VarId;
use crate::machine::builder::{Label, Place, StepDraft};
use crate::machine::expr::{Expr, and, eq, ne};

fn buffer(folio: &Folio) -> Buffer {
    folio
        .buffer
        .expect("only called where the filesystem has buffer heads")
}

fn places(p: &Prog<'_>, folio: &FolioRef) -> (Place, Place) {
    (
        folio.place(p.w, |f| buffer(f).dirty),
        folio.place(p.w, |f| buffer(f).lock),
    )
}

/// `create_empty_buffers`, as part of a step of `write_begin` or `page_mkwrite`.
pub fn attach<'s>(s: &'s mut StepDraft, w: &World, folio: &FolioRef) -> &'s mut StepDraft {
    if w.setup.buffer_heads {
        s.set(folio.place(w, |f| buffer(f).attached), 1);
    }
    s
}

/// `mpage_prepare_extent_to_map`: a dirty folio without buffers was dirtied behind the filesystem's
/// back. ext4 warns, clears PG_dirty, and writes nothing.
pub fn refuse_without_buffers(p: &mut Prog<'_>, folio: &FolioRef, unlock: Label) {
    let attached = folio.place(p.w, |f| buffer(f).attached);
    let dirty = folio.place(p.w, |f| f.dirty);
    p.b.step("B1b", c::MPAGE_PREPARE_EXTENT_TO_MAP, |s| {
        s.when(eq(attached, 1), "it has buffers", |b| b)
            .otherwise("warn, clear PG_dirty, skip", |b| {
                b.set(dirty.clone(), 0).goto(unlock)
            })
            .full(dirty)
    });
}

/// `try_to_free_buffers`: a folio whose buffers are clean and free loses them, and PG_dirty.
pub fn try_to_free_buffers(p: &mut Prog<'_>, folio: &FolioRef) {
    let (dirty, lock) = places(p, folio);
    let attached = folio.place(p.w, |f| buffer(f).attached);
    let folio_dirty = folio.place(p.w, |f| f.dirty);
    p.b.step("U3b", c::TRY_TO_FREE_BUFFERS, |s| {
        let free = and(eq(dirty, 0), eq(lock, 0));
        s.when(free, "dropped, PG_dirty as well", |b| {
            b.set(attached, 0).set(folio_dirty, 0)
        })
        .otherwise("busy", |b| b)
    });
}

/// `__block_write_full_folio`: takes the buffer for IO if it is dirty; a buffer that somebody else has
/// is waited for, or the folio is left dirty. The register says whether there is anything to write.
pub fn take_dirty_buffer(p: &mut Prog<'_>, folio: &FolioRef, sync: SyncMode) -> VarId {
    let (dirty, lock) = places(p, folio);
    let (folio_dirty, me) = (folio.place(p.w, |f| f.dirty), p.me());
    let underway = p.register(&format!("io[{}].underway", folio.index), 1);
    p.b.step("B8b", c::BLOCK_WRITE_FULL_FOLIO, |s| {
        s.text("lock_buffer; test-and-clear BH_Dirty");
        if sync == SyncMode::All {
            s.wait(eq(lock.clone(), 0));
        } else {
            s.when(ne(lock.clone(), 0), "busy: the folio stays dirty", |b| {
                b.set(folio_dirty.clone(), 1).set(underway, 0)
            });
        }
        s.when(eq(dirty.clone(), 1), "to be written", |b| {
            b.set(dirty.clone(), 0)
                .set(lock.clone(), me)
                .set(underway, 1)
        })
        .otherwise("somebody wrote it by hand", |b| b.set(underway, 0))
        .acquire(lock)
        .full(dirty)
    });
    underway
}

/// After the folio was unlocked: without a dirty buffer there is no IO.
pub fn skip_without_io(p: &mut Prog<'_>, underway: VarId, end: Label) {
    p.b.step("B10b", c::BLOCK_WRITE_FULL_FOLIO, |s| {
        s.when(eq(underway, 0), "nothing to write", |b| b.goto(end))
            .otherwise("submit", |b| b)
    });
}

/// IO completion: the buffer is free again.
pub fn end_buffer_async_write(p: &mut Prog<'_>, folio: &FolioRef) {
    let ((_, lock), me) = (places(p, folio), p.me());
    p.b.step("B13b", c::END_BUFFER_ASYNC_WRITE, |s| {
        s.text("unlock_buffer")
            .requires(eq(lock.clone(), me))
            .set(lock.clone(), 0)
            .release(lock)
    });
}

/// Writes the buffers of each of the folios by hand: PG_dirty and page tables stay as they are.
pub fn write_by_hand(p: &mut Prog<'_>, folios: &[usize]) {
    for index in folios {
        write_dirty_buffer(p, *index);
    }
}

fn write_dirty_buffer(p: &mut Prog<'_>, index: usize) {
    let folio = p.folio_register(index);
    let ((dirty, lock), me) = (places(p, &folio), p.me());
    let done = p.b.label("next buffer");
    p.within(c::WRITE_DIRTY_BUFFER, |p| {
        p.b.step("J5", c::WRITE_DIRTY_BUFFER, |s| {
            s.text("lock_buffer; test-and-clear BH_Dirty")
                .wait(eq(lock.clone(), 0))
                .acquire(lock.clone())
                .full(dirty.clone())
                .when(eq(dirty.clone(), 1), "to be written", |b| {
                    b.set(dirty, 0).set(lock.clone(), me.clone())
                })
                .otherwise("clean", |b| b.goto(done))
        });
        let target = Target::present(p, index);
        write_folio_to_disk(p, &folio, &target);
        p.b.step("J6", c::END_BUFFER_WRITE_SYNC, |s| {
            s.text("unlock_buffer")
                .requires(eq(lock.clone(), me))
                .set(lock.clone(), 0)
                .release(lock)
        });
    });
    p.b.bind(done);
}

/// True while the folio's block is not being written through its buffer.
pub fn no_io(folio: &Folio) -> Expr {
    folio.buffer.map_or(Expr::TRUE, |b| eq(b.lock, 0))
}
