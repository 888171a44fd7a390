//! L1. A reader cannot hold up a writer.

use foliocheck_model::kernel::functions::IO_CQRING_WAIT;
use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup, TaskSetup};
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, not};
use foliocheck_model::machine::system::{Scope, System, TaskId};

use super::invariant::{Invariant, anyone_stopped, must_finish, someone_may_stop};

/// A task that modifies the file (write(2), a store through a mapping, truncation) ends even if the
/// holder of a spliced buffer never consumes it: in no state where nobody can move is such a task
/// unfinished because a consumer has chosen to stop; and it ends in every fair execution, however
/// long others go on (splicing, reading, writing back).
///
/// A writer that goes on for ever is asked only whether it comes to rest in the middle of a call.
///
/// A task that waits for a report of completion before it modifies the file has chosen to wait for the
/// consumer. It has not begun to write, and no kernel path of its holds it up: it is not asked about
/// here. (If the report never comes although nobody stopped, `deadlock-free` says so.)
pub const INVARIANT: Invariant = Invariant {
    id: "writer-progress",
    guarantee: "L1",
    needs_change: false,
    title: "a writer finishes even if the holder of a spliced buffer never consumes it",
    source: "Torvalds, CAHk-=wip9xx367bfCV8xaF9Oaw4DZ6edF9Ojv10XoxJ-iUBwhA@mail.gmail.com (\"UNBOUNDED\"); Wilcox, Y+XLuYh+kC+4wTRi@casper.infradead.org",
    why: "a writer of the file never finishes, because of what others do or have left undone",
    applies,
    bad: |system, world| {
        let stuck = someone_may_stop(&world.setup).then(|| (Scope::Terminal, bad(system, world)));
        let mut ways: Vec<_> = stuck.into_iter().collect();
        ways.extend(must_finish(system, world, Call::is_writer));
        ways
    },
};

/// Whether there is a writer, and somebody who could be in its way.
fn applies(setup: &Setup) -> bool {
    let writes = |t: &&TaskSetup| t.calls.iter().any(Call::is_writer);
    let finite = setup.tasks.iter().filter(writes).any(|t| !t.forever);
    (setup.any_call(Call::is_writer) && someone_may_stop(setup))
        || (finite && setup.tasks.len() > 1)
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
