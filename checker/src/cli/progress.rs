//! Progress on a terminal; nothing elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::interrupt;

/// A bar: one phase of the work.
pub struct Progress(ProgressBar);

impl Progress {
    /// Shows it, if standard error is a terminal. Where `all` is not known yet, [`one_of`](Self::one_of) says it.
    pub fn start(phase: &str, all: Option<usize>) -> anyhow::Result<Progress> {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        if let Some(all) = all {
            bar.set_length(all as u64);
        }
        bar.set_style(ProgressStyle::with_template(
            "{prefix} [{bar:30}] {human_pos} of {human_len}, {elapsed}, about {eta} left: {wide_msg}",
        )?);
        bar.set_prefix(phase.to_owned());
        interrupt::phase(phase);
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
