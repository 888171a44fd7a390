//! The calls that a task of a scenario can make.
//!
//! | `call` | fields (optional ones in brackets) | stands for |
//! |---|---|---|
//! | `write` | `folios`, \[`words`\] | `write(2)` |
//! | `mmap-store` | `mm`, `folio`, \[`words`\] | stores through a shared mapping |
//! | `mmap` | `mm` | `mmap(2)` of the file: before it, the address space has no mapping of it |
//! | `mprotect` | `mm`, `folio` | `mprotect` to read-only and back |
//! | `mprotect-read-only` | `mm`, `folio` | `mprotect` to read-only, for good |
//! | `mremap` | `mm`, `folio` | `mremap` to another address |
//! | `try-to-unmap` | `folio` | reclaim unmaps a page that it cannot free |
//! | `munmap` | `mm`, `folio` | `munmap` |
//! | `writeback` | `folios`, \[`sync`: `none` or `all`\] | the flusher and the device |
//! | `commit-data` | `folios` | buffers written by hand, as the journal of ext3 does |
//! | `splice` | `folios`, `pipe`, \[`writable`\] | `splice(file, pipe)`; the caller could write the file |
//! | `pipe-read` | `pipe`, \[`buffers`, `may-stop`\] | `read(pipe)` |
//! | `pipe-write` | `pipe` | `write(pipe)` of less than a page |
//! | `tee` | `from`, `to`, \[`buffers`\] | `tee` |
//! | `splice-socket` | `pipe`, `socket`, \[`buffers`, `sndbuf`, `scatter-gather`\] | `splice(pipe, socket)`; frags not yet acknowledged that fit; whether the route takes frags |
//! | `transmit` | `socket`, \[`buffers`, `checksum`, `retransmit`, `late-clone`, `software-checksum`\] | the stack and the device |
//! | `receive` | `socket`, \[`buffers`, `may-stop`, `coalesce`, `crypto`: `esp` or `aead`\] | a receiver on the same machine |
//! | `wait-completion` | `pipe` | waits until what was spliced into the pipe is reported complete |
//! | `cancel` | `pipe` | cancels what was spliced into the pipe |
//! | `truncate` | `folio` | `ftruncate` below the page and back |
//! | `punch-hole` | `folio`, \[`word`\] | `fallocate(PUNCH_HOLE)` of the page or one word |
//! | `reflink` | `folio` | `FICLONERANGE` of the page into another file |
//! | `reclaim` | `folio` | memory pressure on the page |
//! | `commit` | | the journal commits |
//! | `tick` | | the coarse clock advances |
//! | `direct-write` | `folio` | a direct write of the page from a buffer of its own |
//! | `buffer-store` | `folio`, \[`words`\] | a thread stores to that buffer |
//! | `pin-store` | `folio`, \[`words`\] | stores through a pin, then unpin |
//!
//! `words` defaults to all words, `buffers` to 1, `scatter-gather` to true, other flags to false.

use foliocheck_model::kernel::setup::Call;
use toml::Spanned;

use super::raw::RawCall;
use super::reader::{Limits, Reader, flag};
use crate::file::Fault;

const NAMES: &[(&str, &[&str])] = &[
    ("write", &["folios", "words"]),
    ("mmap-store", &["mm", "folio", "words"]),
    ("mmap", &["mm"]),
    ("mprotect", &["mm", "folio"]),
    ("mprotect-read-only", &["mm", "folio"]),
    ("mremap", &["mm", "folio"]),
    ("try-to-unmap", &["folio"]),
    ("munmap", &["mm", "folio"]),
    ("writeback", &["folios", "sync"]),
    ("commit-data", &["folios"]),
    ("splice", &["folios", "pipe", "writable"]),
    ("pipe-read", &["pipe", "buffers", "may-stop"]),
    ("pipe-write", &["pipe"]),
    ("tee", &["from", "to", "buffers"]),
    (
        "splice-socket",
        &["pipe", "socket", "buffers", "sndbuf", "scatter-gather"],
    ),
    (
        "transmit",
        &[
            "socket",
            "buffers",
            "checksum",
            "retransmit",
            "late-clone",
            "software-checksum",
        ],
    ),
    (
        "receive",
        &["socket", "buffers", "may-stop", "coalesce", "crypto"],
    ),
    ("wait-completion", &["pipe"]),
    ("cancel", &["pipe"]),
    ("truncate", &["folio"]),
    ("punch-hole", &["folio", "word"]),
    ("reflink", &["folio"]),
    ("reclaim", &["folio"]),
    ("commit", &[]),
    ("tick", &[]),
    ("direct-write", &["folio"]),
    ("buffer-store", &["folio", "words"]),
    ("pin-store", &["folio", "words"]),
];

