//! What the hold schemes share: taking a hold on a folio, dropping it, waiting for it.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::mm::rmap::mkclean_and_mark_dirty;
use foliocheck_model::kernel::program::{At, FolioRef, PageAt, Prog};
use foliocheck_model::machine::builder::{CFn, Place};
use foliocheck_model::machine::expr::{Expr, add, eq, sub};
use foliocheck_model::machine::step::Order;

use super::held;
use crate::scheme::{Effect, Rule};

/// The hold of a folio: a counter. There are never more holds than references.
pub fn count(p: &mut Prog<'_>, folio: &FolioRef) -> Place {
    p.folio_var(folio, "stable_count", p.w.references_max())
}

/// The hold of a folio: one bit.
pub fn flag(p: &mut Prog<'_>, folio: &FolioRef) -> Place {
    p.folio_var(folio, "PG_stable", 1)
}

/// True once nobody holds the folio.
pub fn count_is_zero(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(count(p, folio), 0)
}

/// True while the flag is clear.
pub fn flag_is_clear(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(flag(p, folio), 0)
}

/// Under the folio lock: clean page tables if `mkclean`, take a hold.
pub fn take_locked(p: &mut Prog<'_>, folio: &FolioRef, function: CFn, mkclean: bool) {
    let count = count(p, folio);
    folio_lock(p, "P1", folio);
    if mkclean {
        mkclean_and_mark_dirty(p, "P", folio);
    }
    p.b.step("P6", function, |s| {
        s.text("stable_count + 1, folio lock held")
            .inc(count.clone())
            .order(count, Order::Full)
    });
    folio_unlock(p, "P7", folio);
}

/// Changes the count of the folio that a holder refers to, if it refers to one, by a step of its own.
pub fn change(
    p: &mut Prog<'_>,
    page: &PageAt,
    count: impl Fn(&mut Prog<'_>, &FolioRef) -> Place,
    step: (&str, CFn, &str),
    up: bool,
) {
    let (id, function, text) = step;
    let parts: Vec<_> = held::candidates(p, page)
        .into_iter()
        .map(|(cond, folio)| (cond, count(p, &folio)))
        .collect();
    if parts.is_empty() {
        return;
    }
    p.b.step(id, function, |s| {
        s.text(text);
        for (cond, count) in parts {
            let value = if up {
                add(count.expr(), 1)
            } else {
                sub(count.expr(), 1)
            };
            s.set_if(cond, count.clone(), value)
                .order(count, Order::Full);
        }
        s
    });
}

/// Another reference to a held page takes a hold of its own.
pub fn take_another(p: &mut Prog<'_>, at: &At) {
    let At::Move { from, .. } = at else { return };
    let from = from.clone();
    let text = "stable_count + 1 for the new reference";
    change(p, &from, count, ("P8", c::PIPE_BUF_GET, text), true);
}

/// The hold of a reference that goes is dropped; waiters wake.
pub fn drop_one(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    let page = page.clone();
    let text = "stable_count - 1, wake waiters";
    change(p, &page, count, ("P9", c::PIPE_BUF_RELEASE, text), false);
}

/// Clears the flag, whoever set it.
pub fn clear_flag(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    let parts: Vec<_> = held::candidates(p, page)
        .into_iter()
        .map(|(cond, folio)| (cond, flag(p, &folio)))
        .collect();
    if parts.is_empty() {
        return;
    }
    p.b.step("P9", c::PIPE_BUF_RELEASE, |s| {
        s.text("clear PG_stable, wake waiters");
        for (cond, flag) in parts {
            s.set_if(cond, flag.clone(), 0).order(flag, Order::Full);
        }
        s
    });
}

/// The rules by which holds go along with references: duplicated, handed to a socket, dropped.
pub fn travelling() -> [Rule; 4] {
    [
        Rule {
            name: "hold-tee",
            purpose: "a duplicated buffer holds for itself",
            hook: Hook::PipeBufGet,
            effect: Effect::Steps(take_another),
        },
        Rule {
            name: "hold-skb",
            purpose: "a socket's fragment takes its hold before the pipe drops its own",
            hook: Hook::SkbFragGet,
            effect: Effect::Steps(take_another),
        },
        Rule {
            name: "drop-hold",
            purpose: "the hold goes with the reference",
            hook: Hook::PipeBufRelease,
            effect: Effect::Steps(drop_one),
        },
        Rule {
            name: "drop-skb-hold",
            purpose: "the fragment's hold goes with the last clone, not with the ACK",
            hook: Hook::SkbFragPut,
            effect: Effect::Steps(drop_one),
        },
    ]
}
