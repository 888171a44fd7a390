//! H12: reclaim's flush, put off, against mprotect.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// `change_pte_range` must flush if reclaim has unmapped something of the address space and not flushed.
pub fn bug() -> Bug {
    let (buggy, fixed) = without([Ablation::Effect("M14b".to_owned())]);
    Bug {
        id: "H12",
        title: "a store after mprotect(PROT_READ) has returned",
        kernel: "4.3 to 4.12",
        fix: "3ea277194daa (4.13); gaps closed in 2025: 4b634918384c, 383c4613c67c",
        story: "Reclaim clears the entry and flushes later. mprotect finds none, flushes nothing, and returns;\n\
                a CPU stores through the entry that it has cached.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "mprotect does not ask whether a flush is pending",
            scenario: "reclaim-vs-mprotect",
            invariant: "protection",
            buggy,
            fixed,
        }]),
    }
}
