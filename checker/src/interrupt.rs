//! Interrupts: the program ends at once, except while files are being put in their places.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The exit code of an interrupted program, as shells have it.
pub const EXIT: u8 = 130;

static WANTED: AtomicBool = AtomicBool::new(false);
static WRITTEN: AtomicBool = AtomicBool::new(false);
static WRITING: Mutex<()> = Mutex::new(());
static DONE: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);
static PHASE: Mutex<String> = Mutex::new(String::new());
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Findings that the message lists; the others are counted.
const LISTED: usize = 20;

/// Files are being written: an interrupt waits for the end of this.
#[derive(Debug)]
pub struct Hold {
    _guard: MutexGuard<'static, ()>,
}

/// Holds interrupts up.
pub fn hold() -> Hold {
    Hold {
        _guard: WRITING.lock().unwrap_or_else(PoisonError::into_inner),
    }
}

impl Hold {
    /// Somebody has interrupted the program: what has not begun to change should not.
    pub fn is_wanted(&self) -> bool {
        is_wanted()
    }

    /// The files are in their places.
    pub fn done(self) {
        WRITTEN.store(true, Ordering::SeqCst);
    }
}

/// Somebody has interrupted the program.
pub fn is_wanted() -> bool {
    WANTED.load(Ordering::SeqCst)
}

/// For the message: so many explorations of so many are done.
pub fn note(done: usize, all: usize) {
    DONE.store(done, Ordering::Relaxed);
    ALL.store(all, Ordering::Relaxed);
}

/// What is being done now.
pub fn phase(name: &str) {
    name.clone_into(&mut PHASE.lock().unwrap_or_else(PoisonError::into_inner));
    note(0, 0);
}

/// For the message: this was found, and is told even if the rest is never run.
pub fn found(line: String) {
    FOUND
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(line);
}

/// What was finished when the interrupt came.
fn finished() -> String {
    let phase = PHASE.lock().unwrap_or_else(PoisonError::into_inner);
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, all) = (DONE.load(Ordering::Relaxed), ALL.load(Ordering::Relaxed));
    let mut out = String::new();
    if all > 0 {
        out = format!(" after {done} of {all} explorations ({phase}); no file was changed");
    }
    if !found.is_empty() {
        out.push_str("\nFinished before that, and violated:");
    }
    for line in found.iter().take(LISTED) {
        out.push_str("\n  ");
        out.push_str(line);
    }
    if found.len() > LISTED {
        let _ = write!(out, "\n  and {} more", found.len() - LISTED);
    }
    out
}

/// Standard error may be gone.
macro_rules! say {
    ($($arg:tt)*) => {{
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}

/// From now on SIGINT, SIGTERM and SIGHUP end the program with [`EXIT`], having said what was done.
///
/// # Errors
/// If the system does not let us.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        WANTED.store(true, Ordering::SeqCst);
        // Temporary files are gone once nothing is being written.
        let _hold = hold();
        if WRITTEN.load(Ordering::SeqCst) {
            say!("\nfoliocheck: interrupted; the files were written");
        } else {
            say!("\nfoliocheck: interrupted{}", finished());
        }
        std::process::exit(EXIT.into());
    })
}
