//! E1r. Every reading of one spliced reference agrees.

use foliocheck_model::kernel::setup::{Call, Setup};

use super::invariant::{Invariant, recorded};

/// All readings of a word through one spliced reference and its descendants (the original and the
/// retransmission, the two ends of a tee) that a consumer accepts give the same value. Splicing again, as a retry does,
/// begins a new reference.
pub const INVARIANT: Invariant = Invariant {
    id: "reread-consistent",
    guarantee: "E1r",
    needs_change: true,
    title: "every reading of one spliced reference agrees: retransmissions, tee'd twins",
    source: "kTLS device offload with TLS_TX_ZEROCOPY_RO (Documentation/networking/tls.rst); tee users in the threads of 2023 and 2026",
    why: "two readings of the same spliced bytes gave different bytes",
    applies,
    bad: |_, world| recorded(world.ghosts.reread_inconsistent),
};

fn applies(setup: &Setup) -> bool {
    setup.any_call(|c| match c {
        Call::Transmit { retransmit, .. } => *retransmit,
        Call::Tee { .. } => true,
        _ => false,
    })
}
