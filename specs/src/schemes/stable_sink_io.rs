//! Z6: not stable in the pipe, only while the sink does IO: from when the socket takes the page to
//! its last use of it, or while a reader copies.
//!
//! Where the socket takes it is not said in the mails. Inside `tcp_sendmsg` the sender owns the socket, and
//! waits there for the folio lock: ACKs, and with them the drops of holds, wait in the backlog as long.
//! Before `sock_sendmsg` it does not, the kinder reading; but `splice_to_socket` hands over all buffers with
//! one call, so that then a page that is in the pipe twice is held before either of the two is sent.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, PageAt, Prog};
use foliocheck_model::machine::builder::CFn;

use super::{held, hold};
use crate::scheme::{Effect, Family, Rule, Scheme};

/// The hold is taken where the socket takes its reference, under the socket lock.
pub fn scheme() -> Scheme {
    Scheme {
        id: "stable-sink-io",
        title: "a count of holds and cleaned page tables, only while the sink does IO on the page",
        family: Family::Hold,
        source: SOURCE,
        rules: rules(Rule {
            name: "hold-for-send",
            purpose: "a socket holds the folio from the moment it takes it",
            hook: Hook::SkbFragGet,
            effect: Effect::Steps(hold_moved),
        }),
        omits: Vec::new(),
    }
}

/// The holds of a `splice(2)` to a socket are taken before `sock_sendmsg`, without the socket lock.
pub fn before_send() -> Scheme {
    Scheme {
        id: "stable-sink-io-before-send",
        title: "stable-sink-io, and a socket's holds are taken before sock_sendmsg, without the socket lock",
        family: Family::Hold,
        source: SOURCE,
        rules: rules(Rule {
            name: "hold-before-send",
            purpose: "the folios are held before the socket is locked, so that ACKs are not put off",
            hook: Hook::SockSendmsgStart,
            effect: Effect::Steps(hold_to_send),
        }),
        omits: Vec::new(),
    }
}

const SOURCE: &str = "Chinner, 20230210061953.GC2825702@dread.disaster.area and 20230210065747.GD2825702@dread.disaster.area";

fn rules(for_send: Rule) -> Vec<Rule> {
    vec![
        Rule {
            name: "hold-for-copy",
            purpose: "a reader holds the folio while it copies",
            hook: Hook::SinkIoStart,
            effect: Effect::Steps(hold_to_copy),
        },
        Rule {
            name: "drop-after-copy",
            purpose: "and no longer",
            hook: Hook::SinkIoEnd,
            effect: Effect::Steps(hold::drop_one),
        },
        for_send,
        Rule {
            name: "drop-after-last-use",
            purpose: "to the release of the last clone",
            hook: Hook::SkbFragPut,
            effect: Effect::Steps(hold::drop_one),
        },
        Rule {
            name: "wait-for-holds",
            purpose: "write(2) and page_mkwrite wait while anybody holds the folio",
            hook: Hook::FolioWaitStable,
            effect: Effect::Wait(hold::count_is_zero),
        },
    ]
}

fn hold_to_copy(p: &mut Prog<'_>, at: &At) {
    if let At::Held { page, .. } = at {
        take(p, page, c::PIPE_READ);
    }
}

fn hold_to_send(p: &mut Prog<'_>, at: &At) {
    if let At::Held { page, .. } = at {
        take(p, page, c::SPLICE_TO_SOCKET);
    }
}

fn hold_moved(p: &mut Prog<'_>, at: &At) {
    if let At::Move { from, .. } = at {
        take(p, from, c::SKB_SPLICE_FROM_ITER);
    }
}

fn take(p: &mut Prog<'_>, page: &PageAt, function: CFn) {
    held::for_folio(p, page, |p, folio| {
        hold::take_locked(p, folio, function, true);
    });
}
