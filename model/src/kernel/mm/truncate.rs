//! `mm/truncate.c` and its callers: truncation and hole punching, of a whole page or part of one.
//! Actions T1 to T5.
//!
//! Truncation changes data first and stamps afterwards (`ext4_setattr`, `xfs_setattr_size`); hole
//! punching on a disk filesystem stamps before it removes or zeroes anything (`file_modified`), on tmpfs last. The end of the file
//! is not modelled: a truncated page is at once a hole within the file again.

use crate::kernel::fs::inode::{down_write, up_write, update_time, update_time_forced};
use crate::kernel::fs::journal;
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::mm::folio::{
    filemap_add_folio, filemap_read_folio, folio_lock, folio_mark_dirty, folio_unlock_put_goto,
    folio_unlock_put_retry, in_cache, look_up,
};
use crate::kernel::mm::stable::folio_wait_stable;
use crate::kernel::mm::writeback;
use crate::kernel::mm::zap::unmap_mapping;
use crate::kernel::objects::{cow, extent, ordered};
use crate::kernel::program::{At, FolioRef, Prog, oracle};
use crate::kernel::setup::{Filesystem, Mapping, SyncMode};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, add, eq};
use crate::machine::step::Order;

/// `ftruncate` to below the page, and back.
pub fn truncate(p: &mut Prog<'_>, index: usize) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let (outer, stamps) = if p.w.setup.is_xfs() {
        (c::XFS_SETATTR_SIZE, c::XFS_TRANS_LOG_INODE)
    } else {
        (c::EXT4_SETATTR, c::INODE_INC_IVERSION)
    };
    p.within(outer, |p| {
        let locks = Locks::of(p.w.setup.is_xfs(), false);
        enter(p, tmpfs, &locks);
        p.within(c::TRUNCATE_PAGECACHE, |p| remove_page(p, index));
        journal::start(p, "T3s");
        free_blocks(p, index, true);
        journal::stop(p, "T3t");
        update_time_forced(p, "T5", stamps);
        leave(p, tmpfs, &locks);
    });
}

/// `fallocate(PUNCH_HOLE)` of the page, or of one word of it.
pub fn punch_hole(p: &mut Prog<'_>, index: usize, word: Option<usize>) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let outer = if tmpfs {
        c::SHMEM_FALLOCATE
    } else if p.w.setup.filesystem == Filesystem::Xfs {
        c::XFS_FILE_FALLOCATE
    } else {
        c::EXT4_PUNCH_HOLE
    };
    p.within(outer, |p| {
        let sem = p.w.inode.i_rwsem;
        let xfs = p.w.setup.is_xfs();
        let locks = Locks::of(xfs, true);
        down_write(p, "T0", locks.inode, sem, "i_rwsem, exclusive");
        if !tmpfs {
            let inval = p.w.inode.invalidate_lock;
            if !xfs {
                update_time(p, "T5f", c::FILE_MODIFIED);
            }
            down_write(
                p,
                "T0i",
                locks.invalidate,
                inval,
                "invalidate_lock, exclusive",
            );
            if xfs {
                update_time(p, "T5f", c::FILE_MODIFIED);
            }
        }
        if let Some(word) = word {
            zero_part(p, index, word);
        } else if p.w.setup.is_xfs() {
            p.within(c::XFS_FREE_FILE_SPACE, |p| xfs_free_file_space(p, index));
        } else {
            p.within(c::TRUNCATE_PAGECACHE_RANGE, |p| remove_page(p, index));
            journal::start(p, "T3s");
            free_blocks(p, index, false);
            journal::stop(p, "T3t");
        }
        if tmpfs {
            update_time_forced(p, "T5t", c::INODE_INC_IVERSION);
        }
        leave(p, tmpfs, &locks);
    });
}

/// The functions that take and drop i_rwsem and the invalidate_lock.
struct Locks {
    inode: CFn,
    inode_unlock: CFn,
    invalidate: CFn,
    invalidate_unlock: CFn,
}

