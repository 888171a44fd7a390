//! What can be wrong with committed files.

use std::path::{Path, PathBuf};

/// A committed file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
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
    /// It is not a trace.
    #[error("{path}: {error}")]
    Trace {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: crate::itf::ItfError,
    },
    /// Another process is at work there.
    #[error("{path}: another foliocheck is at work on this folder; try again when it is done")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Another process died while it wrote there, and what it left cannot be finished.
    #[error(
        "{path}: {message}; a foliocheck that died left this: restore the folder, or remove the file"
    )]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Somebody interrupted the program before anything was changed.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

pub(super) fn failed(path: &Path, error: std::io::Error) -> ResultsError {
    ResultsError::Io {
        path: path.to_owned(),
        error,
    }
}
