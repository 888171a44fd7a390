//! Committed files under `results/`: read with their schema checked, written whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A committed file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what this program writes.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// The path.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It was written by another version.
    #[error("{path}: schema {found}, but this program reads schema {known}")]
    Schema {
        /// The path.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The schema that this program reads.
        known: u32,
    },
}

/// Reads a file with `"schema": known`; none if there is no file.
///
/// # Errors
/// If it cannot be read, is malformed, or of another schema.
pub fn read<T: DeserializeOwned>(path: &Path, known: u32) -> Result<Option<T>, ResultsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, path, known).map(Some),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ResultsError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Reads it from text; `path` names it in errors.
///
/// # Errors
/// If it is malformed, or of another schema.
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
    serde_json::from_str(text).map_err(malformed)
}

/// Items of a JSON array, one a line, so that a change of one is a change of one line.
pub fn lines<T: Serialize>(items: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<String> = items
        .into_iter()
        .map(|item| serde_json::to_string(&item).expect("plain data"))
        .collect();
    lines.join(",\n")
}

/// Writes `text`, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), ResultsError> {
    let io = |source| ResultsError::Io {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut temporary = builder.tempfile_in(folder).map_err(io)?;
    temporary.write_all(text.as_bytes()).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}
