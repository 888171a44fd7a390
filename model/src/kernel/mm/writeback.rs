//! `mm/page-writeback.c`, `fs/iomap/buffered-io.c`: one folio from dirty to disk. Actions B1 to B14.
//! End of file excepted (B7).

use crate::kernel::fs::ioend::{Ioends, Target, end_ioend, prepare_one, write_folio_to_disk};
use crate::kernel::fs::map_blocks::{map_blocks, map_one_page};
use crate::kernel::fs::{buffers, journal};
use crate::kernel::functions as c;
use crate::kernel::mm::folio::{folio_lock, folio_unlock_put_goto, look_up, put_writeback};
use crate::kernel::mm::rmap::mkclean_and_mark_dirty;
use crate::kernel::objects::{extent, ordered};
use crate::kernel::program::{FolioRef, Imap, Prog};
use crate::kernel::setup::{Filesystem, SyncMode};
use crate::machine::builder::Label;
use crate::machine::expr::{and, any, eq, ne, not};
use crate::machine::var::VarId;

/// Writes back each of the folios that is dirty, and does its IO.
pub fn writeback(p: &mut Prog<'_>, folios: &[usize], sync: SyncMode) {
    let pass = if p.w.setup.is_xfs() {
        c::IOMAP_WRITEPAGES
    } else {
        c::EXT4_DO_WRITEPAGES
    };
    p.within(pass, |p| {
        let xfs = p.w.setup.filesystem == Filesystem::Xfs;
        let imap = (xfs && p.w.setup.blocks).then(|| Imap::declare(p, folios));
        let mut ioends = (imap.is_some() && folios.len() > 1).then(|| Ioends::new(folios.len()));
        for position in 0..folios.len() {
            let pass = imap.as_ref().map(|imap| Pass {
                imap,
                folios,
                position,
                ioends: ioends.as_mut(),
            });
            writeback_folio(p, folios[position], sync, pass);
        }
        if let Some(ioends) = ioends {
            ioends.finish(p);
        }
    });
    if sync == SyncMode::All {
        fdatawait_range(p, folios);
    }
}

/// `__filemap_fdatawait_range`: whoever began the IO, it is over when a flush with `WB_SYNC_ALL` returns. The
/// pass has skipped pages that somebody else had cleaned and was still writing. Written where another task
/// can write the page back.
fn fdatawait_range(p: &mut Prog<'_>, folios: &[usize]) {
    let me = p.b.task.index();
    let others: Vec<usize> = folios
        .iter()
        .copied()
        .filter(|index| {
            let mut calls = p.w.setup.calls();
            calls.any(|(t, _, call)| t != me && p.w.setup.writes_back(call, *index))
        })
        .collect();
    p.within(c::FILEMAP_FDATAWAIT_RANGE, |p| {
        for index in &others {
            let under_io = any(p.w.indices[*index].folios.iter().map(|f| {
                let folio = &p.w.folios[*f];
                and(eq(folio.has_mapping, 1), eq(folio.writeback, 1))
            }));
            p.b.step("B15", c::FOLIO_WAIT_WRITEBACK, |s| {
                s.text(format!(
                    "page {index}: wait for IO that others began, no lock held"
                ))
                .wait(not(under_io))
            });
        }
    });
}

/// A pass of XFS, at one of its folios.
struct Pass<'a> {
    /// The cached mapping.
    imap: &'a Imap,
    /// The pages of the pass.
    folios: &'a [usize],
    /// How many came before.
    position: usize,
    /// The bios, if there can be several folios in one.
    ioends: Option<&'a mut Ioends>,
}

/// One folio of the page cache that has a block, by a commit of the journal, which allocates nothing.
pub(in crate::kernel) fn write_mapped(p: &mut Prog<'_>, index: usize, sync: SyncMode) {
    writeback_folio(p, index, sync, None);
}

fn writeback_folio(p: &mut Prog<'_>, index: usize, sync: SyncMode, pass: Option<Pass<'_>>) {
    let folio = p.folio_register(index);
    let skip = p.b.label("next folio");
    let unlock = p.b.label("unlock");
    let ext4 = p.w.setup.filesystem == Filesystem::Ext4;
    // Where a handle may have been started, every way out drops it.
    let journal = p.w.inode.transaction.is_some() && ext4;
    let out = if journal {
        p.b.label("no handle any more")
    } else {
        skip
    };
    let again = p.b.here("look up");
    let (get, submit) = if ext4 {
        (c::MPAGE_PREPARE_EXTENT_TO_MAP, c::MPAGE_SUBMIT_FOLIO)
    } else {
        (c::WRITEBACK_GET_FOLIO, c::IOMAP_WRITEPAGE_MAP)
    };
    p.within(get, |p| {
        prepare(p, &folio, sync, unlock, out);
    });
    if p.w.setup.buffer_heads {
        buffers::refuse_without_buffers(p, &folio, unlock);
    }
    if journal {
        handle_before_lock(p, &folio, again);
    }
    if ext4 {
        // mpage_map_and_submit_extent maps before anything is cleaned.
        map_one_page(p, index);
        journal::add_ordered(p, "B9j", index, ordered::WAIT);
    }
    p.within(c::FOLIO_CLEAR_DIRTY_FOR_IO, |p| {
        mkclean_and_mark_dirty(p, "B", &folio);
        let dirty = folio.place(p.w, |f| f.dirty);
        p.b.step("B6", c::FOLIO_CLEAR_DIRTY_FOR_IO, |s| {
            s.text("test-and-clear PG_dirty")
                .full(dirty.clone())
                .when(eq(dirty.clone(), 1), "it was dirty", |b| b.set(dirty, 0))
                .otherwise("clean: skip", |b| b.goto(unlock))
        });
    });
    let mut underway = None;
    p.within(submit, |p| {
        underway =
            p.w.setup
                .buffer_heads
                .then(|| buffers::take_dirty_buffer(p, &folio, sync));
        let writeback = folio.place(p.w, |f| f.writeback);
        p.b.step("B8", c::FOLIO_START_WRITEBACK, |s| {
            s.text("set PG_writeback, under xa_lock")
                .set(writeback.clone(), 1)
                .full(writeback)
        });
        match &pass {
            Some(pass) => map_blocks(p, pass.imap, pass.folios, pass.position),
            None if ext4 => {}
            None => map_one_page(p, index),
        }
    });
    let no_io = p.b.label("no IO");
    let joined = p.b.label("in the bio");
    let (imap, mut gathers) = match pass {
        Some(Pass { imap, ioends, .. }) => (Some(imap), ioends),
        None => (None, None),
    };
    match (&mut gathers, imap) {
        (Some(ioends), Some(imap)) => ioends.add(p, &folio, imap, joined),
        _ => submit_alone(p, &folio, imap, underway, no_io),
    }
    p.b.bind(no_io);
    put_writeback(p, &folio, |s| s.goto(skip));
    p.b.bind(unlock);
    folio_unlock_put_goto(p, "B1u", &folio, out);
    if journal {
        p.b.bind(out);
        journal::stop_goto(p, "B10k", skip);
    }
    p.b.bind(joined);
    if let Some(ioends) = gathers {
        ioends.added(p);
    }
    p.b.bind(skip);
}

