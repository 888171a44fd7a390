//! Z11: the sink decides. A page is sent from where it lies only if the device checksums the very bytes
//! that it sends; else the socket copies.

use foliocheck_model::kernel::hooks::{Choice, Hook};
use foliocheck_model::kernel::setup::{Call, Setup};

use crate::scheme::{Effect, Family, Rule, Scheme};

/// The scheme.
pub fn scheme() -> Scheme {
    Scheme {
        id: "sink-decides",
        title: "the socket copies unless the device checksums what it sends",
        family: Family::Sink,
        source: "Torvalds, CAHk-=wgXvRKwsHUjA9T9Tw6n5x1pCO6B+4kk0GAx+oQ5qhUyRw@mail.gmail.com; MSG_SPLICE_PAGES, 270a1c3de47e (6.5)",
        omits: Vec::new(),
        rules: vec![Rule {
            name: "copy-without-offload",
            purpose: "where the checksum is a read of its own, socket and device read the socket's own page",
            hook: Hook::SockSendmsg,
            effect: Effect::Copies(no_offload),
        }],
    }
}

/// A checksum or hash of what goes through the socket is computed by a read of its own.
fn no_offload(setup: &Setup, choice: &Choice) -> bool {
    let Choice::Sink { socket, .. } = choice else {
        return false;
    };
    setup.any_call(|c| {
        matches!(c, Call::Transmit { socket: s, checksum, software_checksum, .. }
            if s == socket && (*checksum || *software_checksum))
    })
}
