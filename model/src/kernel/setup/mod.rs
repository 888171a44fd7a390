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

/// Whether writeback waits for writeback that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncMode {
    /// `WB_SYNC_NONE`: skips a folio under writeback.
    None,
    /// `WB_SYNC_ALL`: waits for it, holding the folio lock.
    All,
}

/// What a receiver does with the bytes before a program gets them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crypto {
    /// `esp_input`: decrypts where the bytes lie, unless a frag may be shared.
    Esp,
    /// An AF_ALG socket: `_aead_recvmsg` decrypts into pages of its reader.
    Aead,
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
    /// `mprotect(PROT_READ)`, for good.
    MprotectReadOnly {
        /// Address space.
        mm: usize,
        /// Page index.
        folio: usize,
    },
    /// `mremap` of one page to another address.
    Mremap {
        /// Address space.
        mm: usize,
        /// Page index.
        folio: usize,
    },
    /// Reclaim unmaps a folio that it then cannot free.
    TryToUnmap {
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
    /// Buffers are written by hand, as the journal of ext3 does.
    CommitData {
        /// Page indices.
        folios: Vec<usize>,
    },
    /// `splice(file, pipe)`.
    SpliceRead {
        /// Page indices, ascending.
        folios: Vec<usize>,
        /// The pipe.
        pipe: usize,
        /// The caller could write the file as well.
        writable: bool,
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
        /// Frags that the send buffer has room for until they are acknowledged; any number if none.
        sndbuf: Option<usize>,
        /// The route takes frags (NETIF_F_SG). Else `sendmsg` copies.
        scatter_gather: bool,
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
        /// The device does not checksum: `skb_checksum_help` does.
        software_checksum: bool,
        /// The ACK may overtake what is sent again.
        late_clone: bool,
    },
    /// A receiver on the same machine: reads the sent frags after their ACK.
    Receive {
        /// The socket.
        socket: usize,
        /// Frags.
        buffers: usize,
        /// It may stop for ever before any of them.
        may_stop: bool,
        /// The frag is moved into the last skb of the receive queue first.
        coalesce: bool,
        /// What is done to the bytes first.
        crypto: Option<Crypto>,
    },
    /// Waits until the requests that were spliced into a pipe are reported complete.
    WaitCompletion {
        /// The pipe that the file was spliced into.
        pipe: usize,
    },
    /// Cancels the requests that were spliced into a pipe.
    Cancel {
        /// The pipe that the file was spliced into.
        pipe: usize,
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
    /// `FICLONERANGE` of the page into another file: the two share the block from then on.
    Reflink {
        /// Page index.
        folio: usize,
    },
    /// Memory pressure: the page leaves the page cache if it is clean and nobody refers to it.
    Reclaim {
        /// Page index.
        folio: usize,
    },
    /// The journal commits what has been changed in extents (ext4, `data=ordered`).
    Commit,
    /// The timekeeping interrupt: the coarse clock advances.
    Tick,
    /// A direct write of one page from memory of the program.
    DirectWrite {
        /// Page index.
        folio: usize,
        /// All of its words.
        words: Vec<usize>,
    },
    /// A thread stores to the memory that a direct write to that page is made from.
    BufferStore {
        /// Page index.
        folio: usize,
        /// Words, in order.
        words: Vec<usize>,
    },
    /// A store through a pin taken long ago (DMA, `process_vm_writev`), then the unpin.
    PinStore {
        /// Page index.
        folio: usize,
        /// Words.
        words: Vec<usize>,
    },
}

impl Call {
    /// Whether the call changes bytes of the file on behalf of a program.
    pub fn modifies(&self) -> bool {
        !self.stores().is_empty() || matches!(self, Call::Truncate { .. } | Call::PunchHole { .. })
    }

    /// The words it stores to: page index and word. Bytes bound for a page count as the page's.
    pub fn stores(&self) -> Vec<(usize, usize)> {
        let grid = |folios: &[usize], words: &[usize]| {
            folios
                .iter()
                .flat_map(|f| words.iter().map(|w| (*f, *w)))
                .collect::<Vec<_>>()
        };
        match self {
            Call::Write { folios, words } => grid(folios, words),
            Call::MmapStore { folio, words, .. }
            | Call::PinStore { folio, words }
            | Call::DirectWrite { folio, words }
            | Call::BufferStore { folio, words } => grid(&[*folio], words),
            _ => Vec::new(),
        }
    }

    /// Whether it names the page.
    pub fn touches(&self, index: usize) -> bool {
        match self {
            Call::Write { folios, .. }
            | Call::Writeback { folios, .. }
            | Call::CommitData { folios }
            | Call::SpliceRead { folios, .. } => folios.contains(&index),
            Call::MmapStore { folio, .. }
            | Call::MprotectRoundTrip { folio, .. }
            | Call::MprotectReadOnly { folio, .. }
            | Call::Mremap { folio, .. }
            | Call::TryToUnmap { folio }
            | Call::Reclaim { folio }
            | Call::Reflink { folio }
            | Call::Munmap { folio, .. }
            | Call::Truncate { folio }
            | Call::PunchHole { folio, .. }
            | Call::DirectWrite { folio, .. }
            | Call::BufferStore { folio, .. }
            | Call::PinStore { folio, .. } => *folio == index,
            Call::Mmap { .. }
            | Call::PipeRead { .. }
            | Call::PipeWrite { .. }
            | Call::Tee { .. }
            | Call::SpliceSocket { .. }
            | Call::Transmit { .. }
            | Call::Receive { .. }
            | Call::WaitCompletion { .. }
            | Call::Cancel { .. }
            | Call::Commit
            | Call::Tick => false,
        }
    }

    /// Whether the range of words it zeroes includes that page's.
    pub fn zeroes(&self, index: usize) -> bool {
        match self {
            Call::Truncate { folio } | Call::PunchHole { folio, .. } => *folio == index,
            _ => false,
        }
    }

    /// Whether it zeroes part of that page in place.
    pub fn zeroes_part(&self, index: usize) -> bool {
        matches!(self, Call::PunchHole { folio, word: Some(_) } if *folio == index)
    }

    /// Whether it takes the page out of the page cache.
    pub fn removes(&self, index: usize) -> bool {
        match self {
            Call::Truncate { folio }
            | Call::PunchHole { folio, word: None }
            | Call::Reclaim { folio } => *folio == index,
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
                | Call::DirectWrite { .. }
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