/// `ext4_do_writepages` first writes what has blocks, without a handle. Where a block is to be allocated it lets the
/// folio go, starts a handle, and comes back: a folio lock is taken under a handle, never the other way round.
fn handle_before_lock(p: &mut Prog<'_>, folio: &FolioRef, again: Label) {
    let (start, go) = (p.b.label("start a handle"), p.b.label("map it"));
    let needs = eq(p.w.indices[folio.index].extent, extent::DELALLOC);
    let without = not(journal::has_handle(p));
    let let_go = p.b.label("let it go");
    p.b.step("B1d", c::MPAGE_PROCESS_PAGE_BUFS, |s| {
        s.text("does the folio need a block?")
            .when(and(needs, without), "yes, and there is no handle", |b| {
                b.goto(let_go)
            })
            .otherwise("no, or there is one", |b| b.goto(go))
    });
    p.b.bind(let_go);
    folio_unlock_put_goto(p, "B1v", folio, start);
    p.b.bind(start);
    journal::start(p, "B9s");
    p.b.step("B9t", c::MPAGE_PREPARE_EXTENT_TO_MAP, |s| {
        s.text("look for it again").goto(again)
    });
    p.b.bind(go);
}

/// B10 to B13 of a folio that has a bio of its own.
fn submit_alone(
    p: &mut Prog<'_>,
    folio: &FolioRef,
    imap: Option<&Imap>,
    underway: Option<VarId>,
    no_io: Label,
) {
    let ext4 = p.w.setup.filesystem == Filesystem::Ext4;
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    let target = match imap {
        Some(imap) => Target::mapped(imap),
        None => Target::present(p, folio.index),
    };
    let function = if ext4 {
        c::EXT4_BIO_WRITE_FOLIO
    } else {
        c::IOMAP_ADD_TO_IOEND
    };
    p.b.step("B10", function, |s| {
        s.text("into the bio; folio_unlock")
            .requires(eq(lock.clone(), me))
            .release(lock.clone());
        if imap.is_some() {
            s.when(target.exists.clone(), "into the bio", |b| {
                b.set(lock.clone(), 0)
            })
            .otherwise("a hole: no IO", |b| b.set(lock, 0).goto(no_io))
        } else {
            s.set(lock, 0)
        }
    });
    if let Some(underway) = underway {
        buffers::skip_without_io(p, underway, no_io);
    }
    if ext4 {
        journal::stop(p, "B10j");
    }
    if let Some(imap) = imap {
        prepare_one(p, folio.index, imap);
    }
    write_folio_to_disk(p, folio, &target);
    end_ioend(p, folio.index, &target);
    if underway.is_some() {
        buffers::end_buffer_async_write(p, folio);
    }
}

/// B1: look up, lock, and the checks of `folio_prepare_writeback`.
fn prepare(p: &mut Prog<'_>, folio: &FolioRef, sync: SyncMode, unlock: Label, skip: Label) {
    look_up(p, "B1g", c::FILEMAP_GET_FOLIOS_TAG, folio, skip);
    folio_lock(p, "B1", folio);
    let (cached, dirty) = (
        folio.place(p.w, |f| f.has_mapping),
        folio.place(p.w, |f| f.dirty),
    );
    let writeback = folio.place(p.w, |f| f.writeback);
    let check = if p.w.setup.is_xfs() {
        c::FOLIO_PREPARE_WRITEBACK
    } else {
        c::MPAGE_PREPARE_EXTENT_TO_MAP
    };
    p.b.step("B1c", check, |s| {
        s.when(ne(cached, 1), "truncated", |b| b.goto(unlock)).when(
            eq(dirty, 0),
            "not dirty",
            |b| b.goto(unlock),
        );
        if sync == SyncMode::None {
            s.when(eq(writeback.clone(), 1), "under writeback: skip", |b| {
                b.goto(unlock)
            });
        }
        s.otherwise("to be written", |b| b)
    });
    if sync == SyncMode::All {
        p.b.step("B1w", c::FOLIO_WAIT_WRITEBACK, |s| {
            s.text("WB_SYNC_ALL, folio lock held")
                .wait(eq(writeback, 0))
        });
    }
}
