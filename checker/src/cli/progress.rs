//! Progress on a terminal; nothing elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::interrupt;

/// A bar.
pub struct Progress(ProgressBar);

impl Progress {
    /// Shows it, if standard error is a terminal.
    pub fn start() -> anyhow::Result<Progress> {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(ProgressStyle::with_template(
            "{bar:40} {pos}/{len} {elapsed} {msg}",
        )?);
        bar.enable_steady_tick(Duration::from_millis(100));
        Ok(Progress(bar))
    }

    /// One more of so many is done.
    pub fn one_of(&self, all: usize, message: impl Into<String>) {
        self.0.set_length(all as u64);
        self.0.set_message(message.into());
        self.0.inc(1);
        interrupt::note(
            usize::try_from(self.0.position()).unwrap_or(usize::MAX),
            all,
        );
    }

    /// Takes it away.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}
