//! The back-end of std: threads of the machine that this runs on. What it shows depends on that machine
//! and on chance; it shows that the executor is a program like any other.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::backend::{Backend, Changed, Memory, Seen, Write};

/// The back-end.
pub struct Native;

/// Words that are atomics of the machine.
pub struct Atomics(Vec<AtomicU64>);

fn seen(value: u64) -> Seen {
    Seen { value, stamp: 0 }
}

impl Memory for Atomics {
    fn new(init: &[u64]) -> Self {
        Atomics(init.iter().map(|v| AtomicU64::new(*v)).collect())
    }

    fn load(&self, word: usize, order: Ordering) -> Seen {
        seen(self.0[word].load(order))
    }

    fn rmw(&self, word: usize, order: Ordering, change: &mut dyn FnMut(u64) -> u64) -> Changed {
        let cell = &self.0[word];
        let mut old = cell.load(Ordering::Relaxed);
        loop {
            let new = change(old);
            match cell.compare_exchange_weak(old, new, order, Ordering::Relaxed) {
                Ok(_) => {
                    return Changed {
                        old: seen(old),
                        new: seen(new),
                    };
                }
                Err(now) => old = now,
            }
        }
    }

    fn latest(&self, word: usize) -> Seen {
        // Who is about to sleep and who is about to wake must see each other.
        fence(Ordering::SeqCst);
        seen(self.0[word].load(Ordering::SeqCst))
    }

    fn writes(&self) -> Vec<Write> {
        Vec::new()
    }
}

impl Backend for Native {
    type Memory = Atomics;
    crate::backend_threads!(std::thread);

    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn choose(n: usize) -> usize {
        // Any way will do: the clock's last digits.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanos = now.map_or(0, |d| d.subsec_nanos());
        usize::try_from(nanos).unwrap_or(0) % n
    }
}
