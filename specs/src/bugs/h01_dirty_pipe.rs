//! H01: a pipe writer appends to a page of the file.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// S2 must write every field of the descriptor.
pub fn bug() -> Bug {
    let flags = Ablation::Assignment("S2".to_owned(), "CAN_MERGE".to_owned());
    let (buggy, fixed) = without([flags]);
    Bug {
        id: "H01",
        title: "Dirty Pipe, CVE-2022-0847",
        kernel: "5.8 to 5.16.10 (the flags were left uninitialised from 4.9)",
        fix: "9d2231c5d74e (5.17)",
        story: "A slot of the ring keeps CAN_MERGE from a pipe write; splice reuses it without\n\
                clearing the flags, and the next pipe write appends into the page-cache page.",
        test: Some("generic/680"),
        carried: Carried::Cases(vec![Case {
            title: "splice does not initialise the flags of the buffer",
            scenario: "pipe-write-after-splice",
            invariant: "source-untouched",
            buggy,
            fixed,
        }]),
    }
}
