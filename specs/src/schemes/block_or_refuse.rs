//! Z9: a file that is mapped is not spliced, the call fails; `page_mkwrite` and hole punching wait for
//! pages that are spliced. The mail does not name write(2): with and without.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::step::Order;

use super::hold;
use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Howells' fourth option, June 2023, 3388728.1687944804@warthog.procyon.org.uk";

/// As described.
pub fn described() -> Scheme {
    Scheme {
        id: "block-or-refuse",
        title: "splice refuses a mapped file; page_mkwrite and hole punching wait for spliced pages",
        family: Family::Hold,
        source: SOURCE,
        omits: Vec::new(),
        rules: rules(),
    }
}

/// And write(2) waits as well.
pub fn with_write() -> Scheme {
    let mut rules = rules();
    rules.push(Rule {
        name: "write-waits",
        purpose: "write(2) waits while anybody holds the folio",
        hook: Hook::FolioWaitStable,
        effect: Effect::Wait(hold::count_is_zero),
    });
    Scheme {
        id: "block-or-refuse-write",
        title: "block-or-refuse, and write(2) waits for spliced pages as well",
        family: Family::Hold,
        source: SOURCE,
        omits: Vec::new(),
        rules,
    }
}

fn rules() -> Vec<Rule> {
    let mut rules = vec![
        Rule {
            name: "hold-under-lock",
            purpose: "the folio is tested and held under the folio lock",
            hook: Hook::SpliceTest,
            effect: Effect::Steps(lock),
        },
        Rule {
            name: "refuse-mmapped",
            purpose: "a store through a page table asks nobody: a file that has a mapping is not spliced",
            hook: Hook::SpliceRefuse,
            effect: Effect::Steps(refuse_mmapped),
        },
        Rule {
            name: "hold-under-lock",
            purpose: "the folio is tested and held under the folio lock",
            hook: Hook::SpliceClaim,
            effect: Effect::Steps(hold_folio),
        },
        Rule {
            name: "hold-under-lock",
            purpose: "the folio is tested and held under the folio lock",
            hook: Hook::SpliceTested,
            effect: Effect::Steps(unlock),
        },
        Rule {
            name: "refuse-mmapped",
            purpose: "a store through a page table asks nobody: a file that has a mapping is not spliced",
            hook: Hook::SpliceError,
            effect: Effect::Steps(fail),
        },
        Rule {
            name: "mkwrite-waits",
            purpose: "a file that is mapped afterwards is not stored to while its page is spliced",
            hook: Hook::MkwriteStable,
            effect: Effect::Wait(hold::count_is_zero),
        },
        Rule {
            name: "punch-waits",
            purpose: "zeroing in place waits while anybody holds the folio",
            hook: Hook::PartialTruncateWait,
            effect: Effect::Wait(hold::count_is_zero),
        },
    ];
    rules.extend(hold::travelling());
    rules
}

fn lock(p: &mut Prog<'_>, at: &At) {
    if let At::Choose { folio, .. } = at {
        folio_lock(p, "P1", folio);
    }
}

fn unlock(p: &mut Prog<'_>, at: &At) {
    if let At::Choose { folio, .. } = at {
        folio_unlock(p, "P7", folio);
    }
}

fn refuse_mmapped(p: &mut Prog<'_>, at: &At) {
    let At::Choose { busy, .. } = at else { return };
    let mapped = p.w.mapping_mapped();
    p.b.step("X5", c::MAPPING_MAPPED, |s| {
        s.text("does the file have a mapping?")
            .when(mapped, "yes: fail", |b| b.goto(*busy))
            .otherwise("no", |b| b)
    });
}

fn hold_folio(p: &mut Prog<'_>, at: &At) {
    let At::Choose { folio, .. } = at else { return };
    let count = hold::count(p, folio);
    p.b.step("P6", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        s.text("stable_count + 1, folio lock held")
            .inc(count.clone())
            .order(count, Order::Full)
    });
}

fn fail(p: &mut Prog<'_>, at: &At) {
    let At::Choose {
        folio,
        error,
        unspliced,
        ..
    } = at
    else {
        return;
    };
    let refs = folio.place(p.w, |f| f.refs);
    // The error is the report, where somebody waits for one.
    let reported: Vec<_> = unspliced
        .iter()
        .filter_map(|o| p.w.completed.get(*o).copied())
        .collect();
    p.b.step("X6", c::FOLIO_PUT, |s| {
        for done in reported {
            s.set(done, 1).release(done);
        }
        s.text("the call fails").dec(refs).goto(*error)
    });
}
