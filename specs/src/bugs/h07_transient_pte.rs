//! H07: a page-table entry that is none for a moment.

use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::rmap::peek_at_pte;
use foliocheck_model::kernel::program::{At, Prog};

use super::bug::{Bug, Carried, Case, Twin};
use crate::scheme::{Effect, Rule, Scheme};
use crate::schemes::by_reference;

/// `folio_mkclean` must look at an entry under its lock (PVMW_SYNC).
pub fn bug() -> Bug {
    let case = |title, invariant| Case {
        title,
        scenario: "mremap-vs-writeback",
        invariant,
        buggy: Twin::new(unlocked_look(), []),
        fixed: Twin::new(by_reference::scheme(), []),
    };
    Bug {
        id: "H07",
        title: "mkclean passes over an entry that somebody is moving",
        kernel: "2.6.19 to 2.6.26",
        fix: "479db0bf408e (2.6.27)",
        story: "mremap has cleared the entry and will set it again; cleaning looks without the lock and finds\n\
                none. The entry comes back writable, the page is under writeback, and stores go on.",
        test: None,
        carried: Carried::Cases(vec![
            case(
                "a writable entry on a stable page under writeback",
                "stable-under-writeback",
            ),
            case(
                "the checksum is not that of the bytes on disk",
                "access-consistent",
            ),
            case(
                "a writable entry that writeback will not look for",
                "dirty-accounted",
            ),
        ]),
    }
}

/// Today's kernel, with the look that its other walks make.
fn unlocked_look() -> Scheme {
    Scheme {
        id: "mkclean-without-sync",
        title: "folio_mkclean looks for an entry before it takes the PTL",
        rules: vec![Rule {
            name: "look-without-lock",
            purpose: "an entry that is none is passed over without taking its lock",
            hook: Hook::PageVmaMappedWalk,
            effect: Effect::Steps(look),
        }],
        ..by_reference::scheme()
    }
}

fn look(p: &mut Prog<'_>, at: &At) {
    if let At::Walk { mm, folio, skip } = at {
        peek_at_pte(p, "B2p", *mm, folio, *skip);
    }
}
