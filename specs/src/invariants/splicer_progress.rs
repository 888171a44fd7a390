//! L2. Writers cannot hold up a splicer.

use foliocheck_model::kernel::setup::{Call, Setup};

use super::invariant::{Invariant, must_finish};

/// A task that splices from the file finishes in every fair execution, however long writers go on. That
/// includes what it does again: a look-up that lost against removal, and the splice as a whole after a
/// consumer refused the buffer or threw the copy away. States in which nobody can move are asked about
/// by `deadlock-free` instead.
///
/// A check without progress guarantee is what a cookie comes down to (d9252d526ba6, 9f9bc034b849: writeback
/// that never got a valid mapping): the kernel's own retries end because who retries keeps out, at last,
/// what made it retry.
pub const INVARIANT: Invariant = Invariant {
    id: "splicer-progress",
    guarantee: "L2",
    needs_change: false,
    title: "a splicer finishes, retries included, however long writers go on",
    source: "what Torvalds' and Chinner's detecting schemes of 9 and 10 Feb 2023 leave open: \"retry\" has no bound (CAHk-=wj8rthcQ9gQbvkMzeFt0iymq+CuOzmidx3Pm29Lg+W0gg@mail.gmail.com)",
    why: "the splicer never finishes, although everybody who can move goes on moving",
    applies,
    bad: |system, world| must_finish(system, world, splices),
};

fn splices(call: &Call) -> bool {
    matches!(call, Call::SpliceRead { .. })
}

fn applies(setup: &Setup) -> bool {
    setup
        .tasks
        .iter()
        .any(|t| !t.forever && t.calls.iter().any(splices))
}
