//! `mm/filemap.c`: folio lock, page-cache look-up, creation, filling from disk, references.

use super::functions as c;
use super::inode::{down_read, up_read, up_read_goto};
use super::prog::{FolioRef, Prog};
use super::world::REFS_BIAS;
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, and, eq, ne, or};
use crate::machine::step::Order;

/// Takes the folio lock: sleeps until it is free.
pub fn folio_lock(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    p.b.step(id, c::FOLIO_LOCK, |s| {
        s.wait(eq(lock.clone(), 0)).set(lock.clone(), me).acquire(lock)
    });
}

/// Drops the folio lock. The next step follows.
pub fn folio_unlock(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    p.b.step(id, c::FOLIO_UNLOCK, |s| {
        s.requires(eq(lock.clone(), me)).set(lock.clone(), 0).release(lock)
    });
}

/// Drops the folio lock and the reference, and goes to `target`.
pub fn folio_unlock_put_goto(p: &mut Prog<'_>, id: &str, folio: &FolioRef, target: Label) {
    let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step(id, c::FOLIO_UNLOCK, |s| {
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
    let dirty = folio.place(p.w, |f| f.dirty);
    p.b.step(id, c::FOLIO_MARK_DIRTY, |s| s.set(dirty.clone(), 1).full(dirty));
}

/// True while the folio is in the page cache of the file.
pub fn in_cache(p: &Prog<'_>, folio: &FolioRef) -> Expr {
    eq(folio.place(p.w, |f| f.mapped_in_cache), 1)
}

/// Looks the index up and takes a reference; goes to `missing` if nothing is cached.
/// `filemap_get_entry` retries a look-up that lost against removal, so one step finds and pins.
pub fn filemap_get_folio(p: &mut Prog<'_>, id: &str, folio: &FolioRef, missing: Label) {
    let index = &p.w.indices[folio.index];
    let slot = index.slot;
    let candidates = index.folios.clone();
    let register = Prog::register_of(folio);
    let refs: Vec<_> = candidates.iter().map(|f| p.w.folios[*f].refs).collect();
    p.b.step(id, c::FILEMAP_GET_FOLIO, |s| {
        s.text(format!("look up index {} and take a reference", folio.index));
        for (position, refs) in refs.iter().enumerate() {
            s.when(eq(slot, position + 1), if position == 0 { "found" } else { "found the newer folio" }, |b| {
                b.inc(*refs);
                if let Some(register) = register {
                    b.set(register, position);
                }
                b
            });
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
    let folios: Vec<_> = index.folios.iter().map(|f| (*f, p.w.folios[*f].clone())).collect();
    let ghosts = p.w.ghosts.clone();
    p.b.step(id, c::FILEMAP_ADD_FOLIO, |s| {
        s.text(format!("allocate a folio for index {}, locked, and insert it", folio.index))
            .when(ne(index.slot, 0), "somebody inserted one first", |b| b.goto(lost));
        for (position, (f, object)) in folios.iter().enumerate() {
            // A folio whose last reference is gone is free, and may be given out again.
            let free = and(
                and(eq(object.mapped_in_cache, 0), eq(object.refs, REFS_BIAS)),
                eq(object.lock, 0),
            );
            s.when(free, "", |b| {
                b.set(index.slot, position + 1)
                    .set(object.mapped_in_cache, 1)
                    .set(object.lock, me.clone())
                    .set(object.uptodate, 0)
                    .set(object.dirty, 0)
                    .inc(object.refs)
                    .set_if(ne(ghosts.holders[*f], 0), ghosts.reused, 1);
                if let Some(register) = register {
                    b.set(register, position);
                }
                b
            });
        }
        s.order(index.slot, Order::Full)
    });
}

/// Fills a folio that this task holds locked and not up to date with what is on disk, and makes it
/// up to date.
pub fn filemap_read_folio(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    for word in 0..p.w.setup.words {
        let disk = p.w.indices[folio.index].disk[word];
        let data = folio.place(p.w, |f| f.data[word]);
        p.b.step(&format!("{id}r"), c::FILEMAP_READ_FOLIO, |s| {
            s.text(format!("read word {word} from disk")).set(data, disk)
        });
    }
    let (w, b) = (&*p.w, &mut p.b);
    b.step(&format!("{id}u"), c::FILEMAP_READ_FOLIO, |s| {
        Prog::set_uptodate(w, s.text("set PG_uptodate"), folio)
    });
}

/// References the folio of an index, up to date: looks it up, or creates and reads it
/// (`filemap_get_pages`, `filemap_fault`). The folio is not locked afterwards.
pub fn get_uptodate_folio(p: &mut Prog<'_>, id: &str, folio: &FolioRef) {
    let again = p.b.here("again");
    let missing = p.b.label("missing");
    let done = p.b.label("done");
    filemap_get_folio(p, id, folio, missing);
    if p.w.indices[folio.index].fixed {
        // It can neither be absent nor be replaced: no path to creation is written.
        p.b.bind(missing);
        return;
    }
    let (uptodate, lock) = (folio.place(p.w, |f| f.uptodate), folio.place(p.w, |f| f.lock));
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step(&format!("{id}w"), c::FILEMAP_UPDATE_PAGE, |s| {
        s.text("wait for whoever fills it; look up again if it was truncated first")
            .wait(or(eq(uptodate.clone(), 1), eq(lock, 0)))
            .when(eq(uptodate, 1), "up to date", |b| b.goto(done))
            .otherwise("gone", |b| b.dec(refs).goto(again))
    });
    p.b.bind(missing);
    p.within(c::FILEMAP_CREATE_FOLIO, |p| create_and_read(p, id, folio, again));
    p.b.bind(done);
}

/// On a disk filesystem under the invalidate_lock, shared, so that a page being punched or truncated
/// is not filled from blocks that are about to be freed.
fn create_and_read(p: &mut Prog<'_>, id: &str, folio: &FolioRef, again: Label) {
    let inval = p.w.inode.invalidate_lock;
    let disk = p.w.can_writeback();
    let lost = p.b.label("lost the race");
    if disk {
        let function = c::FILEMAP_INVALIDATE_LOCK_SHARED;
        down_read(p, &format!("{id}i"), function, inval, "invalidate_lock, shared");
    }
    filemap_add_folio(p, &format!("{id}a"), folio, lost);
    filemap_read_folio(p, id, folio);
    folio_unlock(p, &format!("{id}l"), folio);
    let done = p.b.label("filled");
    if disk {
        up_read(p, &format!("{id}j"), c::FILEMAP_INVALIDATE_UNLOCK_SHARED, inval, "");
        p.b.step(&format!("{id}d"), c::FILEMAP_CREATE_FOLIO, |s| s.text("filled").goto(done));
        p.b.bind(lost);
        up_read_goto(p, &format!("{id}k"), c::FILEMAP_INVALIDATE_UNLOCK_SHARED, inval, again);
    } else {
        p.b.step(&format!("{id}d"), c::FILEMAP_CREATE_FOLIO, |s| s.text("filled").goto(done));
        p.b.bind(lost);
        p.b.step(&format!("{id}k"), c::FILEMAP_CREATE_FOLIO, |s| s.text("look up again").goto(again));
    }
    p.b.bind(done);
}
