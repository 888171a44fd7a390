//! Z8: the page leaves the file's cache and belongs to the pipe; where that fails, the pipe gets a copy.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::folio_unlock;
use foliocheck_model::kernel::objects::REFS_BIAS;
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::expr::{Expr, all, and, eq, not};
use foliocheck_model::machine::step::Order;

use super::{copy, replacing};
use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Howells, RFC of 29 June 2023, 20230629155433.4170837-2-dhowells@redhat.com";

/// As posted: the copy is made when the folio is unlocked.
pub fn posted() -> Scheme {
    Scheme {
        id: "steal-or-copy",
        title: "splice takes the page out of the cache, or copies it after unlocking it",
        family: Family::Replace,
        source: SOURCE,
        omits: Vec::new(),
        rules: rules(Rule {
            name: "copy-after-unlock",
            purpose: "a page that cannot be taken is copied",
            hook: Hook::SpliceCopy,
            effect: Effect::Steps(copy_words),
        }),
    }
}

/// The copy is made under the folio lock.
pub fn locked() -> Scheme {
    Scheme {
        id: "steal-or-copy-locked",
        title: "splice takes the page out of the cache, or copies it under the folio lock",
        family: Family::Replace,
        source: SOURCE,
        omits: Vec::new(),
        rules: rules(Rule {
            name: "copy-under-lock",
            purpose: "a page that cannot be taken is copied while nobody is halfway through writing it",
            hook: Hook::SpliceCopyLocked,
            effect: Effect::Steps(copy_words),
        }),
    }
}

fn rules(copy: Rule) -> Vec<Rule> {
    vec![
        Rule {
            name: "lock-to-steal",
            purpose: "the folio is locked, and rechecked, before it is taken",
            hook: Hook::SpliceTest,
            effect: Effect::Steps(lock),
        },
        Rule {
            name: "wait-for-writeback",
            purpose: "writeback ends before the folio leaves the file",
            hook: Hook::SpliceTest,
            effect: Effect::Steps(wait_for_writeback),
        },
        Rule {
            name: "steal",
            purpose: "a clean page that nobody maps or refers to leaves the cache, and is the pipe's",
            hook: Hook::SpliceSteal,
            effect: Effect::Steps(steal),
        },
        copy,
        Rule {
            name: "lock-to-steal",
            purpose: "the folio is locked, and rechecked, before it is taken",
            hook: Hook::SpliceTested,
            effect: Effect::Steps(unlock),
        },
        Rule {
            name: "put-copied",
            purpose: "what was copied is no longer needed",
            hook: Hook::SpliceCopy,
            effect: Effect::Steps(put),
        },
    ]
}

fn lock(p: &mut Prog<'_>, at: &At) {
    replacing::lock_cached(p, at, "X1", c::PAGE_CACHE_PIPE_BUF_TRY_STEAL);
}

fn wait_for_writeback(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, .. } = at else { return };
    let writeback = folio.place(p.w, |f| f.writeback);
    p.b.step("X2", c::FOLIO_WAIT_WRITEBACK, |s| {
        s.text("folio lock held").wait(eq(writeback, 0))
    });
}

/// `remove_mapping`: references frozen at the page cache's and the caller's, then clean. A page table's
/// reference is one too many. On tmpfs memory is all there is: written pages are dirty, and never taken.
fn steal(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, busy, .. } = at else {
        return;
    };
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let unmapped = all(p
        .w
        .ptes
        .iter()
        .filter(|((_, index), _)| *index == folio.index)
        .map(|(_, pte)| not(and(eq(pte.rmap, 1), eq(pte.folio, position.clone())))));
    let exact = all([
        Expr::from(u64::from(p.w.can_writeback())),
        eq(folio.place(p.w, |f| f.refs), REFS_BIAS + 1),
        eq(folio.place(p.w, |f| f.dirty), 0),
        unmapped,
    ])
    .fold();
    let slot = p.w.indices[folio.index].slot;
    let cached = folio.place(p.w, |f| f.has_mapping);
    let replaced = p.w.ghosts.replaced.clone();
    p.b.step("X3", c::REMOVE_MAPPING, |s| {
        s.text("under xa_lock: no reference but the cache's and mine, clean? then out of i_pages")
            .order(slot, Order::Full)
            .when(exact, "taken", |b| {
                b.set(slot, 0).set(cached, 0);
                for (cond, f) in &folio.candidates {
                    if let Some(replaced) = replaced[*f] {
                        b.set_if(cond.clone(), replaced, 1);
                    }
                }
                b
            })
            .otherwise("busy or dirty: copy", |b| b.goto(*busy))
    });
}

fn unlock(p: &mut Prog<'_>, at: &At) {
    if let At::Choose { folio, .. } = at {
        folio_unlock(p, "X4", folio);
    }
}

fn copy_words(p: &mut Prog<'_>, at: &At) {
    if let At::Choose { folio, slot, .. } = at {
        copy::read_words(p, folio, slot);
    }
}

fn put(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, .. } = at else { return };
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step("Z1p", c::FOLIO_PUT, |s| s.dec(refs));
}
