//! Kernel objects: what their variables are called and what they stand for.
//!
//! A page *index* of the file and a *folio* are different things: a truncated folio that somebody
//! still refers to lives on, and a new folio can take its index. Each index therefore has as many
//! folios as can exist for it; the page-cache slot says which is current.

use crate::kernel::setup::{Call, Setup};
use crate::machine::expr::{Expr, eq, or};
use crate::machine::system::TaskId;
use crate::machine::var::{VarDecl, VarId};

/// Largest value of counters that grow with events: versions, sequences. Exploration does not count
/// (see `optimize::counters`); a trace shown step by step does, and is far shorter than this.
pub const COUNTER_MAX: u64 = 65_535;

/// A reader-writer semaphore. `writer` holds a task number plus one; `readers` is a set of tasks.
#[derive(Clone, Copy, Debug)]
pub struct RwSem {
    /// Exclusive holder.
    pub writer: VarId,
    /// Shared holders.
    pub readers: VarId,
}

/// A folio.
#[derive(Clone, Debug)]
pub struct Folio {
    /// Its page index.
    pub index: usize,
    /// Name in traces: `folio0`, and `folio0'` for a second folio of the same index.
    pub name: String,
    /// PG_locked: the holder, plus one.
    pub lock: VarId,
    /// PG_dirty.
    pub dirty: VarId,
    /// PG_writeback.
    pub writeback: VarId,
    /// PG_uptodate.
    pub uptodate: VarId,
    /// `folio->mapping` is set.
    pub has_mapping: VarId,
    /// References beyond the page cache's own and those of page tables: pipe buffers, skb frags,
    /// pins, and the transient ones of system calls. Stored plus [`REFS_BIAS`].
    pub refs: VarId,
    /// Pins among the references (`folio_maybe_dma_pinned`); none if no call pins the folio.
    pub pins: Option<VarId>,
    /// The data, a token a word.
    pub data: Vec<VarId>,
    /// The buffer head, where the filesystem has them.
    pub buffer: Option<Buffer>,
}

/// A `struct buffer_head`.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// BH_Dirty.
    pub dirty: VarId,
    /// BH_Lock: the holder, plus one.
    pub lock: VarId,
    /// The folio has it: `folio_buffers` is set.
    pub attached: VarId,
}

/// The entry at the address that `mremap` moves a page to is filed under its address space plus this, in
/// [`World::ptes`](super::World::ptes) and [`World::tlbs`](super::World::tlbs): behind the old address, as an rmap walk comes to it.
pub const MOVED: usize = 4;

/// The address space that an entry is of: see [`MOVED`].
pub fn address_space(mm: usize) -> usize {
    mm % MOVED
}

/// How traces name the place of an entry.
pub fn address(mm: usize) -> String {
    let moved = if mm >= MOVED { ", new address" } else { "" };
    format!("mm{}{moved}", address_space(mm))
}

/// A reference count starts here, so that a put too many shows as a value and not as an error.
pub const REFS_BIAS: u64 = 2;

/// A page-table entry of a shared file mapping, with its reverse mapping.
#[derive(Clone, Copy, Debug)]
pub struct Pte {
    /// Present.
    pub present: VarId,
    /// The folio it maps, as a position among the folios of its index.
    pub folio: VarId,
    /// W.
    pub write: VarId,
    /// D.
    pub dirty: VarId,
    /// The folio's mapcount covers it: `folio_mkclean` will look here.
    pub rmap: VarId,
    /// The page-table lock over it: the holder, plus one.
    pub ptl: VarId,
}

/// What an address space lets a program do with a page.
#[derive(Clone, Copy, Debug)]
pub struct Protection {
    /// VM_WRITE.
    pub vm_write: VarId,
    /// Ghost: `mprotect(PROT_READ)` has returned.
    pub returned: VarId,
}

/// A TLB entry that allows stores (W=1, D=1). Other entries send a store through the page walk.
#[derive(Clone, Copy, Debug)]
pub struct Tlb {
    /// The CPU, named by the task that runs on it.
    pub cpu: TaskId,
    /// The entry is there.
    pub writable: VarId,
    /// The folio it maps, as in [`Pte::folio`].
    pub folio: VarId,
}

/// Where data of a page can be: in a file's folio, or in a private copy.
#[derive(Clone, Debug)]
pub struct PageRef {
    /// 0: nothing; 1 + folio number; then a copy of a page of the file, and a page of a pipe writer.
    pub page: VarId,
    /// The data, if anonymous.
    pub copy: Vec<VarId>,
    /// Ghost: which spliced reference this is, or stems from.
    pub origin: VarId,
}

