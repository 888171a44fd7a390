//! Z7t: PAGECACHE_TAG_SPLICED. A page is spliced by reference only while nothing can change it (the file
//! has no mapping, the page is not dirty and not under writeback), and its slot is tagged; who would
//! write to a tagged page, or map it, puts a copy in its place. Otherwise the pipe gets a copy.
//!
//! [`proposed`] is the mail as far as it says: tests and tag without the folio lock (the marks and the
//! tag are one section under xa_lock), replacement where `filemap_get_entry` finds a tagged page for
//! somebody who will write, and at the start of `do_mmap`, the tag gone when the last reference but the
//! page cache's goes. [`fixed`] has what it takes to hold, and nothing that is not needed.

use foliocheck_model::kernel::fs::inode::{down_read, up_read};
use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::folio_unlock;
use foliocheck_model::kernel::mm::replace::is_current;
use foliocheck_model::kernel::objects::REFS_BIAS;
use foliocheck_model::kernel::program::{At, FolioRef, Prog};
use foliocheck_model::machine::expr::{Expr, all, and, eq};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::var::VarId;

use super::{copy, held, replacing};
use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Metzmacher, 5 June 2026, f1c7fbbf-5be1-48b0-8927-2d9b75a35816@samba.org";

/// As proposed.
pub fn proposed() -> Scheme {
    let mut rules = claim().to_vec();
    rules.extend([
        REFUSE_DIRTY,
        Rule {
            name: "look-up-replaces",
            purpose: "who looks a tagged page up to write to it gets a copy of it",
            hook: Hook::FolioLookedUp,
            effect: Effect::Steps(look_up_replaces),
        },
        Rule {
            name: "mmap-replaces",
            purpose: "do_mmap puts copies in the place of tagged pages",
            hook: Hook::MmapStart,
            effect: Effect::Steps(replace_all),
        },
    ]);
    rules.extend(untag(release_at_one));
    Scheme {
        id: "spliced-tag",
        title: "clean pages of a file without mappings are tagged and spliced, others copied; writers replace a tagged page",
        family: Family::Replace,
        source: SOURCE,
        omits: Vec::new(),
        rules,
    }
}

/// With what it takes to hold.
pub fn fixed() -> Scheme {
    let mut rules = claim().to_vec();
    rules.extend([
        Rule {
            name: "tag-under-folio-lock",
            purpose: "a page is not tagged while somebody is halfway through writing it",
            hook: Hook::SpliceTest,
            effect: Effect::Steps(lock),
        },
        Rule {
            name: "tag-under-folio-lock",
            purpose: "a page is not tagged while somebody is halfway through writing it",
            hook: Hook::SpliceTested,
            effect: Effect::Steps(unlock),
        },
        Rule {
            name: "tag-under-i-mmap-lock",
            purpose: "no mapping appears between the test for one and the tag",
            hook: Hook::SpliceTest,
            effect: Effect::Steps(i_mmap_lock),
        },
        Rule {
            name: "tag-under-i-mmap-lock",
            purpose: "no mapping appears between the test for one and the tag",
            hook: Hook::SpliceTested,
            effect: Effect::Steps(i_mmap_unlock),
        },
        Rule {
            name: "refuse-pinned",
            purpose: "the holder of a pin writes without asking anybody",
            hook: Hook::SpliceClaimIf,
            effect: Effect::Wait(not_pinned),
        },
        Rule {
            name: "in-place-if-untagged",
            purpose: "only the tag makes a copy necessary",
            hook: Hook::WriteInPlaceIf,
            effect: Effect::Wait(untagged),
        },
        Rule {
            name: "write-replaces-under-lock",
            purpose: "write(2) asks for the tag when it has the folio lock",
            hook: Hook::WriteLocked,
            effect: Effect::Steps(replacing::replace_unless_allowed),
        },
        Rule {
            name: "zeroing-replaces-under-lock",
            purpose: "so does the zeroing of part of a page",
            hook: Hook::ZeroLocked,
            effect: Effect::Steps(replacing::replace_unless_allowed),
        },
        Rule {
            name: "mmap-replaces-when-linked",
            purpose: "tagged pages are replaced when no more can be tagged, and none is mapped yet",
            hook: Hook::MmapLinked,
            effect: Effect::Steps(replace_all),
        },
    ]);
    Scheme {
        id: "spliced-tag-fixed",
        title: "spliced-tag with tests, tag and replacement under the locks that they need; pinned pages are copied",
        family: Family::Replace,
        source: SOURCE,
        omits: Vec::new(),
        rules,
    }
}

