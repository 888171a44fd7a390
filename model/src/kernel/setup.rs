//! What a scenario fixes: objects, initial states, and which task makes which calls.

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

/// Whether writeback waits for writeback that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncMode {
    /// `WB_SYNC_NONE`: skips a folio under writeback.
    None,
    /// `WB_SYNC_ALL`: waits for it, holding the folio lock.
    All,
}

/// What a task calls, with its arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// `write(2)` over the given words of each of the folios, one call.
    Write {
        /// Page indices, ascending.
        folios: Vec<usize>,
        /// Words of each folio.
        words: Vec<usize>,
    },
    /// Stores through a shared mapping, one a word.
    MmapStore {
        /// Address space.
        mm: usize,
        /// Page index.
        folio: usize,
        /// Words, in order.
        words: Vec<usize>,
    },
    /// `mmap(2)` of the file, shared and writable. Until then the address space has no mapping of it.
    Mmap {
        /// Address space.
        mm: usize,
    },
    /// `mprotect(PROT_READ)` and back to `PROT_READ | PROT_WRITE`.
    MprotectRoundTrip {
        /// Address space.
        mm: usize,
        /// Page index.
        folio: usize,
    },
    /// `munmap` of one page.
    Munmap {
        /// Address space.
        mm: usize,
        /// Page index.
        folio: usize,
    },
    /// Writeback of folios, one after another, and the IO itself.
    Writeback {
        /// Page indices.
        folios: Vec<usize>,
        /// Whether it waits.
        sync: SyncMode,
    },
    /// `splice(file, pipe)`.
    SpliceRead {
        /// Page indices, ascending.
        folios: Vec<usize>,
        /// The pipe.
        pipe: usize,
    },
    /// `read(2)` on a pipe.
    PipeRead {
        /// The pipe.
        pipe: usize,
        /// Buffers it reads.
        buffers: usize,
        /// It may stop for ever before any of them.
        may_stop: bool,
    },
    /// `write(2)` on a pipe, less than a page.
    PipeWrite {
        /// The pipe.
        pipe: usize,
    },
    /// `tee(from, to)` of every buffer.
    Tee {
        /// Source pipe.
        from: usize,
        /// Target pipe.
        to: usize,
        /// Buffers.
        buffers: usize,
    },
    /// `splice(pipe, socket)`.
    SpliceSocket {
        /// The pipe.
        pipe: usize,
        /// The socket.
        socket: usize,
        /// Buffers.
        buffers: usize,
    },
    /// The transmit side of the stack and the network device.
    Transmit {
        /// The socket.
        socket: usize,
        /// Frags to send.
        buffers: usize,
        /// The checksum is computed by a read of its own before the bytes are sent.
        checksum: bool,
        /// A frag may be sent a second time before its ACK.
        retransmit: bool,
    },
    /// A receiver on the same machine: reads the sent frags after their ACK.
    Receive {
        /// The socket.
        socket: usize,
        /// Frags.
        buffers: usize,
        /// It may stop for ever before any of them.
        may_stop: bool,
    },
    /// Truncates the whole page away (and extends the file again: the range is a hole).
    Truncate {
        /// Page index.
        folio: usize,
    },
    /// `fallocate(PUNCH_HOLE)` of the whole page, or of one word of it.
    PunchHole {
        /// Page index.
        folio: usize,
        /// The word; the whole page if none.
        word: Option<usize>,
    },
    /// The timekeeping interrupt: the coarse clock advances.
    Tick,
    /// A store through a pin taken long ago (DMA, `process_vm_writev`), then the unpin.
    PinStore {
        /// Page index.
        folio: usize,
        /// Words.
        words: Vec<usize>,
    },
}

impl Call {
    /// The words it stores to: page index and word.
    pub fn stores(&self) -> Vec<(usize, usize)> {
        let grid = |folios: &[usize], words: &[usize]| {
            folios
                .iter()
                .flat_map(|f| words.iter().map(|w| (*f, *w)))
                .collect::<Vec<_>>()
        };
        match self {
            Call::Write { folios, words } => grid(folios, words),
            Call::MmapStore { folio, words, .. } | Call::PinStore { folio, words } => {
                grid(&[*folio], words)
            }
            _ => Vec::new(),
        }
    }

    /// Whether the range of words it zeroes includes that page's.
    pub fn zeroes(&self, index: usize) -> bool {
        match self {
            Call::Truncate { folio } | Call::PunchHole { folio, .. } => *folio == index,
            _ => false,
        }
    }

    /// Whether it takes the page out of the page cache.
    pub fn removes(&self, index: usize) -> bool {
        match self {
            Call::Truncate { folio } | Call::PunchHole { folio, word: None } => *folio == index,
            _ => false,
        }
    }

    /// Whether it can change which block a page of the file is in, or the state of that block.
    pub fn changes_extents(&self, setup: &Setup) -> bool {
        let unsettled = |i: &usize| {
            let init = &setup.folios[*i];
            init.extent != ExtentInit::Written
        };
        match self {
            Call::Truncate { .. } | Call::PunchHole { word: None, .. } => true,
            Call::Write { folios, .. } | Call::Writeback { folios, .. } => {
                folios.iter().any(unsettled)
            }
            Call::MmapStore { folio, .. } => unsettled(folio),
            _ => false,
        }
    }

    /// Whether it modifies file data on behalf of a program: what must not be blocked without bound.
    pub fn is_writer(&self) -> bool {
        matches!(
            self,
            Call::Write { .. }
                | Call::MmapStore { .. }
                | Call::Truncate { .. }
                | Call::PunchHole { .. }
        )
    }
}

/// A task: its calls, one after another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskSetup {
    /// Name.
    pub name: String,
    /// Calls.
    pub calls: Vec<Call>,
}

/// A scenario, checked and ready to build.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// AS_STABLE_WRITES.
    pub stable_writes: bool,
    /// The device reads every word for a checksum before the DMA reads it.
    pub device_checksum: bool,
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
    /// Every call with its task's number and its number within the task.
    pub fn calls(&self) -> impl Iterator<Item = (usize, usize, &Call)> {
        self.tasks.iter().enumerate().flat_map(|(t, task)| {
            task.calls
                .iter()
                .enumerate()
                .map(move |(c, call)| (t, c, call))
        })
    }

    /// Whether any call satisfies `test`.
    pub fn any_call(&self, test: impl Fn(&Call) -> bool) -> bool {
        self.calls().any(|(_, _, call)| test(call))
    }
}
