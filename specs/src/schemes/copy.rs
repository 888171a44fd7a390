//! Z1: the source copies. As `copy_splice_read` does it, without the folio lock; and with the folio
//! lock, after what page tables know has been propagated (so that no store is under way unseen).

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{
    folio_lock, folio_unlock, folio_unlock_put_goto, get_uptodate_folio,
};
use foliocheck_model::kernel::mm::rmap::mkclean_and_mark_dirty;
use foliocheck_model::kernel::program::{At, FolioRef, PageAt, Prog};
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::step::Cost;

use crate::scheme::{Effect, Family, Rule, Scheme};

/// The copy is made by reading the folio word by word, as a reader does.
pub fn copy() -> Scheme {
    Scheme {
        id: "copy",
        title: "the pipe gets a copy, made without the folio lock",
        family: Family::Copy,
        source: "copy_splice_read (6.5); Torvalds, June 2026, CAHk-=wgKy4dP0oQCNKyMQQf3-uVpaigmDyH6_T0Via76gWST9g@mail.gmail.com",
        rules: vec![Rule {
            name: "copy",
            purpose: "the pipe's bytes are nobody else's",
            hook: Hook::FilemapSpliceRead,
            effect: Effect::Steps(copy_unlocked),
        }],
        omits: Vec::new(),
    }
}

/// The copy is made under the folio lock, with no writable page-table entry left.
pub fn copy_locked() -> Scheme {
    Scheme {
        id: "copy-locked",
        title: "the pipe gets a copy, made under the folio lock after mkclean",
        family: Family::Copy,
        source: "after Chinner's sketch of Sept 2022 (writers and readers both lock the folio), with Z5",
        rules: vec![Rule {
            name: "copy-under-lock",
            purpose: "no writer is halfway through the folio while it is copied",
            hook: Hook::FilemapSpliceRead,
            effect: Effect::Steps(copy_under_lock),
        }],
        omits: Vec::new(),
    }
}

pub(super) fn read_words(p: &mut Prog<'_>, folio: &FolioRef, slot: &PageAt) {
    for word in 0..p.w.setup.words {
        let data = folio.place(p.w, |f| f.data[word]);
        p.b.step("Z1", c::COPY_PAGE_TO_ITER, |s| {
            s.text(format!("copy word {word} into the pipe's page"))
                .copies_page_from(word)
                .set(slot.place(|r| r.copy[word]), data)
        });
    }
}

pub(super) fn copy_unlocked(p: &mut Prog<'_>, at: &At) {
    let At::Index { index, slot, .. } = at else {
        return;
    };
    let folio = p.folio_register(*index);
    p.within(c::COPY_SPLICE_READ, |p| {
        get_uptodate_folio(p, "S1", c::FILEMAP_GET_PAGES, &folio);
        read_words(p, &folio, slot);
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("Z1p", c::FOLIO_PUT, |s| s.dec(refs));
    });
}

fn copy_under_lock(p: &mut Prog<'_>, at: &At) {
    let At::Index { index, slot, .. } = at else {
        return;
    };
    let folio = p.folio_register(*index);
    let again = p.b.here("again");
    p.within(c::COPY_SPLICE_READ, |p| {
        get_uptodate_folio(p, "S1", c::FILEMAP_GET_PAGES, &folio);
        folio_lock(p, "Z1l", &folio);
        if !p.w.indices[*index].fixed {
            let valid = p.b.label("still in the cache");
            let cached = folio.place(p.w, |f| f.has_mapping);
            p.b.step("Z1m", c::FILEMAP_GET_PAGES, |s| {
                s.text("recheck folio->mapping")
                    .when(eq(cached, 1), "", |b| b.goto(valid))
                    .otherwise("truncated", |b| b.costs(Cost::Retry))
            });
            folio_unlock_put_goto(p, "Z1n", &folio, again);
            p.b.bind(valid);
        }
        mkclean_and_mark_dirty(p, "P", &folio);
        read_words(p, &folio, slot);
        folio_unlock(p, "Z1u", &folio);
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("Z1p", c::FOLIO_PUT, |s| s.dec(refs));
    });
}
