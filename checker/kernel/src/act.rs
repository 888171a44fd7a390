//! System calls in threads of their own, with a time limit: done, or blocked and where.
//!
//! A thread that the kernel blocks cannot be stopped from outside, so nobody waits for one without a limit. What is
//! blocked when the program ends goes with it: its mappings and descriptors are closed, and the watchdog thaws.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustix::thread::Pid;

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<T> {
    /// It returned.
    Done(T),
    /// It did not return within the limit.
    Blocked(Blocked),
}

/// Where a thread is blocked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Blocked {
    /// The kernel function that it sleeps in, if `/proc` tells.
    pub wchan: Option<String>,
    /// The functions on its kernel stack, innermost first; empty if `/proc` does not tell.
    pub stack: Vec<String>,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.wchan, self.stack.first()) {
            (_, Some(_)) => {
                let first: Vec<&str> = self.stack.iter().take(6).map(String::as_str).collect();
                write!(f, "blocked in {}", first.join(" < "))
            }
            (Some(function), None) => write!(f, "blocked in {function}"),
            (None, None) => f.write_str("blocked"),
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that makes calls one after another.
#[derive(Debug)]
pub struct Worker {
    jobs: Sender<Job>,
    tid: Pid,
}

impl Worker {
    /// Starts one.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start(name: &str) -> std::io::Result<Worker> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (say, tid) = mpsc::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let _ = say.send(rustix::thread::gettid());
                for job in todo {
                    job();
                }
            })?;
        let tid = tid.recv().map_err(std::io::Error::other)?;
        Ok(Worker { jobs, tid })
    }

    /// Gives it a call, and does not wait.
    pub fn begin<T: Send + 'static>(&self, call: impl FnOnce() -> T + Send + 'static) -> Begun<T> {
        let (done, result) = mpsc::channel();
        // A worker lives as long as its sender, so this cannot fail; if it did, nothing would ever be done.
        let _ = self.jobs.send(Box::new(move || {
            let _ = done.send(call());
        }));
        Begun {
            result,
            tid: self.tid,
        }
    }

    /// Gives it a call, and waits for its end as long as `limit`.
    pub fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Outcome<T> {
        self.begin(call).wait(limit)
    }
}

/// A call that has begun.
#[derive(Debug)]
pub struct Begun<T> {
    result: Receiver<T>,
    tid: Pid,
}

impl<T> Begun<T> {
    /// Waits for its end as long as `limit`; may be asked again if it is blocked.
    pub fn wait(&self, limit: Duration) -> Outcome<T> {
        match self.result.recv_timeout(limit) {
            Ok(value) => Outcome::Done(value),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Outcome::Blocked(where_is(self.tid))
            }
        }
    }
}

fn where_is(tid: Pid) -> Blocked {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/task/{tid}/{file}"));
    let wchan = read("wchan").ok().filter(|w| !w.is_empty() && w != "0");
    let stack = read("stack")
        .map(|text| functions(&text))
        .unwrap_or_default();
    Blocked { wchan, stack }
}

/// The functions of a kernel stack as `/proc` prints it: `[<0>] folio_wait_bit+0x1/0x2`.
fn functions(stack: &str) -> Vec<String> {
    stack
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(|word| word.split('+').next().unwrap_or(word).to_owned())
        .collect()
}