/// Checks a call against what exists.
#[expect(clippy::too_many_lines, reason = "a list")]
pub(crate) fn check(raw: &Spanned<RawCall>, limits: &Limits) -> Result<Call, Fault> {
    let call = raw.get_ref();
    let name = call.call.get_ref().as_str();
    let Some((_, allowed)) = NAMES.iter().find(|(n, _)| *n == name) else {
        let names: Vec<_> = NAMES.iter().map(|(n, _)| *n).collect();
        return Err(Fault::at(
            call.call.span(),
            "call",
            format!(
                "unknown call `{name}`, expected one of {}",
                names.join(", ")
            ),
        ));
    };
    call.only(name, allowed)?;
    let at = Reader {
        call,
        whole: raw.span(),
        limits,
    };
    Ok(match name {
        "write" => Call::Write {
            folios: at.folios()?,
            words: at.words()?,
        },
        "mmap-store" => Call::MmapStore {
            mm: at.mm()?,
            folio: at.folio()?,
            words: at.words()?,
        },
        "mmap" => Call::Mmap { mm: at.mm()? },
        "mprotect" => Call::MprotectRoundTrip {
            mm: at.mm()?,
            folio: at.folio()?,
        },
        "mprotect-read-only" => Call::MprotectReadOnly {
            mm: at.mm()?,
            folio: at.folio()?,
        },
        "mremap" => Call::Mremap {
            mm: at.mm()?,
            folio: at.folio()?,
        },
        "try-to-unmap" => Call::TryToUnmap { folio: at.folio()? },
        "munmap" => Call::Munmap {
            mm: at.mm()?,
            folio: at.folio()?,
        },
        "writeback" => Call::Writeback {
            folios: at.folios()?,
            sync: at.sync()?,
        },
        "commit-data" => Call::CommitData {
            folios: at.folios()?,
        },
        "splice" => at.splice()?,
        "pipe-read" => {
            let pipe = at.pipe("pipe", call.pipe.as_ref())?;
            Call::PipeRead {
                pipe,
                buffers: at.buffers()?,
                may_stop: flag(call.may_stop.as_ref()),
            }
        }
        "pipe-write" => Call::PipeWrite {
            pipe: at.pipe("pipe", call.pipe.as_ref())?,
        },
        "tee" => at.tee()?,
        "splice-socket" => Call::SpliceSocket {
            pipe: at.pipe("pipe", call.pipe.as_ref())?,
            socket: at.socket()?,
            buffers: at.buffers()?,
            sndbuf: at.sndbuf()?,
            scatter_gather: call.scatter_gather.as_ref().is_none_or(|v| *v.get_ref()),
        },
        "transmit" => Call::Transmit {
            socket: at.socket()?,
            buffers: at.buffers()?,
            checksum: flag(call.checksum.as_ref()),
            retransmit: flag(call.retransmit.as_ref()),
            software_checksum: flag(call.software_checksum.as_ref()),
            late_clone: flag(call.late_clone.as_ref()),
        },
        "receive" => Call::Receive {
            socket: at.socket()?,
            buffers: at.buffers()?,
            may_stop: flag(call.may_stop.as_ref()),
            coalesce: flag(call.coalesce.as_ref()),
            crypto: at.crypto()?,
        },
        "wait-completion" => Call::WaitCompletion {
            pipe: at.pipe("pipe", call.pipe.as_ref())?,
        },
        "cancel" => Call::Cancel {
            pipe: at.pipe("pipe", call.pipe.as_ref())?,
        },
        "truncate" => Call::Truncate { folio: at.folio()? },
        "punch-hole" => Call::PunchHole {
            folio: at.folio()?,
            word: at.word()?,
        },
        "reflink" => Call::Reflink { folio: at.folio()? },
        "reclaim" => Call::Reclaim { folio: at.folio()? },
        "commit" => Call::Commit,
        "tick" => Call::Tick,
        "direct-write" => Call::DirectWrite {
            folio: at.folio()?,
            words: (0..limits.words).collect(),
        },
        "buffer-store" => Call::BufferStore {
            folio: at.folio()?,
            words: at.words()?,
        },
        _ => Call::PinStore {
            folio: at.folio()?,
            words: at.words()?,
        },
    })
}