/// A `struct pipe_buffer`.
#[derive(Clone, Debug)]
pub struct PipeSlot {
    /// Name in traces.
    pub name: String,
    /// The page.
    pub page: PageRef,
    /// PIPE_BUF_FLAG_CAN_MERGE.
    pub can_merge: VarId,
}

/// A pipe.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// The mutex: the holder, plus one.
    pub mutex: VarId,
    /// Slot of the next push.
    pub head: VarId,
    /// Slot of the next read.
    pub tail: VarId,
    /// Buffers in it.
    pub used: VarId,
    /// `pipe->readers`, where a program can close its read end before others are done.
    pub readers: Option<VarId>,
    /// The ring.
    pub slots: Vec<PipeSlot>,
    /// Folios that can be in it.
    pub folios: Vec<usize>,
    /// Spliced references that can be in it.
    pub origins: Vec<usize>,
    /// Whether an anonymous page can be in it.
    pub anonymous: bool,
}

/// One fragment of a socket's queue.
#[derive(Clone, Debug)]
pub struct Frag {
    /// Name in traces.
    pub name: String,
    /// 0 empty, 1 queued, 2 acknowledged.
    pub state: VarId,
    /// The page.
    pub page: PageRef,
    /// SKBFL_SHARED_FRAG of the skb it is in: others may change the page. Only where a sink asks.
    pub shared: Option<VarId>,
}

/// A socket: its fragments in the order they were spliced.
#[derive(Clone, Debug)]
pub struct Socket {
    /// `sk_lock`: the holder, plus one. Only where there is a second fragment, since until the first is
    /// queued nothing else wants it, and then a lone `sendmsg` of one fragment is done.
    pub lock: Option<VarId>,
    /// The fragments.
    pub frags: Vec<Frag>,
    /// Where each is after coalescing: in the last skb of the receive queue.
    pub merged: Vec<Frag>,
    /// Folios that can be in it.
    pub folios: Vec<usize>,
    /// Spliced references that can be in it.
    pub origins: Vec<usize>,
    /// Whether a copy can be in it.
    pub anonymous: bool,
}

/// The inode: locks, stamps and counters.
#[derive(Clone, Copy, Debug)]
pub struct Inode {
    /// i_rwsem, which XFS calls IOLOCK.
    pub i_rwsem: RwSem,
    /// `mapping->invalidate_lock`, which XFS calls MMAPLOCK.
    pub invalidate_lock: RwSem,
    /// The coarse clock has ticked since the stamps were last set: it is later than they.
    pub ticked: VarId,
    /// ctime of a kernel with coarse stamps: which of its values it has.
    pub ctime: VarId,
    /// ctime of a kernel with multigrain stamps: which of its values it has.
    pub ctime_mg: VarId,
    /// Its queried bit.
    pub ctime_mg_queried: VarId,
    /// i_version, without the queried bit.
    pub i_version: VarId,
    /// The queried bit of i_version.
    pub i_version_queried: VarId,
    /// Sequence of the data fork's extent tree.
    pub if_seq: VarId,
    /// Sequence of the COW fork's extent tree, if anything is shared.
    pub cow_seq: Option<VarId>,
    /// The running transaction, if there is a journal.
    pub transaction: Option<Transaction>,
}

/// The running transaction of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// Handles that are open in it, as a set of tasks.
    pub handles: VarId,
    /// T_LOCKED: a commit waits for them, and nobody can start another.
    pub locked: VarId,
}

/// Extent states.
pub mod extent {
    /// No block.
    pub const HOLE: u64 = 0;
    /// Reserved in memory only.
    pub const DELALLOC: u64 = 1;
    /// A block that reads as zeros.
    pub const UNWRITTEN: u64 = 2;
    /// A block with data.
    pub const WRITTEN: u64 = 3;
    /// Their names.
    pub const NAMES: [&str; 4] = ["hole", "delalloc", "unwritten", "written"];
}

/// States of a range of the COW fork.
pub mod cow {
    /// Nothing there.
    pub const NONE: u64 = 0;
    /// Reserved in memory only.
    pub const DELALLOC: u64 = 1;
    /// A block that no file maps yet, and that is not about to be written: conversion makes such extents.
    pub const UNWRITTEN: u64 = 2;
    /// The same, and its IO has been submitted: completion moves only these to the data fork.
    pub const WRITTEN: u64 = 3;
    /// Their names.
    pub const NAMES: [&str; 4] = ["-", "delalloc", "unwritten", "written"];
}

