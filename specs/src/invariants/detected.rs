//! E4. What a consumer accepts is the snapshot; otherwise it got an error.

use super::{Invariant, recorded, spliced_and_read};

/// As `snapshot`, asked when the consumer accepts: for a reader of a pipe when `read(2)` reports the
/// bytes, after any check that follows the copy; for a socket or a receiver when the word is handed
/// over, since bytes that left cannot be recalled.
///
/// Source: Torvalds' optimistic splice, 9 Feb 2023; Chinner's cookie, 10 Feb 2023.
pub const INVARIANT: Invariant = Invariant {
    id: "detected",
    guarantee: "E4",
    title: "what a consumer accepts is the snapshot; otherwise it got an error",
    why: "the consumer accepted, without an error, bytes that the folio did not have between call and return of the splice(2)",
    applies: spliced_and_read,
    bad: |_, world| recorded(world.ghosts.undetected),
};
