//! L1. A reader cannot hold up a writer.

use foliocheck_model::kernel::functions::IO_CQRING_WAIT;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::kernel::world::World;
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, not};
use foliocheck_model::machine::system::{Scope, System, TaskId};

use super::{Invariant, anyone_stopped};

/// A task that modifies the file (write(2), a store through a mapping, truncation) ends even if the
/// holder of a spliced buffer never consumes it: in no state where nobody can move is such a task
/// unfinished because a consumer has chosen to stop.
///
/// A task that waits for a report of completion before it modifies the file has chosen to wait for the
/// consumer. It has not begun to write, and no kernel path of its holds it up: it is not asked about
/// here. (If the report never comes although nobody stopped, `deadlock-free` says so.)
///
/// Source: Torvalds, `CAHk-=wip9xx367bfCV8xaF9Oaw4DZ6edF9Ojv10XoxJ-iUBwhA@mail.gmail.com`
/// ("UNBOUNDED"); Wilcox, `Y+XLuYh+kC+4wTRi@casper.infradead.org`.
pub const INVARIANT: Invariant = Invariant {
    id: "writer-progress",
    guarantee: "L1",
    title: "a writer finishes even if the holder of a spliced buffer never consumes it",
    why: "a task with no more right than to read has stopped, and a writer of the file sleeps for ever",
    applies,
    bad: |system, world| vec![(Scope::Terminal, bad(system, world))],
};

fn applies(setup: &Setup) -> bool {
    setup.any_call(|c| {
        matches!(
            c,
            Call::PipeRead { may_stop: true, .. } | Call::Receive { may_stop: true, .. }
        )
    }) && setup.any_call(Call::is_writer)
}

/// The task is where it waits for a report of completion.
fn waits_for_completion(system: &System, id: TaskId) -> impl Iterator<Item = Expr> {
    let task = system.task(id);
    let steps = task.program.steps.iter().enumerate();
    steps
        .filter(|(_, step)| step.function == IO_CQRING_WAIT.name)
        .map(|(loc, _)| eq(task.pc, loc))
}

fn bad(system: &System, world: &World) -> Expr {
    let writers = system
        .task_ids()
        .zip(&world.setup.tasks)
        .filter(|(_, task)| task.calls.iter().any(Call::is_writer))
        .map(|(id, _)| {
            let waits = any(waits_for_completion(system, id));
            all([not(system.settled(id)), not(system.stopped(id)), not(waits)])
        });
    and(anyone_stopped(system), any(writers))
}
