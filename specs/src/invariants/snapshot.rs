//! E2. What a consumer is handed was the folio's content while the splice was under way.

use super::{Invariant, recorded, spliced_and_read};

/// Each word that a consumer is handed (copied to a user's buffer, put on the wire, received) was in
/// the spliced folio at some instant between call and return of the `splice(2)` that put it into the
/// pipe. Word by word: two words of one folio may stem from different instants (see `untorn`).
///
/// Broken when the word is handed over, whether or not the consumer later throws it away (see
/// `detected` for what it accepts). Bytes that a pipe writer put there are not spliced, and not asked
/// about.
///
/// Source: Metzmacher, Whitlock, Chinner and Wilcox in June 2023: splice returning "implies the copy
/// is done".
pub const INVARIANT: Invariant = Invariant {
    id: "snapshot",
    guarantee: "E2",
    title: "bytes handed to a consumer were the folio's between call and return of splice(2)",
    why: "the consumer was handed bytes that the folio did not have at any instant between call and return of the splice(2)",
    applies: spliced_and_read,
    bad: |_, world| recorded(world.ghosts.snapshot_broken),
};
