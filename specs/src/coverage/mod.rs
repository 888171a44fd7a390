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
mod kinds;
pub mod smallest;
mod universe;

pub use kinds::{Changer, Kind, Reader};
use std::collections::BTreeSet;

use foliocheck_model::kernel::setup::{Call, Setup};

pub use universe::{Universe, Why};

use crate::scheme::Scheme;

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

/// Whether any call of the scenario changes bytes of the file, or of what was spliced from it.
pub fn changes_bytes(setup: &Setup) -> bool {
    setup.any_call(Call::modifies) || !calls::changes(setup).is_empty()
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
