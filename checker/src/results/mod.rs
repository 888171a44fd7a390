//! Committed files under `results/`: read with their schema checked, written whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use foliocheck_specs::names;
use serde::Deserialize;
use serde::de::DeserializeOwned;

mod error;
mod journal;
mod lines;
pub(crate) mod texts;

pub use error::ResultsError;
use error::failed;
use journal::{Journal, stage};
pub use lines::lines;

/// Reads a file with `"schema": known`; none if there is no file.
///
/// # Errors
/// If it cannot be read, is malformed, or of another schema.
pub fn read<T: DeserializeOwned>(path: &Path, known: u32) -> Result<Option<T>, ResultsError> {
    text(path)?
        .map(|text| parse(&text, path, known))
        .transpose()
}

/// Reads it from text; `path` names it in errors.
///
/// # Errors
/// If it is malformed, or of another schema, or if a name or a text in it could forge a line of a report.
pub fn parse<T: DeserializeOwned>(text: &str, path: &Path, known: u32) -> Result<T, ResultsError> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let malformed = |e: serde_json::Error| ResultsError::Malformed {
        path: path.to_owned(),
        line: e.line(),
        column: e.column(),
        message: e.to_string(),
    };
    let version: Version = serde_json::from_str(text).map_err(malformed)?;
    if version.schema != known {
        return Err(ResultsError::Schema {
            path: path.to_owned(),
            found: version.schema,
            known,
        });
    }
    texts::check(text).map_err(malformed)?;
    serde_json::from_str(text).map_err(malformed)
}

/// Files that change together: all are written beside their places before one switch makes the change, so
/// that a full disk, a folder that cannot be written, an interrupt, or the death of the program leaves everything as
/// it was, or as it is to be.
#[derive(Default, Debug)]
pub struct Batch {
    writes: BTreeMap<PathBuf, String>,
    removals: BTreeSet<PathBuf>,
}

impl Batch {
    /// The file is to have this text.
    pub fn write(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) {
        let path = path.into();
        self.removals.remove(&path);
        self.writes.insert(path, text.into());
    }

    /// The file is to be there no more.
    pub fn remove(&mut self, path: impl Into<PathBuf>) {
        let path = path.into();
        self.writes.remove(&path);
        self.removals.insert(path);
    }

