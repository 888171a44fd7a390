//! Scenario files: one TOML file a scenario, its id the file's name.
//!
//! | key | values | default |
//! |---|---|---|
//! | `title` | one line | required |
//! | `about` | what it shows | required |
//! | `groups` | names; `quick`: takes well under a second, run by every engine; `coverage`: there for the [triples](crate::coverage) that it runs | required |
//! | `filesystem` | `xfs`, `ext4`, `tmpfs` | `xfs` |
//! | `words` | words a folio, 2 or 3 | 2 |
//! | `blocks` | which block a page is in, and what blocks held before, is part of the state (`xfs`, or `ext4` with a journal) | false |
//! | `journal` | `ext4` with `data=ordered`, without `dioread_nolock` | false |
//! | `delalloc` | delayed allocation; `false` with a journal only: writes and faults allocate under a handle | true |
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
mod raw;
mod reader;
mod room;
mod whole;

use std::path::Path;

use foliocheck_model::kernel::setup::Setup;
use include_dir::{Dir, include_dir};

use crate::file::{Fault, FileError, read_text, read_toml};
use crate::names::is_name;
use raw::Raw;
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

/// The id that a file's name gives.
fn id(path: &Path) -> Result<String, FileError> {
    let stem = path.file_stem().and_then(|s| s.to_str());
    stem.filter(|stem| is_name(stem))
        .map(str::to_owned)
        .ok_or_else(|| FileError::Name(path.to_owned()))
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
    /// [`FileError::Invalid`], with line, field and what would be allowed.
    pub fn parse(path: &Path, text: &str) -> Result<Scenario, FileError> {
        Scenario::named(id(path)?, path, text)
    }

    fn named(id: String, path: &Path, text: &str) -> Result<Scenario, FileError> {
        let invalid = |fault: Fault| fault.within(path, text);
        let raw: Raw = read_toml(text).map_err(invalid)?;
        let setup = check::setup(&raw).map_err(invalid)?;
        Ok(Scenario {
            id,
            title: raw.title.into_inner(),
            about: raw.about.get_ref().trim().to_owned(),
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
    pub fn read_dir(dir: &Path) -> Result<Vec<Scenario>, FileError> {
        let io = |path: &Path, source| FileError::Io {
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
            return Err(FileError::Empty(dir.to_owned()));
        }
        paths
            .iter()
            .map(|path| {
                // The name first: of a file with a wrong one nothing is read.
                Scenario::named(id(path)?, path, &read_text(path)?)
            })
            .collect()
    }

    /// The project's own scenarios, as they were when the program was built. No file is read.
    ///
    /// # Errors
    /// If one of them is wrong.
    pub fn own() -> Result<Vec<Scenario>, FileError> {
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|f| f.path());
        files
            .into_iter()
            .filter(|f| f.path().extension().is_some_and(|e| e == "toml"))
            .map(|f| Scenario::parse(f.path(), f.contents_utf8().unwrap_or_default()))
            .collect()
    }
}
