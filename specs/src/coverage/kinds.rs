//! What changes bytes, what reads them, in which kind of file.

use foliocheck_model::kernel::setup::{Filesystem, Mapping, Setup};

/// What changes the bytes of a page, or which page has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Changer {
    /// `write(2)` of some words.
    WritePart,
    /// `write(2)` of all words.
    WriteWhole,
    /// A store through a mapping that has no page-table entry at first.
    StoreAbsent,
    /// A store through an entry that is read-only and clean at first.
    StoreClean,
    /// A store through an entry that is writable and dirty at first.
    StoreDirty,
    /// A store through an entry that is writable and clean at first.
    StoreWritable,
    /// Stores to one page by two tasks, so by two CPUs.
    TwoCpus,
    /// A store through a pin.
    Pin,
    /// A hole punched into part of the page.
    PunchPart,
    /// A hole punched over the whole page.
    PunchWhole,
    /// Truncation.
    Truncate,
    /// The page is read in: it is not cached at first, or something takes it out.
    Refill,
    /// `write(2)` to a pipe that has the page.
    PipeWrite,
    /// Decryption by ESP.
    Esp,
    /// Decryption by an `AF_ALG` socket.
    Aead,
    /// A store to the buffer that a direct write is made from.
    Buffer,
}

impl Changer {
    /// All.
    pub const ALL: [Changer; 16] = [
        Changer::WritePart,
        Changer::WriteWhole,
        Changer::StoreAbsent,
        Changer::StoreClean,
        Changer::StoreDirty,
        Changer::StoreWritable,
        Changer::TwoCpus,
        Changer::Pin,
        Changer::PunchPart,
        Changer::PunchWhole,
        Changer::Truncate,
        Changer::Refill,
        Changer::PipeWrite,
        Changer::Esp,
        Changer::Aead,
        Changer::Buffer,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Changer::WritePart => "write, part of the page",
            Changer::WriteWhole => "write, whole page",
            Changer::StoreAbsent => "store, no entry",
            Changer::StoreClean => "store, clean entry",
            Changer::StoreDirty => "store, dirty entry",
            Changer::StoreWritable => "store, writable clean entry",
            Changer::TwoCpus => "two storing CPUs",
            Changer::Pin => "pin",
            Changer::PunchPart => "punch, part of the page",
            Changer::PunchWhole => "punch, whole page",
            Changer::Truncate => "truncate",
            Changer::Refill => "fill",
            Changer::PipeWrite => "write to the pipe",
            Changer::Esp => "ESP",
            Changer::Aead => "AF_ALG",
            Changer::Buffer => "buffer of a direct write",
        }
    }
}

/// What reads the bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reader {
    /// `read(2)` on the pipe that the page was spliced into.
    Pipe,
    /// The same by the task that makes the change, after it: nobody else can end a hold.
    Own,
    /// A `read(2)` of what `tee(2)` has duplicated.
    Twin,
    /// A socket sends the page.
    Transmit,
    /// It sends it again.
    Retransmit,
    /// A checksum or hash reads it before the device does.
    Checksum,
    /// `skb_checksum_help`, where the device has no checksum.
    SoftwareChecksum,
    /// `sendmsg` copies it: the route takes no frags, or a scheme says so.
    CopyingSend,
    /// A receiver on the same machine.
    Receiver,
    /// ESP or an `AF_ALG` socket.
    Crypto,
    /// A device that writes back, and reads once.
    Device,
    /// A device that reads twice: for a checksum or for parity, then by DMA.
    DeviceTwice,
    /// A journal that writes buffers by hand.
    ByHand,
    /// A clone of the range into another file.
    Clone,
    /// `splice(2)` copies it, because a scheme says so.
    CopyingSplice,
}

impl Reader {
    /// All.
    pub const ALL: [Reader; 15] = [
        Reader::Pipe,
        Reader::Own,
        Reader::Twin,
        Reader::Transmit,
        Reader::Retransmit,
        Reader::Checksum,
        Reader::SoftwareChecksum,
        Reader::CopyingSend,
        Reader::Receiver,
        Reader::Crypto,
        Reader::Device,
        Reader::DeviceTwice,
        Reader::ByHand,
        Reader::Clone,
        Reader::CopyingSplice,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Reader::Pipe => "pipe",
            Reader::Own => "own pipe",
            Reader::Twin => "tee twin",
            Reader::Transmit => "transmit",
            Reader::Retransmit => "retransmit",
            Reader::Checksum => "checksum",
            Reader::SoftwareChecksum => "software checksum",
            Reader::CopyingSend => "copying send",
            Reader::Receiver => "local receiver",
            Reader::Crypto => "crypto",
            Reader::Device => "device",
            Reader::DeviceTwice => "device, twice",
            Reader::ByHand => "buffers by hand",
            Reader::Clone => "clone",
            Reader::CopyingSplice => "copying splice",
        }
    }
}

/// What kind of file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// XFS.
    Xfs,
    /// ext4, with or without buffer heads.
    Ext4,
    /// tmpfs.
    Tmpfs,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 3] = [Kind::Xfs, Kind::Ext4, Kind::Tmpfs];

    /// As scenario files name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Xfs => "xfs",
            Kind::Ext4 => "ext4",
            Kind::Tmpfs => "tmpfs",
        }
    }

    /// That of a scenario.
    pub fn of(setup: &Setup) -> Kind {
        match (setup.mapping, setup.filesystem) {
            (Mapping::Tmpfs, _) => Kind::Tmpfs,
            (Mapping::Disk, Filesystem::Xfs) => Kind::Xfs,
            (Mapping::Disk, Filesystem::Ext4) => Kind::Ext4,
        }
    }
}
