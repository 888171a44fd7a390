//! H36: two changes within one tick have one ctime.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cookie::Source;
use crate::schemes::recheck;

/// The stamp must be finer than the tick once somebody has looked at it.
pub fn bug() -> Bug {
    Bug {
        id: "H36",
        title: "ctime of the coarse clock as change attribute",
        kernel: "to 6.12 (a first attempt in 6.6 was reverted)",
        fix: "multigrain timestamps (6.13)",
        story: "NFS derives its change attribute from ctime where there is no i_version. Two changes\n\
                within a tick leave the same ctime: what was sampled between them looks current.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "the second write of a tick leaves the stamp as it was",
            scenario: "two-writes-in-one-tick",
            invariant: "detected",
            buggy: Twin::new(recheck::scheme(Source::Ctime), []),
            fixed: Twin::new(recheck::scheme(Source::CtimeMultigrain), []),
        }]),
    }
}
