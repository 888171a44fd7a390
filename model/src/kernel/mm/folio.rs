//! `mm/filemap.c`: folio lock, page-cache look-up, creation, filling from disk, references.

use crate::kernel::fs::inode::{down_read, up_read_goto};
use crate::kernel::functions as c;
use crate::kernel::objects::ghost::Ghosts;
use crate::kernel::objects::{Folio, REFS_BIAS};
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::builder::{BranchDraft, CFn, Label, StepDraft};
use crate::machine::expr::{Expr, all, and, eq, ne, or};
use crate::machine::step::{Cost, Order};

/// Takes the folio lock: sleeps until it is free.
pub fn folio_lock(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    p.b.step(id, c::FOLIO_LOCK, |s| {
        s.wait(eq(lock.clone(), 0))
            .set(lock.clone(), me)
            .acquire(lock)
    });
}

/// Drops the folio lock. The next step follows.
pub fn folio_unlock(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    p.b.step(id, c::FOLIO_UNLOCK, |s| {
        s.requires(eq(lock.clone(), me))
            .set(lock.clone(), 0)
            .release(lock)
    });
}

/// B14: writeback ends, with `then` in the same step; no folio lock.
pub(in crate::kernel) fn put_writeback(
    p: &mut Prog<'_>,
    folio: &FolioRef,
    then: impl for<'s> FnOnce(&'s mut StepDraft) -> &'s mut StepDraft,
) {
    let writeback = folio.place(p.w, |f| f.writeback);
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step("B14", c::FOLIO_END_WRITEBACK, |s| {
        then(
            s.text("clear PG_writeback, wake, put")
                .set(writeback.clone(), 0)
                .release(writeback)
                .dec(refs),
        )
    });
}

/// Drops the folio lock and the reference, and goes to `target`.
pub fn folio_unlock_put_goto(p: &mut Prog<'_>, id: &str, folio: &FolioRef, target: Label) {
    unlock_put(p, id, folio, target, false);
}

/// The same, where it is a retry: the folio is to be looked up again.
pub fn folio_unlock_put_retry(p: &mut Prog<'_>, id: &str, folio: &FolioRef, again: Label) {
    unlock_put(p, id, folio, again, true);
}

fn unlock_put(p: &mut Prog<'_>, id: &str, folio: &FolioRef, target: Label, retry: bool) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step(id, c::FOLIO_UNLOCK, |s| {
        if retry {
            s.costs(Cost::Retry);
        }
        s.text("folio_put as well")
            .requires(eq(lock.clone(), me))
            .set(lock.clone(), 0)
            .release(lock)
            .dec(refs)
            .goto(target)
    });
}

/// `folio_mark_dirty`, with the folio lock or a page-table lock held.
pub fn folio_mark_dirty(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let marks = folio.dirty_marks(p.w);
    p.b.step(id, c::FOLIO_MARK_DIRTY, |s| {
        for (mark, value) in marks {
            s.set(mark.clone(), value).full(mark);
        }
        s
    });
}

/// True while the folio is in the page cache of the file.
pub fn in_cache(p: &Prog<'_>, folio: &FolioRef) -> Expr {
    eq(folio.place(p.w, |f| f.has_mapping), 1)
}

/// Looks the index up and takes a reference, in the given function of the kernel; goes to `missing` if nothing is cached.
/// Each of them retries a look-up that lost against removal, so one step finds and pins.
pub fn look_up(p: &mut Prog<'_>, id: &str, function: CFn, folio: &FolioRef, missing: Label) {
    let index = &p.w.indices[folio.index];
    let slot = index.slot;
    let candidates = index.folios.clone();
    let register = Prog::register_of(folio);
    let refs: Vec<_> = candidates.iter().map(|f| p.w.folios[*f].refs).collect();
    p.b.step(id, function, |s| {
        s.text(format!(
            "look up index {} and take a reference",
            folio.index
        ))
        .order(slot, Order::Acquire);
        for refs in &refs {
            s.order(*refs, Order::Full);
        }
        for (position, refs) in refs.iter().enumerate() {
            s.when(
                eq(slot, position + 1),
                if position == 0 {
                    "found"
                } else {
                    "found the newer folio"
                },
                |b| {
                    b.inc(*refs);
                    if let Some(register) = register {
                        b.set(register, position);
                    }
                    b
                },
            );
        }
        s.otherwise("not cached", |b| b.goto(missing))
    });
}

