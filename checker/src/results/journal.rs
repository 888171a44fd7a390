//! The one switch that makes a change of many files visible. Files are staged beside their places; then a journal is put
//! into the folder, by one rename, that says which staged file belongs where. From then on the change is made: who dies
//! before the last file is in its place leaves the rest to whoever comes next. Before, nothing is.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{self, Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::error::{ResultsError, failed};

/// How names of staged files begin.
const PREFIX: &str = ".foliocheck-";
/// How they end.
const SUFFIX: &str = ".staged";
/// The journal's name.
const NAME: &str = ".foliocheck-journal.json";

/// What is to be done, by paths within the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// Staged files, and their places.
    renames: Vec<(PathBuf, PathBuf)>,
    /// Files that go.
    removals: Vec<PathBuf>,
}

/// The text, in a file beside the place it is meant for.
pub fn stage(path: &Path, text: &str) -> Result<NamedTempFile, ResultsError> {
    let io = |e| failed(path, e);
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(io)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut temporary = builder.tempfile_in(folder).map_err(io)?;
    temporary.write_all(text.as_bytes()).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    Ok(temporary)
}

impl Journal {
    /// The switch: after this, the change is made. Staged files and removals lie within `folder`.
    ///
    /// # Errors
    /// If it cannot be written: nothing has changed then.
    pub fn switch(
        folder: &Path,
        staged: Vec<(PathBuf, NamedTempFile)>,
        removals: &[PathBuf],
    ) -> Result<Journal, ResultsError> {
        // Staged files have absolute paths, whatever the folder was called.
        let absolute = |path: &Path| path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = absolute(folder);
        let within = |path: &Path| {
            let path = absolute(path);
            path.strip_prefix(&top).unwrap_or(&path).to_owned()
        };
        let renames = staged
            .iter()
            .map(|(path, temporary)| (within(temporary.path()), within(path)));
        let journal = Journal {
            renames: renames.collect(),
            removals: removals.iter().map(|p| within(p)).collect(),
        };
        journal.check(folder)?;
        let path = folder.join(NAME);
        let text = serde_json::to_string(&journal).expect("plain data");
        let switch = stage(&path, &text)?;
        switch.persist(&path).map_err(|e| failed(&path, e.error))?;
        // They are the journal's from here on.
        for (path, temporary) in staged {
            temporary.keep().map_err(|e| failed(&path, e.error))?;
        }
        Ok(journal)
    }

    /// Puts every file into its place, those that are there already aside, and takes the journal away.
    ///
    /// # Errors
    /// If a file cannot be moved: the journal stays, and whoever comes next goes on.
    pub fn finish(&self, folder: &Path) -> Result<(), ResultsError> {
        let done = |result: std::io::Result<()>, path: &Path| match result {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(path, e)),
            _ => Ok(()),
        };
        for (from, to) in &self.renames {
            let to = folder.join(to);
            done(fs::rename(folder.join(from), &to), &to)?;
        }
        for path in &self.removals {
            let path = folder.join(path);
            done(fs::remove_file(&path), &path)?;
        }
        let path = folder.join(NAME);
        done(fs::remove_file(&path), &path)
    }

    /// It moves staged files, and touches nothing outside the folder: somebody else may have written it.
    fn check(&self, folder: &Path) -> Result<(), ResultsError> {
        let inside = |path: &Path| {
            path.components().all(|c| matches!(c, Component::Normal(_)))
                && path.file_name().is_some()
        };
        let is_staged = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PREFIX) && name.ends_with(SUFFIX)
        };
        let places = self.renames.iter().map(|(_, to)| to).chain(&self.removals);
        let good = self
            .renames
            .iter()
            .all(|(from, _)| inside(from) && is_staged(from))
            && places.into_iter().all(|path| inside(path));
        if good {
            return Ok(());
        }
        Err(ResultsError::Journal {
            path: folder.join(NAME),
            message: "it is about files outside this folder".to_owned(),
        })
    }
}

/// Somebody died here while files were written.
pub fn is_unfinished(folder: &Path) -> bool {
    folder.join(NAME).exists() || !leftovers(folder).is_empty()
}

