//! What a scheme counts, it counts right.

use foliocheck_model::machine::saturate;
use foliocheck_model::machine::system::Scope;

use super::invariant::Invariant;

/// A counter that a rule keeps (holds on a folio, users of a request) stays in its range: none is given back
/// that was not taken, and there are never more than there can be references to a folio. Where one leaves its
/// range it saturates, and everything else is asked of what follows, too.
///
/// Asked of schemes that count, in scenarios in which some step counts.
pub const INVARIANT: Invariant = Invariant {
    id: "holds-balanced",
    guarantee: "I5",
    needs_change: false,
    title: "a counter that a rule keeps stays in its range",
    source: "refcount_warn_saturate, which is how the kernel finds the same mistake at run time",
    why: "a rule gives back what was not taken, or takes what nobody gives back",
    applies: |_| true,
    bad: |system, _| {
        let left = saturate::has_left(system);
        left.into_iter().map(|bad| (Scope::Always, bad)).collect()
    },
};
