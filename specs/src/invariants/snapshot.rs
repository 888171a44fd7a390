//! E2. What a consumer accepts was the folio's content while the splice was under way.

use super::invariant::{Invariant, recorded, spliced_and_read};

/// Each word that a consumer accepts (as read from a pipe, put on the wire, received) was in the spliced
/// folio at some instant between call and return of the `splice(2)` that put it into the pipe. Word by
/// word: two words of one folio may stem from different instants (see `untorn`).
///
/// A reader of a pipe accepts when `read(2)` reports the bytes, after any check that follows the copy; a
/// socket, a device or a receiver when it takes the word, since bytes that left cannot be recalled. An
/// error is no violation: a consumer that gets one has accepted nothing (see `detected`). Bytes that a
/// pipe writer put there are not spliced, and not asked about.
pub const INVARIANT: Invariant = Invariant {
    id: "snapshot",
    guarantee: "E2",
    needs_change: true,
    title: "bytes that a consumer accepts were the folio's between call and return of splice(2)",
    source: "Metzmacher, Whitlock, Chinner and Wilcox in June 2023: splice returning \"implies the copy is done\"",
    why: "the consumer accepted bytes that the folio did not have at any instant between call and return of the splice(2)",
    applies: spliced_and_read,
    bad: |_, world| recorded(world.ghosts.snapshot_broken),
};
