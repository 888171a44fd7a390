//! Running the programs of a system as threads.

use std::sync::Arc;

use super::backend::Backend;
use super::execution::{Execution, Outcome, Prepared, Run};
use super::thread::Thread;
use crate::machine::system::TaskId;

/// Runs the programs of a system, each task in a thread of `B`, the last in the thread that calls.
pub fn run_threads<B: Backend>(prepared: &Arc<Prepared>, run: Run) -> Outcome {
    let execution = Arc::new(Execution::<B>::new(Arc::clone(prepared), run));
    let mut tasks: Vec<TaskId> = prepared.system.task_ids().collect();
    let last = tasks.pop();
    let started: Vec<B::Join> = tasks
        .into_iter()
        .map(|task| {
            let thread = Thread::new(Arc::clone(&execution), task);
            B::spawn(Box::new(move || thread.run()))
        })
        .collect();
    if let Some(task) = last {
        Thread::new(Arc::clone(&execution), task).run();
    }
    for thread in started {
        B::join(thread);
    }
    execution.outcome()
}