impl Locks {
    /// XFS has names of its own for both; `do_truncate` takes the first before XFS comes in.
    fn of(xfs: bool, fallocate: bool) -> Locks {
        let (inode, inode_unlock) = if xfs && fallocate {
            (c::XFS_ILOCK, c::XFS_IUNLOCK)
        } else {
            (c::INODE_LOCK, c::INODE_UNLOCK)
        };
        let (invalidate, invalidate_unlock) = if xfs {
            (c::XFS_ILOCK, c::XFS_IUNLOCK)
        } else {
            (c::FILEMAP_INVALIDATE_LOCK, c::FILEMAP_INVALIDATE_UNLOCK)
        };
        Locks {
            inode,
            inode_unlock,
            invalidate,
            invalidate_unlock,
        }
    }
}

/// XFS flushes the range and waits before it removes the pages: `xfs_flush_unmap_range`. What is in the COW fork by
/// then stays there.
fn xfs_free_file_space(p: &mut Prog<'_>, index: usize) {
    p.within(c::XFS_FLUSH_UNMAP_RANGE, |p| {
        writeback::writeback(p, &[index], SyncMode::All);
        p.within(c::TRUNCATE_PAGECACHE_RANGE, |p| remove_page(p, index));
    });
    free_blocks(p, index, false);
}

fn enter(p: &mut Prog<'_>, tmpfs: bool, locks: &Locks) {
    let inode = p.w.inode;
    down_write(p, "T0", locks.inode, inode.i_rwsem, "i_rwsem, exclusive");
    if !tmpfs {
        let text = "invalidate_lock, exclusive";
        down_write(p, "T0i", locks.invalidate, inode.invalidate_lock, text);
    }
}

fn leave(p: &mut Prog<'_>, tmpfs: bool, locks: &Locks) {
    let inode = p.w.inode;
    if !tmpfs {
        up_write(p, "T6i", locks.invalidate_unlock, inode.invalidate_lock, "");
    }
    up_write(p, "T6", locks.inode_unlock, inode.i_rwsem, "");
}

/// T2, T1, T3: page tables without any lock on the folio; then lock, wait for writeback, page tables
/// again if somebody read-faulted meanwhile, cancel dirty, out of the cache. References are not asked.
fn remove_page(p: &mut Prog<'_>, index: usize) {
    unmap_mapping(p, c::UNMAP_MAPPING_RANGE, index);
    let folio = p.folio_register(index);
    let gone = p.b.label("not cached");
    p.within(c::TRUNCATE_INODE_PAGES_RANGE, |p| {
        look_up(p, "T1g", c::FIND_LOCK_ENTRIES, &folio, gone);
        folio_lock(p, "T1", &folio);
        let writeback = folio.place(p.w, |f| f.writeback);
        p.b.step("T1w", c::FOLIO_WAIT_WRITEBACK, |s| {
            s.text("folio lock held").wait(eq(writeback, 0))
        });
        p.within(c::TRUNCATE_CLEANUP_FOLIO, |p| {
            unmap_mapping(p, c::UNMAP_MAPPING_FOLIO, index);
            let dirty = folio.place(p.w, |f| f.dirty);
            p.b.step("T3d", c::TRUNCATE_CLEANUP_FOLIO, |s| {
                s.text("folio_cancel_dirty")
                    .set(dirty.clone(), 0)
                    .full(dirty)
            });
        });
        let slot = p.w.indices[index].slot;
        let cached = folio.place(p.w, |f| f.has_mapping);
        let mark = p.w.indices[index].mark;
        let (w, b) = (&*p.w, &mut p.b);
        b.step("T3", c::FILEMAP_REMOVE_FOLIO, |s| {
            oracle::zeroed(w, s, index, None);
            if let Some(mark) = mark {
                s.set(mark, 0);
            }
            s.text("out of i_pages, mapping = NULL, under xa_lock; the data stays")
                .set(slot, 0)
                .set(cached, 0)
                .order(slot, Order::Full)
        });
        folio_unlock_put_goto(p, "T3u", &folio, gone);
    });
    p.b.bind(gone);
}

