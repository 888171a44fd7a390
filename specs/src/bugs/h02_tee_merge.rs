//! H02: two pipes append to one page.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// S3 must not copy CAN_MERGE.
pub fn bug() -> Bug {
    let (buggy, fixed) = without([Ablation::Effect("S3c".to_owned())]);
    Bug {
        id: "H02",
        title: "tee keeps the mergeable flag",
        kernel: "2.6.17 to 5.0",
        fix: "a0ce2f0aa6ad (5.1)",
        story: "After tee two buffers refer to one page, and both may be appended to: a write to one\n\
                pipe goes over what a write to the other has queued.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "the duplicate may be merged into",
            scenario: "tee-of-pipe-writes",
            invariant: "source-untouched",
            buggy,
            fixed,
        }]),
    }
}
