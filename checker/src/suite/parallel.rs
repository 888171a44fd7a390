//! Work on several threads, whose results do not depend on how many.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does work on many items on `jobs` threads. Results come in the order of the items.
pub fn spread<T: Sync, R: Send>(
    items: &[T],
    weight: impl Fn(&T) -> usize,
    jobs: usize,
    work: &(dyn Fn(&T) -> R + Sync),
) -> Vec<R> {
    // The largest first, so that none is left running alone at the end.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(weight(&items[*i])));
    let mut results = in_parallel(&order, jobs, |i| (*i, work(&items[*i])));
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Applies `work` to each item, on `jobs` threads. Results come in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(n) else { break };
                    let result = work(item);
                    results.lock().expect("no panic while held")[n] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no panic while held");
    results
        .into_iter()
        .map(|r| r.expect("every item was worked on"))
        .collect()
}
