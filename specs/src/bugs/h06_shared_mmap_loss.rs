//! H06: stores through shared mappings that were never written.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// B5 must mark the folio dirty once more when page tables knew of stores: PG_dirty is set already, what it
/// is needed for is the buffers. Without buffer heads nothing depends on it: in 6.12 PG_dirty and every
/// block are dirty from `page_mkwrite` on, and nothing cleans blocks without cleaning page tables first.
pub fn bug() -> Bug {
    let (buggy, fixed) = without([Ablation::Effect("B5".to_owned())]);
    Bug {
        id: "H06",
        title: "the shared-mmap loss of 2.6.19",
        kernel: "2.6.19",
        fix: "7658cc289288 (2.6.20-rc3)",
        story: "The journal writes a page's buffers and leaves page tables alone; more is stored. Writeback\n\
                cleans the page tables, forgets what D said, finds no dirty buffer, and writes nothing.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "what mkclean found is not passed on to the buffers",
            scenario: "ext3-commit-vs-mmap",
            invariant: "no-lost-write",
            buggy,
            fixed,
        }]),
    }
}
