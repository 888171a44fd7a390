//! H14: a page is copied while a CPU can still store to it.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cow_page_cache;

/// Clear the entry, flush, copy, install: in this order.
pub fn bug() -> Bug {
    let flush = Ablation::After("M13".to_owned(), "Y3".to_owned());
    Bug {
        id: "H14",
        title: "copy before the TLB flush (userfaultfd write-protect)",
        kernel: "5.7 to 5.11",
        fix: "6ce64428d620 (5.12)",
        story: "The flush of a write-protected range is put off; a fault copies the page meanwhile, and a\n\
                CPU with a cached entry stores to the old page: the copy does not have it.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "who replaces a page copies it before the flush (on a page of a file)",
            scenario: "replace-mapped",
            invariant: "no-lost-write",
            buggy: Twin::new(cow_page_cache::referenced(), [flush]),
            fixed: Twin::new(cow_page_cache::referenced(), []),
        }]),
    }
}
