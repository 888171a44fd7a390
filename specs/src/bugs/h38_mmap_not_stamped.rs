//! H38: only the first store through a page-table entry is stamped.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cookie::Source;
use crate::schemes::recheck;

/// Page tables must be cleaned when the version is sampled, so that the next store faults and moves it.
/// Both twins stamp in the fault with the folio locked (M4 after M7), where the sample cannot fall
/// between the stamp and the entry that becomes writable: that order is H37's matter.
pub fn bug() -> Bug {
    let in_locked_section = || Ablation::After("M4".to_owned(), "M7".to_owned());
    Bug {
        id: "H38",
        title: "stores through a page table that is writable already move no stamp",
        kernel: "every one",
        fix: "none (proposed in 2012 and 2013: stamp when the PTE's dirty bit is transferred)",
        story: "The fault of the first store moves ctime and i_version; the entry stays writable until\n\
                the next writeback, and no later store moves anything.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "a store after the sample, through an entry that was dirty before it",
            scenario: "mmap-store-dirty-pte",
            invariant: "detected",
            buggy: Twin::new(recheck::scheme(Source::IVersion), [in_locked_section()]),
            fixed: Twin::new(
                recheck::scheme(Source::IVersionCleaned),
                [in_locked_section()],
            ),
        }]),
    }
}