/// The filesystem frees the blocks: the range is a hole, and reads as zeros. A truncation on XFS also cancels what
/// is in the COW fork: `xfs_itruncate_extents_flags` holds ILOCK over both.
fn free_blocks(p: &mut Prog<'_>, index: usize, truncates: bool) {
    let zero = p.w.tokens.zero(index);
    let object = p.w.indices[index].clone();
    let seq = p.w.inode.if_seq;
    let blocks = p.w.setup.blocks;
    let (function, lock) = match (p.w.setup.is_xfs(), truncates) {
        (true, true) => (c::XFS_ITRUNCATE_EXTENTS_FLAGS, "ILOCK"),
        (true, false) => (c::XFS_UNMAP_EXTENT, "ILOCK"),
        (false, true) => (c::EXT4_TRUNCATE, "i_data_sem"),
        (false, false) => (c::EXT4_EXT_REMOVE_SPACE, "i_data_sem"),
    };
    let cancelled = object
        .cow
        .zip(p.w.inode.cow_seq)
        .filter(|_| truncates && p.w.setup.is_xfs());
    let (w, b) = (&*p.w, &mut p.b);
    b.step("T3b", function, |s| {
        oracle::zeroed(w, s, index, None);
        s.text(format!("free the blocks, under {lock}"))
            .set(object.extent, extent::HOLE)
            .inc(seq);
        if let Some((fork, cow_seq)) = cancelled {
            let there = object.in_cow_fork();
            s.text("free the blocks, and cancel what is in the COW fork, under ILOCK")
                .set_if(there.clone(), cow_seq, add(cow_seq, 1))
                .set_if(there, fork.state, cow::NONE);
        }
        if !blocks {
            for word in &object.blocks[0].data {
                s.set(*word, zero);
            }
        }
        s
    });
}

/// T4: folio lock, unconditional wait for writeback, zero in place. Page tables keep what they have,
/// references are not asked. On a disk filesystem the filesystem zeroes once more and dirties
/// (`ext4_block_zero_page_range`); `shmem_undo_range` dirties before.
fn zero_part(p: &mut Prog<'_>, index: usize, word: usize) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let folio = p.folio_register(index);
    let done = p.b.label("done");
    let absent = p.b.label("not cached");
    let present = p.w.indices[index].present;
    let missing = if present { done } else { absent };
    let zero = Expr::from(p.w.tokens.zero(index));
    p.within(c::TRUNCATE_INODE_PAGES_RANGE, |p| {
        lock_for_zeroing(p, "T4", &folio, missing, tmpfs);
        let (w, b) = (&*p.w, &mut p.b);
        b.step("T4z", c::TRUNCATE_INODE_PARTIAL_FOLIO, |s| {
            oracle::zeroed(w, s, index, Some(word));
            Prog::store(
                w,
                s.text(format!("zero word {word} in place")),
                &folio,
                word,
                &zero,
            )
        });
        p.hook(Hook::FolioZeroed, &At::Folio(folio.clone()));
        let next = p.b.label("zeroed");
        folio_unlock_put_goto(p, "T4u", &folio, next);
        p.b.bind(next);
    });
    p.b.bind(absent);
    if !tmpfs {
        // The wait of T7w, if it is one for a hold, is a wait under a handle.
        let stop = if p.w.inode.transaction.is_some() {
            p.b.label("drop the handle")
        } else {
            done
        };
        journal::start(p, "T7s");
        p.within(c::EXT4_BLOCK_ZERO_PAGE_RANGE, |p| {
            lock_for_zeroing(p, "T7", &folio, stop, false);
            let (w, b) = (&*p.w, &mut p.b);
            b.step("T7z", c::EXT4_BLOCK_ZERO_PAGE_RANGE, |s| {
                oracle::zeroed(w, s, index, Some(word));
                Prog::store(
                    w,
                    s.text(format!("zero word {word} again")),
                    &folio,
                    word,
                    &zero,
                )
            });
            p.hook(Hook::FolioZeroed, &At::Folio(folio.clone()));
            folio_mark_dirty(p, "T7d", &folio);
            journal::add_ordered(p, "T7j", index, ordered::WRITE);
            let next = p.b.label("dirtied");
            folio_unlock_put_goto(p, "T7u", &folio, next);
            p.b.bind(next);
        });
        if p.w.inode.transaction.is_some() {
            p.b.bind(stop);
            journal::stop(p, "T7t");
        }
    }
    p.b.bind(done);
}

