//! Changes and readings, read off the calls of a scenario.

use foliocheck_model::kernel::hooks::{copies_at_sink, copies_at_source, may_copy};
use foliocheck_model::kernel::setup::{Call, Crypto, PteInit, Setup};

use super::kinds::{Changer, Reader};
use crate::scheme::Scheme;

/// A task's number, and the call's within the task.
type At = (usize, usize);

/// A call that changes a page.
pub(super) struct Change {
    pub changer: Changer,
    folio: usize,
    at: At,
}

/// Calls between which a page is referred to, and which read it.
pub(super) struct Reading {
    reader: Reader,
    folio: usize,
    from: At,
    to: At,
}

impl Reading {
    /// What the reading is to a change of the same page that can come in between; none if none can.
    pub fn meets(&self, setup: &Setup, change: &Change) -> Option<Reader> {
        let ordered = |a: At, b: At| a.0 == b.0 && a.1 <= b.1 && !setup.tasks[a.0].forever;
        let apart = change.folio != self.folio
            || change.at == self.to
            || ordered(change.at, self.from)
            || ordered(self.to, change.at);
        let own = change.at.0 == self.to.0 && matches!(self.reader, Reader::Pipe | Reader::Twin);
        (!apart).then_some(if own { Reader::Own } else { self.reader })
    }
}

/// The changes.
pub(super) fn changes(setup: &Setup) -> Vec<Change> {
    let mut changes = Vec::new();
    for (task, number, call) in setup.calls() {
        for folio in 0..setup.folios.len() {
            let at = (task, number);
            changes.extend(
                by_call(setup, at, call, folio)
                    .into_iter()
                    .map(|changer| Change { changer, folio, at }),
            );
        }
    }
    changes
}

fn by_call(setup: &Setup, at: At, call: &Call, folio: usize) -> Vec<Changer> {
    let mut found = Vec::new();
    match call {
        Call::Write { folios, words } if folios.contains(&folio) => {
            found.push(if words.len() == setup.words {
                Changer::WriteWhole
            } else {
                Changer::WritePart
            });
        }
        Call::MmapStore { mm, folio: f, .. } if *f == folio => {
            found.push(through_entry(setup, *mm, folio));
            let elsewhere = |(task, _, c): (usize, usize, &Call)| {
                task != at.0 && matches!(c, Call::MmapStore { folio: f, .. } if *f == folio)
            };
            if setup.calls().any(elsewhere) {
                found.push(Changer::TwoCpus);
            }
        }
        Call::PinStore { folio: f, .. } if *f == folio => found.push(Changer::Pin),
        Call::Truncate { folio: f } if *f == folio => found.push(Changer::Truncate),
        Call::PunchHole { folio: f, word } if *f == folio => {
            found.push(if word.is_some() {
                Changer::PunchPart
            } else {
                Changer::PunchWhole
            });
        }
        Call::Reclaim { folio: f } if *f == folio => found.push(Changer::Refill),
        Call::BufferStore { folio: f, .. } if *f == folio => found.push(Changer::Buffer),
        Call::PipeWrite { pipe } if !sources(setup, *pipe, folio).is_empty() => {
            found.push(Changer::PipeWrite);
        }
        Call::Receive {
            socket,
            crypto: Some(crypto),
            ..
        } if !frags(setup, *socket, folio).is_empty() => found.push(match crypto {
            Crypto::Esp => Changer::Esp,
            Crypto::Aead => Changer::Aead,
        }),
        _ => {}
    }
    let fills = matches!(
        call,
        Call::Write { .. } | Call::MmapStore { .. } | Call::SpliceRead { .. }
    );
    let absent = !setup.folios[folio].cached || setup.any_call(|c| c.removes(folio));
    if fills && absent && call.touches(folio) {
        found.push(Changer::Refill);
    }
    found
}

/// By the entry's state at the start.
fn through_entry(setup: &Setup, mm: usize, folio: usize) -> Changer {
    let entry = setup.ptes.iter().find(|p| p.mm == mm && p.folio == folio);
    match entry.map_or(PteInit::None, |p| p.init) {
        PteInit::None => Changer::StoreAbsent,
        PteInit::Clean => Changer::StoreClean,
        PteInit::Dirty => Changer::StoreDirty,
        PteInit::Writable => Changer::StoreWritable,
    }
}

/// The readings of today's kernel.
pub(super) fn readings(setup: &Setup) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (task, number, call) in setup.calls() {
        for folio in 0..setup.folios.len() {
            let to = (task, number);
            readings.extend(
                by_reader(setup, to, call, folio)
                    .into_iter()
                    .map(|(reader, from)| Reading {
                        reader,
                        folio,
                        from,
                        to,
                    }),
            );
        }
    }
    readings
}

