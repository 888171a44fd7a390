//! What an invariant is, and what several of them ask.

use foliocheck_model::kernel::objects::{World, ghost};
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::expr::{and, any, eq, not};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarId;
use foliocheck_model::machine::{Expr, System};

/// A guarantee.
#[derive(Clone, Copy)]
pub struct Invariant {
    /// Its name.
    pub id: &'static str,
    /// The guarantees of the catalogue that it states: `E2`, `I1`.
    pub guarantee: &'static str,
    /// Only a change of the file's bytes can violate it: where nothing changes them, it holds and says nothing.
    pub needs_change: bool,
    /// What it says, in one line.
    pub title: &'static str,
    /// Who demands it, and where.
    pub source: &'static str,
    /// Why a state that violates it is wrong: the sentence under a counterexample.
    pub why: &'static str,
    /// Whether a scenario can violate or keep it at all.
    pub applies: fn(&Setup) -> bool,
    /// Where it is looked at and what must not be true there. Nothing if the scheme has nothing to ask.
    pub bad: fn(&System, &World) -> Vec<(Scope, Expr)>,
}

impl Invariant {
    /// Its predicates over a system.
    pub fn predicates(&self, system: &System, world: &World) -> Vec<Predicate> {
        (self.bad)(system, world)
            .into_iter()
            .map(|(scope, bad)| Predicate {
                invariant: self.id.to_owned(),
                scope,
                bad: bad.fold(),
            })
            .collect()
    }
}

/// The scenario splices from the file and somebody reads what was spliced.
pub(super) fn spliced_and_read(setup: &Setup) -> bool {
    setup.any_call(|c| matches!(c, Call::SpliceRead { .. })) && ghost::has_consumer(setup)
}

/// A ghost that records the violation when it happens.
pub(super) fn recorded(ghost: VarId) -> Vec<(Scope, Expr)> {
    vec![(Scope::Always, eq(ghost, 1))]
}

/// For each task that makes such a call and does not go on for ever: it must finish, unless it stops
/// by its own choice.
///
/// Asked of fair executions: a task that could go on at every moment does, and a lock (folio lock,
/// page-table lock, mutex, rw-semaphore) that is free again and again is obtained in the end, because
/// the kernel's locks hand themselves over to who has waited too long: `RWSEM_FLAG_HANDOFF`,
/// `MUTEX_FLAG_HANDOFF`, `sysctl_page_lock_unfairness`, queued spinlocks. No such thing is assumed of a
/// wait for a condition (writeback, a hold, room in a pipe): who is woken looks again, and may find
/// that it has to sleep on.
pub(super) fn must_finish(
    system: &System,
    world: &World,
    makes: impl Fn(&Call) -> bool,
) -> Vec<(Scope, Expr)> {
    system
        .task_ids()
        .zip(&world.setup.tasks)
        .filter(|(_, task)| !task.forever && task.calls.iter().any(&makes))
        .map(|(id, _)| {
            let unfinished = and(not(system.ended(id)), not(system.stopped(id)));
            (Scope::Progress(id), unfinished)
        })
        .collect()
}

/// Some consumer may choose to stop for ever.
pub(super) fn someone_may_stop(setup: &Setup) -> bool {
    setup.any_call(|c| {
        matches!(
            c,
            Call::PipeRead { may_stop: true, .. } | Call::Receive { may_stop: true, .. }
        )
    })
}

/// Some task has stopped by its own choice.
pub(super) fn anyone_stopped(system: &System) -> Expr {
    any(system.task_ids().map(|t| system.stopped(t)))
}
