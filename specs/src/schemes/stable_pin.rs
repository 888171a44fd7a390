//! Z4 and Z5: the folio is stable while a splice refers to it, and `folio_wait_stable` waits for that.
//!
//! The mail proposes "temporary folio state"; its author later agreed that one bit is not enough for
//! several references. Both are here. The hold is taken under the folio lock in every variant (the
//! mail does not say; without it a write that is past its wait copies under the reader's eyes), so
//! that what differs between `stable-pin` and `stable-pin-mkclean` is the propagation alone.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::step::Order;

use super::hold;
use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Chinner, 20230210040626.GB2825702@dread.disaster.area";

/// One bit.
pub fn stable_flag() -> Scheme {
    Scheme {
        id: "stable-flag",
        title: "a flag on the folio, set by splice, cleared by the first release; writers wait",
        family: Family::Hold,
        source: SOURCE,
        rules: vec![
            Rule {
                name: "set-flag",
                purpose: "the spliced folio is marked, under the folio lock",
                hook: Hook::SpliceAddFolio,
                effect: Effect::Steps(set_flag),
            },
            Rule {
                name: "wait-for-flag",
                purpose: "write(2) and page_mkwrite wait while it is set",
                hook: Hook::FolioWaitStable,
                effect: Effect::Wait(hold::flag_is_clear),
            },
            Rule {
                name: "clear-flag",
                purpose: "it goes with the pipe's reference",
                hook: Hook::PipeBufRelease,
                effect: Effect::Steps(hold::clear_flag),
            },
        ],
        omits: Vec::new(),
    }
}

fn set_flag(p: &mut Prog<'_>, at: &At) {
    let At::Fill { folio, .. } = at else { return };
    let flag = hold::flag(p, folio);
    folio_lock(p, "P1", folio);
    p.b.step("P6", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        s.text("set PG_stable, folio lock held")
            .set(flag.clone(), 1)
            .order(flag, Order::Full)
    });
    folio_unlock(p, "P7", folio);
}

fn take(p: &mut Prog<'_>, at: &At) {
    if let At::Fill { folio, .. } = at {
        hold::take_locked(p, folio, c::SPLICE_FOLIO_INTO_PIPE, false);
    }
}

fn take_with_mkclean(p: &mut Prog<'_>, at: &At) {
    if let At::Fill { folio, .. } = at {
        hold::take_locked(p, folio, c::SPLICE_FOLIO_INTO_PIPE, true);
    }
}

fn counted(take: Rule) -> Vec<Rule> {
    let mut rules = vec![
        take,
        Rule {
            name: "wait-for-holds",
            purpose: "write(2) and page_mkwrite wait while anybody holds the folio",
            hook: Hook::FolioWaitStable,
            effect: Effect::Wait(hold::count_is_zero),
        },
    ];
    rules.extend(hold::travelling());
    rules
}

/// A counter.
pub fn stable_pin() -> Scheme {
    Scheme {
        id: "stable-pin",
        title: "a count of holds on the folio, one a reference; writers wait",
        family: Family::Hold,
        source: SOURCE,
        rules: counted(Rule {
            name: "take-hold",
            purpose: "splice holds the folio, under the folio lock",
            hook: Hook::SpliceAddFolio,
            effect: Effect::Steps(take),
        }),
        omits: Vec::new(),
    }
}

/// A counter, and the PTE dirty bits propagated under the same folio lock: the whole proposal.
pub fn stable_pin_mkclean() -> Scheme {
    Scheme {
        id: "stable-pin-mkclean",
        title: "stable-pin, and page tables cleaned under the same folio lock: the mail's proposal",
        family: Family::Hold,
        source: SOURCE,
        rules: counted(Rule {
            name: "take-hold-mkclean",
            purpose: "page tables lose W and D when the hold is taken, so that the next store faults",
            hook: Hook::SpliceAddFolio,
            effect: Effect::Steps(take_with_mkclean),
        }),
        omits: Vec::new(),
    }
}

/// The same, and partial truncation waits too.
pub fn stable_pin_mkclean_truncate() -> Scheme {
    let mut scheme = stable_pin_mkclean();
    scheme.id = "stable-pin-mkclean-truncate";
    scheme.title = "stable-pin-mkclean, and partial truncation and hole punching wait as well";
    scheme.rules.push(Rule {
        name: "truncate-waits",
        purpose: "zeroing in place waits while anybody holds the folio",
        hook: Hook::PartialTruncateWait,
        effect: Effect::Wait(hold::count_is_zero),
    });
    scheme
}
