//! H29: raid5 parity of bytes that are not the block's.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::{by_reference, stable_writes};

/// With `skip_copy` the source must not change between the two reads.
pub fn bug() -> Bug {
    Bug {
        id: "H29",
        title: "raid5 with skip_copy and pages that are not stable",
        kernel: "3.16 to today, where the mapping is not stable or the source is not the page cache",
        fix: "skip_copy demands stable pages (d592a9969141, 3.16; per mapping since 762321dab9a7, 6.7)",
        story: "Parity is computed from one state of the page, and the block is written from another. Nothing is\n\
                noticed until a disk fails, and then another block of the stripe is rebuilt wrong.",
        test: None,
        carried: Carried::Cases(vec![
            Case {
                title: "nobody waits for writeback",
                scenario: "raid5-skip-copy",
                invariant: "access-consistent",
                buggy: Twin::new(stable_writes::unstable_writes(), []),
                fixed: Twin::new(by_reference::scheme(), []),
            },
            Case {
                title: "the mapping is not marked; fixed where the device reads a copy",
                scenario: "raid5-skip-copy-unstable",
                invariant: "access-consistent",
                buggy: Twin::new(by_reference::scheme(), []),
                fixed: Twin::new(stable_writes::bounce(), []),
            },
        ]),
    }
}