/// The readings that are there because the scheme copies.
pub(super) fn copies(scheme: &Scheme, setup: &Setup) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (task, number, call) in setup.calls() {
        let to = (task, number);
        match call {
            Call::SpliceRead {
                folios, writable, ..
            } if may_copy(scheme) || copies_at_source(scheme, setup, *writable) => {
                readings.extend(folios.iter().map(|folio| Reading {
                    reader: Reader::CopyingSplice,
                    folio: *folio,
                    from: to,
                    to,
                }));
            }
            Call::SpliceSocket { pipe, buffers, .. }
                if (0..*buffers).any(|n| copies_at_sink(scheme, setup, call, n).1.is_some()) =>
            {
                for folio in 0..setup.folios.len() {
                    let from = sources(setup, *pipe, folio).into_iter();
                    readings.extend(from.map(|(from, _)| Reading {
                        reader: Reader::CopyingSend,
                        folio,
                        from,
                        to,
                    }));
                }
            }
            _ => {}
        }
    }
    readings
}

/// How the call reads the page, and which call took the reference.
fn by_reader(setup: &Setup, at: At, call: &Call, folio: usize) -> Vec<(Reader, At)> {
    let each = |readers: &[Reader], from: &[At]| {
        let pairs = from.iter().flat_map(|f| readers.iter().map(|r| (*r, *f)));
        pairs.collect()
    };
    match call {
        Call::PipeRead { pipe, .. } => sources(setup, *pipe, folio)
            .into_iter()
            .map(|(from, teed)| (if teed { Reader::Twin } else { Reader::Pipe }, from))
            .collect(),
        Call::SpliceSocket {
            pipe,
            scatter_gather: false,
            ..
        } => sources(setup, *pipe, folio)
            .into_iter()
            .map(|(from, _)| (Reader::CopyingSend, from))
            .collect(),
        Call::Transmit {
            socket,
            checksum,
            software_checksum,
            retransmit,
            ..
        } if !is_received(setup, *socket) => {
            let mut readers = vec![Reader::Transmit];
            let others = [
                (*checksum, Reader::Checksum),
                (*software_checksum, Reader::SoftwareChecksum),
                (*retransmit, Reader::Retransmit),
            ];
            readers.extend(others.iter().filter(|(on, _)| *on).map(|(_, r)| *r));
            each(&readers, &frags(setup, *socket, folio))
        }
        Call::Receive { socket, crypto, .. } => {
            let reader = if crypto.is_some() {
                Reader::Crypto
            } else {
                Reader::Receiver
            };
            each(&[reader], &frags(setup, *socket, folio))
        }
        Call::Writeback { .. } | Call::DirectWrite { .. } if call.touches(folio) => {
            let reader = if setup.device.demands_stable_writes() {
                Reader::DeviceTwice
            } else {
                Reader::Device
            };
            vec![(reader, at)]
        }
        Call::CommitData { .. } if call.touches(folio) => vec![(Reader::ByHand, at)],
        Call::Reflink { folio: f } if *f == folio => vec![(Reader::Clone, at)],
        _ => Vec::new(),
    }
}

/// Loopback hands the fragment itself to a receiver on this machine: nothing is read on the way.
fn is_received(setup: &Setup, socket: usize) -> bool {
    setup.any_call(|c| matches!(c, Call::Receive { socket: s, .. } if *s == socket))
}

/// The calls that took the references to the page which can be in the pipe, and whether `tee(2)` has
/// duplicated them since.
fn sources(setup: &Setup, pipe: usize, folio: usize) -> Vec<(At, bool)> {
    let mut pipes = vec![pipe];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(pipe) = pipes.get(next).copied() {
        for (task, number, call) in setup.calls() {
            match call {
                Call::SpliceRead {
                    folios, pipe: p, ..
                } if *p == pipe && folios.contains(&folio) => {
                    found.push(((task, number), next > 0));
                }
                Call::Tee { from, to, .. } if *to == pipe && !pipes.contains(from) => {
                    pipes.push(*from);
                }
                _ => {}
            }
        }
        next += 1;
    }
    found
}

/// The calls that took the references to the page which can be frags of the socket.
fn frags(setup: &Setup, socket: usize, folio: usize) -> Vec<At> {
    setup
        .calls()
        .filter_map(|(_, _, call)| match call {
            Call::SpliceSocket {
                pipe,
                socket: s,
                scatter_gather: true,
                ..
            } if *s == socket => Some(sources(setup, *pipe, folio)),
            _ => None,
        })
        .flatten()
        .map(|(from, _)| from)
        .collect()
}
