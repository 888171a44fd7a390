//! The mapping that an XFS write caches (`fs/xfs/xfs_iomap.c`, `fs/iomap/buffered-io.c`): looking it
//! up with its cookie (W3), validating it under the folio lock (W7), going by it (W8), and taking back
//! what was reserved and not used (W3p).

use crate::kernel::fs::buffers::attach;
use crate::kernel::fs::inode::{down_write, up_write_goto};
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::objects::blocks::{covered, covers};
use crate::kernel::objects::{COUNTER_MAX, Index, cow, extent};
use crate::kernel::program::{At, FolioRef, Iomap, Prog};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, add, all, and, eq, ite, lt, ne, not, or};
use crate::machine::step::{Cost, Order};
use crate::machine::var::VarDecl;

impl Iomap {
    /// Registers for a write over `folios`.
    pub fn declare(p: &mut Prog<'_>, folios: &[usize]) -> Iomap {
        let blocks = folios.iter().map(|i| p.w.indices[*i].blocks.len()).max();
        let mut register = |name: &str, max: u64, labels: &[&str]| {
            let task = p.b.task;
            let object = p.b.system.task(task).name.clone();
            let name = format!("iomap.{name}#{}", p.call);
            let decl = VarDecl::private(task, object, name, max).labels(labels.iter().copied());
            p.b.system.declare(decl)
        };
        Iomap {
            kind: register("type", extent::WRITTEN, &extent::NAMES),
            block: register("block", blocks.unwrap_or(1) as u64 - 1, &[]),
            shared: register("F_SHARED", 1, &[]),
            new: register("F_NEW", 1, &[]),
            cookie: register("validity_cookie", COUNTER_MAX, &[]),
            cow_cookie: register("validity_cookie.cow", COUNTER_MAX, &[]),
            end: register("end", folios.len() as u64, &[]),
        }
    }
}

/// Two neighbours in the file are in one extent: same state, blocks next to each other, both shared or
/// neither, both in the COW fork or neither.
fn alike(indices: &[Index]) -> impl Fn(usize, usize) -> Expr {
    move |a, b| {
        let (a, b) = (&indices[a], &indices[b]);
        all([
            eq(a.extent, b.extent),
            or(not(a.allocated()), eq(a.mapped(), b.mapped())),
            eq(a.is_shared(), b.is_shared()),
            eq(a.in_cow_fork(), b.in_cow_fork()),
        ])
        .fold()
    }
}

/// W3: looks the extents up under ILOCK, from `folios[position]` on, reserves over a hole or for a copy
/// of a shared block, and samples the cookie. A COW fork that already has something is gone by.
pub fn iomap_begin(p: &mut Prog<'_>, iomap: &Iomap, folios: &[usize], position: usize) {
    let run = &folios[position..];
    let indices = p.w.indices.clone();
    let here = indices[run[0]].clone();
    let alike = alike(&indices);
    let end = covered(run, position, &alike);
    let inode = p.w.inode;
    let within: Vec<(usize, Expr)> = (0..run.len())
        .map(|to| (run[to], covers(run, to, &alike)))
        .collect();
    p.b.step("W3", c::XFS_BUFFERED_WRITE_IOMAP_BEGIN, |s| {
        s.text("map the range, sample the cookie, under ILOCK")
            .order(inode.if_seq, Order::Acquire)
            .set(iomap.end, end)
            .set(iomap.block, here.mapped());
        if let (Some(fork), Some(cow_seq)) = (here.cow, inode.cow_seq) {
            s.when(ne(fork.state, cow::NONE), "the COW fork has it", |b| {
                b.set(iomap.kind, here.extent)
                    .set(iomap.shared, 1)
                    .set(iomap.new, 0)
                    .set(iomap.cookie, inode.if_seq)
                    .set(iomap.cow_cookie, cow_seq)
            })
            .when(here.is_shared(), "shared: reserve in the COW fork", |b| {
                for (index, within) in &within {
                    let fork = indices[*index].cow;
                    if let Some(fork) = fork {
                        b.set_if(within.clone(), fork.state, cow::DELALLOC);
                    }
                }
                b.inc(cow_seq)
                    .set(iomap.kind, here.extent)
                    .set(iomap.shared, 1)
                    .set(iomap.new, 1)
                    .set(iomap.cookie, inode.if_seq)
                    .set(iomap.cow_cookie, add(cow_seq, 1))
            });
        }
        s.when(eq(here.extent, extent::HOLE), "reserve delalloc", |b| {
            for (index, within) in &within {
                b.set_if(within.clone(), indices[*index].extent, extent::DELALLOC);
            }
            b.inc(inode.if_seq)
                .set(iomap.kind, extent::DELALLOC)
                .set(iomap.shared, 0)
                .set(iomap.new, 1)
                .set(iomap.cookie, add(inode.if_seq, 1))
        })
        .otherwise("found", |b| {
            b.set(iomap.kind, here.extent)
                .set(iomap.shared, 0)
                .set(iomap.new, 0)
                .set(iomap.cookie, inode.if_seq)
        })
    });
}