/// A block of the device.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it holds, a token a word.
    pub data: Vec<VarId>,
    /// Another file maps it, if that can be.
    pub other: Option<VarId>,
}

/// One page of a COW fork.
#[derive(Clone, Copy, Debug)]
pub struct CowFork {
    /// See [`cow`].
    pub state: VarId,
    /// Its block, while it has one.
    pub block: VarId,
}

impl CowFork {
    /// It has a block.
    pub fn is_real(&self) -> Expr {
        or(eq(self.state, cow::UNWRITTEN), eq(self.state, cow::WRITTEN))
    }
}

/// What a journal with ordered data keeps of a page.
#[derive(Clone, Copy, Debug)]
pub struct Journalled {
    /// The extent as the last committed transaction has it: what is found after a crash.
    pub committed: VarId,
    /// Whether the inode is on the running transaction's list of ordered data for this page: see [`ordered`].
    pub ordered: VarId,
}

/// What a commit does about the data of a page.
pub mod ordered {
    /// Nothing.
    pub const NO: u64 = 0;
    /// It waits for IO that somebody else has submitted (JI_WAIT_DATA).
    pub const WAIT: u64 = 1;
    /// It writes the page, then waits (JI_WRITE_DATA).
    pub const WRITE: u64 = 2;
    /// Their names.
    pub const NAMES: [&str; 3] = ["-", "wait", "write"];
}

/// One page index: its page-cache slot and what is below on disk.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a page"
)]
pub struct Index {
    /// Numbers of its folios.
    pub folios: Vec<usize>,
    /// 0 if nothing is cached, else the position of the current folio, plus one.
    pub slot: VarId,
    /// State of the extent: see [`extent`].
    pub extent: VarId,
    /// The blocks that it can be in.
    pub blocks: Vec<Block>,
    /// Which of them the data fork maps, while the extent has a block; none if there is but one.
    pub block: Option<VarId>,
    /// What is no written extent reads as zeros, whatever the block holds ([`Setup::blocks`]). Else the one block is
    /// zeroed where the extent goes.
    pub former_content: bool,
    /// The COW fork, if the page can be shared with another file.
    pub cow: Option<CowFork>,
    /// What the journal knows, if there is one.
    pub journal: Option<Journalled>,
    /// One folio is cached for it from beginning to end: no call removes it.
    pub fixed: bool,
    /// Some folio is cached for it from beginning to end, though not always the same.
    pub present: bool,
    /// A scheme's rules can put another folio in the place of the current one.
    pub replaceable: bool,
    /// The mark of its slot that a scheme sets for a spliced page (`PAGECACHE_TAG_SPLICED`).
    pub mark: Option<VarId>,
}

/// One spliced reference: the `k`-th page of one `splice(2)` call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Number of the task.
    pub task: usize,
    /// Number of the call within it.
    pub call: usize,
    /// Page index.
    pub index: usize,
}

/// Most references to one folio, [`REFS_BIAS`] included: its pins, one for each place in pipes and sockets (and
/// in a receive queue, where fragments are merged), and what each task has in hand, at most
/// [`REFS_PER_TASK`]. 4 bits are the least that is taken: steps that were removed leave references behind.
pub(in crate::kernel) fn refs_max(setup: &Setup, pins: u64) -> u64 {
    let places = |c: &Call| match c {
        Call::SpliceSocket { buffers, .. } => 2 * buffers,
        _ => 0,
    };
    let in_sockets: usize = setup.calls().map(|(_, _, c)| places(c)).sum();
    let in_pipes: usize = setup.pipes.iter().sum();
    let in_hand = REFS_PER_TASK * setup.tasks.len();
    (REFS_BIAS + pins + (in_sockets + in_pipes + in_hand) as u64).max(15)
}

/// References to one folio that a system call has at a time: its own, one that it is handing on, and one that a
/// fault on its behalf takes.
const REFS_PER_TASK: usize = 3;

/// A declaration of something in a socket: whoever touches it holds the socket lock.
/// Over what a queue of a socket holds: `sk_lock`, one for each place in the queue, so that those who
/// use different places do not order each other. A pipe's buffers are under its mutex.
pub(in crate::kernel) fn in_queue(decl: VarDecl, object: &str) -> VarDecl {
    if object.starts_with("socket") {
        decl.under(format!("{object}.sk_lock"))
    } else {
        decl
    }
}

/// What counts the users of a request (`io_notif_data`) and says that it is complete: whoever drops the
/// last user reports it.
pub fn notification(origin: usize) -> String {
    format!("splice{origin}.notification")
}
