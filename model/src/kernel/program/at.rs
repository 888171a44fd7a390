//! What a rule is given where it attaches.

use super::mapping::{Imap, Iomap};
use super::refs::{FolioRef, PageAt};
use crate::machine::builder::Label;
use crate::machine::expr::Expr;
use crate::machine::var::VarId;

/// What a rule can refer to at its hook.
#[derive(Clone, Debug)]
pub enum At {
    /// A folio of the file.
    Folio(FolioRef),
    /// A folio about to go into a pipe slot.
    Fill {
        /// The folio.
        folio: FolioRef,
        /// The slot that it will take.
        slot: PageAt,
    },
    /// A page index about to be spliced, nothing looked up yet.
    Index {
        /// The page index.
        index: usize,
        /// The slot that it will take.
        slot: PageAt,
        /// The spliced reference.
        origin: usize,
    },
    /// A write about to use its cached mapping.
    Iomap {
        /// The mapping.
        iomap: Iomap,
        /// The folio; it is locked at [`Hook::IomapValid`](crate::kernel::hooks::Hook::IomapValid).
        folio: FolioRef,
        /// How many folios of this call came before.
        position: usize,
        /// Where the write goes to map anew, with nothing locked or referenced.
        stale: Label,
    },
    /// Writeback about to use its cached mapping.
    Imap {
        /// The mapping.
        imap: Imap,
        /// Where it looks the mapping up anew.
        stale: Label,
    },
    /// A page-table entry that may map a folio.
    Walk {
        /// The address space.
        mm: usize,
        /// The folio.
        folio: FolioRef,
        /// Where the walk goes on without this entry.
        skip: Label,
    },
    /// A write on its way to the device.
    Io {
        /// The words to be written, where they are in memory.
        memory: Vec<Expr>,
        /// The words that the device will read.
        page: Vec<VarId>,
    },
    /// A folio that may go into a pipe slot, or not.
    Choose {
        /// The folio.
        folio: FolioRef,
        /// The slot that it would take.
        slot: PageAt,
        /// Where it is looked up again; the reference has been dropped.
        again: Label,
        /// Where it goes on if the folio is not spliced by reference; the reference is kept.
        busy: Label,
        /// Where the call fails; the reference has been dropped.
        error: Label,
        /// The spliced references that there will not be if it does: this one's and the later ones'.
        unspliced: Vec<usize>,
    },
    /// A folio that somebody is about to modify; with its reference.
    Writing {
        /// The folio.
        folio: FolioRef,
        /// Where it is looked up again; lock and reference have been dropped. None if the caller goes
        /// on with whatever folio it is given.
        again: Option<Label>,
    },
    /// The whole file.
    Mapping,
    /// A page held by a pipe or a socket, where to go on failure if the consumer can fail here.
    Held {
        /// The page.
        page: PageAt,
        /// Where the consumer backs out.
        fail: Option<Label>,
    },
    /// Requests whose `splice(2)` is about to return: spliced references.
    Requests(Vec<usize>),
    /// A page moving from one holder to another.
    Move {
        /// Where it is.
        from: PageAt,
        /// Where it will be as well.
        to: PageAt,
    },
}
