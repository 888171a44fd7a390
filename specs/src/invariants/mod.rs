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
mod invariant;
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

pub use invariant::Invariant;

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
