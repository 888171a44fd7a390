//! The guarantees, one a file. Each is given as its negation: a predicate over the variables of a
//! system, looked at in every state, in states where no task can move, or in endless executions.

mod access_consistent;
mod bystander_progress;
mod deadlock_free;
mod detected;
mod dirty_accounted;
mod durable_after_sync;
pub mod errors;
mod file_content;
mod frozen_at_completion;
pub mod holds_balanced;
mod mapping_current;
mod no_lost_write;
pub mod no_stale_translation;
mod protection;
mod references_balanced;
mod reread_consistent;
mod snapshot;
mod source_untouched;
mod splicer_progress;
mod stable_under_writeback;
mod untorn;
mod writer_progress;

use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::kernel::world::World;
use foliocheck_model::machine::Expr;
use foliocheck_model::machine::System;
use foliocheck_model::machine::expr::{and, any, eq, not};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarId;

/// A guarantee.
#[derive(Clone, Copy)]
pub struct Invariant {
    /// Its name.
    pub id: &'static str,
    /// The guarantees of the catalogue that it states: `E2`, `I1`.
    pub guarantee: &'static str,
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

/// Every invariant, in the order of listings.
pub fn all() -> Vec<Invariant> {
    vec![
        access_consistent::INVARIANT,
        reread_consistent::INVARIANT,
        snapshot::INVARIANT,
        frozen_at_completion::INVARIANT,
        detected::INVARIANT,
        untorn::INVARIANT,
        source_untouched::INVARIANT,
        no_lost_write::INVARIANT,
        durable_after_sync::INVARIANT,
        file_content::INVARIANT,
        mapping_current::INVARIANT,
        dirty_accounted::INVARIANT,
        no_stale_translation::INVARIANT,
        stable_under_writeback::INVARIANT,
        protection::INVARIANT,
        references_balanced::INVARIANT,
        holds_balanced::INVARIANT,
        deadlock_free::INVARIANT,
        writer_progress::INVARIANT,
        splicer_progress::INVARIANT,
        bystander_progress::INVARIANT,
    ]
}

/// The invariant of that name.
pub fn by_id(id: &str) -> Option<Invariant> {
    all().into_iter().find(|i| i.id == id)
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
fn spliced_and_read(setup: &Setup) -> bool {
    use foliocheck_model::kernel::setup::Call;
    setup.any_call(|c| matches!(c, Call::SpliceRead { .. }))
        && foliocheck_model::kernel::ghost::has_consumer(setup)
}

/// A ghost that records the violation when it happens.
fn recorded(ghost: VarId) -> Vec<(Scope, Expr)> {
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
fn must_finish(
    system: &System,
    world: &World,
    makes: impl Fn(&foliocheck_model::kernel::setup::Call) -> bool,
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
fn someone_may_stop(setup: &Setup) -> bool {
    use foliocheck_model::kernel::setup::Call;
    setup.any_call(|c| {
        matches!(
            c,
            Call::PipeRead { may_stop: true, .. } | Call::Receive { may_stop: true, .. }
        )
    })
}

/// Some task has stopped by its own choice.
fn anyone_stopped(system: &System) -> Expr {
    any(system.task_ids().map(|t| system.stopped(t)))
}
