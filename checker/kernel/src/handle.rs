//! What can be made on the kernel from outside: starts of scenarios, and calls.

use foliocheck_model::kernel::setup::{Call, Device, Mapping, PteInit, Setup};

/// How a call is made on the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handle {
    /// A program makes it.
    Program,
    /// The kernel does it by itself, right after what leads to it.
    Kernel,
}

/// How a call is made on the kernel.
///
/// # Errors
/// Why it cannot be.
pub fn handle(call: &Call, setup: &Setup) -> Result<Handle, &'static str> {
    let contiguous = |words: &[usize], folios: usize| {
        words.windows(2).all(|w| w[1] == w[0] + 1) && (folios == 1 || words.len() == setup.words)
    };
    match call {
        Call::Write { folios, .. }
        | Call::SpliceRead { folios, .. }
        | Call::Writeback { folios, .. }
            if folios.windows(2).any(|w| w[1] != w[0] + 1) =>
        {
            Err("pages that are not beside each other are several calls")
        }
        Call::Write { folios, words } if !contiguous(words, folios.len()) => {
            Err("a write(2) of words that are not beside each other is several calls")
        }
        Call::PinStore { words, .. } if !contiguous(words, 1) => {
            Err("a store through a pin of words that are not beside each other is several calls")
        }
        Call::Truncate { folio } if folio + 1 != setup.folios.len() => {
            Err("truncation takes all pages from there on")
        }
        Call::Transmit {
            socket,
            checksum: false,
            retransmit: false,
            software_checksum: false,
            late_clone: false,
            ..
        } if setup.any_call(|c| matches!(c, Call::Receive { socket: s, .. } if s == socket)) => {
            Ok(Handle::Kernel)
        }
        Call::WaitCompletion { .. } => Ok(Handle::Kernel),
        Call::Write { .. }
        | Call::MmapStore { .. }
        | Call::Mmap { .. }
        | Call::MprotectRoundTrip { .. }
        | Call::MprotectReadOnly { .. }
        | Call::Munmap { .. }
        | Call::Writeback { .. }
        | Call::SpliceRead {
            writable: false, ..
        }
        | Call::PipeRead { .. }
        | Call::Tee { .. }
        | Call::SpliceSocket {
            scatter_gather: true,
            sndbuf: None,
            ..
        }
        | Call::Receive {
            coalesce: false,
            crypto: None,
            ..
        }
        | Call::Truncate { .. }
        | Call::PunchHole { .. }
        | Call::Reflink { .. }
        | Call::Reclaim { .. }
        | Call::Tick
        | Call::DirectWrite { .. }
        | Call::BufferStore { .. }
        | Call::PinStore { .. } => Ok(Handle::Program),
        Call::Transmit { .. } => Err(
            "what a peer on another machine, a checksum or a retransmission reads cannot be seen here",
        ),
        Call::SpliceRead { .. } => Err("no kernel tells a writable splice from another"),
        Call::SpliceSocket { .. } => {
            Err("a small send buffer, or a route without scatter-gather, is not set up here")
        }
        Call::Receive { .. } => Err("merged skbs, ESP and AF_ALG sockets are not set up here"),
        Call::Mremap { .. } => Err("mremap(2) is not played yet"),
        Call::TryToUnmap { .. } => {
            Err("reclaim that unmaps a page and keeps it cannot be asked for")
        }
        Call::CommitData { .. } => Err("ext3, which writes buffers by hand, is gone"),
        Call::PipeWrite { .. } => Err("write(2) on a pipe is not played yet"),
        Call::Cancel { .. } => Err("no kernel cancels a splice"),
        Call::Commit => Err("a commit of the journal alone cannot be asked for"),
    }
}

/// Whether a scenario's file system and its start can be set up.
///
/// # Errors
/// Why not.
pub fn start(setup: &Setup) -> Result<(), &'static str> {
    if setup.device != Device::Plain {
        return Err("a device that demands stable pages is not set up here");
    }
    if setup.buffer_heads {
        return Err("ext3, which writes buffers by hand, is gone");
    }
    if setup.stable_writes {
        return Err("stable_writes is not set up here");
    }
    if !setup.delalloc {
        return Err("nodelalloc is not set up here");
    }
    if setup.mapping == Mapping::Tmpfs && setup.ptes.iter().any(|p| p.init == PteInit::Clean) {
        return Err(
            "tmpfs maps a page writable at the first load: an entry without W is not set up here",
        );
    }
    Ok(())
}