impl RawCall {
    /// No field is given that this call does not use.
    fn only(&self, name: &str, allowed: &[&str]) -> Result<(), Fault> {
        let given = [
            ("folios", self.folios.as_ref().map(Spanned::span)),
            ("folio", self.folio.as_ref().map(Spanned::span)),
            ("words", self.words.as_ref().map(Spanned::span)),
            ("word", self.word.as_ref().map(Spanned::span)),
            ("mm", self.mm.as_ref().map(Spanned::span)),
            ("pipe", self.pipe.as_ref().map(Spanned::span)),
            ("from", self.from.as_ref().map(Spanned::span)),
            ("to", self.to.as_ref().map(Spanned::span)),
            ("socket", self.socket.as_ref().map(Spanned::span)),
            ("buffers", self.buffers.as_ref().map(Spanned::span)),
            ("may-stop", self.may_stop.as_ref().map(Spanned::span)),
            ("checksum", self.checksum.as_ref().map(Spanned::span)),
            ("retransmit", self.retransmit.as_ref().map(Spanned::span)),
            ("sync", self.sync.as_ref().map(Spanned::span)),
            ("writable", self.writable.as_ref().map(Spanned::span)),
            ("sndbuf", self.sndbuf.as_ref().map(Spanned::span)),
            (
                "scatter-gather",
                self.scatter_gather.as_ref().map(Spanned::span),
            ),
            (
                "software-checksum",
                self.software_checksum.as_ref().map(Spanned::span),
            ),
            ("late-clone", self.late_clone.as_ref().map(Spanned::span)),
            ("coalesce", self.coalesce.as_ref().map(Spanned::span)),
            ("crypto", self.crypto.as_ref().map(Spanned::span)),
        ];
        for (field, span) in given {
            if let Some(span) = span
                && !allowed.contains(&field)
            {
                let list = if allowed.is_empty() {
                    "no field".to_owned()
                } else {
                    allowed.join(", ")
                };
                let message = format!("call `{name}` has no such field, expected {list}");
                return Err(Fault::at(span, field, message));
            }
        }
        Ok(())
    }
}

/// The names of all calls.
pub fn names() -> Vec<&'static str> {
    NAMES.iter().map(|(name, _)| *name).collect()
}

/// The name of a call.
pub fn name(call: &Call) -> &'static str {
    match call {
        Call::Write { .. } => "write",
        Call::MmapStore { .. } => "mmap-store",
        Call::Mmap { .. } => "mmap",
        Call::MprotectRoundTrip { .. } => "mprotect",
        Call::MprotectReadOnly { .. } => "mprotect-read-only",
        Call::Mremap { .. } => "mremap",
        Call::TryToUnmap { .. } => "try-to-unmap",
        Call::Munmap { .. } => "munmap",
        Call::Writeback { .. } => "writeback",
        Call::CommitData { .. } => "commit-data",
        Call::SpliceRead { .. } => "splice",
        Call::PipeRead { .. } => "pipe-read",
        Call::PipeWrite { .. } => "pipe-write",
        Call::Tee { .. } => "tee",
        Call::SpliceSocket { .. } => "splice-socket",
        Call::Transmit { .. } => "transmit",
        Call::Receive { .. } => "receive",
        Call::WaitCompletion { .. } => "wait-completion",
        Call::Cancel { .. } => "cancel",
        Call::Truncate { .. } => "truncate",
        Call::PunchHole { .. } => "punch-hole",
        Call::Reflink { .. } => "reflink",
        Call::Reclaim { .. } => "reclaim",
        Call::Commit => "commit",
        Call::Tick => "tick",
        Call::DirectWrite { .. } => "direct-write",
        Call::BufferStore { .. } => "buffer-store",
        Call::PinStore { .. } => "pin-store",
    }
}
