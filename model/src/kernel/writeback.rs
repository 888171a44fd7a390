//! `mm/page-writeback.c`, `fs/iomap/buffered-io.c`: one folio from dirty to disk. Actions B1 to B14.
//! End of file excepted (B7).

use super::buffers;
use super::device;
use super::folio::{filemap_get_folio, folio_lock, folio_unlock_put_goto};
use super::functions as c;
use super::journal;
use super::map_blocks::{Imap, end_ioend, is_right, map_blocks, map_one_page, target};
use super::prog::{FolioRef, Prog};
use super::rmap::mkclean_and_mark_dirty;
use super::setup::{Filesystem, SyncMode};
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, and, eq, ne, not};
use crate::machine::var::VarId;

/// Writes back each of the folios that is dirty, and does its IO.
pub fn writeback(p: &mut Prog<'_>, folios: &[usize], sync: SyncMode) {
    p.within(c::IOMAP_WRITEPAGES, |p| {
        let xfs = p.w.setup.filesystem == Filesystem::Xfs;
        let imap = (xfs && p.w.setup.blocks).then(|| Imap::declare(p, folios));
        for position in 0..folios.len() {
            let pass = imap.as_ref().map(|imap| (imap, folios, position));
            writeback_folio(p, folios[position], sync, pass);
        }
    });
}

/// The cached mapping of a pass, the pages of the pass, and how many came before.
type Pass<'a> = Option<(&'a Imap, &'a [usize], usize)>;

fn writeback_folio(p: &mut Prog<'_>, index: usize, sync: SyncMode, pass: Pass<'_>) {
    let folio = p.folio_register(index);
    let skip = p.b.label("next folio");
    let unlock = p.b.label("unlock");
    p.within(c::WRITEBACK_GET_FOLIO, |p| {
        prepare(p, &folio, sync, unlock, skip);
    });
    if p.w.setup.buffer_heads {
        buffers::refuse_without_buffers(p, &folio, unlock);
    }
    let ext4 = p.w.setup.filesystem == Filesystem::Ext4;
    if ext4 {
        // mpage_map_and_submit_extent maps before anything is cleaned.
        journal::start(p);
        map_one_page(p, index);
        journal::add_ordered(p, index);
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
    p.within(c::IOMAP_WRITEPAGE_MAP, |p| {
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
        match pass {
            Some((imap, folios, position)) => map_blocks(p, imap, folios, position),
            None if ext4 => {}
            None => map_one_page(p, index),
        }
    });
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    p.b.step("B10", c::IOMAP_ADD_TO_IOEND, |s| {
        s.text("into the bio; folio_unlock")
            .requires(eq(lock.clone(), me))
            .set(lock.clone(), 0)
            .release(lock)
    });
    let end = p.b.label("end");
    if let Some(underway) = underway {
        buffers::skip_without_io(p, underway, end);
    }
    if ext4 {
        journal::stop(p);
    }
    let imap = pass.map(|(imap, _, _)| imap);
    write_folio_to_disk(p, &folio, imap);
    end_ioend(p, index, imap);
    if underway.is_some() {
        buffers::end_buffer_async_write(p, &folio);
    }
    p.b.bind(end);
    end_writeback(p, &folio, skip);
    p.b.bind(unlock);
    folio_unlock_put_goto(p, "B1u", &folio, skip);
    p.b.bind(skip);
}

/// B1: look up, lock, and the checks of `folio_prepare_writeback`.
fn prepare(p: &mut Prog<'_>, folio: &FolioRef, sync: SyncMode, unlock: Label, skip: Label) {
    filemap_get_folio(p, "B1g", folio, skip);
    folio_lock(p, "B1", folio);
    let (cached, dirty) = (
        folio.place(p.w, |f| f.mapped_in_cache),
        folio.place(p.w, |f| f.dirty),
    );
    let writeback = folio.place(p.w, |f| f.writeback);
    p.b.step("B1c", c::FOLIO_PREPARE_WRITEBACK, |s| {
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

/// B11, B12: the device's reads of `memory`, and the disk written. If two reads of a word differ, the
/// `mismatch` ghosts remember it.
pub(super) fn device_io(
    p: &mut Prog<'_>,
    index: usize,
    memory: &[Expr],
    mismatch: &[VarId],
    imap: Option<&Imap>,
) {
    let device::Prepared { source, seen } = device::prepare(p, index, memory);
    let (block, has_block) = target(p, index, imap);
    let right = is_right(p, index, &block);
    let stale = p.w.ghosts.mapping_stale;
    let index = p.w.indices[index].clone();
    for (word, data) in source.into_iter().enumerate() {
        p.b.step("B12", c::DMA_READ, |s| {
            s.text(format!("DMA reads word {word} to disk")).set_if(
                and(has_block.clone(), not(right.clone())),
                stale,
                1,
            );
            for (n, object) in index.blocks.iter().enumerate() {
                let here = and(has_block.clone(), eq(block.clone(), n)).fold();
                s.set_if(here, object.data[word], data.clone());
            }
            if let Some(seen) = seen.get(word) {
                let differs = ne(*seen, data);
                for ghost in mismatch {
                    s.set_if(differs.clone(), *ghost, 1);
                }
            }
            s
        });
    }
}

/// The IO of a folio of the page cache.
pub(super) fn write_folio_to_disk(p: &mut Prog<'_>, folio: &FolioRef, imap: Option<&Imap>) {
    let memory = folio.memory(p.w);
    let mismatch = [p.w.ghosts.checksum_mismatch, p.w.ghosts.access_inconsistent];
    device_io(p, folio.index, &memory, &mismatch, imap);
}

/// B14: writeback ends; no folio lock.
fn end_writeback(p: &mut Prog<'_>, folio: &FolioRef, next: Label) {
    let writeback = folio.place(p.w, |f| f.writeback);
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step("B14", c::FOLIO_END_WRITEBACK, |s| {
        s.text("clear PG_writeback, wake, put")
            .set(writeback.clone(), 0)
            .release(writeback)
            .dec(refs)
            .goto(next)
    });
}
