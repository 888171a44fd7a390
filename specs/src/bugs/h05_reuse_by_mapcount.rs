//! H05: a page is written in place because nobody else maps it, while a pipe refers to it.

use super::bug::{Bug, Carried, Case, Twin};
use crate::schemes::cow_page_cache;

/// The reuse test must count references.
pub fn bug() -> Bug {
    Bug {
        id: "H05",
        title: "reuse of a copy-on-write page by its mapcount, CVE-2020-29374",
        kernel: "to 5.7",
        fix: "17839856fd58 (5.8)",
        story: "A child splices a page that it shares with its parent, and unmaps it. The parent's fault\n\
                finds one mapping left and writes in place: the child reads the new data from the pipe.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "mappings decide whether the page must be copied (on a page of a file that copies on write)",
            scenario: "cow-mapped-twice",
            invariant: "snapshot",
            buggy: Twin::new(cow_page_cache::mapped(), []),
            fixed: Twin::new(cow_page_cache::referenced(), []),
        }]),
    }
}
