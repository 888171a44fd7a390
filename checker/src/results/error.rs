//! What can be wrong with committed files.

use std::path::{Path, PathBuf};

use foliocheck_specs::names;

/// A committed file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// It cannot be read or written.
    #[error("{}: {error}", names::path(.path))]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not what this program writes.
    #[error("{}:{line}:{column}: {message}", names::path(.path))]
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
    #[error("{}: schema {found}, but this program reads schema {known}", names::path(.path))]
    Schema {
        /// The path.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The schema that this program reads.
        known: u32,
    },
    /// It is not a trace.
    #[error("{}: {error}", names::path(.path))]
    Trace {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: crate::itf::ItfError,
    },
    /// Its name would not stand in a line of a report as it is.
    #[error(
        "{}: bad name of a file, expected letters, digits, `-`, `_` and `.`, the first a letter or a digit",
        names::path(.path)
    )]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// Another process is at work there.
    #[error(
        "{}: another foliocheck is at work on this folder; try again when it is done",
        names::path(.path)
    )]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Another process died while it wrote there, and what it left cannot be finished.
    #[error(
        "{}: {}; a foliocheck that died left this: restore the folder, or remove the file",
        names::path(.path),
        names::one_line(.message)
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
