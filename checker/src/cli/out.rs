//! Printing that outlives who reads it: a full disk, or a reader that went away, must not keep the reports that were
//! asked for from being written. What could not be printed is remembered; [`ended`] tells of it at the end.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The first error of standard output.
static FAILED: Mutex<Option<std::io::Error>> = Mutex::new(None);

fn first() -> MutexGuard<'static, Option<std::io::Error>> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints to standard output, unless that has failed before.
pub fn out(text: Arguments<'_>) {
    let mut failed = first();
    if failed.is_none() {
        *failed = anstream::stdout().write_fmt(text).err();
    }
}

/// Prints to standard error; there is nowhere to tell that it failed.
pub fn err(text: Arguments<'_>) {
    let _ = anstream::stderr().write_fmt(text);
}

/// Everything was printed, or nobody wanted it any more.
///
/// # Errors
/// If standard output could not be written to.
pub fn ended() -> std::io::Result<()> {
    let flushed = std::io::stdout().flush();
    let error = first().take();
    match error.map_or(flushed, Err) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

macro_rules! print {
    ($($arg:tt)*) => { $crate::cli::out::out(format_args!($($arg)*)) };
}
macro_rules! println {
    () => { $crate::cli::out::out(format_args!("\n")) };
    ($($arg:tt)*) => { $crate::cli::out::out(format_args!("{}\n", format_args!($($arg)*))) };
}
macro_rules! eprint {
    ($($arg:tt)*) => { $crate::cli::out::err(format_args!($($arg)*)) };
}
macro_rules! eprintln {
    ($($arg:tt)*) => { $crate::cli::out::err(format_args!("{}\n", format_args!($($arg)*))) };
}
pub(crate) use {eprint, eprintln, print, println};

/// What is not as committed, if anything.
pub fn differences(differences: &[String]) {
    if !differences.is_empty() {
        println!("Not as committed (accept with --bless):");
    }
    for line in differences {
        println!("  {line}");
    }
}
