//! What the TOML files of this crate, scenarios and claims, have in common: errors that name file, line and field.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::names;

/// Most bytes of a file.
pub const SIZE_MAX: u64 = 1 << 20;

/// A file, or a folder of them, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {source}", names::path(.path))]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {field}: {message}", names::path(.path))]
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
    #[error("{}: no scenario (*.toml) in this folder", names::path(.0))]
    Empty(PathBuf),
    /// It is not a file that can be read to its end: a pipe, a device, a folder.
    #[error("{}: not a regular file", names::path(.0))]
    NotAFile(PathBuf),
    /// It is too large.
    #[error("{}: more than {SIZE_MAX} bytes", names::path(.0))]
    TooLarge(PathBuf),
    /// Its name cannot be the id of what is in it.
    #[error("{}: the file's name is the id; expected {}, then `.toml`", names::path(.0), names::ALLOWED)]
    Name(PathBuf),
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

    /// The error that tells of it. `path` names the file of that text.
    pub fn within(self, path: &Path, text: &str) -> FileError {
        FileError::Invalid {
            path: path.to_owned(),
            line: text[..self.offset.min(text.len())].matches('\n').count() + 1,
            field: names::one_line(&self.field),
            message: names::one_line(&self.message),
        }
    }
}

/// The text of a file, if it is one, in UTF-8, and no larger than [`SIZE_MAX`].
///
/// # Errors
/// If it is not.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let io = |source| FileError::Io {
        path: path.to_owned(),
        source,
    };
    // To open a pipe would wait for somebody who writes to it.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let file = std::fs::File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(SIZE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let before = &e.as_bytes()[..at];
        FileError::Invalid {
            path: path.to_owned(),
            line: before.split(|b| *b == b'\n').count(),
            field: "toml".to_owned(),
            message: "expected UTF-8".to_owned(),
        }
    })
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
