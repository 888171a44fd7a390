//! H16: a write goes by a mapping that is no longer true.

use foliocheck_model::kernel::fs::iomap::{back_out_if, validity_cookie};
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::expr::ne;

use super::bug::{Bug, Carried, Case, Twin};
use crate::scheme::{Effect, Rule, Scheme};
use crate::schemes::iomap;

/// W7 missing, or misplaced.
pub fn bug() -> Bug {
    let case = |title, scenario, buggy: Scheme| Case {
        title,
        scenario,
        invariant: "mapping-current",
        buggy: Twin::new(buggy, []),
        fixed: Twin::new(iomap::cookie(), []),
    };
    Bug {
        id: "H16",
        title: "iomap: a cached mapping goes stale under a buffered write",
        kernel: "5.x and 6.0, 6.1 (XFS)",
        fix: "d7b64041164c, 304a68b9c63b (6.2)",
        story: "Writeback converts an unwritten extent and reclaim drops the clean folio; the write creates\n\
                a new one, trusts its cached \"unwritten\", and zeroes around what it writes.",
        test: Some("xfs/559"),
        carried: Carried::Cases(vec![
            case(
                "the mapping is not validated",
                "stale-unwritten-reclaim",
                iomap::unchecked(),
            ),
            case(
                "it is validated before the folio is locked",
                "stale-unwritten-reclaim",
                iomap::cookie_before_lock(),
            ),
            case(
                "it is validated once for the write, not for every folio",
                "stale-unwritten-second-folio",
                with(first_folio_only),
            ),
            case(
                "the cookie is that of the other fork",
                "stale-unwritten-cow-inode",
                with(cow_fork_only),
            ),
        ]),
    }
}

fn with(steps: fn(&mut Prog<'_>, &At)) -> Scheme {
    let mut scheme = iomap::unchecked();
    scheme.rules.push(Rule {
        name: "misplaced-check",
        purpose: "looks like validation",
        hook: Hook::IomapValid,
        effect: Effect::Steps(steps),
    });
    scheme
}

fn first_folio_only(p: &mut Prog<'_>, at: &At) {
    if let At::Iomap { position: 0, .. } = at {
        validity_cookie(p, at);
    }
}

fn cow_fork_only(p: &mut Prog<'_>, at: &At) {
    if let (At::Iomap { iomap, .. }, Some(seq)) = (at, p.w.inode.cow_seq) {
        back_out_if(p, at, &ne(seq, iomap.cow_cookie));
    }
}
