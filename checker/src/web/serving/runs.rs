//! The bench: explorations that somebody asked for, with progress, limits and an end on request.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::sse::Event;
use foliocheck_specs::Invariant;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::engine::limits::{Limits, Meter, metered};
use crate::suite::{self, Options, Unit};
use crate::trace::TraceStep;
use crate::verdict::Verdict;
use crate::web::error::{ApiError, chain};
use crate::web::library::{self, Library};
use crate::web::pages::page::Answered;
use crate::web::subject::Place;

/// What runs may take.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ceiling {
    /// At once.
    pub runs: usize,
    /// Distinct states of one exploration.
    pub states: usize,
    /// Of the whole run.
    pub seconds: u64,
    /// Memory of the whole process.
    pub mib: usize,
}

impl Default for Ceiling {
    fn default() -> Ceiling {
        Ceiling {
            runs: 2,
            states: 5_000_000,
            seconds: 300,
            mib: 4096,
        }
    }
}

impl Ceiling {
    /// As bounds of an exploration.
    pub fn limits(&self) -> Limits {
        Limits {
            max_states: Some(self.states),
            timeout: Some(Duration::from_secs(self.seconds)),
            max_memory: Some(self.mib.saturating_mul(1 << 20)),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The scheme, or a bug's twin.
    pub scheme: String,
    /// What is removed from it.
    #[serde(default)]
    pub without: Vec<String>,
    /// The scenario.
    pub scenario: String,
    /// Invariants; all that apply if there are none.
    #[serde(default)]
    pub invariants: Vec<String>,
    /// Most distinct states of one exploration.
    pub states: Option<usize>,
    /// Most time.
    pub seconds: Option<u64>,
    /// Most memory of the whole process.
    pub mib: Option<usize>,
}

/// What happens in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum News {
    /// It has begun: what is asked, in order.
    Begin {
        /// The invariants.
        invariants: Vec<&'static str>,
    },
    /// An invariant is answered.
    Verdict(Answered),
    /// So far.
    Progress {
        /// States expanded.
        states: usize,
        /// Milliseconds.
        elapsed: u128,
    },
    /// It has ended.
    End {
        /// On request.
        cancelled: bool,
        /// States expanded.
        states: usize,
        /// Milliseconds.
        elapsed: u128,
    },
    /// An invariant could not be answered: the model errs.
    Erred {
        /// The invariant.
        invariant: &'static str,
        /// How.
        error: String,
        /// The shortest steps to where a step errs, if they were found.
        steps: Vec<TraceStep>,
    },
}

impl News {
    fn is_last(&self) -> bool {
        matches!(self, News::End { .. })
    }

    fn event(&self) -> Event {
        Event::default().data(serde_json::to_string(self).expect("plain data"))
    }
}

/// A run.
struct Job {
    id: u64,
    meter: Arc<Meter>,
    started: Instant,
    news: watch::Sender<Vec<News>>,
    /// Who listens now.
    listeners: AtomicUsize,
}

impl Job {
    fn ended(&self) -> bool {
        self.news.borrow().last().is_some_and(News::is_last)
    }

    fn tell(&self, news: News) {
        self.news.send_modify(|all| all.push(news));
    }

    fn elapsed(&self) -> u128 {
        self.started.elapsed().as_millis()
    }
}

/// Bits of a run's number: what a browser's numbers hold.
const BITS: u32 = 53;

/// A number that nobody can guess: who knows it may listen, and end the run. The hasher's keys are random.
fn number() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(0);
    hasher.finish() >> (u64::BITS - BITS)
}

/// All runs.
pub struct Runs {
    ceiling: Ceiling,
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

/// So many runs that have ended are remembered.
const REMEMBERED: usize = 32;

impl Runs {
    /// None yet.
    pub fn new(ceiling: Ceiling) -> Runs {
        Runs {
            ceiling,
            jobs: Mutex::default(),
        }
    }

    /// Begins a run, and says under which number.
    ///
    /// # Errors
    /// If it cannot be run as asked, asks for more than there is, or too many are under way.
    pub fn begin(&self, library: &Arc<Library>, order: &Order) -> Result<u64, ApiError> {
        let place = Place {
            scheme: order.scheme.clone(),
            without: order.without.clone(),
            scenario: order.scenario.clone(),
        };
        let ask = asked(library, &place, &order.invariants)?;
        let mut unit = library.unit(&place, ask)?;
        let instance = library::build(&unit)?;
        let asks = |i: &Invariant| (instance.full.predicates.iter()).any(|p| p.invariant == i.id);
        // Some are asked only of schemes that count.
        unit.ask.retain(asks);
        if unit.ask.is_empty() {
            return Err(ApiError::refused(format!(
                "{} has nothing that these invariants are about",
                order.scheme
            )));
        }
        let limits = self.limits(order)?;
        let job = self.enter()?;
        let (id, worker) = (job.id, Arc::clone(&job));
        std::thread::Builder::new()
            .name(format!("run {id}"))
            .spawn(move || {
                let meter = Arc::clone(&worker.meter);
                metered(&meter, || work(&worker, &unit, limits));
            })
            .map_err(|e| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, e.to_string()))?;
        Ok(id)
    }

    fn limits(&self, order: &Order) -> Result<Limits, ApiError> {
        let within = |what: &str, asked: usize, most: usize| {
            if asked == 0 || asked > most {
                return Err(ApiError::refused(format!(
                    "{what}: {asked}; allowed are 1 to {most}"
                )));
            }
            Ok(asked)
        };
        let Ceiling {
            states,
            seconds,
            mib,
            ..
        } = self.ceiling;
        let time = usize::try_from(seconds).unwrap_or(usize::MAX);
        let asked = order
            .seconds
            .map_or(time, |s| usize::try_from(s).unwrap_or(usize::MAX));
        let seconds = within("seconds", asked, time)?;
        Ok(Limits {
            max_states: Some(within("states", order.states.unwrap_or(states), states)?),
            timeout: Some(Duration::from_secs(seconds as u64)),
            max_memory: Some(within("mib", order.mib.unwrap_or(mib), mib)?.saturating_mul(1 << 20)),
        })
    }