/// Dirty pages and pages under writeback are copied.
pub const REFUSE_DIRTY: Rule = Rule {
    name: "refuse-dirty",
    purpose: "only a page that nobody has written to lately is spliced by reference",
    hook: Hook::SpliceClaimIf,
    effect: Effect::Wait(not_dirty),
};

/// `page_mkwrite` asks for the tag when it has the folio lock.
pub const MKWRITE_REPLACES: Rule = Rule {
    name: "mkwrite-replaces-under-lock",
    purpose: "a store through a page table asks for the tag when the fault has the folio lock",
    hook: Hook::MkwriteLocked,
    effect: Effect::Steps(replacing::replace_unless_allowed),
};

/// The tag goes with the last reference, tested and cleared under the folio lock.
pub fn untag_under_lock() -> [Rule; 2] {
    untag(release_at_one_locked)
}

/// The tag goes with the last reference, tested and cleared without a lock.
pub fn untag_at_one() -> [Rule; 2] {
    untag(release_at_one)
}

fn claim() -> [Rule; 3] {
    [
        Rule {
            name: "refuse-mmapped",
            purpose: "a store through a page table asks nobody: a file that has a mapping is copied",
            hook: Hook::SpliceRefuse,
            effect: Effect::Steps(refuse_mmapped),
        },
        Rule {
            name: "tag",
            purpose: "the slot of a page that is spliced by reference is marked",
            hook: Hook::SpliceTag,
            effect: Effect::Steps(tag),
        },
        Rule {
            name: "copy-otherwise",
            purpose: "a page that is not fit to be spliced is copied",
            hook: Hook::SpliceCopy,
            effect: Effect::Steps(copy_words),
        },
    ]
}

fn untag(effect: fn(&mut Prog<'_>, &At)) -> [Rule; 2] {
    [Hook::PipeBufRelease, Hook::SkbFragPut].map(|hook| Rule {
        name: "untag-at-one",
        purpose: "a page that only the page cache refers to may be written in place again",
        hook,
        effect: Effect::Steps(effect),
    })
}

/// The mark of a slot; without the rule that sets it, a variable that stays 0.
fn mark(p: &mut Prog<'_>, index: usize) -> VarId {
    match p.w.indices[index].mark {
        Some(mark) => mark,
        None => {
            p.w.rule_var(p.b.system, "i_pages", &format!("[{index}].SPLICED"), 1)
        }
    }
}

fn refuse_mmapped(p: &mut Prog<'_>, at: &At) {
    let At::Choose { busy, .. } = at else { return };
    let mapped = p.w.mapping_mapped();
    p.b.step("V1", c::MAPPING_MAPPED, |s| {
        s.text("does the file have a mapping?")
            .when(mapped, "yes: copy", |b| b.goto(*busy))
            .otherwise("no", |b| b)
    });
}

fn tag(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, busy, .. } = at else {
        return;
    };
    let mark = mark(p, folio.index);
    let conditions = p.conditions(Hook::SpliceClaimIf, folio);
    let fit = all(conditions.iter().map(|(_, cond)| cond.clone())).fold();
    let current = is_current(p, folio);
    p.b.step("V2", c::XA_SET_MARK, |s| {
        for (tag, _) in conditions {
            s.asked_by(tag);
        }
        s.text("under xa_lock: fit to be spliced by reference? then tag the slot")
            .when(and(current, fit).fold(), "tagged", |b| b.set(mark, 1))
            .otherwise("not fit: copy", |b| b.goto(*busy))
            .order(mark, Order::Full)
    });
}

fn copy_words(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, slot, .. } = at else {
        return;
    };
    copy::read_words(p, folio, slot);
    let refs = folio.place(p.w, |f| f.refs);
    p.b.step("Z1p", c::FOLIO_PUT, |s| s.dec(refs));
}

/// The marks PAGECACHE_TAG_DIRTY and PAGECACHE_TAG_WRITEBACK; tmpfs sets none.
fn not_dirty(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    if !p.w.can_writeback() {
        return Expr::TRUE;
    }
    and(
        eq(folio.place(p.w, |f| f.dirty), 0),
        eq(folio.place(p.w, |f| f.writeback), 0),
    )
}

fn not_pinned(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    folio.select(|f| p.w.folios[f].pins.map_or(Expr::TRUE, |pins| eq(pins, 0)))
}

fn untagged(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(mark(p, folio.index), 0)
}

