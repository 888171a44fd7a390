//! Scenario files: one TOML file a scenario, its id the file's name.
//!
//! | key | values | default |
//! |---|---|---|
//! | `title` | one line | required |
//! | `about` | what it shows | required |
//! | `groups` | names, `quick` for those that take well under a second | required |
//! | `filesystem` | `xfs`, `ext4`, `tmpfs` | `xfs` |
//! | `words` | words a folio, 2 or 3 | 2 |
//! | `blocks` | which block a page is in, and what blocks held before, is part of the state (`xfs`, or `ext4` with a journal) | false |
//! | `journal` | `ext4` with `data=ordered`, without `dioread_nolock` | false |
//! | `buffer-heads` | ext3: only blocks whose buffers are dirty are written | false |
//! | `device` | `plain`; `integrity`: a checksum reads every word before the DMA; `parity`: raid5 | `plain` |
//! | `skip-copy` | raid5 computes parity from the page, and not from a copy | false |
//! | `stable-writes` | AS_STABLE_WRITES of the mapping: if given, the filesystem has set or cleared it | what the device demands |
//! | `page-mkwrite` | `dirty-then-wait`, `wait-then-dirty` | `dirty-then-wait` |
//! | `pipes` | capacity of each pipe | none |
//! | `sockets` | number | 0 |
//! | `max-states` | more than this makes a run inconclusive | none |
//! | `[[folio]]` | one a page index: `dirty`, `cached`, `extent` (`written`, `unwritten`, `hole`), `shared` with another file | clean, cached, written, not shared |
//! | `[[pte]]` | `mm`, `folio`, `state` (`none`, `clean`, `dirty`, `writable`) | none |
//! | `[[task]]` | `name` and `calls`: see [`calls`]; `forever` if it begins again after the last | required, false |
//!
//! A task with `forever = true` never ends: after its last call it makes the first again, its registers
//! as they were at the beginning. It stores the same tokens in every round, so that states stay
//! finite in number; what that hides is said in [`tokens`](foliocheck_model::kernel::tokens). Whatever it
//! needs must come for ever as well (who fills a pipe for ever needs somebody who empties it for ever),
//! and calls that use something up (a socket's fragments, folios that truncation throws away, the clock, a
//! pin) are refused in it. Where nobody can move, such a task is at rest if it is at its beginning, and
//! stuck elsewhere.

pub mod calls;
mod check;
mod reader;
mod whole;

use std::path::{Path, PathBuf};

use foliocheck_model::kernel::setup::Setup;
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use toml::Spanned;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A scenario, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// File name without its ending.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// What it shows.
    pub about: String,
    /// Groups it is in.
    pub groups: Vec<String>,
    /// More distinct states than this make a run inconclusive.
    pub max_states: Option<usize>,
    /// What to build.
    pub setup: Setup,
}

/// A scenario file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file or folder cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{line}: {field}: {message}")]
    Invalid {
        /// The path.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The field, or `toml` if the text as a whole cannot be read.
        field: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// No file of the folder is a scenario.
    #[error("{0}: no scenario (*.toml) in this folder")]
    Empty(PathBuf),
}

/// The file as serde reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Raw {
    pub title: String,
    pub about: String,
    pub groups: Spanned<Vec<Spanned<String>>>,
    pub filesystem: Option<Spanned<String>>,
    pub words: Option<Spanned<usize>>,
    pub blocks: Option<Spanned<bool>>,
    pub journal: Option<Spanned<bool>>,
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
    pub calls: Spanned<Vec<Spanned<calls::RawCall>>>,
    pub forever: Option<Spanned<bool>>,
}

/// An error at a place in a file.
pub(crate) struct Fault {
    pub offset: usize,
    pub field: String,
    pub message: String,
}

impl Fault {
    pub fn at(span: std::ops::Range<usize>, field: &str, message: impl Into<String>) -> Self {
        Fault {
            offset: span.start,
            field: field.to_owned(),
            message: message.into(),
        }
    }

