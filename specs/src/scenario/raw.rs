//! A scenario file as serde reads it.

use serde::Deserialize;
use toml::Spanned;

/// The file as serde reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Raw {
    pub title: Spanned<String>,
    pub about: Spanned<String>,
    pub groups: Spanned<Vec<Spanned<String>>>,
    pub filesystem: Option<Spanned<String>>,
    pub words: Option<Spanned<usize>>,
    pub blocks: Option<Spanned<bool>>,
    pub journal: Option<Spanned<bool>>,
    pub delalloc: Option<Spanned<bool>>,
    pub buffer_heads: Option<Spanned<bool>>,
    pub device: Option<Spanned<String>>,
    pub skip_copy: Option<Spanned<bool>>,
    pub stable_writes: Option<bool>,
    pub page_mkwrite: Option<Spanned<String>>,
    #[serde(default)]
    pub pipes: Vec<Spanned<usize>>,
    pub sockets: Option<Spanned<usize>>,
    pub max_states: Option<Spanned<usize>>,
    #[serde(default)]
    pub folio: Vec<Spanned<RawFolio>>,
    #[serde(default)]
    pub pte: Vec<Spanned<RawPte>>,
    #[serde(default)]
    pub task: Vec<Spanned<RawTask>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFolio {
    pub dirty: Option<Spanned<bool>>,
    pub cached: Option<Spanned<bool>>,
    pub extent: Option<Spanned<String>>,
    pub shared: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPte {
    pub mm: Spanned<usize>,
    pub folio: Spanned<usize>,
    pub state: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTask {
    pub name: Spanned<String>,
    pub calls: Spanned<Vec<Spanned<RawCall>>>,
    pub forever: Option<Spanned<bool>>,
}

/// A call as serde reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawCall {
    pub call: Spanned<String>,
    pub folios: Option<Spanned<Vec<usize>>>,
    pub folio: Option<Spanned<usize>>,
    pub words: Option<Spanned<Vec<usize>>>,
    pub word: Option<Spanned<usize>>,
    pub mm: Option<Spanned<usize>>,
    pub pipe: Option<Spanned<usize>>,
    pub from: Option<Spanned<usize>>,
    pub to: Option<Spanned<usize>>,
    pub socket: Option<Spanned<usize>>,
    pub buffers: Option<Spanned<usize>>,
    pub may_stop: Option<Spanned<bool>>,
    pub checksum: Option<Spanned<bool>>,
    pub retransmit: Option<Spanned<bool>>,
    pub writable: Option<Spanned<bool>>,
    pub sndbuf: Option<Spanned<usize>>,
    pub scatter_gather: Option<Spanned<bool>>,
    pub software_checksum: Option<Spanned<bool>>,
    pub late_clone: Option<Spanned<bool>>,
    pub coalesce: Option<Spanned<bool>>,
    pub crypto: Option<Spanned<String>>,
    pub sync: Option<Spanned<String>>,
}
