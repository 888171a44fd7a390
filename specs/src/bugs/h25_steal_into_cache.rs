//! H25: a stolen page goes into the destination's cache as it is.

use super::bug::{Bug, Carried};

/// The destination's `write_begin` must not be passed over.
pub fn bug() -> Bug {
    Bug {
        id: "H25",
        title: "SPLICE_F_MOVE into a file without write_begin",
        kernel: "2.6.17 to 2.6.20",
        fix: "485ddb4b9741 (2.6.21): the flag does nothing since",
        story: "splice from a pipe to a file inserts the stolen page into the file's cache: no block is\n\
                reserved for it, no journal knows it, and somebody may still refer to it.",
        test: None,
        carried: Carried::No(
            "a scenario has one file, no call moves a page from a pipe into a file, and a page that a pipe \
             writer filled has no identity; the reverse direction is steal-or-copy",
        ),
    }
}
