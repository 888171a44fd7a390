//! L3. A reader cannot hold up those who have nothing to do with it.

use foliocheck_model::kernel::objects::{Folio, World};
use foliocheck_model::kernel::setup::{Call, Setup, TaskSetup};
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, not};
use foliocheck_model::machine::system::{Scope, System, TaskId};

use super::invariant::{Invariant, anyone_stopped, someone_may_stop};

/// A task that does not modify the file finishes although some reader never drains what it spliced: a flusher, an fsync, a
/// commit of the journal, a clone, reclaim, another reader, another user of the pipe. In no state where nobody can move is
/// such a task unfinished because a consumer has chosen to stop.
///
/// Waiting for room in a pipe that nobody reads, or for something to read, is no such wait. Tasks that modify the file are
/// asked about by `writer-progress`.
pub const INVARIANT: Invariant = Invariant {
    id: "bystander-progress",
    guarantee: "L3",
    needs_change: false,
    title: "a flusher, an fsync, a commit, another reader finishes although a reader never drains",
    source: "Torvalds, CAHk-=wip9xx367bfCV8xaF9Oaw4DZ6edF9Ojv10XoxJ-iUBwhA@mail.gmail.com; fs/jbd2/commit.c, which waits for every handle",
    why: "a task that modifies nothing never finishes, because of what a reader has left undone",
    applies: |setup: &Setup| someone_may_stop(setup) && setup.tasks.iter().any(stands_by),
    bad: |system, world| vec![(Scope::Terminal, bad(system, world))],
};

fn may_stop(call: &Call) -> bool {
    use Call::{PipeRead, Receive};
    matches!(call, PipeRead { may_stop, .. } | Receive { may_stop, .. } if *may_stop)
}

/// It modifies nothing, and does not choose to stop.
fn stands_by(task: &TaskSetup) -> bool {
    let busy = |c: &Call| c.is_writer() || may_stop(c) || matches!(c, Call::WaitCompletion { .. });
    !task.calls.iter().any(busy)
}

/// The task waits for room in a pipe, whose mutex is free.
fn waits_for_room(system: &System, world: &World, id: TaskId) -> Expr {
    let task = system.task(id);
    let steps = task.program.steps.iter().enumerate();
    any(steps
        .filter(|(_, step)| matches!(step.id.as_str(), "S0" | "A0"))
        .map(|(loc, step)| {
            let full = world.pipes.iter().filter(|pipe| {
                let mut assigns = step.branches.iter().flat_map(|b| &b.assigns);
                assigns.any(|a| a.var == pipe.mutex)
            });
            let full = full.map(|pipe| and(eq(pipe.mutex, 0), eq(pipe.used, pipe.slots.len())));
            and(eq(task.pc, loc), any(full))
        }))
}

/// The task, a flusher, waits for the lock of a folio that is clean. The kernel finds folios by their dirty mark, and does
/// not come to this one.
fn waits_for_clean_folio(system: &System, world: &World, id: TaskId) -> Expr {
    let task = system.task(id);
    let steps = task.program.steps.iter().enumerate();
    any(steps
        .filter(|(_, step)| step.id == "B1")
        .map(|(loc, step)| {
            let locked = |f: &&Folio| {
                let mut assigns = step.branches.iter().flat_map(|b| &b.assigns);
                assigns.any(|a| a.var == f.lock)
            };
            let clean = world.folios.iter().filter(locked).map(|f| eq(f.dirty, 0));
            and(eq(task.pc, loc), all(clean))
        }))
}

fn bad(system: &System, world: &World) -> Expr {
    let stuck = system
        .task_ids()
        .zip(&world.setup.tasks)
        .filter(|(_, task)| stands_by(task))
        .map(|(id, _)| {
            let at_rest = any([
                system.settled(id),
                waits_for_room(system, world, id),
                waits_for_clean_folio(system, world, id),
            ]);
            all([not(at_rest), not(system.stopped(id))])
        });
    and(anyone_stopped(system), any(stuck))
}