/// The reservation that a `page_mkwrite` makes, folio lock held: as W3, with nothing cached.
pub fn reserve(p: &mut Prog<'_>, function: CFn, folio: &FolioRef) {
    let here = p.w.indices[folio.index].clone();
    let inode = p.w.inode;
    let (w, b) = (&*p.w, &mut p.b);
    b.step("M6", function, |s| {
        attach(s, w, folio).text("map the blocks, folio lock held; reserve over a hole");
        if let (Some(fork), Some(cow_seq)) = (here.cow, inode.cow_seq) {
            let fresh = and(here.is_shared(), eq(fork.state, cow::NONE));
            s.when(fresh, "shared: reserve in the COW fork", |b| {
                b.set(fork.state, cow::DELALLOC).inc(cow_seq)
            });
        }
        s.when(eq(here.extent, extent::HOLE), "reserve delalloc", |b| {
            b.set(here.extent, extent::DELALLOC).inc(inode.if_seq)
        })
        .otherwise("mapped", |b| b)
    });
}

/// The mapping has changed since it was cached: either sequence, the COW fork's only for a mapping
/// that goes there.
pub fn is_stale(p: &Prog<'_>, iomap: &Iomap) -> Expr {
    let inode = p.w.inode;
    let data = ne(inode.if_seq, iomap.cookie);
    match inode.cow_seq {
        None => data,
        Some(cow_seq) => or(
            data,
            and(eq(iomap.shared, 1), ne(cow_seq, iomap.cow_cookie)),
        ),
    }
}

/// W7: the kernel's own, or the rules that stand in for it.
pub fn validate(p: &mut Prog<'_>, at: &At) {
    if !p.rules.omits(Hook::IomapValid) {
        validity_cookie(p, at);
    }
    p.hook(Hook::IomapValid, at);
}

/// The cookie is compared under the folio lock; on a mismatch the write backs out of the folio.
pub fn validity_cookie(p: &mut Prog<'_>, at: &At) {
    let At::Iomap { iomap, .. } = at else { return };
    back_out_if(p, at, &is_stale(p, iomap));
}

/// Backs out of the locked folio and maps anew, if `changed`.
pub fn back_out_if(p: &mut Prog<'_>, at: &At, changed: &Expr) {
    let At::Iomap { folio, stale, .. } = at else {
        return;
    };
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    let seq = p.w.inode.if_seq;
    p.b.step("W7", c::IOMAP_VALID, |s| {
        s.text("validity cookie, folio lock held")
            .order(seq, Order::Acquire)
            .release(lock.clone())
            .when(changed.clone(), "IOMAP_F_STALE: unlock, put, remap", |b| {
                b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(*stale)
            })
            .otherwise("valid", |b| b)
    });
}

/// Maps anew, if `changed`, before the folio is looked up: too early, and no kernel does it.
pub fn remap_if(p: &mut Prog<'_>, at: &At, changed: &Expr) {
    let At::Iomap { stale, .. } = at else { return };
    p.b.step("W7", c::IOMAP_VALID, |s| {
        s.text("validity cookie, nothing locked")
            .when(changed.clone(), "stale: remap", |b| {
                b.costs(Cost::Retry).goto(*stale)
            })
            .otherwise("valid", |b| b)
    });
}