/// Finishes what somebody switched to and did not finish; takes away what was staged, and never switched to. Only who
/// keeps all others out may do so.
///
/// # Errors
/// If the journal is not one, or a file cannot be moved.
pub fn recover(folder: &Path) -> Result<(), ResultsError> {
    let path = folder.join(NAME);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let wrong = |e: serde_json::Error| ResultsError::Journal {
                path: path.clone(),
                message: e.to_string(),
            };
            let journal: Journal = serde_json::from_str(&text).map_err(wrong)?;
            journal.check(folder)?;
            journal.finish(folder)?;
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(failed(&path, e)),
    }
    for path in leftovers(folder) {
        fs::remove_file(&path).map_err(|e| failed(&path, e))?;
    }
    Ok(())
}

/// Staged files in the folder and in those within it.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|e| e.path()).collect()
    };
    let top = entries(folder);
    let below = top.iter().filter(|p| p.is_dir() && !p.is_symlink());
    let below: Vec<PathBuf> = below.flat_map(|p| entries(p)).collect();
    let is_staged = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX) && path.is_file()
    };
    top.into_iter().chain(below).filter(is_staged).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::{Batch, Lock};

    const NEW: [(&str, &str); 3] = [("a", "new a"), ("sub/b", "new b"), ("sub/c", "new c")];

    /// A folder with two old files, one of which is to go.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("a"), "old a").unwrap();
        fs::write(dir.path().join("sub/gone"), "old").unwrap();
        dir
    }

    fn files(folder: &Path) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for sub in ["", "sub"] {
            for entry in fs::read_dir(folder.join(sub)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.strip_prefix(folder).unwrap().display().to_string();
                    files.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        files
    }

    fn new() -> BTreeMap<String, String> {
        NEW.map(|(n, t)| (n.to_owned(), t.to_owned())).into()
    }

    fn staged(folder: &Path) -> Vec<(PathBuf, NamedTempFile)> {
        NEW.iter()
            .map(|(name, text)| {
                let path = folder.join(name);
                let temporary = stage(&path, text).unwrap();
                (path, temporary)
            })
            .collect()
    }

    #[test]
    fn who_dies_before_the_switch_has_changed_nothing() {
        let dir = folder();
        let old = files(dir.path());
        for (_, temporary) in staged(dir.path()) {
            temporary.keep().unwrap();
        }
        assert_eq!(files(dir.path()).len(), old.len() + NEW.len());
        drop(Lock::shared(dir.path()).unwrap());
        assert_eq!(files(dir.path()), old, "old, and nothing staged is left");
    }

    #[test]
    fn who_dies_after_the_switch_has_changed_everything() {
        // However many files are in their places when it happens.
        for moved in 0..=NEW.len() {
            for exclusive in [false, true] {
                let dir = folder();
                let gone = [dir.path().join("sub/gone")];
                let journal = Journal::switch(dir.path(), staged(dir.path()), &gone).unwrap();
                for (from, to) in journal.renames.iter().take(moved) {
                    fs::rename(dir.path().join(from), dir.path().join(to)).unwrap();
                }
                if exclusive {
                    drop(Lock::exclusive(dir.path()).unwrap());
                } else {
                    drop(Lock::shared(dir.path()).unwrap());
                }
                assert_eq!(files(dir.path()), new(), "{moved} moved");
            }
        }
    }

    #[test]
    fn a_change_leaves_nothing_but_its_files() {
        let dir = folder();
        let mut batch = Batch::default();
        for (name, text) in NEW {
            batch.write(dir.path().join(name), text);
        }
        batch.remove(dir.path().join("sub/gone"));
        batch.commit(dir.path()).unwrap();
        assert_eq!(files(dir.path()), new());
    }

    #[test]
    fn a_journal_of_somebody_else_moves_nothing_outside() {
        for text in [
            r#"{"renames":[[".foliocheck-x.staged","../escaped"]],"removals":[]}"#,
            r#"{"renames":[["../.foliocheck-x.staged","a"]],"removals":[]}"#,
            r#"{"renames":[["sub/gone","b"]],"removals":[]}"#,
            r#"{"renames":[],"removals":["/etc/passwd"]}"#,
            r#"{"renames":[],"removals":["../x"]}"#,
            "{",
        ] {
            let dir = folder();
            let old = files(dir.path());
            fs::write(dir.path().join(NAME), text).unwrap();
            let error = Lock::shared(dir.path()).unwrap_err().to_string();
            assert!(error.contains(NAME), "{error}");
            fs::remove_file(dir.path().join(NAME)).unwrap();
            assert_eq!(files(dir.path()), old);
        }
    }
}
