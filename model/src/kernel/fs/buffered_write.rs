//! write(2) to a file: `fs/iomap/buffered-io.c` under XFS, `mm/filemap.c:generic_perform_write`
//! under ext4 and tmpfs. Actions W1 to W12; what concerns the cached mapping is in [`iomap`](mod@crate::kernel::fs::iomap).

use crate::kernel::fs::buffers::attach;
use crate::kernel::fs::inode::{down_write, up_write, update_time};
use crate::kernel::fs::iomap::{self};
use crate::kernel::fs::journal;
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::mm::folio::{
    filemap_add_folio, folio_lock, folio_unlock, folio_unlock_put_goto, folio_unlock_put_retry,
    in_cache, look_up,
};
use crate::kernel::mm::stable::folio_wait_stable;
use crate::kernel::objects::{extent, ordered};
use crate::kernel::program::{At, FolioRef, Iomap, Prog, oracle};
use crate::kernel::setup::{Filesystem, Mapping};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, eq, lt};
use crate::machine::step::Cost;

/// The whole call: `folios` one after another, `words` of each.
pub fn write(p: &mut Prog<'_>, folios: &[usize], words: &[usize]) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let iomap = !tmpfs && p.w.setup.filesystem == Filesystem::Xfs;
    let (outer, lock, unlock, modified, inner): (CFn, CFn, CFn, CFn, CFn) = if iomap {
        (
            c::XFS_FILE_BUFFERED_WRITE,
            c::XFS_ILOCK,
            c::XFS_IUNLOCK,
            c::FILE_MODIFIED,
            c::IOMAP_FILE_BUFFERED_WRITE,
        )
    } else if tmpfs {
        (
            c::SHMEM_FILE_WRITE_ITER,
            c::INODE_LOCK,
            c::INODE_UNLOCK,
            c::FILE_UPDATE_TIME,
            c::GENERIC_PERFORM_WRITE,
        )
    } else {
        (
            c::EXT4_BUFFERED_WRITE_ITER,
            c::INODE_LOCK,
            c::INODE_UNLOCK,
            c::FILE_MODIFIED,
            c::GENERIC_PERFORM_WRITE,
        )
    };
    let sem = p.w.inode.i_rwsem;
    p.within(outer, |p| {
        down_write(p, "W1", lock, sem, "i_rwsem, exclusive");
        update_time(p, "W2", modified);
        p.within(inner, |p| {
            if iomap {
                iomap_write(p, folios, words);
            } else {
                for index in folios {
                    let written = p.b.label("written");
                    write_folio(p, *index, words, None, written);
                    p.b.bind(written);
                }
            }
        });
        up_write(p, "W12", unlock, sem, "i_rwsem");
    });
}

/// The cached mapping of an XFS write, and where in the call it is used.
struct Mapped {
    iomap: Iomap,
    position: usize,
}

/// `iomap_file_buffered_write`: mappings one after another, each for as many folios as it covers.
/// Where the cookie says that it has gone stale, what it reserved is taken back and the rest is mapped
/// anew, from the folio where that was seen.
fn iomap_write(p: &mut Prog<'_>, folios: &[usize], words: &[usize]) {
    let iomap = Iomap::declare(p, folios);
    for position in 0..folios.len() {
        let mapped = Mapped { iomap, position };
        let write = p.b.label("mapped");
        if position > 0 {
            p.b.step("W3c", c::IOMAP_ITER, |s| {
                s.text("does the mapping cover the next folio?")
                    .when(lt(position, iomap.end), "yes", |b| b.goto(write))
                    .otherwise("no: map on", |b| b)
            });
        }
        let remap = p.b.here("remap");
        iomap::iomap_begin(p, &iomap, folios, position);
        p.b.bind(write);
        let stale = p.b.label("stale");
        let written = p.b.label("written");
        write_folio(p, folios[position], words, Some((&mapped, stale)), written);
        p.b.bind(stale);
        iomap::iomap_end(p, &iomap, folios, position, remap);
        p.b.bind(written);
    }
}

impl Mapped {
    fn at(&self, folio: &FolioRef, stale: Label) -> At {
        At::Iomap {
            iomap: self.iomap,
            folio: folio.clone(),
            position: self.position,
            stale,
        }
    }
}

