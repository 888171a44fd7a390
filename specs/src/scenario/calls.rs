//! The calls that a task of a scenario can make.
//!
//! | `call` | fields (optional ones in brackets) | stands for |
//! |---|---|---|
//! | `write` | `folios`, \[`words`\] | `write(2)` |
//! | `mmap-store` | `mm`, `folio`, \[`words`\] | stores through a shared mapping |
//! | `mmap` | `mm` | `mmap(2)` of the file: before it, the address space has no mapping of it |
//! | `mprotect` | `mm`, `folio` | `mprotect` to read-only and back |
//! | `munmap` | `mm`, `folio` | `munmap` |
//! | `writeback` | `folios`, \[`sync`: `none` or `all`\] | the flusher and the device |
//! | `splice` | `folios`, `pipe` | `splice(file, pipe)` |
//! | `pipe-read` | `pipe`, \[`buffers`, `may-stop`\] | `read(pipe)` |
//! | `pipe-write` | `pipe` | `write(pipe)` of less than a page |
//! | `tee` | `from`, `to`, \[`buffers`\] | `tee` |
//! | `splice-socket` | `pipe`, `socket`, \[`buffers`\] | `splice(pipe, socket)` |
//! | `transmit` | `socket`, \[`buffers`, `checksum`, `retransmit`\] | the stack and the device |
//! | `receive` | `socket`, \[`buffers`, `may-stop`\] | a receiver on the same machine |
//! | `truncate` | `folio` | `ftruncate` below the page and back |
//! | `punch-hole` | `folio`, \[`word`\] | `fallocate(PUNCH_HOLE)` of the page or one word |
//! | `tick` | | the coarse clock advances |
//! | `pin-store` | `folio`, \[`words`\] | stores through a pin, then unpin |
//!
//! `words` defaults to all words, `buffers` to 1.

use foliocheck_model::kernel::setup::{Call, SyncMode};
use serde::Deserialize;
use toml::Spanned;

use super::Fault;

/// A call as serde reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawCall {
    call: Spanned<String>,
    folios: Option<Spanned<Vec<usize>>>,
    folio: Option<Spanned<usize>>,
    words: Option<Spanned<Vec<usize>>>,
    word: Option<Spanned<usize>>,
    mm: Option<Spanned<usize>>,
    pipe: Option<Spanned<usize>>,
    from: Option<Spanned<usize>>,
    to: Option<Spanned<usize>>,
    socket: Option<Spanned<usize>>,
    buffers: Option<Spanned<usize>>,
    may_stop: Option<Spanned<bool>>,
    checksum: Option<Spanned<bool>>,
    retransmit: Option<Spanned<bool>>,
    sync: Option<Spanned<String>>,
}

/// What a call may refer to.
pub(crate) struct Limits {
    pub folios: usize,
    pub words: usize,
    pub pipes: Vec<usize>,
    pub sockets: usize,
}

const NAMES: [(&str, &[&str]); 17] = [
    ("write", &["folios", "words"]),
    ("mmap-store", &["mm", "folio", "words"]),
    ("mmap", &["mm"]),
    ("mprotect", &["mm", "folio"]),
    ("munmap", &["mm", "folio"]),
    ("writeback", &["folios", "sync"]),
    ("splice", &["folios", "pipe"]),
    ("pipe-read", &["pipe", "buffers", "may-stop"]),
    ("pipe-write", &["pipe"]),
    ("tee", &["from", "to", "buffers"]),
    ("splice-socket", &["pipe", "socket", "buffers"]),
    ("transmit", &["socket", "buffers", "checksum", "retransmit"]),
    ("receive", &["socket", "buffers", "may-stop"]),
    ("truncate", &["folio"]),
    ("punch-hole", &["folio", "word"]),
    ("tick", &[]),
    ("pin-store", &["folio", "words"]),
];

/// Checks a call against what exists.
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
        "munmap" => Call::Munmap {
            mm: at.mm()?,
            folio: at.folio()?,
        },
        "writeback" => Call::Writeback {
            folios: at.folios()?,
            sync: at.sync()?,
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
        },
        "transmit" => Call::Transmit {
            socket: at.socket()?,
            buffers: at.buffers()?,
            checksum: flag(call.checksum.as_ref()),
            retransmit: flag(call.retransmit.as_ref()),
        },
        "receive" => Call::Receive {
            socket: at.socket()?,
            buffers: at.buffers()?,
            may_stop: flag(call.may_stop.as_ref()),
        },
        "truncate" => Call::Truncate { folio: at.folio()? },
        "punch-hole" => Call::PunchHole {
            folio: at.folio()?,
            word: at.word()?,
        },
        "tick" => Call::Tick,
        _ => Call::PinStore {
            folio: at.folio()?,
            words: at.words()?,
        },
    })
}

