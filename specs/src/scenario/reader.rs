//! The fields of a call, each checked against what exists.

use foliocheck_model::kernel::setup::{Call, Crypto, SyncMode};
use toml::Spanned;

use super::raw::RawCall;
use crate::file::Fault;

/// What a call may refer to.
pub(crate) struct Limits {
    pub folios: usize,
    pub words: usize,
    pub pipes: Vec<usize>,
    pub sockets: usize,
}

/// A call with what it may refer to.
pub(super) struct Reader<'a> {
    pub call: &'a RawCall,
    pub whole: std::ops::Range<usize>,
    pub limits: &'a Limits,
}

impl Reader<'_> {
    pub fn missing(&self, field: &str) -> Fault {
        let name = self.call.call.get_ref();
        Fault::at(
            self.whole.clone(),
            field,
            format!("call `{name}` needs `{field}`"),
        )
    }

    pub fn below(
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

    pub fn folio(&self) -> Result<usize, Fault> {
        self.below(
            "folio",
            self.call.folio.as_ref(),
            self.limits.folios,
            "folio",
        )
    }

    pub fn mm(&self) -> Result<usize, Fault> {
        self.below("mm", self.call.mm.as_ref(), 4, "address space")
    }

    pub fn socket(&self) -> Result<usize, Fault> {
        self.below(
            "socket",
            self.call.socket.as_ref(),
            self.limits.sockets,
            "socket",
        )
    }

    pub fn pipe(&self, field: &str, value: Option<&Spanned<usize>>) -> Result<usize, Fault> {
        self.below(field, value, self.limits.pipes.len(), "pipe")
    }

    pub fn ascending(
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

    pub fn folios(&self) -> Result<Vec<usize>, Fault> {
        let list = self
            .call
            .folios
            .as_ref()
            .ok_or_else(|| self.missing("folios"))?;
        Self::ascending("folios", list, self.limits.folios, "folio")
    }

    pub fn words(&self) -> Result<Vec<usize>, Fault> {
        match &self.call.words {
            None => Ok((0..self.limits.words).collect()),
            Some(list) => Self::ascending("words", list, self.limits.words, "word"),
        }
    }

    pub fn word(&self) -> Result<Option<usize>, Fault> {
        match &self.call.word {
            None => Ok(None),
            some => self
                .below("word", some.as_ref(), self.limits.words, "word")
                .map(Some),
        }
    }

    pub fn buffers(&self) -> Result<usize, Fault> {
        Ok(one_to_four("buffers", self.call.buffers.as_ref())?.unwrap_or(1))
    }

    pub fn sndbuf(&self) -> Result<Option<usize>, Fault> {
        one_to_four("sndbuf", self.call.sndbuf.as_ref())
    }

    pub fn crypto(&self) -> Result<Option<Crypto>, Fault> {
        let Some(crypto) = &self.call.crypto else {
            return Ok(None);
        };
        match crypto.get_ref().as_str() {
            "esp" => Ok(Some(Crypto::Esp)),
            "aead" => Ok(Some(Crypto::Aead)),
            other => Err(Fault::at(
                crypto.span(),
                "crypto",
                format!("unknown transformation `{other}`, expected one of esp, aead"),
            )),
        }
    }

    pub fn sync(&self) -> Result<SyncMode, Fault> {
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

    pub fn splice(&self) -> Result<Call, Fault> {
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
        Ok(Call::SpliceRead {
            folios,
            pipe,
            writable: flag(self.call.writable.as_ref()),
        })
    }

    pub fn tee(&self) -> Result<Call, Fault> {
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

pub(super) fn one_to_four(
    field: &str,
    value: Option<&Spanned<usize>>,
) -> Result<Option<usize>, Fault> {
    match value {
        None => Ok(None),
        Some(value) if (1..=4).contains(value.get_ref()) => Ok(Some(*value.get_ref())),
        Some(value) => Err(Fault::at(value.span(), field, "expected 1 to 4")),
    }
}

pub(super) fn flag(value: Option<&Spanned<bool>>) -> bool {
    value.is_some_and(|v| *v.get_ref())
}
