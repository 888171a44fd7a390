//! The executor on shuttle's primitives: every access is sequentially consistent.

use std::sync::atomic::Ordering;

use foliocheck_model::executor::backend::Backend;
use foliocheck_model::executor::traced::{Cell, Traced};
use shuttle::rand::Rng as _;
use shuttle::sync::atomic::AtomicU64;

/// The back-end.
pub struct Shuttle;

/// An atomic of shuttle's.
pub struct ShuttleCell(AtomicU64);

impl Cell for ShuttleCell {
    fn new(value: u64) -> Self {
        ShuttleCell(AtomicU64::new(value))
    }

    fn load(&self, _: Ordering) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn swap(&self, value: u64, _: Ordering) -> u64 {
        self.0.swap(value, Ordering::SeqCst)
    }
}

impl Backend for Shuttle {
    type Memory = Traced<ShuttleCell>;
    foliocheck_model::backend_threads!(shuttle::thread);

    fn fence() {}

    fn choose(n: usize) -> usize {
        shuttle::rand::thread_rng().gen_range(0..n)
    }
}
