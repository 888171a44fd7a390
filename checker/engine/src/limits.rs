//! How far an exploration may go, and why it stopped before its end.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sysinfo::System;

/// Bounds on one exploration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Distinct states.
    pub max_states: Option<usize>,
    /// Wall time.
    pub timeout: Option<Duration>,
    /// Resident memory of the whole process, in bytes.
    pub max_memory: Option<usize>,
}

impl Limits {
    /// Three quarters of the memory that is there for this process now, in bytes: what is free on the
    /// machine, and what its control group allows. None where the system does not say.
    pub fn default_memory() -> Option<usize> {
        let mut system = System::new();
        system.refresh_memory();
        let group = system.cgroup_limits().map(|g| g.free_memory);
        let free = group.unwrap_or(u64::MAX).min(system.available_memory());
        let used = memory_stats::memory_stats().map_or(0, |m| m.physical_mem);
        let there = usize::try_from(free).ok().filter(|free| *free != 0)?;
        Some((there / 4 * 3).saturating_add(used))
    }
}

/// Why an exploration ended before it had visited every state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// [`Limits::max_states`].
    States,
    /// [`Limits::timeout`].
    Time,
    /// [`Limits::max_memory`].
    Memory,
    /// Somebody asked it to stop.
    Cancelled,
}

impl Cut {
    /// In words.
    pub fn reason(self, limits: &Limits) -> String {
        match self {
            Cut::States => format!(
                "stopped at {} states",
                limits.max_states.unwrap_or_default()
            ),
            Cut::Time => format!("stopped after {:?}", limits.timeout.unwrap_or_default()),
            Cut::Memory => {
                format!(
                    "stopped at {} MiB of memory",
                    limits.max_memory.unwrap_or_default() >> 20
                )
            }
            Cut::Cancelled => "stopped on request".to_owned(),
        }
    }
}

/// How far explorations are, seen from another thread, which may also ask them to stop.
#[derive(Debug, Default)]
pub struct Meter {
    expanded: AtomicUsize,
    cancelled: AtomicBool,
}

impl Meter {
    /// States expanded so far, over all explorations.
    pub fn expanded(&self) -> usize {
        self.expanded.load(Ordering::Relaxed)
    }

    /// Asks every exploration to stop, those that begin later included.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

thread_local! {
    static METER: RefCell<Option<Arc<Meter>>> = const { RefCell::new(None) };
}

/// Does `work` on this thread; `meter` is of all explorations that it begins.
pub fn metered<R>(meter: &Arc<Meter>, work: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<Meter>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            METER.set(self.0.take());
        }
    }
    let _restore = Restore(METER.replace(Some(Arc::clone(meter))));
    work()
}

/// Watches the bounds while an exploration runs.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    meter: Option<Arc<Meter>>,
    started: Instant,
    expanded: AtomicUsize,
    cut: AtomicU8,
}

/// Expansions between two looks at the clock and at memory.
const LOOK_EVERY: usize = 1024;

impl Watch {
    /// Starts now.
    pub fn new(limits: Limits) -> Self {
        Watch {
            limits,
            meter: METER.with_borrow(Clone::clone),
            started: Instant::now(),
            expanded: AtomicUsize::new(0),
            cut: AtomicU8::new(0),
        }
    }

    /// Called for each state that is expanded. False once a bound is reached.
    pub fn go_on(&self) -> bool {
        if self.cut.load(Ordering::Relaxed) != 0 {
            return false;
        }
        let n = self.expanded.fetch_add(1, Ordering::Relaxed);
        if let Some(meter) = &self.meter {
            meter.expanded.fetch_add(1, Ordering::Relaxed);
            if meter.is_cancelled() {
                return self.stop(Cut::Cancelled);
            }
        }
        if self.limits.max_states.is_some_and(|max| n >= max) {
            return self.stop(Cut::States);
        }
        !n.is_multiple_of(LOOK_EVERY) || self.look()
    }

    /// Looks at the clock, at memory, and at who asks to stop: for work that takes long between two
    /// states. False once a bound is reached.
    pub fn look(&self) -> bool {
        if self.cut.load(Ordering::Relaxed) != 0 {
            return false;
        }
        if self.meter.as_ref().is_some_and(|m| m.is_cancelled()) {
            return self.stop(Cut::Cancelled);
        }
        let late = |t| self.started.elapsed() > t;
        if self.limits.timeout.is_some_and(late) {
            return self.stop(Cut::Time);
        }
        let used = || memory_stats::memory_stats().map_or(0, |m| m.physical_mem);
        if self.limits.max_memory.is_some_and(|max| used() > max) {
            return self.stop(Cut::Memory);
        }
        true
    }

    /// Ends the exploration.
    pub fn stop(&self, cut: Cut) -> bool {
        let code = match cut {
            Cut::States => 1,
            Cut::Time => 2,
            Cut::Memory => 3,
            Cut::Cancelled => 4,
        };
        let _ = self
            .cut
            .compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
        false
    }

    /// Why it ended early, if it did.
    pub fn cut(&self) -> Option<Cut> {
        match self.cut.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Cut::States),
            2 => Some(Cut::Time),
            3 => Some(Cut::Memory),
            _ => Some(Cut::Cancelled),
        }
    }
}