fn look_up_replaces(p: &mut Prog<'_>, at: &At) {
    let At::Writing {
        folio,
        again: Some(again),
    } = at
    else {
        return;
    };
    if !p.w.indices[folio.index].replaceable {
        return;
    }
    let mark = mark(p, folio.index);
    let untagged = p.b.label("untagged");
    let current = is_current(p, folio);
    p.b.step("V4", c::FILEMAP_GET_ENTRY, |s| {
        s.text("is the slot tagged?")
            .when(and(eq(mark, 1), current).fold(), "yes: replace", |b| b)
            .otherwise("no", |b| b.goto(untagged))
    });
    replacing::replace_and_look_up_again(p, folio, eq(mark, 1), *again);
    p.b.bind(untagged);
}

/// Every tagged page of the file.
fn replace_all(p: &mut Prog<'_>, at: &At) {
    let At::Mapping = at else { return };
    for index in 0..p.w.indices.len() {
        if !p.w.indices[index].replaceable {
            continue;
        }
        let mark = mark(p, index);
        let folio = p.folio_register(index);
        let register = Prog::register_of(&folio);
        let object = p.w.indices[index].clone();
        let refs: Vec<VarId> = object.folios.iter().map(|f| p.w.folios[*f].refs).collect();
        let none = p.b.label("none tagged");
        let again = p.b.here("tagged?");
        p.b.step("V5", c::FILEMAP_GET_ENTRY, |s| {
            s.text(format!("is index {index} tagged? then reference its folio"))
                .when(eq(mark, 0), "no", |b| b.goto(none));
            for (position, refs) in refs.iter().enumerate() {
                s.when(eq(object.slot, position + 1), "yes", |b| {
                    if let Some(register) = register {
                        b.set(register, position);
                    }
                    b.inc(*refs)
                });
            }
            // The mark goes with the folio: a slot that has one is not empty.
            s
        });
        replacing::replace_and_look_up_again(p, &folio, eq(mark, 1), again);
        p.b.bind(none);
    }
}

fn lock(p: &mut Prog<'_>, at: &At) {
    replacing::lock_cached(p, at, "V0", c::FILEMAP_GET_PAGES);
}

fn unlock(p: &mut Prog<'_>, at: &At) {
    if let At::Choose { folio, .. } = at {
        folio_unlock(p, "V3", folio);
    }
}

fn i_mmap_lock(p: &mut Prog<'_>, _: &At) {
    if let Some(sem) = p.w.i_mmap_rwsem {
        down_read(p, "V0i", c::I_MMAP_LOCK_READ, sem, "i_mmap_rwsem, shared");
    }
}

fn i_mmap_unlock(p: &mut Prog<'_>, _: &At) {
    if let Some(sem) = p.w.i_mmap_rwsem {
        up_read(p, "V3i", c::I_MMAP_UNLOCK_READ, sem, "i_mmap_rwsem");
    }
}

/// The folio of a buffer, its mark, and that the buffer's reference is the last beside the page cache's.
fn last_reference(p: &mut Prog<'_>, folio: &FolioRef) -> (VarId, Expr) {
    let mark = mark(p, folio.index);
    let last = eq(folio.place(p.w, |f| f.refs), REFS_BIAS + 1);
    (mark, and(is_current(p, folio), last).fold())
}

fn release_at_one(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    held::for_folio(p, page, |p, folio| {
        let (mark, last) = last_reference(p, folio);
        let kept = p.b.label("tag stays");
        p.b.step("V6", c::PIPE_BUF_RELEASE, |s| {
            s.text("will the page cache's reference be the only one?")
                .when(last, "yes", |b| b)
                .otherwise("no", |b| b.goto(kept))
        });
        p.b.step("V6c", c::XA_CLEAR_MARK, |s| {
            s.text("drop the tag").set(mark, 0)
        });
        p.b.bind(kept);
    });
}

/// A release that may not sleep tries the folio lock, and leaves the tag where it cannot have it.
fn release_at_one_locked(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    held::for_folio(p, page, |p, folio| {
        let (mark, last) = last_reference(p, folio);
        let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
        let kept = p.b.label("tag stays");
        p.b.step("V7", c::PIPE_BUF_RELEASE, |s| {
            s.text("folio_trylock")
                .acquire(lock.clone())
                .when(eq(lock.clone(), 0), "locked", |b| b.set(lock.clone(), me))
                .otherwise("busy", |b| b.goto(kept))
        });
        p.b.step("V7c", c::XA_CLEAR_MARK, |s| {
            s.text("the last reference? then drop the tag; unlock")
                .set_if(last, mark, 0)
                .set(lock.clone(), 0)
                .release(lock)
        });
        p.b.bind(kept);
    });
}
