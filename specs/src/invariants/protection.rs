//! What mprotect forbids does not happen.

use foliocheck_model::kernel::setup::Call;

use super::invariant::{Invariant, recorded};

/// After `mprotect(PROT_READ)` of a page has returned, no CPU stores to it through that mapping. Broken by
/// a store through a TLB entry that outlived the call; a store that had been translated before is not
/// finished until its CPU has taken the shootdown, and counts as before.
///
/// Stores through other mappings, and through pins, are not asked.
pub const INVARIANT: Invariant = Invariant {
    id: "protection",
    guarantee: "protection",
    needs_change: false,
    title: "no store goes through a mapping after mprotect(PROT_READ) of it has returned",
    source: "Amit, in 3ea277194daa (4.13)",
    why: "a CPU stored through an entry that mprotect had taken the right to write from",
    applies: |setup| setup.any_call(|c| matches!(c, Call::MprotectReadOnly { .. })),
    bad: |_, world| recorded(world.ghosts.protection_broken),
};
