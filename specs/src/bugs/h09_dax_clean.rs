//! H09: fsync of DAX that left page tables writable.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// B2 must take away W and D. DAX has no folio to mark: its mark is the tag of the mapping, and its cleaning
/// is the same walk (`pfn_mkclean_range`). It is carried here in the page cache's shape, where PG_dirty is the
/// mark: what is violated is that a writable entry is always accounted for.
pub fn bug() -> Bug {
    let keep = |name: &str| Ablation::Assignment("B2".to_owned(), name.to_owned());
    let case = |title, scenario, ablations: Vec<Ablation>| {
        let (buggy, fixed) = without(ablations);
        Case {
            title,
            scenario,
            invariant: "dirty-accounted",
            buggy,
            fixed,
        }
    };
    Bug {
        id: "H09",
        title: "DAX: cleaned, and still writable",
        kernel: "4.5 to 4.9",
        fix: "f729c8c9b24f (4.10)",
        story: "fsync clears the mark and leaves the entry as it is: the next store does not fault, nothing is\n\
                marked, and the next fsync has nothing to do.",
        test: None,
        carried: Carried::Cases(vec![
            case(
                "cleaning keeps W and D",
                "mmap-store-vs-writeback",
                vec![keep("W"), keep("D")],
            ),
            case(
                "cleaning keeps W",
                "mmap-store-vs-writeback",
                vec![keep("W")],
            ),
            case(
                "cleaning keeps D, and mprotect gives W back for it",
                "mprotect-vs-writeback",
                vec![keep("D")],
            ),
        ]),
    }
}
