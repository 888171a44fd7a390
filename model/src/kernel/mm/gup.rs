//! `mm/gup.c`: a store through a pin that was taken by an earlier write fault. Actions G1 and G2.
//! The page-table entry may have been cleaned since; the pin's holder never faults again.

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::mm::folio::folio_mark_dirty;
use crate::kernel::program::{FolioRef, Prog};
use crate::machine::builder::StepDraft;
use crate::machine::expr::{Expr, eq};
use crate::machine::var::VarId;

/// Stores to `words` of the pinned folio, then unpins it dirty.
pub fn pin_store(p: &mut Prog<'_>, index: usize, words: &[usize]) {
    if p.rules.omits(Hook::PinUserPages) {
        return refused(p, index);
    }
    let folio = FolioRef {
        index,
        candidates: vec![(Expr::TRUE, p.w.indices[index].folios[0])],
    };
    for word in words {
        let token =
            p.w.tokens
                .store(p.b.task.index(), p.call, index, *word)
                .expect("counted");
        let (w, b) = (&*p.w, &mut p.b);
        b.step("G1", c::DMA_WRITE, |s| {
            s.text(format!("DMA into word {word} of the pinned folio"));
            Prog::store(w, s, &folio, *word, &Expr::from(token))
        });
    }
    p.within(c::UNPIN_USER_PAGES_DIRTY_LOCK, |p| {
        let (lock, dirty) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.dirty));
        let (refs, me) = (folio.place(p.w, |f| f.refs), p.me());
        let pins = p.w.folios[folio.candidates[0].1].pins;
        let unpin = p.b.label("unpin");
        p.b.step("G2t", c::UNPIN_USER_PAGES_DIRTY_LOCK, |s| {
            s.text("folio_test_dirty, no lock")
                .when(eq(dirty.clone(), 1), "already dirty", |b| b.goto(unpin))
                .otherwise("clean", |b| b)
        });
        p.b.step("G2l", c::FOLIO_LOCK, |s| {
            s.wait(eq(lock.clone(), 0))
                .set(lock.clone(), me)
                .acquire(lock.clone())
        });
        folio_mark_dirty(p, "G2", &folio);
        p.b.step("G2u", c::FOLIO_UNLOCK, |s| {
            s.set(lock.clone(), 0).release(lock)
        });
        p.b.bind(unpin);
        p.b.step("G2p", c::UNPIN_USER_PAGES_DIRTY_LOCK, |s| {
            put_pin(s.text("drop the pin").dec(refs), pins)
        });
    });
}

/// `writable_file_mapping_allowed` says no: the pin that the scenario starts with was never granted.
fn refused(p: &mut Prog<'_>, index: usize) {
    let folio = &p.w.folios[p.w.indices[index].folios[0]];
    let (refs, pins) = (folio.refs, folio.pins);
    p.b.step("G0", c::PIN_USER_PAGES, |s| {
        put_pin(s.text("refused").dec(refs), pins)
    });
}

fn put_pin(s: &mut StepDraft, pins: Option<VarId>) -> &mut StepDraft {
    match pins {
        Some(pins) => s.dec(pins),
        None => s,
    }
}
