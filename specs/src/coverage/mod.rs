//! What the scenarios cover, measured: which change meets which reading, in a file of which kind.
//!
//! A **triple** is what changes a page ([`Changer`]), what reads it ([`Reader`]) and the file's
//! [`Kind`]. A scenario *runs* a triple if a call of it changes a page index that another call reads,
//! and the two can meet. A *reading* lasts from the call that takes the reference, `splice(2)`, to the
//! call that reads the bytes (for a device and a clone, both are one call). A change cannot meet it if
//!
//! - the task that makes the change also takes the reference, and takes it later;
//! - the task that makes the change also reads, and has read before;
//! - the two are one call.
//!
//! Everything else can be interleaved. All of this is read off the calls of a
//! [`Setup`]; nobody lists it.
//!
//! A triple *can exist* if the [smallest scenario](smallest::text) with it is accepted and runs it. If
//! not, the reason is the message that refuses the scenario, or that the two do not meet. So the day that
//! the model learns such a call, its triples are missing here. Where another triple asks the same,
//! [`Triple::stood_for`] says so.
//!
//! Which scenarios a scheme is run in is said by [`Family::left_out`](crate::Family::left_out).

mod calls;
pub mod smallest;
mod universe;

use std::collections::BTreeSet;

use foliocheck_model::kernel::setup::{Filesystem, Mapping, Setup};

pub use universe::{Universe, Why};

use crate::scheme::Scheme;

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

/// Who changes, who reads, in which kind of file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Triple {
    /// What changes the bytes.
    pub changer: Changer,
    /// What reads them.
    pub reader: Reader,
    /// In which kind of file.
    pub kind: Kind,
}

impl Triple {
    /// Every combination of the three, whether it can exist or not.
    pub fn all() -> impl Iterator<Item = Triple> {
        Changer::ALL.into_iter().flat_map(|changer| {
            Reader::ALL.into_iter().flat_map(move |reader| {
                Kind::ALL.into_iter().map(move |kind| Triple {
                    changer,
                    reader,
                    kind,
                })
            })
        })
    }
}

impl Triple {
    /// Why another triple stands for this one; none if it has to be asked itself.
    pub fn stood_for(&self) -> Option<&'static str> {
        let pipe = self.reader == Reader::Pipe;
        match self.changer {
            Changer::PipeWrite | Changer::Esp | Changer::Aead
                if !(pipe && self.kind == Kind::Xfs) =>
            {
                Some(
                    "a pipe or socket that writes knows its buffer only, not the file system; if it may write there \
                     at all, any reader sees it: a pipe read on XFS stands for all",
                )
            }
            Changer::Refill if !pipe && self.reader != Reader::Device => Some(
                "a page is filled before anybody has a reference, and reclaim takes only a page without one: it meets \
                 the call that takes the reference, not what is done with it later: pipe and device stand for all",
            ),
            Changer::TwoCpus
                if matches!(
                    self.reader,
                    Reader::SoftwareChecksum | Reader::Receiver | Reader::Crypto
                ) =>
            {
                Some(
                    "two CPUs differ from one in their TLBs, which are flushed where a reference is taken, if at all: \
                     of a socket's ways to read later, transmit, retransmit and checksum stand for all",
                )
            }
            Changer::StoreDirty if self.kind == Kind::Tmpfs => Some(
                "tmpfs neither cleans entries nor asks them: a dirty entry is a writable one, which stands for it",
            ),
            _ => None,
        }
    }
}

impl std::fmt::Display for Triple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Triple {
            changer,
            reader,
            kind,
        } = self;
        write!(
            f,
            "{} × {} × {}",
            changer.name(),
            reader.name(),
            kind.name()
        )
    }
}

/// The triples that a scenario runs under today's kernel.
pub fn of(setup: &Setup) -> BTreeSet<Triple> {
    met(setup, &calls::readings(setup))
}

/// The triples that a scenario runs under a scheme: what it copies is read there.
pub fn under(scheme: &Scheme, setup: &Setup) -> BTreeSet<Triple> {
    let mut readings = calls::readings(setup);
    readings.extend(calls::copies(scheme, setup));
    met(setup, &readings)
}

fn met(setup: &Setup, readings: &[calls::Reading]) -> BTreeSet<Triple> {
    let kind = Kind::of(setup);
    let changes = calls::changes(setup);
    readings
        .iter()
        .flat_map(|reading| {
            changes.iter().filter_map(move |change| {
                Some(Triple {
                    changer: change.changer,
                    reader: reading.meets(setup, change)?,
                    kind,
                })
            })
        })
        .collect()
}