    fn enter(&self) -> Result<Arc<Job>, ApiError> {
        let mut jobs = self.jobs.lock().expect("no panic while held");
        let running = jobs.iter().filter(|j| !j.ended()).count();
        if running >= self.ceiling.runs {
            return Err(ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!(
                    "{running} runs are under way, and that is all that run at once; cancel one, or wait"
                ),
            ));
        }
        while jobs.len() >= REMEMBERED {
            let Some(oldest) = jobs.iter().position(|j| j.ended()) else {
                break;
            };
            jobs.remove(oldest);
        }
        let job = Arc::new(Job {
            id: number(),
            meter: Arc::default(),
            started: Instant::now(),
            news: watch::Sender::new(Vec::new()),
            listeners: AtomicUsize::new(0),
        });
        jobs.push_back(Arc::clone(&job));
        Ok(job)
    }

    fn job(&self, id: u64) -> Result<Arc<Job>, ApiError> {
        let jobs = self.jobs.lock().expect("no panic while held");
        jobs.iter()
            .find(|j| j.id == id)
            .cloned()
            .ok_or_else(|| ApiError::missing(format!("no run {id}; it may be long over")))
    }

    /// Ends a run.
    ///
    /// # Errors
    /// If there is none of that number.
    pub fn cancel(&self, id: u64) -> Result<(), ApiError> {
        self.job(id).map(|job| job.meter.cancel())
    }

    /// What happens in a run, from its beginning. It ends when the last who listens stops before its end.
    ///
    /// # Errors
    /// If there is none of that number.
    pub fn listen(
        &self,
        id: u64,
    ) -> Result<impl Stream<Item = Result<Event, std::convert::Infallible>> + use<>, ApiError> {
        let job = self.job(id)?;
        job.listeners.fetch_add(1, Ordering::SeqCst);
        let ears = Ears {
            news: job.news.subscribe(),
            job,
            told: 0,
            over: false,
        };
        Ok(futures_util::stream::unfold(ears, |mut ears| async {
            let news = ears.next().await?;
            Some((Ok(news.event()), ears))
        }))
    }
}

/// A listener.
struct Ears {
    job: Arc<Job>,
    news: watch::Receiver<Vec<News>>,
    told: usize,
    over: bool,
}

/// Between two reports of progress.
const TICK: Duration = Duration::from_millis(250);

impl Ears {
    async fn next(&mut self) -> Option<News> {
        if self.over {
            return None;
        }
        let mut next = self.news.borrow_and_update().get(self.told).cloned();
        if next.is_none()
            && tokio::time::timeout(TICK, self.news.changed())
                .await
                .is_ok()
        {
            next = self.news.borrow_and_update().get(self.told).cloned();
        }
        if let Some(news) = next {
            self.told += 1;
            self.over = news.is_last();
            return Some(news);
        }
        Some(News::Progress {
            states: self.job.meter.expanded(),
            elapsed: self.job.elapsed(),
        })
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        let last = self.job.listeners.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && !self.over {
            self.job.meter.cancel();
        }
    }
}

/// The invariants asked; all that apply if none are named.
fn asked(library: &Library, place: &Place, names: &[String]) -> Result<Vec<Invariant>, ApiError> {
    let scenario = library.scenario(&place.scenario)?;
    let applies = |i: &Invariant| (i.applies)(&scenario.setup);
    if names.is_empty() {
        return Ok(library
            .invariants
            .iter()
            .filter(|i| applies(i))
            .copied()
            .collect());
    }
    names
        .iter()
        .map(|name| {
            let invariant = library.invariant(name)?;
            if applies(&invariant) {
                return Ok(invariant);
            }
            Err(ApiError::refused(format!(
                "{name} does not apply to scenario {}",
                scenario.id
            )))
        })
        .collect()
}

/// Answers one invariant after the other.
fn work(job: &Job, unit: &Unit, limits: Limits) {
    job.tell(News::Begin {
        invariants: unit.ask.iter().map(|i| i.id).collect(),
    });
    for invariant in &unit.ask {
        if job.meter.is_cancelled() {
            break;
        }
        let spent = job.started.elapsed();
        let options = Options {
            limits: Limits {
                timeout: limits.timeout.map(|t| t.saturating_sub(spent)),
                ..limits
            },
            ..Options::default()
        };
        let unit = Unit {
            ask: vec![*invariant],
            ..unit.clone()
        };
        let answer =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| suite::run(&unit, &options)));
        match answer {
            Ok(Ok(answer)) => {
                for run in &answer.runs {
                    if !(job.meter.is_cancelled() && run.verdict == Verdict::Inconclusive) {
                        job.tell(News::Verdict(run.into()));
                    }
                }
            }
            Ok(Err(error)) => job.tell(News::Erred {
                invariant: invariant.id,
                error: chain(&error),
                steps: error.steps().map_or_else(Vec::new, |t| t.steps.clone()),
            }),
            Err(_) => job.tell(News::Erred {
                invariant: invariant.id,
                error: "internal error: the exploration panicked".to_owned(),
                steps: Vec::new(),
            }),
        }
    }
    job.tell(News::End {
        cancelled: job.meter.is_cancelled(),
        states: job.meter.expanded(),
        elapsed: job.elapsed(),
    });
}
