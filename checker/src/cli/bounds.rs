//! How far explorations go, as on the command line.

use std::time::Duration;

use clap::Args;

use crate::engine::limits::Limits;
use crate::suite::Options;

/// Bounds of each exploration.
#[derive(Args, Default)]
pub struct Bounds {
    /// Stop an exploration at this many distinct states
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub max_states: Option<usize>,
    /// Stop an exploration after this time (`30s`, `5m`)
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// Stop explorations when the process uses this much memory (default: three quarters of what is
    /// there)
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    pub max_memory: Option<usize>,
    /// Explorations at once (default: one a core; for `ablate`, one)
    #[arg(long, value_name = "N", value_parser = threads_at_once)]
    pub jobs: Option<usize>,
}

/// Most explorations at once.
pub const JOBS_MAX: usize = 1024;

pub fn threads_at_once(text: &str) -> Result<usize, String> {
    at_most(text, JOBS_MAX)
}

/// Of which the number of bytes is one, too.
pub fn mebibytes(text: &str) -> Result<usize, String> {
    at_most(text, usize::MAX >> 20)
}

pub fn at_most(text: &str, most: usize) -> Result<usize, String> {
    match at_least_one(text) {
        Ok(n) if n > most => Err(format!("expected 1 to {most}")),
        other => other,
    }
}

pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("expected 1 or more".to_owned()),
        Ok(n) => Ok(n),
        Err(e) => Err(format!("expected a whole number, 1 or more ({e})")),
    }
}

/// The bounds of explorations.
pub fn options(bounds: &Bounds, full: bool) -> Options {
    Options {
        full,
        limits: Limits {
            max_states: bounds.max_states,
            timeout: bounds.timeout,
            max_memory: bounds
                .max_memory
                .map(|mib| mib << 20)
                .or_else(Limits::default_memory),
        },
        ..Options::default()
    }
}

impl Bounds {
    /// No bound is given.
    pub fn is_none(&self) -> bool {
        self.max_states.is_none() && self.timeout.is_none() && self.max_memory.is_none()
    }

    /// Explorations at once.
    pub fn jobs(&self) -> usize {
        self.jobs
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// How far the engines that run threads go.
#[derive(Args, Clone, Copy, Default)]
pub struct ThreadBounds {
    /// loom: most preemptions of an execution, where exploring all of them is too far
    #[arg(long, value_name = "N")]
    pub preemptions: Option<usize>,
    /// loom: most executions of a unit, with and without that bound
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub executions: Option<usize>,
    /// shuttle: schedules of each chooser (random, PCT, uniform random walk)
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub schedules: Option<usize>,
    /// shuttle: where chance begins
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}
