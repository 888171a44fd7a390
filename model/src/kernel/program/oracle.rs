//! What the file is: the steps' part of the invariants about it. Every store is in the page cache, under IO or on
//! disk; what reaches a reader, the disk or a clone was the file's; what was stored before a sync is on disk after
//! it.

use crate::kernel::functions as c;
use crate::kernel::objects::World;
use crate::kernel::objects::ghost::Sync;
use crate::kernel::program::{FolioRef, PageAt, Prog};
use crate::machine::builder::{BranchDraft, StepDraft};
use crate::machine::expr::{Expr, and, any, eq, ite, ne, not};

/// A store by a program to the folio: lost if the file no longer has it.
pub fn stored(w: &World, s: &mut StepDraft, folio: &FolioRef) {
    let Some(lost) = w.ghosts.store_lost else {
        return;
    };
    if !w.indices[folio.index].fixed {
        let cached = folio.place(w, |f| f.has_mapping);
        s.set_if(eq(cached, 0), lost, 1);
    }
}

/// A folio leaves the file, which keeps what is on disk: lost if that is something else.
pub fn removed_clean(w: &World, b: &mut BranchDraft, folio: &FolioRef) {
    let Some(lost) = w.ghosts.store_lost else {
        return;
    };
    let index = &w.indices[folio.index];
    let zero = w.tokens.zero(folio.index);
    let uptodate = folio.place(w, |f| f.uptodate);
    let differs = any((0..w.setup.words).map(|word| {
        let data = folio.place(w, |f| f.data[word]);
        ne(data, index.on_disk(word, zero))
    }));
    b.set_if(and(eq(uptodate, 1), differs), lost, 1);
}

/// A word of the page with that index goes to the disk.
pub fn written_to_disk(w: &World, s: &mut StepDraft, index: usize, when: &Expr, value: &Expr) {
    if let (Some(foreign), Some(exposed)) = (w.tokens.foreign(index), w.ghosts.exposed) {
        s.set_if(and(when.clone(), eq(value.clone(), foreign)), exposed, 1);
    }
}

/// A reader was given a word of a spliced page.
pub fn given_out(w: &World, s: &mut StepDraft, page: &PageAt, value: &Expr) {
    let Some(exposed) = w.ghosts.exposed else {
        return;
    };
    for o in &page.origins {
        if let Some(foreign) = w.tokens.foreign(w.origins[*o].index) {
            let bad = and(page.stems_from(w, *o), eq(value.clone(), foreign));
            s.set_if(bad, exposed, 1);
        }
    }
}

/// A word of the file at this moment: what is cached, else what is on disk.
fn content(w: &World, index: usize, word: usize) -> Expr {
    let object = &w.indices[index];
    let disk = object.on_disk(word, w.tokens.zero(index));
    object
        .folios
        .iter()
        .enumerate()
        .fold(disk, |rest, (position, f)| {
            let folio = &w.folios[*f];
            let cached = and(eq(object.slot, position + 1), eq(folio.uptodate, 1));
            ite(cached, folio.data[word], rest)
        })
        .fold()
}

/// Another file comes to share what is on disk: it should hold what this one holds. Not asked of a page that is pinned:
/// its holder stores between flush and clone as it likes.
pub fn cloned(w: &World, s: &mut StepDraft, index: usize) {
    let Some(clone_differs) = w.ghosts.clone_differs else {
        return;
    };
    if w.setup.pins(index) {
        return;
    }
    let zero = w.tokens.zero(index);
    let differs = any((0..w.setup.words).map(|word| {
        ne(
            content(w, index, word),
            w.indices[index].on_disk(word, zero),
        )
    }));
    s.set_if(differs, clone_differs, 1);
}

/// What the call that is being written has promised.
fn mine(p: &Prog<'_>) -> Vec<Sync> {
    let (task, call) = (p.b.task.index(), p.call);
    let syncs = p.w.ghosts.syncs.iter();
    syncs
        .filter(|s| s.task == task && s.call == call)
        .cloned()
        .collect()
}

/// A punch that zeroes part of the page is under way and has put the zero into memory: it has not returned, and dirties
/// the page only before it drops the invalidate_lock. Its zero is promised to nobody yet.
fn zeroing(w: &World, index: usize, word: usize) -> Option<Expr> {
    let zeroes = w.setup.any_call(|call| call.zeroes_part(index));
    let held = ne(w.inode.invalidate_lock.writer, 0);
    let zero = w.tokens.zero(index);
    zeroes.then(|| and(held, eq(content(w, index, word), zero)))
}

/// A call that syncs is entered: what differs from the disk now must be there when it returns.
pub fn sync_begins(p: &mut Prog<'_>) {
    let syncs = mine(p);
    if syncs.is_empty() {
        return;
    }
    let (w, b) = (&*p.w, &mut p.b);
    b.step("B0", c::VFS_FSYNC_RANGE, |s| {
        s.text("what is stored by now is to be on disk when the call returns");
        for sync in &syncs {
            for (word, stale) in sync.stale.iter().enumerate() {
                let disk = w.indices[sync.index].on_disk(word, w.tokens.zero(sync.index));
                let none = w.tokens.count(sync.index, word);
                let mut differs = ne(content(w, sync.index, word), disk.clone());
                if let Some(zeroing) = zeroing(w, sync.index, word) {
                    differs = and(differs, not(zeroing));
                }
                s.set(*stale, ite(differs, disk, none));
            }
        }
        s
    });
}

/// It returns: is any word of what was to be written still what it was on disk?
pub fn sync_returns(p: &mut Prog<'_>) {
    let Some(not_durable) = p.w.ghosts.not_durable else {
        return;
    };
    let syncs = mine(p);
    if syncs.is_empty() {
        return;
    }
    let (w, b) = (&*p.w, &mut p.b);
    b.step("B16", c::VFS_FSYNC_RANGE, |s| {
        s.text("returns 0");
        for sync in &syncs {
            for (word, stale) in sync.stale.iter().enumerate() {
                let disk = w.indices[sync.index].on_disk(word, w.tokens.zero(sync.index));
                let none = w.tokens.count(sync.index, word);
                s.set_if(eq(disk, *stale), not_durable, 1).set(*stale, none);
            }
        }
        s
    });
}

/// Bytes of the page are zeroed: what was stored there before is gone, and no sync has to have it.
pub fn zeroed(w: &World, s: &mut StepDraft, index: usize, word: Option<usize>) {
    for sync in w.ghosts.syncs.iter().filter(|s| s.index == index) {
        for (n, stale) in sync.stale.iter().enumerate() {
            if word.is_none_or(|word| word == n) {
                s.set(*stale, w.tokens.count(index, n));
            }
        }
    }
}
