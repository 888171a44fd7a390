//! Answers that took an exploration, kept: computed once, however many ask at the same time.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::engine::limits::{Meter, metered};
use crate::web::error::ApiError;

/// So many answers are kept,
const KEPT: usize = 200;

/// of at most so many bytes together.
const KEPT_BYTES: usize = 64 << 20;

/// So many are computed at once.
const AT_ONCE: usize = 2;

/// So many may wait to be.
const WAITING: usize = 16;

type Slot = Arc<OnceCell<Bytes>>;

/// Answers as JSON, by question.
pub struct Cache<K> {
    slots: Mutex<VecDeque<(K, Slot)>>,
    work: Semaphore,
    queue: Semaphore,
}

impl<K> Default for Cache<K> {
    fn default() -> Cache<K> {
        Cache {
            slots: Mutex::default(),
            work: Semaphore::new(AT_ONCE),
            queue: Semaphore::new(AT_ONCE + WAITING),
        }
    }
}

impl<K: Hash + Eq + Clone + Send + 'static> Cache<K> {
    fn slot(&self, key: &K) -> Slot {
        let mut slots = self.slots.lock().expect("no panic while held");
        let kept = slots
            .iter()
            .position(|(k, _)| k == key)
            .and_then(|at| slots.remove(at));
        let entry = kept.unwrap_or_else(|| (key.clone(), Slot::default()));
        let slot = Arc::clone(&entry.1);
        slots.push_back(entry);
        let size = |(_, slot): &(K, Slot)| slot.get().map_or(0, Bytes::len);
        let mut bytes: usize = slots.iter().map(size).sum();
        while slots.len() > KEPT || bytes > KEPT_BYTES && slots.len() > 1 {
            bytes -= slots.pop_front().as_ref().map_or(0, size);
        }
        slot
    }

    /// The answer to `key`, computed by `work` if it is not there. An error is not kept.
    ///
    /// # Errors
    /// That of `work`; or too many wait.
    pub async fn get<T: Serialize>(
        &self,
        key: K,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<Bytes, ApiError> {
        let slot = self.slot(&key);
        let answer = slot
            .get_or_try_init(|| self.compute(move || work().map(|answer| json(&answer))))
            .await?;
        Ok(answer.clone())
    }

    /// Does work that takes an exploration, when it is its turn.
    ///
    /// # Errors
    /// That of `work`; or too many wait.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let _working = self.work.acquire().await.map_err(|_| busy())?;
        blocking(work).await
    }
}

fn busy() -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too many explorations are under way; try again in a moment",
    )
}

/// As JSON.
pub fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("plain data").into()
}

/// Who waits for an answer: gone, its exploration ends.
struct Waiting(Arc<Meter>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Does work that takes long on a thread of its own. Explorations in it end when nobody waits for them any more.
///
/// # Errors
/// That of the work; or it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let meter = Arc::<Meter>::default();
    let _waiting = Waiting(Arc::clone(&meter));
    let metered = move || metered(&meter, work);
    let done = tokio::task::spawn_blocking(metered).await;
    done.unwrap_or_else(|_| {
        Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal error: the exploration panicked",
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::limits::{Cut, Limits, Watch};

    #[tokio::test]
    async fn an_exploration_that_nobody_waits_for_ends() {
        let (tell, told) = std::sync::mpsc::channel();
        let work = blocking(move || {
            let watch = Watch::new(Limits::default());
            while watch.look() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = tell.send(watch.cut());
            Ok(())
        });
        let gone = tokio::time::timeout(Duration::from_millis(50), work).await;
        assert!(gone.is_err(), "it does not end by itself");
        let cut = told.recv_timeout(Duration::from_secs(60));
        assert_eq!(cut, Ok(Some(Cut::Cancelled)));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_in_bytes() {
        let cache = Cache::<usize>::default();
        let large = "x".repeat(KEPT_BYTES / 4);
        for key in 0..12 {
            let large = large.clone();
            cache.get(key, move || Ok(large)).await.unwrap();
        }
        let slots = cache.slots.lock().unwrap();
        let kept: usize = slots
            .iter()
            .filter_map(|(_, s)| s.get())
            .map(Bytes::len)
            .sum();
        assert!(kept <= KEPT_BYTES + large.len() + 2, "{kept}");
    }
}
