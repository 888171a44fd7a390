//! H35: a software checksum over frags that change.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// A shared skb must be copied before its checksum is computed.
pub fn bug() -> Bug {
    let (buggy, fixed) = without([Ablation::Test("N1h".to_owned())]);
    Bug {
        id: "H35",
        title: "software checksums over changing frags",
        kernel: "to 3.7",
        fix: "cef401de7be8 (3.8)",
        story: "Segmentation computed the checksum by one read of the frags, and the device sent them by\n\
                another: a file that changed between went out with a bad checksum.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "there is no marker, and nothing is copied first",
            scenario: "software-checksum-vs-write",
            invariant: "access-consistent",
            buggy,
            fixed,
        }]),
    }
}
