//! H28: the holder of a pin stores after the page was cleaned.

use foliocheck_model::kernel::hooks::Hook;

use super::bug::{Bug, Carried, Case, Twin};
use crate::scheme::Scheme;
use crate::schemes::{by_reference, stable_writes};

/// A pin outlives the epoch of the page-table entry that it was taken through. Writeback does not ask for
/// pins, and nothing stops the holder. What stands against it is that some pins are not granted, and that
/// a device may be given a copy.
pub fn bug() -> Bug {
    let case = |title, scenario, invariant, fixed| Case {
        title,
        scenario,
        invariant,
        buggy: Twin::new(by_reference::scheme(), []),
        fixed: Twin::new(fixed, []),
    };
    let stripped = Case {
        title: "reclaim takes the buffers of a pinned page; fixed where it asks for pins first",
        scenario: "ext4-pinned-writer-vs-reclaim",
        invariant: "no-lost-write",
        buggy: Twin::new(reclaim_without_asking(), []),
        fixed: Twin::new(by_reference::scheme(), []),
    };
    Bug {
        id: "H28",
        title: "a page pinned by get_user_pages changes under writeback",
        kernel: "2.6 to today, for short pins",
        fix: "none for IO; reclaim asks for pins (d824ec2a1546, 6.4); long-term writable pins are refused (8ac268436e6d, 6.5); ext4 warns and drops (cc5095747edf)",
        story: "Writeback cleans the page and starts IO; the pin's holder stores between checksum and DMA. Or it\n\
                stores when the page has lost its buffers, and dirties it with no page_mkwrite to bring them back.",
        test: None,
        carried: Carried::Cases(vec![
            stripped,
            case(
                "the pin is granted; fixed where it is refused, as a long-term pin is",
                "pinned-writer-vs-writeback",
                "stable-under-writeback",
                no_pins(),
            ),
            case(
                "checksum and DMA see different bytes; fixed where the device reads a copy",
                "pinned-writer-vs-writeback",
                "access-consistent",
                stable_writes::bounce(),
            ),
            case(
                "parity and block differ; fixed where the device reads a copy",
                "raid5-pinned-writer",
                "access-consistent",
                stable_writes::bounce(),
            ),
        ]),
    }
}

/// Before d824ec2a1546: what the holder dirties later has no buffers, and ext4 drops it.
fn reclaim_without_asking() -> Scheme {
    Scheme {
        id: "reclaim-ignores-pins",
        title: "reclaim does not ask whether a page is pinned",
        omits: vec![Hook::ReclaimPinned],
        ..by_reference::scheme()
    }
}

/// Today's kernel, asked for a long-term pin (`writable_file_mapping_allowed`).
fn no_pins() -> Scheme {
    Scheme {
        id: "no-writable-pins",
        title: "a writable pin of a file's page is refused",
        omits: vec![Hook::PinUserPages],
        ..by_reference::scheme()
    }
}