fn flag(value: Option<&Spanned<bool>>) -> bool {
    value.is_some_and(|v| *v.get_ref())
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

struct Reader<'a> {
    call: &'a RawCall,
    whole: std::ops::Range<usize>,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn missing(&self, field: &str) -> Fault {
        let name = self.call.call.get_ref();
        Fault::at(
            self.whole.clone(),
            field,
            format!("call `{name}` needs `{field}`"),
        )
    }

    fn below(
        &self,
        field: &str,
        value: Option<&Spanned<usize>>,
        bound: usize,
        what: &str,
    ) -> Result<usize, Fault> {
        let value = value.ok_or_else(|| self.missing(field))?;
        if *value.get_ref() < bound {
            return Ok(*value.get_ref());
        }
        let message = format!(
            "no {what} {}, expected {}",
            value.get_ref(),
            range(bound, what)
        );
        Err(Fault::at(value.span(), field, message))
    }

    fn folio(&self) -> Result<usize, Fault> {
        self.below(
            "folio",
            self.call.folio.as_ref(),
            self.limits.folios,
            "folio",
        )
    }

    fn mm(&self) -> Result<usize, Fault> {
        self.below("mm", self.call.mm.as_ref(), 4, "address space")
    }

    fn socket(&self) -> Result<usize, Fault> {
        self.below(
            "socket",
            self.call.socket.as_ref(),
            self.limits.sockets,
            "socket",
        )
    }

    fn pipe(&self, field: &str, value: Option<&Spanned<usize>>) -> Result<usize, Fault> {
        self.below(field, value, self.limits.pipes.len(), "pipe")
    }

    fn ascending(
        field: &str,
        list: &Spanned<Vec<usize>>,
        bound: usize,
        what: &str,
    ) -> Result<Vec<usize>, Fault> {
        let values = list.get_ref();
        if values.is_empty() {
            return Err(Fault::at(
                list.span(),
                field,
                format!("expected at least one {what}"),
            ));
        }
        if let Some(bad) = values.iter().find(|v| **v >= bound) {
            let message = format!("no {what} {bad}, expected {}", range(bound, what));
            return Err(Fault::at(list.span(), field, message));
        }
        if values.windows(2).any(|w| w[0] >= w[1]) {
            let message = format!("expected each {what} once, in ascending order");
            return Err(Fault::at(list.span(), field, message));
        }
        Ok(values.clone())
    }

    fn folios(&self) -> Result<Vec<usize>, Fault> {
        let list = self
            .call
            .folios
            .as_ref()
            .ok_or_else(|| self.missing("folios"))?;
        Self::ascending("folios", list, self.limits.folios, "folio")
    }

    fn words(&self) -> Result<Vec<usize>, Fault> {
        match &self.call.words {
            None => Ok((0..self.limits.words).collect()),
            Some(list) => Self::ascending("words", list, self.limits.words, "word"),
        }
    }

    fn word(&self) -> Result<Option<usize>, Fault> {
        match &self.call.word {
            None => Ok(None),
            some => self
                .below("word", some.as_ref(), self.limits.words, "word")
                .map(Some),
        }
    }

    fn buffers(&self) -> Result<usize, Fault> {
        match &self.call.buffers {
            None => Ok(1),
            Some(value) if (1..=4).contains(value.get_ref()) => Ok(*value.get_ref()),
            Some(value) => Err(Fault::at(value.span(), "buffers", "expected 1 to 4")),
        }
    }

    fn sync(&self) -> Result<SyncMode, Fault> {
        match self
            .call
            .sync
            .as_ref()
            .map(|s| (s.get_ref().as_str(), s.span()))
        {
            None | Some(("none", _)) => Ok(SyncMode::None),
            Some(("all", _)) => Ok(SyncMode::All),
            Some((other, span)) => Err(Fault::at(
                span,
                "sync",
                format!("unknown mode `{other}`, expected one of none, all"),
            )),
        }
    }

    fn splice(&self) -> Result<Call, Fault> {
        let folios = self.folios()?;
        let pipe = self.pipe("pipe", self.call.pipe.as_ref())?;
        let capacity = self.limits.pipes[pipe];
        if folios.len() > capacity {
            let message = format!(
                "pipe {pipe} has room for {capacity}, this call fills {}",
                folios.len()
            );
            return Err(Fault::at(self.whole.clone(), "folios", message));
        }
        Ok(Call::SpliceRead { folios, pipe })
    }

    fn tee(&self) -> Result<Call, Fault> {
        let from = self.pipe("from", self.call.from.as_ref())?;
        let to = self.pipe("to", self.call.to.as_ref())?;
        if from == to {
            let span = self
                .call
                .to
                .as_ref()
                .map_or(self.whole.clone(), Spanned::span);
            return Err(Fault::at(span, "to", "expected another pipe than `from`"));
        }
        let buffers = self.buffers()?;
        let capacity = self.limits.pipes[from].min(self.limits.pipes[to]);
        if buffers > capacity {
            let message = format!("the pipes have room for {capacity}");
            return Err(Fault::at(self.whole.clone(), "buffers", message));
        }
        Ok(Call::Tee { from, to, buffers })
    }
}

fn range(bound: usize, what: &str) -> String {
    match bound {
        0 => format!("none: the scenario has no {what}"),
        1 => "0".to_owned(),
        n => format!("0 to {}", n - 1),
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
        Call::Munmap { .. } => "munmap",
        Call::Writeback { .. } => "writeback",
        Call::SpliceRead { .. } => "splice",
        Call::PipeRead { .. } => "pipe-read",
        Call::PipeWrite { .. } => "pipe-write",
        Call::Tee { .. } => "tee",
        Call::SpliceSocket { .. } => "splice-socket",
        Call::Transmit { .. } => "transmit",
        Call::Receive { .. } => "receive",
        Call::Truncate { .. } => "truncate",
        Call::PunchHole { .. } => "punch-hole",
        Call::Tick => "tick",
        Call::PinStore { .. } => "pin-store",
    }
}
