//! H21: an allocation is committed before its data is on disk.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// The inode is not put on the transaction's list of ordered data.
pub fn bug() -> Bug {
    let (buggy, fixed) = without([Ablation::Effect("B9j".to_owned())]);
    Bug {
        id: "H21",
        title: "ext4: a crash exposes old block contents, CVE-2017-7495",
        kernel: "3.8 to 4.6",
        fix: "06bd3c36a733 (4.7)",
        story: "A delayed allocation is committed while its data is still on the way: nobody told the journal to\n\
                wait for it. A crash then shows what another file had in the block.",
        test: Some("generic/042, generic/536"),
        carried: Carried::Cases(vec![Case {
            title: "delayed allocations do not join the ordered data of the transaction",
            scenario: "ordered-data-commit",
            invariant: "mapping-current",
            buggy,
            fixed,
        }]),
    }
}
