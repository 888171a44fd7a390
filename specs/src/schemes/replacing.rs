//! What the replacing schemes share: asking whether a folio may be written in place, and replacing it
//! if not.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock_put_retry, in_cache};
use foliocheck_model::kernel::mm::replace::{is_current, replace_folio};
use foliocheck_model::kernel::program::{At, FolioRef, Prog};
use foliocheck_model::machine::builder::{CFn, Label};
use foliocheck_model::machine::expr::{Expr, all};

/// At a folio that is locked and about to be written: replaced unless every rule at
/// [`Hook::WriteInPlaceIf`] allows a write in place. A caller who cannot go on with another folio
/// (`page_mkwrite`: the page table has let go of it) looks up again.
pub fn replace_unless_allowed(p: &mut Prog<'_>, at: &At) {
    let At::Writing { folio, again } = at else {
        return;
    };
    if !p.w.indices[folio.index].replaceable {
        return;
    }
    let mut conditions = p.conditions(Hook::WriteInPlaceIf, folio);
    conditions.extend(p.conditions(Hook::WriteInPlaceIfUnreferenced, folio));
    let in_place = p.b.label("in place");
    let allowed = all(conditions.iter().map(|(_, cond)| cond.clone())).fold();
    p.b.step("Y0", c::FILEMAP_GET_FOLIO, |s| {
        for (tag, _) in conditions {
            s.asked_by(tag);
        }
        s.text("folio lock held: may it be written in place?")
            .when(allowed, "yes", |b| b.goto(in_place))
            .otherwise("no: another folio takes its place", |b| b)
    });
    replace_folio(p, folio);
    if let Some(again) = again {
        folio_unlock_put_retry(p, "Y7", folio, *again);
    }
    p.b.bind(in_place);
}

/// A folio that is referenced and not locked: locked, asked once more whether it is current and
/// `must` be replaced, and replaced if so. Either way it is looked up `again`.
pub fn replace_and_look_up_again(p: &mut Prog<'_>, folio: &FolioRef, must: Expr, again: Label) {
    let replace = p.b.label("replace");
    folio_lock(p, "Y5l", folio);
    let current = is_current(p, folio);
    p.b.step("Y5", c::FILEMAP_GET_ENTRY, |s| {
        s.text("folio lock held: still current, still to be replaced?")
            .when(all([current, must]).fold(), "yes", |b| b.goto(replace))
            .otherwise("no: unlock, put, look up again", |b| b)
    });
    folio_unlock_put_retry(p, "Y5n", folio, again);
    p.b.bind(replace);
    replace_folio(p, folio);
    folio_unlock_put_retry(p, "Y7", folio, again);
}

/// Locks the folio that is to be spliced, and looks it up again if it has left the cache meanwhile.
/// Steps are `{id}`, `{id}m`, `{id}n`.
pub fn lock_cached(p: &mut Prog<'_>, at: &At, id: &str, function: CFn) {
    let At::Choose { folio, again, .. } = at else {
        return;
    };
    folio_lock(p, id, folio);
    if p.w.indices[folio.index].fixed {
        return;
    }
    let cached = in_cache(p, folio);
    let valid = p.b.label("still in the cache");
    p.b.step(&format!("{id}m"), function, |s| {
        s.text("recheck folio->mapping")
            .when(cached, "", |b| b.goto(valid))
            .otherwise("replaced, taken or truncated", |b| b)
    });
    folio_unlock_put_retry(p, &format!("{id}n"), folio, *again);
    p.b.bind(valid);
}
