//! Answers that took an exploration, kept: computed once, however many ask at the same time.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use super::error::ApiError;

/// So many answers are kept.
const KEPT: usize = 200;

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
        if slots.len() > KEPT {
            slots.pop_front();
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
            .get_or_try_init(|| async {
                let _queued = self.queue.try_acquire().map_err(|_| busy())?;
                let _working = self.work.acquire().await.map_err(|_| busy())?;
                blocking(move || work().map(|answer| json(&answer))).await
            })
            .await?;
        Ok(answer.clone())
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

/// Does work that takes long on a thread of its own.
///
/// # Errors
/// That of the work; or it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal error: the exploration panicked",
        ))
    })
}
