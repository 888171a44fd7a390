//! Z14: the tail is copied. `sendfile(2)` returns when all but one send buffer has been acknowledged, so
//! that a copy of the last send buffer's worth leaves nothing by reference at return, if an
//! acknowledged page is one that nobody reads any more.

use foliocheck_model::kernel::hooks::{Choice, Hook};
use foliocheck_model::kernel::setup::Setup;

use crate::scheme::{Effect, Family, Rule, Scheme};

/// The scheme.
pub fn scheme() -> Scheme {
    Scheme {
        id: "tail-copy",
        title: "by reference, but the last send buffer's worth of a transfer is copied",
        family: Family::Sink,
        source: "The 8472, June 2026, 0c9f58f1-52f6-481c-829f-6f5a70ffff7f@infinite-source.de",
        omits: Vec::new(),
        rules: vec![Rule {
            name: "copy-tail",
            purpose: "what can be unacknowledged at return is the socket's own",
            hook: Hook::SockSendmsg,
            effect: Effect::Copies(in_tail),
        }],
    }
}

/// The buffer is in the last send buffer's worth. An unbounded send buffer holds the whole transfer.
fn in_tail(_: &Setup, choice: &Choice) -> bool {
    match choice {
        Choice::Sink {
            buffer, of, sndbuf, ..
        } => buffer + sndbuf.unwrap_or(*of) >= *of,
        Choice::Source { .. } => false,
    }
}
