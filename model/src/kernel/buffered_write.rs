//! write(2) to a file: `fs/iomap/buffered-io.c` under XFS, `mm/filemap.c:generic_perform_write`
//! under ext4 and tmpfs. Actions W1 to W12.

use super::folio::{
    filemap_add_folio, filemap_get_folio, folio_lock, folio_unlock_put_goto, in_cache,
};
use super::functions as c;
use super::hooks::{At, Hook};
use super::inode::{down_write, up_write, update_time};
use super::prog::{FolioRef, Prog};
use super::setup::{Filesystem, Mapping};
use super::world::{COUNTER_MAX, extent};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, add, eq, ite, ne, not, or};
use crate::machine::step::Order;
use crate::machine::var::VarId;

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
            for index in folios {
                write_folio(p, *index, words, iomap);
            }
        });
        up_write(p, "W12", unlock, sem, "i_rwsem");
    });
}

/// The cached mapping of an iomap write: extent state and cookie.
struct Mapped {
    extent: VarId,
    cookie: VarId,
}

fn write_folio(p: &mut Prog<'_>, index: usize, words: &[usize], iomap: bool) {
    let tmpfs = p.w.setup.mapping == Mapping::Tmpfs;
    let folio = p.folio_register(index);
    let remap = p.b.here("remap");
    let mapped = iomap.then(|| iomap_begin(p, index));
    let again = p.b.here("again");
    let begin = if iomap {
        c::IOMAP_WRITE_BEGIN
    } else if tmpfs {
        c::SHMEM_WRITE_BEGIN
    } else {
        c::GENERIC_PERFORM_WRITE
    };
    p.within(begin, |p| {
        get_locked_folio(p, &folio, again);
        p.hook(
            Hook::WriteLocked,
            &At::Writing {
                folio: folio.clone(),
                again: None,
            },
        );
        if !tmpfs {
            let (writeback, stable) = (folio.place(p.w, |f| f.writeback), p.w.setup.stable_writes);
            let rules = p.waits(Hook::FolioWaitStable, &folio);
            p.b.step("W6", c::FOLIO_WAIT_STABLE, |s| {
                rules(
                    s.text("folio lock held")
                        .wait(or(!stable, eq(writeback, 0))),
                )
            });
        }
        if let Some(mapped) = &mapped {
            iomap_valid(p, &folio, mapped, remap);
        }
        if mapped.is_none() && !tmpfs {
            da_reserve(p, index);
        }
        fill_rest(p, &folio, words, mapped.as_ref());
    });
    for word in words {
        let token =
            p.w.tokens
                .store(p.b.task.index(), p.call, index, *word)
                .expect("counted");
        let (w, b) = (&*p.w, &mut p.b);
        b.step("W9", c::COPY_FOLIO_FROM_ITER_ATOMIC, |s| {
            Prog::store(
                w,
                s.text(format!("copy word {word}")),
                &folio,
                *word,
                &Expr::from(token),
            )
        });
    }
    let end = if iomap {
        c::IOMAP_WRITE_END
    } else if tmpfs {
        c::SHMEM_WRITE_END
    } else {
        c::GENERIC_PERFORM_WRITE
    };
    p.within(end, |p| {
        p.hook(Hook::FolioWritten, &At::Folio(folio.clone()));
        let dirty = folio.place(p.w, |f| f.dirty);
        let (w, b) = (&*p.w, &mut p.b);
        b.step("W10", end, |s| {
            s.text("PG_uptodate, PG_dirty")
                .set(dirty.clone(), 1)
                .full(dirty);
            Prog::set_uptodate(w, s, &folio)
        });
        let next = p.b.label("next folio");
        folio_unlock_put_goto(p, "W11", &folio, next);
        p.b.bind(next);
    });
}

/// W3: look the extent up under ILOCK, reserve delalloc over a hole, sample the cookie.
fn iomap_begin(p: &mut Prog<'_>, index: usize) -> Mapped {
    let state = p.w.indices[index].extent;
    let inode = p.w.inode;
    let mapped = Mapped {
        extent: p.register(&format!("iomap[{index}].type"), extent::WRITTEN),
        cookie: p.register(&format!("iomap[{index}].validity_cookie"), COUNTER_MAX),
    };
    p.b.step("W3", c::XFS_BUFFERED_WRITE_IOMAP_BEGIN, |s| {
        s.text("map the range, sample the cookie, under ILOCK")
            .order(inode.if_seq, Order::Acquire)
            .when(eq(state, extent::HOLE), "reserve delalloc", |b| {
                b.set(state, extent::DELALLOC)
                    .inc(inode.if_seq)
                    .set(mapped.extent, extent::HOLE)
                    .set(mapped.cookie, add(inode.if_seq, 1))
            })
            .otherwise("", |b| {
                b.set(mapped.extent, state).set(mapped.cookie, inode.if_seq)
            })
    });
    mapped
}

/// ext4 with delayed allocation: reserves over a hole under the folio lock.
fn da_reserve(p: &mut Prog<'_>, index: usize) {
    let state = p.w.indices[index].extent;
    p.b.step("W3e", c::EXT4_DA_WRITE_BEGIN, |s| {
        s.text("map the block, folio lock held; reserve over a hole")
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
    filemap_get_folio(p, "W4", folio, missing);
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
                b.set(lock, 0).dec(refs).goto(again)
            })
    });
    p.b.bind(missing);
    if !p.w.indices[folio.index].present {
        filemap_add_folio(p, "W4a", folio, again);
    }
    p.b.bind(locked);
}

/// W7: the cookie is compared under the folio lock; on a mismatch the write backs out of this folio
/// and maps the rest anew from its offset.
fn iomap_valid(p: &mut Prog<'_>, folio: &FolioRef, mapped: &Mapped, remap: Label) {
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    let (seq, cookie) = (p.w.inode.if_seq, mapped.cookie);
    p.b.step("W7", c::IOMAP_VALID, |s| {
        s.text("validity cookie against if_seq, folio lock held")
            .order(seq, Order::Acquire)
            .when(ne(seq, cookie), "IOMAP_F_STALE: unlock, put, remap", |b| {
                b.set(lock, 0).dec(refs).goto(remap)
            })
            .otherwise("valid", |b| b)
    });
}

/// W8: in a folio that is not up to date, words that this write does not cover are read from disk, or
/// zeroed where the (cached) mapping says that there is no data.
fn fill_rest(p: &mut Prog<'_>, folio: &FolioRef, words: &[usize], mapped: Option<&Mapped>) {
    if p.w.indices[folio.index].fixed {
        return;
    }
    let index = p.w.indices[folio.index].clone();
    let zero = p.w.tokens.zero(folio.index);
    let kind = mapped.map_or(index.extent, |m| m.extent);
    for word in (0..p.w.setup.words).filter(|w| !words.contains(w)) {
        let uptodate = folio.place(p.w, |f| f.uptodate).expr();
        let data = folio.place(p.w, |f| f.data[word]);
        let value = ite(eq(kind, extent::WRITTEN), index.disk[word], zero);
        p.b.step("W8", c::IOMAP_WRITE_BEGIN_FOLIO, |s| {
            s.text(format!(
                "word {word}: read it, or zero it where the mapping has no data"
            ))
            .set_if(not(uptodate), data, value)
        });
    }
}
