//! Z7: copy on write of page-cache pages. Whoever is about to modify a folio that splices refer to puts
//! a copy in its place; the pipe keeps the old one.
//!
//! What decides is a count of splice references of its own, or the plain reference count. The folio is
//! counted under the folio lock, and page tables lose W and D there, so that a store through them
//! comes by way of `page_mkwrite`.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::mm::rmap::mkclean_and_mark_dirty;
use foliocheck_model::kernel::objects::REFS_BIAS;
use foliocheck_model::kernel::program::{At, FolioRef, Prog};
use foliocheck_model::machine::builder::Place;
use foliocheck_model::machine::expr::{Expr, add, and, eq};
use foliocheck_model::machine::step::Order;

use super::{hold, replacing};
use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Whitlock, linux-fsdevel, 27 June 2023; Howells' third option; Metzmacher's IOMAP_F_SHARED question, 9 Feb 2023";

/// A count of splice references decides.
pub fn counted() -> Scheme {
    let mut rules = vec![Rule {
        name: "count-splice",
        purpose: "a spliced folio is counted, and page tables cleaned, under the folio lock",
        hook: Hook::SpliceAddFolio,
        effect: Effect::Steps(count_splice),
    }];
    rules.extend([
        Rule {
            name: "count-tee",
            purpose: "a duplicated buffer counts for itself",
            hook: Hook::PipeBufGet,
            effect: Effect::Steps(count_another),
        },
        Rule {
            name: "count-skb",
            purpose: "a socket's fragment counts before the pipe's buffer no longer does",
            hook: Hook::SkbFragGet,
            effect: Effect::Steps(count_another),
        },
        Rule {
            name: "uncount",
            purpose: "a released buffer no longer counts, and the folio may be written in place again",
            hook: Hook::PipeBufRelease,
            effect: Effect::Steps(uncount),
        },
        Rule {
            name: "uncount-skb",
            purpose: "a fragment counts to the last clone",
            hook: Hook::SkbFragPut,
            effect: Effect::Steps(uncount),
        },
        Rule {
            name: "in-place-if-uncounted",
            purpose: "only splice references make a copy necessary",
            hook: Hook::WriteInPlaceIf,
            effect: Effect::Wait(uncounted),
        },
    ]);
    rules.extend(replacements());
    Scheme {
        id: "cow-page-cache",
        title: "a write to a folio with splice references replaces it in the page cache",
        family: Family::Replace,
        source: SOURCE,
        omits: Vec::new(),
        rules,
    }
}

/// The plain reference count decides.
pub fn referenced() -> Scheme {
    Scheme {
        id: "cow-page-cache-refcount",
        title: "a write to a folio with any reference but the writer's own replaces it",
        family: Family::ReplaceReferenced,
        source: SOURCE,
        omits: Vec::new(),
        rules: by_references(Rule {
            name: "in-place-if-unreferenced",
            purpose: "any reference beside the page cache's and the writer's makes a copy necessary",
            hook: Hook::WriteInPlaceIfUnreferenced,
            effect: Effect::Wait(unreferenced),
        }),
    }
}

/// Mappings decide, references do not: the test that CVE-2020-29374 was about.
pub fn mapped() -> Scheme {
    Scheme {
        id: "cow-page-cache-mapcount",
        title: "a write to a folio that several address spaces map replaces it",
        family: Family::Replace,
        source: "CVE-2020-29374, the reuse test before 17839856fd58",
        omits: Vec::new(),
        rules: by_references(Rule {
            name: "in-place-if-mapped-once",
            purpose: "a second mapping makes a copy necessary",
            hook: Hook::WriteInPlaceIf,
            effect: Effect::Wait(mapped_once),
        }),
    }
}

fn by_references(decision: Rule) -> Vec<Rule> {
    let mut rules = vec![
        Rule {
            name: "clean-page-tables",
            purpose: "splice waits for a write under way, and page tables lose W and D",
            hook: Hook::SpliceAddFolio,
            effect: Effect::Steps(clean),
        },
        decision,
    ];
    rules.extend(replacements());
    rules
}

fn replacements() -> [Rule; 3] {
    [
        Rule {
            name: "write-replaces",
            purpose: "write(2) goes to a folio that no splice refers to",
            hook: Hook::WriteLocked,
            effect: Effect::Steps(replacing::replace_unless_allowed),
        },
        Rule {
            name: "mkwrite-replaces",
            purpose: "so does a store through a page table, after another fault",
            hook: Hook::MkwriteLocked,
            effect: Effect::Steps(replacing::replace_unless_allowed),
        },
        Rule {
            name: "zeroing-replaces",
            purpose: "and so does the zeroing of part of a page",
            hook: Hook::ZeroLocked,
            effect: Effect::Steps(replacing::replace_unless_allowed),
        },
    ]
}

fn count(p: &mut Prog<'_>, folio: &FolioRef) -> Place {
    p.folio_var(folio, "splice_count", p.w.references_max())
}

fn uncounted(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(count(p, folio), 0)
}

fn unreferenced(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(folio.place(p.w, |f| f.refs), REFS_BIAS + 1)
}

/// At most one of the page tables maps it.
fn mapped_once(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let maps =
        p.w.ptes
            .iter()
            .filter(|((_, index), _)| *index == folio.index)
            .map(|(_, pte)| and(eq(pte.rmap, 1), eq(pte.folio, position.clone())))
            .fold(Expr::from(0), add);
    foliocheck_model::machine::expr::lt(maps, 2)
}

fn count_splice(p: &mut Prog<'_>, at: &At) {
    let At::Fill { folio, .. } = at else { return };
    let count = count(p, folio);
    folio_lock(p, "P1", folio);
    mkclean_and_mark_dirty(p, "P", folio);
    p.b.step("P6", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        s.text("splice_count + 1, folio lock held")
            .inc(count.clone())
            .order(count, Order::Full)
    });
    folio_unlock(p, "P7", folio);
}

fn clean(p: &mut Prog<'_>, at: &At) {
    let At::Fill { folio, .. } = at else { return };
    folio_lock(p, "P1", folio);
    mkclean_and_mark_dirty(p, "P", folio);
    folio_unlock(p, "P7", folio);
}

fn count_another(p: &mut Prog<'_>, at: &At) {
    let At::Move { from, .. } = at else { return };
    let text = "splice_count + 1 for the new reference";
    hold::change(p, from, count, ("P8", c::PIPE_BUF_GET, text), true);
}

fn uncount(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    let text = "splice_count - 1";
    hold::change(p, page, count, ("P9", c::PIPE_BUF_RELEASE, text), false);
}
