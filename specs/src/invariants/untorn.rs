//! A0. An accepted folio is not a mixture.

use super::invariant::{Invariant, recorded, spliced_and_read};

/// The words of a folio that a consumer accepts were all in that folio together at one instant (of any
/// time, so that this asks nothing about when). Asked of a reader of a pipe when `read(2)` reports them,
/// of others when they take the last word. What a scheme throws away is not asked about.
///
/// Legitimately does not hold where readers take no lock (`filemap_read` on ext4): a read(2) is not
/// atomic there either.
pub const INVARIANT: Invariant = Invariant {
    id: "untorn",
    guarantee: "A0",
    needs_change: true,
    title: "an accepted folio is not a mixture: its words were in it together at one instant",
    source: "Chinner against POSIX_FADV_TORN_RW, linux-xfs, Sept 2022",
    why: "the accepted words were never in the folio together",
    applies: spliced_and_read,
    bad: |_, world| recorded(world.ghosts.torn),
};