    /// The file as it is to be; none if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, path: &Path) -> Result<Option<String>, ResultsError> {
        if self.removals.contains(path) {
            return Ok(None);
        }
        match self.writes.get(path) {
            Some(text) => Ok(Some(text.clone())),
            None => text(path),
        }
    }

    /// Files of a folder whose name ends so, as they are to be, in order of their names.
    ///
    /// # Errors
    /// If the folder cannot be read, or the name of such a file could forge a line of a report.
    pub fn list(&self, folder: &Path, ending: &str) -> Result<Vec<PathBuf>, ResultsError> {
        let ends = |path: &PathBuf| path.to_string_lossy().ends_with(ending);
        let mut paths: BTreeSet<PathBuf> = files(folder)?.into_iter().filter(ends).collect();
        let is_plain = |path: &Path| {
            path.file_name()?
                .to_str()
                .filter(|n| names::is_plain(n))
                .map(drop)
        };
        if let Some(path) = paths.iter().find(|path| is_plain(path).is_none()) {
            return Err(ResultsError::Name { path: path.clone() });
        }
        paths.retain(|path| !self.removals.contains(path));
        let new = self.writes.keys().filter(|p| p.parent() == Some(folder));
        paths.extend(new.filter(|p| ends(p)).cloned());
        Ok(paths.into_iter().collect())
    }

    /// How many files it is about.
    pub fn len(&self) -> usize {
        self.writes.len() + self.removals.len()
    }

    /// Whether it is about none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the file is to be there no more.
    pub fn removes(&self, path: &Path) -> bool {
        self.removals.contains(path)
    }

    /// Paths of files that are not as they are to be.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn differing(&self) -> Result<Vec<&Path>, ResultsError> {
        let mut paths: Vec<&Path> = Vec::new();
        for (path, wanted) in &self.writes {
            match std::fs::read(path) {
                Ok(bytes) if bytes == wanted.as_bytes() => {}
                Ok(_) => paths.push(path),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => paths.push(path),
                Err(e) => return Err(failed(path, e)),
            }
        }
        paths.extend(
            self.removals
                .iter()
                .filter(|p| p.exists())
                .map(PathBuf::as_path),
        );
        paths.sort();
        Ok(paths)
    }

    /// Makes it so. All files lie within `folder`, which [`Lock::exclusive`] keeps others out of.
    ///
    /// # Errors
    /// If a file cannot be written; then nothing has changed. If the disk fails after the switch, the next [`Lock`]
    /// goes on.
    pub fn commit(self, folder: &Path) -> Result<(), ResultsError> {
        let writing = crate::interrupt::hold();
        let changed: Vec<PathBuf> = self.differing()?.into_iter().map(Path::to_owned).collect();
        let mut staged = Vec::new();
        for path in &changed {
            if let Some(text) = self.writes.get(path) {
                if writing.is_wanted() {
                    return Err(ResultsError::Interrupted);
                }
                staged.push((path.clone(), stage(path, text)?));
            }
        }
        let removals = self.removals.into_iter().filter(|p| changed.contains(p));
        let removals: Vec<PathBuf> = removals.collect();
        match (staged.len(), removals.len()) {
            (0, 0) => {}
            // One rename is a switch by itself.
            (1, 0) => {
                for (path, temporary) in staged {
                    temporary
                        .persist(&path)
                        .map_err(|e| failed(&path, e.error))?;
                }
            }
            _ => Journal::switch(folder, staged, &removals)?.finish(folder)?,
        }
        writing.done();
        Ok(())
    }
}

/// Writes one file, whole or not at all. What is no file (`/dev/stdout`, a pipe) is written to.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), ResultsError> {
    if path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return std::fs::write(path, text).map_err(|e| failed(path, e));
    }
    let mut batch = Batch::default();
    batch.write(path, text);
    batch.commit(path.parent().unwrap_or(Path::new("")))
}

/// The text of a file; none if there is none.
fn text(path: &Path) -> Result<Option<String>, ResultsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(path, e)),
    }
}

/// The files of a folder; none if there is no such folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ResultsError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(folder, e)),
    };
    entries
        .map(|entry| entry.map(|e| e.path()).map_err(|e| failed(folder, e)))
        .collect()
}

/// Keeps others from a folder of results while it is read or written; released when dropped, and by the
/// system if the program dies.
#[derive(Debug)]
pub struct Lock {
    _folder: Option<File>,
}

impl Lock {
    /// For readers: others may read.
    ///
    /// # Errors
    /// If somebody writes there.
    pub fn shared(folder: &Path) -> Result<Lock, ResultsError> {
        if journal::is_unfinished(folder) {
            drop(Self::exclusive(folder)?);
        }
        Self::take(folder, File::try_lock_shared)
    }

    /// For who will write: nobody else may read or write. Makes the folder if there is none.
    ///
    /// # Errors
    /// If somebody reads or writes there, or the folder cannot be made.
    pub fn exclusive(folder: &Path) -> Result<Lock, ResultsError> {
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let lock = Self::take(folder, File::try_lock)?;
        journal::recover(folder)?;
        Ok(lock)
    }

    /// The lock is on the folder itself, so that no file has to be made for it.
    fn take(
        folder: &Path,
        lock: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Lock, ResultsError> {
        let Ok(file) = File::open(folder) else {
            // Nothing to read, or a system on which folders are not opened: nobody to keep out.
            return Ok(Lock { _folder: None });
        };
        match lock(&file) {
            Ok(()) => Ok(Lock {
                _folder: Some(file),
            }),
            Err(TryLockError::WouldBlock) => Err(ResultsError::Busy {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => {
                Ok(Lock { _folder: None })
            }
            Err(TryLockError::Error(e)) => Err(failed(folder, e)),
        }
    }
}