/// W8: in a folio that is not up to date, words that this write does not cover are read from disk, or
/// zeroed where the mapping says that there is no data. Without a cached mapping (ext4, tmpfs) the
/// present one is asked.
pub fn fill_rest(p: &mut Prog<'_>, folio: &FolioRef, words: &[usize], iomap: Option<&Iomap>) {
    if p.w.indices[folio.index].fixed {
        return;
    }
    let index = p.w.indices[folio.index].clone();
    let zero = p.w.tokens.zero(folio.index);
    let uptodate = folio.place(p.w, |f| f.uptodate).expr();
    let stale = p.w.ghosts.mapping_stale;
    let has_data = eq(index.extent, extent::WRITTEN);
    let function = match (p.w.setup.is_xfs(), p.w.can_writeback()) {
        (true, _) => c::IOMAP_WRITE_BEGIN_FOLIO,
        (_, true) => c::EXT4_BLOCK_WRITE_BEGIN,
        _ => c::SHMEM_WRITE_END,
    };
    for word in (0..p.w.setup.words).filter(|w| !words.contains(w)) {
        let data = folio.place(p.w, |f| f.data[word]);
        let (value, wrong) = match iomap {
            None => (
                ite(has_data.clone(), index.held(&index.mapped(), word), zero),
                Expr::FALSE,
            ),
            Some(iomap) => {
                let reads = eq(iomap.kind, extent::WRITTEN);
                let elsewhere = and(reads.clone(), ne(iomap.block, index.mapped()));
                let wrong = or(ne(reads.clone(), has_data.clone()), elsewhere);
                (
                    ite(reads, index.held(&iomap.block.into(), word), zero),
                    wrong,
                )
            }
        };
        p.b.step("W8", function, |s| {
            s.text(format!(
                "word {word}: read it, or zero it where the mapping has no data"
            ))
            .set_if(not(uptodate.clone()), data, value)
            .set_if(and(not(uptodate.clone()), wrong), stale, 1)
        });
    }
}

/// `iomap_end` of a mapping that was given up at `folios[position]`: what it had reserved and has not
/// used is punched out again, except where the page cache is dirty (a page fault may have used it).
/// The invalidate_lock keeps page faults away meanwhile; i_rwsem, other writes.
pub fn iomap_end(p: &mut Prog<'_>, iomap: &Iomap, folios: &[usize], position: usize, remap: Label) {
    let inode = p.w.inode;
    let sem = inode.invalidate_lock;
    p.within(c::XFS_BUFFERED_WRITE_IOMAP_END, |p| {
        p.b.step("W3n", c::XFS_BUFFERED_WRITE_IOMAP_END, |s| {
            s.text("did this mapping reserve what it did not use?")
                .when(eq(iomap.new, 1), "IOMAP_F_NEW", |b| b)
                .otherwise("no: remap", |b| b.goto(remap))
        });
        down_write(
            p,
            "W3i",
            c::FILEMAP_INVALIDATE_LOCK,
            sem,
            "invalidate_lock, exclusive",
        );
        for (n, index) in folios.iter().enumerate().skip(position) {
            punch_delalloc(p, iomap, n, *index);
        }
        up_write_goto(p, "W3u", c::FILEMAP_INVALIDATE_UNLOCK, sem, remap);
    });
}

/// Waits until nobody has the page locked (who maps it for writeback holds the lock, and converts the
/// reservation before letting go), then punches unless it is dirty.
fn punch_delalloc(p: &mut Prog<'_>, iomap: &Iomap, n: usize, index: usize) {
    let object = p.w.indices[index].clone();
    let cached: Vec<_> = object
        .folios
        .iter()
        .enumerate()
        .map(|(position, f)| (eq(object.slot, position + 1), p.w.folios[*f].clone()))
        .collect();
    let unlocked = all(cached
        .iter()
        .map(|(here, f)| or(not(here.clone()), eq(f.lock, 0))));
    let dirty = cached
        .iter()
        .fold(Expr::FALSE, |rest, (here, f)| {
            or(rest, and(here.clone(), eq(f.dirty, 1)))
        })
        .fold();
    let inode = p.w.inode;
    p.b.step("W3p", c::XFS_BMAP_PUNCH_DELALLOC_RANGE, |s| {
        s.text(format!(
            "page {index}: punch the reservation unless the page is dirty"
        ))
        .wait(or(not(lt(n, iomap.end)), unlocked))
        .when(not(lt(n, iomap.end)), "not in the mapping", |b| b)
        .when(dirty, "dirty: keep it", |b| b);
        if let (Some(fork), Some(cow_seq)) = (object.cow, inode.cow_seq) {
            s.when(
                and(eq(iomap.shared, 1), eq(fork.state, cow::DELALLOC)),
                "punched from the COW fork",
                |b| b.set(fork.state, cow::NONE).inc(cow_seq),
            );
        }
        s.when(
            and(eq(iomap.shared, 0), eq(object.extent, extent::DELALLOC)),
            "punched",
            |b| b.set(object.extent, extent::HOLE).inc(inode.if_seq),
        )
        .otherwise("converted meanwhile", |b| b)
    });
}
