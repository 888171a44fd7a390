//! Another folio takes the place of one in the page cache: what schemes that copy on write do. The
//! kernel has the last step (`mm/filemap.c:replace_page_cache_folio`, for fuse); the whole has the shape
//! of a migration that leaves the old folio to those who refer to it. Steps Y1 to Y6.
//!
//! Both folios are locked. Page tables let go of the old one, and every CPU has forgotten it, before
//! it is copied: a store after that would be lost (6ce64428d620). Writeback in flight on it is waited
//! for: it ends by way of `folio->mapping`. What it is marked with moves to the new folio.

use crate::kernel::functions as c;
use crate::kernel::mm::folio::{give_out, is_free};
use crate::kernel::mm::zap::unmap_mapping;
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::expr::{Expr, and, any, eq, ne};
use crate::machine::step::Order;

/// Replaces the current folio of its index, which this task holds locked and referenced. Afterwards
/// `folio` is the new one, locked and referenced.
pub fn replace_folio(p: &mut Prog<'_>, folio: &FolioRef) {
    let Some(register) = Prog::register_of(folio) else {
        // Nothing in the scenario modifies the index: there is nothing to replace it with.
        return;
    };
    let writeback = folio.place(p.w, |f| f.writeback);
    p.b.step("Y1", c::FOLIO_WAIT_WRITEBACK, |s| {
        s.text("folio lock held").wait(eq(writeback, 0))
    });
    unmap_mapping(p, c::UNMAP_MAPPING_FOLIO, folio.index);
    let new = other_register(p, folio);
    allocate(p, folio, &new);
    for word in 0..p.w.setup.words {
        let (from, to) = (
            folio.place(p.w, |f| f.data[word]),
            new.place(p.w, |f| f.data[word]),
        );
        p.b.step("Y3", c::FOLIO_COPY, |s| {
            s.text(format!("copy word {word} to the new folio"))
                .copies_page_from(word)
                .set(to, from)
        });
    }
    install(p, folio, &new);
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    let position = new.select(|f| Expr::from(p.w.position(f)));
    let me = p.me();
    p.b.step("Y6", c::FOLIO_UNLOCK, |s| {
        s.text("the old folio, folio_put as well; go on with the new one")
            .requires(eq(lock.clone(), me))
            .set(lock.clone(), 0)
            .release(lock)
            .dec(refs)
            .set(register, position)
    });
}

/// The register of the new folio.
fn other_register(p: &mut Prog<'_>, folio: &FolioRef) -> FolioRef {
    let folios = p.w.indices[folio.index].folios.clone();
    let register = p.register(&format!("new[{}]", folio.index), folios.len() as u64 - 1);
    FolioRef {
        index: folio.index,
        candidates: folios
            .iter()
            .enumerate()
            .map(|(position, f)| (eq(register, position), *f))
            .collect(),
    }
}

/// Y2: a folio that nobody refers to, locked, not up to date.
fn allocate(p: &mut Prog<'_>, folio: &FolioRef, new: &FolioRef) {
    let me = p.me();
    let register = Prog::register_of(new);
    let ghosts = p.w.ghosts.clone();
    let folios: Vec<_> = p.w.indices[folio.index]
        .folios
        .iter()
        .map(|f| (*f, p.w.folios[*f].clone()))
        .collect();
    p.b.step("Y2", c::FILEMAP_ALLOC_FOLIO, |s| {
        s.text(format!(
            "a folio to replace that of index {}, locked",
            folio.index
        ));
        for (position, (f, object)) in folios.iter().enumerate() {
            s.when(is_free(object), "", |b| {
                give_out(b, &ghosts, *f, object, &me);
                if let Some(register) = register {
                    b.set(register, position);
                }
                b
            });
            // Nobody else sees it: a plain store (__folio_set_locked).
            s.order(object.lock, Order::Relaxed);
        }
        s
    });
}

/// Y4: the slot changes hands, and the marks with it, in one section under xa_lock.
fn install(p: &mut Prog<'_>, old: &FolioRef, new: &FolioRef) {
    let (slot, mark) = (p.w.indices[old.index].slot, p.w.indices[old.index].mark);
    let position = new.select(|f| Expr::from(p.w.position(f) + 1));
    let (was_cached, is_cached) = (
        old.place(p.w, |f| f.has_mapping),
        new.place(p.w, |f| f.has_mapping),
    );
    let (was_dirty, is_dirty) = (old.place(p.w, |f| f.dirty), new.place(p.w, |f| f.dirty));
    let differs = any((0..p.w.setup.words).map(|word| {
        ne(
            old.place(p.w, |f| f.data[word]),
            new.place(p.w, |f| f.data[word]),
        )
    }));
    let ghosts = p.w.ghosts.clone();
    let (w, b) = (&*p.w, &mut p.b);
    b.step("Y4", c::REPLACE_PAGE_CACHE_FOLIO, |s| {
        s.text("the new folio into i_pages, old->mapping = NULL, under xa_lock; dirty moves")
            .set(slot, position)
            .set(was_cached, 0)
            .set(is_cached, 1)
            .set(is_dirty, was_dirty.clone())
            .set(was_dirty, 0)
            .order(slot, Order::Full);
        if let Some(mark) = mark {
            s.set(mark, 0);
        }
        for (cond, f) in &old.candidates {
            if let Some(replaced) = ghosts.replaced[*f] {
                s.set_if(cond.clone(), replaced, 1);
            }
        }
        if let Some(lost) = ghosts.store_lost {
            s.set_if(differs, lost, 1);
        }
        // A folio that nobody has filled yet is replaced by one that nobody has.
        let filled = eq(old.place(w, |f| f.uptodate), 1);
        Prog::set_uptodate_if(w, s, new, &filled)
    });
}

/// Whether the folio is the one that the page cache has for its index.
pub fn is_current(p: &Prog<'_>, folio: &FolioRef) -> Expr {
    let slot = p.w.indices[folio.index].slot;
    let position = folio.select(|f| Expr::from(p.w.position(f) + 1));
    and(ne(slot, 0), eq(slot, position))
}
