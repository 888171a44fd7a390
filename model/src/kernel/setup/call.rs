//! What a task of a scenario can call.

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