/// Allocates a folio, locked and not up to date, and inserts it; goes to `lost` if somebody else
/// was faster. With the reference of the caller.
pub fn filemap_add_folio(p: &mut Prog<'_>, id: &str, folio: &FolioRef, lost: Label) {
    let index = p.w.indices[folio.index].clone();
    let me = p.me();
    let register = Prog::register_of(folio);
    let folios: Vec<_> = index
        .folios
        .iter()
        .map(|f| (*f, p.w.folios[*f].clone()))
        .collect();
    let ghosts = p.w.ghosts.clone();
    let garbage = p.w.tokens.foreign(folio.index);
    p.b.step(id, c::FILEMAP_ADD_FOLIO, |s| {
        s.text(format!(
            "allocate a folio for index {}, locked, and insert it",
            folio.index
        ))
        .when(ne(index.slot, 0), "somebody inserted one first", |b| {
            b.costs(Cost::Retry).goto(lost)
        });
        for (position, (f, object)) in folios.iter().enumerate() {
            s.when(is_free(object), "", |b| {
                b.set(index.slot, position + 1).set(object.has_mapping, 1);
                give_out(b, &ghosts, *f, object, &me);
                if let Some(garbage) = garbage {
                    for word in &object.data {
                        b.set(*word, garbage);
                    }
                }
                if let Some(register) = register {
                    b.set(register, position);
                }
                b
            });
        }
        // What is not in the cache yet is locked by a plain store: __folio_set_locked.
        for (_, object) in &folios {
            s.order(object.lock, Order::Relaxed);
        }
        s.order(index.slot, Order::Full)
    });
}

/// A folio whose last reference is gone is free, and may be given out again.
pub(in crate::kernel) fn is_free(folio: &Folio) -> Expr {
    all([
        eq(folio.has_mapping, 0),
        eq(folio.refs, REFS_BIAS),
        eq(folio.lock, 0),
    ])
}

/// It is given out: locked, not up to date, with the reference of the caller.
pub(in crate::kernel) fn give_out(
    b: &mut BranchDraft,
    ghosts: &Ghosts,
    f: usize,
    folio: &Folio,
    me: &Expr,
) {
    b.set(folio.lock, me.clone())
        .set(folio.uptodate, 0)
        .set(folio.dirty, 0)
        .inc(folio.refs)
        .set_if(ne(ghosts.holders[f], 0), ghosts.reused, 1);
    if let Some(replaced) = ghosts.replaced[f] {
        b.set(replaced, 0);
    }
}

/// References the folio of an index, up to date: looks it up, or creates and reads it
/// (`filemap_get_pages`, `filemap_fault`). The folio is not locked afterwards.
pub fn get_uptodate_folio(p: &mut Prog<'_>, id: &str, function: CFn, folio: &FolioRef) {
    let again = p.b.here("again");
    let missing = p.b.label("missing");
    let done = p.b.label("done");
    look_up(p, id, function, folio, missing);
    if p.w.indices[folio.index].present {
        // It is never absent, and always up to date: no path to creation is written.
        p.b.bind(missing);
        return;
    }
    let read = p.b.label("read");
    p.within(c::FILEMAP_UPDATE_PAGE, |p| {
        update_page(p, folio, again, read, done);
    });
    p.b.bind(missing);
    p.within(c::FILEMAP_CREATE_FOLIO, |p| create_folio(p, folio, again));
    p.b.bind(read);
    filemap_read_folio(p, folio);
    folio_unlock(p, "F7", folio);
    invalidate_unlock_goto(p, "F8", done);
    p.b.bind(done);
}

