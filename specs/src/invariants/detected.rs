//! E4. What a consumer accepts is the snapshot; otherwise it got an error.

use super::invariant::{Invariant, recorded, spliced_and_read};

/// What optimistic schemes promise: a consumer accepts the snapshot, or gets an error. Bytes that a
/// scheme throws away after a check are nobody's, so that this asks of accepted bytes exactly what
/// `snapshot` asks, and the two agree wherever both are asked. They are two guarantees all the same:
/// `snapshot` is what the threads ask of splice, `detected` is what is left of it once a consumer may be
/// refused. How often it may be is asked by `splicer-progress`.
pub const INVARIANT: Invariant = Invariant {
    id: "detected",
    guarantee: "E4",
    needs_change: true,
    title: "what a consumer accepts is the snapshot; otherwise it got an error",
    source: "Torvalds' optimistic splice, 9 Feb 2023; Chinner's cookie, 10 Feb 2023",
    why: "the consumer accepted, without an error, bytes that the folio did not have between call and return of the splice(2)",
    applies: spliced_and_read,
    bad: |_, world| recorded(world.ghosts.snapshot_broken),
};
