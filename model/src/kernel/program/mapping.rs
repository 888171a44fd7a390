//! Mappings of a file to blocks as system calls cache them: registers of the task.

use crate::machine::var::VarId;

/// `struct iomap` and its srcmap, as a write holds them over the folios that they cover.
#[derive(Clone, Copy, Debug)]
pub struct Iomap {
    /// What is in the data fork: decides whether the rest of a folio is read or zeroed.
    pub kind: VarId,
    /// The block that the rest of a folio would be read from.
    pub block: VarId,
    /// IOMAP_F_SHARED: the data goes to the COW fork.
    pub shared: VarId,
    /// IOMAP_F_NEW: this mapping reserved the delalloc extent.
    pub new: VarId,
    /// `validity_cookie`, low half: `if_seq` of the data fork.
    pub cookie: VarId,
    /// `validity_cookie`, high half: `if_seq` of the COW fork, compared only if `shared`.
    pub cow_cookie: VarId,
    /// How many folios of the call it covers, counted from the call's first.
    pub end: VarId,
}

/// `struct xfs_writepage_ctx`: the cached mapping, and the sequences it was looked up at.
#[derive(Clone, Copy, Debug)]
pub struct Imap {
    /// State of the extent.
    pub kind: VarId,
    /// Its block.
    pub block: VarId,
    /// IOMAP_F_SHARED: it is of the COW fork.
    pub cow: VarId,
    /// How many folios of the pass it covers, counted from the first; 0 if there is none.
    pub end: VarId,
    /// `data_seq`. XFS does not sample it for a mapping of the COW fork, and does not look at it then; a
    /// validity cookie would have it.
    pub data_seq: VarId,
    /// `cow_seq`.
    pub cow_seq: VarId,
}