/// `__filemap_get_folio` with `FGP_LOCK` looks up again if the folio left the file before it was locked.
fn recheck_mapping(p: &mut Prog<'_>, id: &str, folio: &FolioRef, again: Label) {
    if p.w.indices[folio.index].fixed {
        return;
    }
    let valid = p.b.label("valid");
    let cached = in_cache(p, folio);
    p.b.step(&format!("{id}m"), c::FILEMAP_GET_FOLIO, |s| {
        s.text("recheck folio->mapping")
            .when(cached, "still in the cache", |b| b.goto(valid))
            .otherwise("it left the file", |b| b)
    });
    folio_unlock_put_retry(p, &format!("{id}n"), folio, again);
    p.b.bind(valid);
}

/// The filesystem's zeroing of part of a block needs the rest of it: a page that is not cached is
/// created and read (`FGP_CREAT`).
fn get_locked_uptodate_folio(p: &mut Prog<'_>, id: &str, folio: &FolioRef, again: Label) {
    let (missing, ready) = (p.b.label("missing"), p.b.label("up to date"));
    let function = c::FILEMAP_GET_FOLIO;
    look_up(p, &format!("{id}g"), function, folio, missing);
    folio_lock(p, &format!("{id}l"), folio);
    recheck_mapping(p, id, folio, again);
    let uptodate = folio.place(p.w, |f| f.uptodate);
    p.b.step(&format!("{id}r"), c::EXT4_BLOCK_ZERO_PAGE_RANGE, |s| {
        s.text("whoever created it has filled it")
            .requires(eq(uptodate, 1))
            .goto(ready)
    });
    p.b.bind(missing);
    filemap_add_folio(p, &format!("{id}a"), folio, again);
    filemap_read_folio(p, folio);
    p.b.bind(ready);
}

fn lock_for_zeroing(p: &mut Prog<'_>, id: &str, folio: &FolioRef, missing: Label, tmpfs: bool) {
    let again = p.b.here("again");
    let function = if tmpfs {
        c::SHMEM_GET_PARTIAL_FOLIO
    } else {
        c::FILEMAP_GET_FOLIO
    };
    if p.w.indices[folio.index].present || id == "T4" {
        look_up(p, &format!("{id}g"), function, folio, missing);
        p.hook(
            Hook::FolioLookedUp,
            &At::Writing {
                folio: folio.clone(),
                again: Some(again),
            },
        );
        folio_lock(p, &format!("{id}l"), folio);
        recheck_mapping(p, id, folio, again);
    } else {
        get_locked_uptodate_folio(p, id, folio, again);
    }
    p.hook(
        Hook::ZeroLocked,
        &At::Writing {
            folio: folio.clone(),
            again: None,
        },
    );
    if tmpfs {
        folio_mark_dirty(p, &format!("{id}d"), folio);
    }
    // The first zeroing waits unconditionally; the filesystem's goes through the stable wait.
    if id == "T4" {
        let writeback = folio.place(p.w, |f| f.writeback);
        let own = p.own_wait(Hook::PartialTruncateWait, eq(writeback, 0));
        let rules = p.waits(Hook::PartialTruncateWait, folio);
        p.b.step("T4w", c::FOLIO_WAIT_WRITEBACK, |s| {
            rules(s.text("folio lock held").wait(own))
        });
    } else {
        folio_wait_stable(p, "T7w", Hook::ZeroRangeStable, folio);
    }
}
