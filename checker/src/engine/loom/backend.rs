//! The executor on loom's primitives.

use std::sync::atomic::Ordering;

use foliocheck_model::executor::backend::Backend;
use foliocheck_model::executor::traced::{Cell, Traced};
use loom::sync::atomic::{AtomicU64, fence};
use loom::thread::{self, JoinHandle, Thread};

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
    type Thread = Thread;
    type Join = JoinHandle<()>;

    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn current() -> Thread {
        thread::current()
    }

    fn park() {
        thread::park();
    }

    fn unpark(thread: &Thread) {
        thread.unpark();
    }

    fn spawn(body: Box<dyn FnOnce() + Send>) -> JoinHandle<()> {
        thread::spawn(body)
    }

    fn join(thread: JoinHandle<()>) {
        thread.join().expect("a program does not panic");
    }

    fn prune() {
        loom::skip_branch();
    }

    fn choose(_: usize) -> usize {
        // Executions of loom have a script: it explores schedules and reads, not choices.
        0
    }
}
