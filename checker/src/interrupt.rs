//! Interrupts: the program ends at once, except while files are being put in their places.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The exit code of an interrupted program, as shells have it.
pub const EXIT: u8 = 130;

static WANTED: AtomicBool = AtomicBool::new(false);
static WRITING: Mutex<()> = Mutex::new(());
static DONE: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);

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
        WANTED.load(Ordering::SeqCst)
    }
}

/// For the message: so many explorations of so many are done.
pub fn note(done: usize, all: usize) {
    DONE.store(done, Ordering::Relaxed);
    ALL.store(all, Ordering::Relaxed);
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
        let (done, all) = (DONE.load(Ordering::Relaxed), ALL.load(Ordering::Relaxed));
        if all == 0 {
            eprintln!("\nfoliocheck: interrupted");
        } else {
            eprintln!(
                "\nfoliocheck: interrupted after {done} of {all} explorations; their answers are dropped, \
                 no file was changed by them"
            );
        }
        std::process::exit(EXIT.into());
    })
}
