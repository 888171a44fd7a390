//! How a call is held at a step.
//!
//! A [`Source`] is a buffer whose page is not there yet. The call that reads from it sleeps in its first access,
//! until [`Source::release`] puts the page there. `process_vm_writev` has pinned its target by then and has not
//! stored: that is a store through a pin that was taken long ago.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::{self, Mapping, PAGE};

/// A buffer of one page that stops whoever reads it.
#[derive(Debug)]
pub struct Source {
    userfaultfd: OwnedFd,
    memory: Arc<Mapping>,
}

impl Source {
    /// Makes one.
    ///
    /// # Errors
    /// If the system does not allow a userfaultfd for faults of the kernel.
    pub fn new() -> std::io::Result<Source> {
        let memory = Arc::new(Mapping::anonymous(PAGE)?);
        let userfaultfd = sys::userfaultfd()?;
        sys::register(&userfaultfd, &memory)?;
        Ok(Source {
            userfaultfd,
            memory,
        })
    }

    /// The buffer.
    pub(crate) fn memory(&self) -> Arc<Mapping> {
        Arc::clone(&self.memory)
    }

    /// Waits until somebody is stopped at it, at most as long as `limit`; whether somebody is.
    pub fn wait(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        let mut message = [0; 32];
        while rustix::io::read(&self.userfaultfd, &mut message) != Ok(message.len()) {
            if begun.elapsed() > limit {
                return false;
            }
            thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// Puts the page there: who is stopped goes on, and reads these bytes.
    ///
    /// # Errors
    /// If the page is there already.
    pub fn release(&self, page: &[u8; PAGE]) -> std::io::Result<()> {
        sys::fill(&self.userfaultfd, &self.memory, page)
    }
}
