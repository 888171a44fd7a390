//! H17: writeback goes by a mapping that is no longer true.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::writeback_imap;

/// B9 uses the cached mapping unchecked.
pub fn bug() -> Bug {
    let case = |title, invariant, scenario| Case {
        title,
        scenario,
        invariant,
        buggy: Twin::new(writeback_imap::unchecked(), []),
        fixed: Twin::new(writeback_imap::valid(), []),
    };
    Bug {
        id: "H17",
        title: "XFS writeback uses a stale mapping",
        kernel: "to 5.0",
        fix: "d9252d526ba6, 9f9bc034b849 (5.1)",
        story: "One mapping is kept for a whole pass. Truncation, punching or a copy-on-write elsewhere changes\n\
                the extents meanwhile: IO goes to a freed block, or to one that another file shares.",
        test: Some("generic/524, generic/464"),
        carried: Carried::Cases(vec![
            case(
                "the page is punched and written anew: IO to a freed block",
                "mapping-current",
                "writeback-pass-vs-punch",
            ),
            case(
                "the new reservation is never converted: what was written is lost",
                "no-lost-write",
                "writeback-pass-vs-punch",
            ),
            case(
                "the page is shared and written anew: IO to the other file's block",
                "mapping-current",
                "writeback-pass-vs-reflink",
            ),
        ]),
    }
}
