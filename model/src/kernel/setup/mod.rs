//! What a scenario fixes: objects, initial states, and which task makes which calls.

mod call;

pub use call::{Call, Crypto, SyncMode};

/// What kind of file the pages belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mapping {
    /// A filesystem on a block device: writes back, has `page_mkwrite`.
    Disk,
    /// tmpfs: no writeback, no `page_mkwrite`.
    Tmpfs,
}

/// Which filesystem's locks and write path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filesystem {
    /// XFS: iomap write path; a reader or splicer takes the inode lock shared.
    Xfs,
    /// ext4: `generic_perform_write`; a reader takes no inode lock.
    Ext4,
}

/// What a block device does with the memory of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    /// Its DMA reads it, once.
    Plain,
    /// A checksum reads it, then the DMA: `block/blk-integrity.c`, or a filesystem's own data checksums
    /// (btrfs), or a protocol's data digest.
    Integrity,
    /// md raid5: parity is computed, then the DMA reads. Both from a copy in the stripe cache, or, with
    /// `skip_copy` (d592a9969141), from the memory itself.
    Parity {
        /// The sysfs attribute `skip_copy`.
        skip_copy: bool,
    },
}

impl Device {
    /// `bdev_stable_writes`: an integrity profile with a checksum, or `BLK_FEAT_STABLE_WRITES`, which
    /// `raid5_store_skip_copy` sets.
    pub fn demands_stable_writes(self) -> bool {
        matches!(self, Device::Integrity | Device::Parity { skip_copy: true })
    }
}

/// The two orders of dirtying and waiting found in `page_mkwrite` handlers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MkwriteOrder {
    /// `iomap_page_mkwrite`, `filemap_page_mkwrite`, `block_page_mkwrite`.
    DirtyThenWait,
    /// `ext4_page_mkwrite` with all buffers mapped: waits, and `fault_dirty_shared_page` dirties.
    WaitThenDirty,
}

/// Initial state of a page-table entry of a shared, writable mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PteInit {
    /// Not present: the first store faults through `do_shared_fault`.
    None,
    /// Present, W=0, D=0: a store faults through `do_wp_page`.
    Clean,
    /// Present, W=1, D=1, not in any TLB: a store is invisible to the kernel.
    Dirty,
    /// Present, W=1, D=0: only a mapping without `page_mkwrite` has such entries.
    Writable,
}

/// What is on disk under a page at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExtentInit {
    /// Allocated and written.
    Written,
    /// Allocated, reads as zeros.
    Unwritten,
    /// Nothing.
    Hole,
}

/// One page index of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolioInit {
    /// PG_dirty at the start.
    pub dirty: bool,
    /// In the page cache at the start.
    pub cached: bool,
    /// The extent below.
    pub extent: ExtentInit,
    /// Another file shares its block, and what is dirty of it has a reservation in the COW fork.
    pub shared: bool,
}

/// A page-table entry at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PteSetup {
    /// Address space.
    pub mm: usize,
    /// Page index.
    pub folio: usize,
    /// Its state.
    pub init: PteInit,
}

/// A task: its calls, one after another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskSetup {
    /// Name.
    pub name: String,
    /// Calls.
    pub calls: Vec<Call>,
    /// After the last call it begins again with the first, for ever.
    pub forever: bool,
}

/// A scenario, checked and ready to build.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of a file"
)]
pub struct Setup {
    /// Words a folio, 2 or more.
    pub words: usize,
    /// The page indices.
    pub folios: Vec<FolioInit>,
    /// What kind of file.
    pub mapping: Mapping,
    /// Whose locks.
    pub filesystem: Filesystem,
    /// Order within `page_mkwrite`.
    pub mkwrite: MkwriteOrder,
    /// Which block a page is in is part of the state, and so is what each block held before. Without
    /// it every page has one block, which reads as zeros until it is written.
    pub blocks: bool,
    /// ext4 with `data=ordered` and without `dioread_nolock`: a block that writeback allocates is at
    /// once a written extent of the running transaction.
    pub journal: bool,
    /// Delayed allocation: `write(2)` and faults reserve, writeback allocates. Without it (`nodelalloc`), they
    /// allocate under a handle of the journal.
    pub delalloc: bool,
    /// AS_STABLE_WRITES.
    pub stable_writes: bool,
    /// The filesystem has buffer heads, and writes only blocks whose buffers are dirty: ext3.
    pub buffer_heads: bool,
    /// The device below.
    pub device: Device,
    /// Page-table entries that are not [`PteInit::None`] at the start, or that tasks use.
    pub ptes: Vec<PteSetup>,
    /// Capacity of each pipe, in buffers.
    pub pipes: Vec<usize>,
    /// Number of sockets.
    pub sockets: usize,
    /// The tasks.
    pub tasks: Vec<TaskSetup>,
}

impl Setup {
    /// Whether the call has the page written back: itself, or as a flush of its own range first (a clone; a punch
    /// on XFS).
    pub fn writes_back(&self, call: &Call, index: usize) -> bool {
        match call {
            Call::Writeback { folios, .. } => folios.contains(&index),
            Call::Reflink { folio } => *folio == index,
            Call::PunchHole { folio, word: None } => *folio == index && self.is_xfs(),
            _ => false,
        }
    }

    /// Whether the call has any page written back.
    pub fn flushes(&self, call: &Call) -> bool {
        (0..self.folios.len()).any(|index| self.writes_back(call, index))
    }

    /// Whether the call hands data to the device.
    pub fn writes_to_device(&self, call: &Call) -> bool {
        matches!(call, Call::CommitData { .. } | Call::DirectWrite { .. }) || self.flushes(call)
    }

    /// Whether some call stores to the page through a pin.
    pub fn pins(&self, index: usize) -> bool {
        self.any_call(|c| matches!(c, Call::PinStore { folio, .. } if *folio == index))
    }

    /// Whether the paths are those of XFS.
    pub fn is_xfs(&self) -> bool {
        self.mapping == Mapping::Disk && self.filesystem == Filesystem::Xfs
    }

    /// Every call with its task's number and its number within the task.
    pub fn calls(&self) -> impl Iterator<Item = (usize, usize, &Call)> {
        self.tasks.iter().enumerate().flat_map(|(t, task)| {
            task.calls
                .iter()
                .enumerate()
                .map(move |(c, call)| (t, c, call))
        })
    }

    /// Whether some task asks when a splice is complete.
    pub fn asks_completion(&self) -> bool {
        self.any_call(|c| matches!(c, Call::WaitCompletion { .. }))
    }

    /// Whether bytes of the page index can get into the socket.
    pub fn reaches_socket(&self, index: usize, socket: usize) -> bool {
        self.any_call(|c| matches!(c, Call::SpliceRead { folios, .. } if folios.contains(&index)))
            && self.any_call(|c| matches!(c, Call::SpliceSocket { socket: s, .. } if *s == socket))
    }

    /// Whether any call satisfies `test`.
    pub fn any_call(&self, test: impl Fn(&Call) -> bool) -> bool {
        self.calls().any(|(_, _, call)| test(call))
    }
}
