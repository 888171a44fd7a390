//! H37: the version moves before the data.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cookie::Source;
use crate::schemes::recheck;

/// W2 must follow W9, in the section that holds the folio lock. The fixed twin is no kernel's.
pub fn bug() -> Bug {
    let after_copy = Ablation::After("W2".to_owned(), "W10".to_owned());
    Bug {
        id: "H37",
        title: "i_version is moved before the bytes are copied",
        kernel: "every one",
        fix: "none: include/linux/iversion.h documents the order",
        story: "write(2) moves i_version, then copies. Sampled in between, the new version stands for\n\
                the old bytes, and the bytes that follow pass as those that were sampled.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "ext4: the sample falls between the version and the copy",
            scenario: "ext4-write-vs-splice",
            invariant: "detected",
            buggy: Twin::new(recheck::scheme(Source::IVersion), []),
            fixed: Twin::new(recheck::scheme(Source::IVersion), [after_copy]),
        }]),
    }
}