fn write_folio(
    p: &mut Prog<'_>,
    index: usize,
    words: &[usize],
    mapped: Option<(&Mapped, Label)>,
    written: Label,
) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let folio = p.folio_register(index);
    let again = p.b.here("again");
    let begin = if mapped.is_some() {
        c::IOMAP_WRITE_BEGIN
    } else if tmpfs {
        c::SHMEM_WRITE_BEGIN
    } else {
        c::GENERIC_PERFORM_WRITE
    };
    p.within(begin, |p| {
        if let Some((mapped, stale)) = mapped {
            let at = mapped.at(&folio, stale);
            p.hook(Hook::IomapLookup, &at);
        }
        get_locked_folio(p, &folio, again);
        p.hook(
            Hook::WriteLocked,
            &At::Writing {
                folio: folio.clone(),
                again: None,
            },
        );
        if !tmpfs {
            folio_wait_stable(p, "W6", Hook::WriteBeginStable, &folio);
        }
        if let Some((mapped, stale)) = mapped {
            iomap::validate(p, &mapped.at(&folio, stale));
        } else if !tmpfs && p.w.setup.delalloc {
            da_reserve(p, &folio);
        } else if !tmpfs {
            allocate_under_handle(p, &folio, again);
        }
        iomap::fill_rest(p, &folio, words, mapped.map(|(m, _)| &m.iomap));
    });
    for word in words {
        let token =
            p.w.tokens
                .store(p.b.task.index(), p.call, index, *word)
                .expect("counted");
        let (w, b) = (&*p.w, &mut p.b);
        b.step("W9", c::COPY_FOLIO_FROM_ITER_ATOMIC, |s| {
            oracle::stored(w, s, &folio);
            Prog::store(
                w,
                s.text(format!("copy word {word}")),
                &folio,
                *word,
                &Expr::from(token),
            )
        });
    }
    let end = if mapped.is_some() {
        c::IOMAP_WRITE_END
    } else if tmpfs {
        c::SHMEM_WRITE_END
    } else if p.w.setup.delalloc {
        c::EXT4_DA_WRITE_END
    } else {
        c::EXT4_WRITE_END
    };
    p.within(end, |p| {
        p.hook(Hook::FolioWritten, &At::Folio(folio.clone()));
        let marks = folio.dirty_marks(p.w);
        let (w, b) = (&*p.w, &mut p.b);
        b.step("W10", end, |s| {
            s.text("PG_uptodate, PG_dirty");
            for (mark, value) in marks {
                s.set(mark.clone(), value).full(mark);
            }
            Prog::set_uptodate(w, s, &folio)
        });
        if !tmpfs && !p.w.setup.delalloc {
            let stop = p.b.label("unlocked");
            folio_unlock_put_goto(p, "W11", &folio, stop);
            p.b.bind(stop);
            journal::stop_goto(p, "W11j", written);
        } else {
            folio_unlock_put_goto(p, "W11", &folio, written);
        }
    });
}

/// `ext4_write_begin`, without delayed allocation: lets the folio go, starts a handle, locks the folio again under it,
/// and waits for stability once more, as writeback may have begun. Then it allocates: a written extent, whose data the
/// commit has to write.
fn allocate_under_handle(p: &mut Prog<'_>, folio: &FolioRef, again: Label) {
    let index = p.w.indices[folio.index].clone();
    p.within(c::EXT4_WRITE_BEGIN, |p| {
        folio_unlock(p, "W6u", folio);
        journal::start(p, "W6s");
        folio_lock(p, "W6l", folio);
        if !p.w.indices[folio.index].fixed {
            let (cached, valid) = (in_cache(p, folio), p.b.label("still in the cache"));
            p.b.step("W6m", c::EXT4_WRITE_BEGIN, |s| {
                s.text("recheck folio->mapping")
                    .when(cached, "still in the cache", |b| b.goto(valid))
                    .otherwise("truncated: unlock, put, drop the handle, retry", |b| b)
            });
            let stop = p.b.label("drop the handle");
            folio_unlock_put_retry(p, "W6n", folio, stop);
            p.b.bind(stop);
            journal::stop_goto(p, "W6t", again);
            p.b.bind(valid);
        }
        // What a rule has found out under the first lock need not be so under the second.
        p.hook(
            Hook::WriteLocked,
            &At::Writing {
                folio: folio.clone(),
                again: None,
            },
        );
        folio_wait_stable(p, "W6w", Hook::WriteBeginStable, folio);
        p.b.step("W3e", c::EXT4_BLOCK_WRITE_BEGIN, |s| {
            s.text("map the block, folio lock and handle held; allocate over a hole")
                .when(eq(index.extent, extent::HOLE), "allocate", |b| {
                    if let Some(block) = index.block {
                        b.set(block, index.free());
                    }
                    if let Some(journal) = index.journal {
                        b.set(journal.ordered, ordered::WRITE);
                    }
                    b.set(index.extent, extent::WRITTEN)
                })
                .otherwise("mapped", |b| b)
        });
    });
}

/// ext4 with delayed allocation: reserves over a hole under the folio lock.
fn da_reserve(p: &mut Prog<'_>, folio: &FolioRef) {
    let state = p.w.indices[folio.index].extent;
    let (w, b) = (&*p.w, &mut p.b);
    b.step("W3e", c::EXT4_DA_WRITE_BEGIN, |s| {
        attach(s, w, folio)
            .text("map the block, folio lock held; reserve over a hole")
            .when(eq(state, extent::HOLE), "reserve delalloc", |b| {
                b.set(state, extent::DELALLOC)
            })
            .otherwise("mapped", |b| b)
    });
}

/// W4, W5: look up or create, lock, recheck that the folio still belongs to the file.
fn get_locked_folio(p: &mut Prog<'_>, folio: &FolioRef, again: Label) {
    let missing = p.b.label("missing");
    let locked = p.b.label("locked");
    let function = if p.w.can_writeback() {
        c::FILEMAP_GET_FOLIO
    } else {
        c::SHMEM_GET_FOLIO_GFP
    };
    look_up(p, "W4", function, folio, missing);
    p.hook(
        Hook::FolioLookedUp,
        &At::Writing {
            folio: folio.clone(),
            again: Some(again),
        },
    );
    folio_lock(p, "W5", folio);
    if p.w.indices[folio.index].fixed {
        p.b.bind(missing);
        return;
    }
    let (cached, lock) = (in_cache(p, folio), folio.place(p.w, |f| f.lock));
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step("W5m", c::FILEMAP_GET_FOLIO, |s| {
        s.text("recheck folio->mapping")
            .when(cached, "still in the cache", |b| b.goto(locked))
            .otherwise("truncated: unlock, put, retry", |b| {
                b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(again)
            })
    });
    p.b.bind(missing);
    if !p.w.indices[folio.index].present {
        filemap_add_folio(p, "W4a", folio, again);
    }
    p.b.bind(locked);
}
