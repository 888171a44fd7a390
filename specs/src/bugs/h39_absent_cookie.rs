//! H39: the consumer compares a cookie that nobody provides.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cookie::Source;
use crate::schemes::recheck;

/// An absent cookie must not count as an unchanged one.
pub fn bug() -> Bug {
    Bug {
        id: "H39",
        title: "the change cookie of XFS is 0 for ever, and compares equal",
        kernel: "6.13 and later",
        fix: "none known; reported on linux-xfs in December 2025 (aTspr4_h9IU4EyrR@CMGLRV3)",
        story: "Since XFS uses multigrain stamps (1cf7e834a6fb) it reports no change cookie. IMA compares the\n\
                field all the same, 0 with 0, and never notices that a file has changed.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "cookie absent, compared all the same",
            scenario: "write-vs-splice",
            invariant: "detected",
            buggy: Twin::new(recheck::scheme(Source::Absent), []),
            fixed: Twin::new(recheck::scheme(Source::IVersion), []),
        }]),
    }
}
