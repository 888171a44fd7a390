//! The executor on loom's primitives.

use std::sync::atomic::Ordering;

use foliocheck_model::executor::backend::Backend;
use foliocheck_model::executor::traced::{Cell, Traced};
use loom::sync::atomic::{AtomicU64, fence};

/// The back-end.
pub struct Loom;

/// An atomic of loom's.
pub struct LoomCell(AtomicU64);

impl Cell for LoomCell {
    fn new(value: u64) -> Self {
        LoomCell(AtomicU64::new(value))
    }

    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }
}

impl Backend for Loom {
    type Memory = Traced<LoomCell>;
    foliocheck_model::backend_threads!(loom::thread);

    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn prune() {
        loom::skip_branch();
    }

    fn choose(_: usize) -> usize {
        // Executions of loom have a script: it explores schedules and reads, not choices.
        0
    }
}
