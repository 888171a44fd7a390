//! Z6: not stable in the pipe, only while the sink does IO: from when the socket takes the page to
//! its last use of it, or while a reader copies.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::{At, Hook};
use foliocheck_model::kernel::prog::Prog;

use super::hold;
use crate::scheme::{Effect, Family, Rule, Scheme};

/// The scheme.
pub fn scheme() -> Scheme {
    Scheme {
        id: "stable-sink-io",
        title: "a count of holds and cleaned page tables, only while the sink does IO on the page",
        family: Family::Hold,
        source: "Chinner, 20230210061953.GC2825702@dread.disaster.area and 20230210065747.GD2825702@dread.disaster.area",
        rules: vec![
            Rule {
                name: "hold-for-copy",
                purpose: "a reader holds the folio while it copies",
                hook: Hook::SinkIoStart,
                effect: Effect::Steps(hold_held),
            },
            Rule {
                name: "drop-after-copy",
                purpose: "and no longer",
                hook: Hook::SinkIoEnd,
                effect: Effect::Steps(hold::drop_one),
            },
            Rule {
                name: "hold-for-send",
                purpose: "a socket holds the folio from the moment it takes it",
                hook: Hook::SkbFragGet,
                effect: Effect::Steps(hold_moved),
            },
            Rule {
                name: "drop-after-last-use",
                purpose: "to the release of the last clone",
                hook: Hook::SkbFragPut,
                effect: Effect::Steps(hold::drop_one),
            },
            Rule {
                name: "wait-for-holds",
                purpose: "write(2) and page_mkwrite wait while anybody holds the folio",
                hook: Hook::FolioWaitStable,
                effect: Effect::Wait(hold::count_is_zero),
            },
        ],
        omits: Vec::new(),
    }
}

fn hold_held(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    if let Some(folio) = page.folio(p.w) {
        hold::take_locked(p, &folio, c::PIPE_READ, true);
    }
}

fn hold_moved(p: &mut Prog<'_>, at: &At) {
    let At::Move { from, .. } = at else { return };
    if let Some(folio) = from.folio(p.w) {
        hold::take_locked(p, &folio, c::SKB_SPLICE_FROM_ITER, true);
    }
}
