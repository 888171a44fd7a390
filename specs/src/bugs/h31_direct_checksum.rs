//! H31: a direct write from memory that changes.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::{by_reference, stable_writes};

/// Stable pages are the page cache's: a direct write is made from the program's memory.
pub fn bug() -> Bug {
    Bug {
        id: "H31",
        title: "btrfs checksum errors under direct IO",
        kernel: "to 6.13",
        fix: "6.14: direct writes to checksummed inodes go through the page cache, a copy; 7.0: iomap bounces",
        story: "A guest of qemu (cache=none) changes a buffer that is being written: the checksum is of the old\n\
                bytes, the DMA reads the new, and reading the block back fails.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "the memory is checksummed and written where it is; fixed where it is copied first",
            scenario: "direct-write-vs-store",
            invariant: "access-consistent",
            buggy: Twin::new(by_reference::scheme(), []),
            fixed: Twin::new(stable_writes::bounce(), []),
        }]),
    }
}