    /// The line, counted from 1.
    pub fn line(&self, text: &str) -> usize {
        text[..self.offset.min(text.len())].matches('\n').count() + 1
    }
}

/// Reads TOML; an error names the field that it is about.
pub(crate) fn read_toml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |s| s.start);
        let message = e.message().replace('\n', " ");
        let field = field_of(text, offset, &message)
            .unwrap_or("toml")
            .to_owned();
        Fault {
            offset,
            field,
            message,
        }
    })
}

/// The field that an error of the TOML reader is about; none if the text is not TOML.
fn field_of<'a>(text: &'a str, offset: usize, message: &'a str) -> Option<&'a str> {
    if message.starts_with("missing field") || message.starts_with("unknown field") {
        return message.split('`').nth(1);
    }
    if !["invalid type", "invalid value", "invalid length"]
        .iter()
        .any(|m| message.starts_with(m))
    {
        return None;
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let (before, after) = text.split_at_checked(offset)?;
    if after.starts_with('[')
        && before
            .rsplit('\n')
            .next()
            .is_some_and(|line| line.trim().is_empty())
    {
        let name = after.trim_start_matches('[').trim_start();
        return name
            .split(|c| !is_key(c))
            .next()
            .filter(|name| !name.is_empty());
    }
    let key = before[..before.rfind('=')?].trim_end();
    let start = key.rfind(|c| !is_key(c)).map_or(0, |at| at + 1);
    Some(&key[start..]).filter(|key| !key.is_empty())
}

/// Scenarios of this group run only when they are asked for.
pub const LARGE: &str = "large";

impl Scenario {
    /// Whether it is in that group.
    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|g| g == group)
    }

    /// Whether it is run without being asked for by name or group.
    pub fn is_default(&self) -> bool {
        !self.in_group(LARGE)
    }

    /// Reads one scenario from text. `path` names it in errors and gives its id.
    ///
    /// # Errors
    /// [`ScenarioError::Invalid`], with line, field and what would be allowed.
    pub fn parse(path: &Path, text: &str) -> Result<Scenario, ScenarioError> {
        let invalid = |fault: Fault| ScenarioError::Invalid {
            path: path.to_owned(),
            line: fault.line(text),
            field: fault.field,
            message: fault.message,
        };
        let raw: Raw = read_toml(text).map_err(invalid)?;
        let setup = check::setup(&raw).map_err(invalid)?;
        let id = path
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or("scenario")
            .to_owned();
        Ok(Scenario {
            id,
            title: raw.title,
            about: raw.about.trim().to_owned(),
            groups: raw
                .groups
                .into_inner()
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            max_states: raw.max_states.map(Spanned::into_inner),
            setup,
        })
    }

    /// Reads every `*.toml` of a folder, by name.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, a file is wrong, or there is none.
    pub fn read_dir(dir: &Path) -> Result<Vec<Scenario>, ScenarioError> {
        let io = |path: &Path, source| ScenarioError::Io {
            path: path.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(|e| io(dir, e))? {
            let path = entry.map_err(|e| io(dir, e))?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.is_empty() {
            return Err(ScenarioError::Empty(dir.to_owned()));
        }
        paths
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).map_err(|e| io(path, e))?;
                Scenario::parse(path, &text)
            })
            .collect()
    }

    /// The project's own scenarios: from the source tree if it is still there (so that a file added
    /// to it counts at once), else as built in.
    ///
    /// # Errors
    /// As [`read_dir`](Self::read_dir).
    pub fn own() -> Result<Vec<Scenario>, ScenarioError> {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        if tree.is_dir() {
            return Scenario::read_dir(&tree);
        }
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|f| f.path());
        files
            .into_iter()
            .filter(|f| f.path().extension().is_some_and(|e| e == "toml"))
            .map(|f| Scenario::parse(f.path(), f.contents_utf8().unwrap_or_default()))
            .collect()
    }
}