/// The folio was found, but not up to date: sleep until whoever fills it is done. If nobody does (a
/// write backed out of it), fill it: invalidate_lock, shared, then the folio lock, but without
/// sleeping on it.
fn update_page(p: &mut Prog<'_>, folio: &FolioRef, again: Label, read: Label, done: Label) {
    let (uptodate, lock) = (
        folio.place(p.w, |f| f.uptodate),
        folio.place(p.w, |f| f.lock),
    );
    let (refs, me) = (folio.place(p.w, |f| f.refs), p.me());
    let cached = in_cache(p, folio);
    let give_up = p.b.label("give up");
    p.b.step("F1", c::FILEMAP_UPDATE_PAGE, |s| {
        s.text("up to date? else sleep until it is unlocked")
            .wait(or(eq(uptodate.clone(), 1), eq(lock.clone(), 0)))
            .acquire(uptodate.clone())
            .when(eq(uptodate.clone(), 1), "up to date", |b| b.goto(done))
            .otherwise("nobody fills it", |b| b)
    });
    invalidate_lock(p, "F2");
    p.b.step("F3", c::FILEMAP_UPDATE_PAGE, |s| {
        s.text("folio_trylock")
            .acquire(lock.clone())
            .when(eq(lock.clone(), 0), "locked", |b| b.set(lock.clone(), me))
            .otherwise("busy: put, look up again", |b| {
                b.dec(refs.clone()).costs(Cost::Retry).goto(give_up)
            })
    });
    p.b.step("F4", c::FILEMAP_UPDATE_PAGE, |s| {
        s.text("recheck folio->mapping and PG_uptodate")
            .release(lock.clone())
            .when(and(cached, eq(uptodate, 0)), "to be read", |b| b.goto(read))
            .otherwise("truncated or filled: unlock, put, look up again", |b| {
                b.set(lock, 0).dec(refs).costs(Cost::Retry)
            })
    });
    p.b.bind(give_up);
    invalidate_unlock_goto(p, "F8", again);
}

/// Nothing is cached: allocate and insert, under the invalidate_lock (shared), so that a page being
/// punched or truncated is not filled from blocks that are about to be freed.
fn create_folio(p: &mut Prog<'_>, folio: &FolioRef, again: Label) {
    let lost = p.b.label("lost the race");
    let won = p.b.label("inserted");
    invalidate_lock(p, "F2");
    filemap_add_folio(p, "F9", folio, lost);
    p.b.step("F10", c::FILEMAP_CREATE_FOLIO, |s| {
        s.text("now read it").goto(won)
    });
    p.b.bind(lost);
    invalidate_unlock_goto(p, "F8", again);
    p.b.bind(won);
}

/// Fills a folio that this task holds locked with what is on disk, and makes it up to date.
pub(in crate::kernel) fn filemap_read_folio(p: &mut Prog<'_>, folio: &FolioRef) {
    for word in 0..p.w.setup.words {
        let zero = p.w.tokens.zero(folio.index);
        let disk = p.w.indices[folio.index].on_disk(word, zero);
        let data = folio.place(p.w, |f| f.data[word]);
        p.b.step("F5", c::FILEMAP_READ_FOLIO, |s| {
            s.text(format!("read word {word} from disk"))
                .set(data, disk)
        });
    }
    let (w, b) = (&*p.w, &mut p.b);
    b.step("F6", c::FILEMAP_READ_FOLIO, |s| {
        Prog::set_uptodate(w, s.text("set PG_uptodate"), folio)
    });
}

fn invalidate_lock(p: &mut Prog<'_>, id: &str) {
    let sem = p.w.inode.invalidate_lock;
    down_read(
        p,
        id,
        c::FILEMAP_INVALIDATE_LOCK_SHARED,
        sem,
        "invalidate_lock, shared",
    );
}

fn invalidate_unlock_goto(p: &mut Prog<'_>, id: &str, target: Label) {
    let sem = p.w.inode.invalidate_lock;
    up_read_goto(p, id, c::FILEMAP_INVALIDATE_UNLOCK_SHARED, sem, target);
}
