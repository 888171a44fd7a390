//! `fs/splice.c:splice_to_socket`, `net/ipv4`: pipe to socket, transmission, retransmission, and a
//! receiver on the same machine. Actions S6, N1 to N3.

use super::functions as c;
use super::hooks::{At, Hook};
use super::pipe::{confirm, discard, lock_non_empty, may_stop_here, put_parts, release, unlock};
use super::prog::{PageAt, Prog};
use super::splice::{copy_page, get_page};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, eq, ne, sub};
use crate::machine::step::Order;
use crate::machine::var::VarId;

const QUEUED: u64 = 1;
const ACKED: u64 = 2;

/// `splice(2)` from a pipe to a socket: each pipe reference is replaced by one of the socket's.
/// `first` is the number of the first fragment that this call fills.
pub fn splice_to_socket(
    p: &mut Prog<'_>,
    pipe: usize,
    socket: usize,
    first: usize,
    buffers: usize,
    retry: Option<Label>,
) {
    for k in 0..buffers {
        p.within(c::SPLICE_TO_SOCKET, |p| {
            move_buffer(p, pipe, socket, first, k, retry);
        });
    }
}

fn move_buffer(
    p: &mut Prog<'_>,
    pipe: usize,
    socket: usize,
    first: usize,
    k: usize,
    retry: Option<Label>,
) {
    lock_non_empty(p, pipe, "S6l");
    let (page, frag) = (p.pipe_tail(pipe), p.frag(socket, first + k));
    let fail = p.rules.has(Hook::PipeBufConfirm).then(|| p.b.label("fail"));
    let done = p.b.label("done");
    confirm(p, &page, fail);
    get_page(p, "S6g", c::SKB_SPLICE_FROM_ITER, &page);
    p.hook(
        Hook::SkbFragGet,
        &At::Move {
            from: page.clone(),
            to: frag.clone(),
        },
    );
    let state = p.w.sockets[socket].frags[first + k].state;
    let words = p.w.setup.words;
    p.b.step("S6", c::SKB_SPLICE_FROM_ITER, |s| {
        s.text("the frag is queued");
        copy_page(s, &page, &frag, words)
            .set(state, QUEUED)
            .release(state)
    });
    release(p, pipe, "S7");
    unlock(p, pipe, "S7u", done);
    if let Some(fail) = fail {
        p.b.bind(fail);
        // Once a frag is queued, splicing again would send it twice: the call reports the error.
        discard(p, pipe, retry.filter(|_| k == 0), done);
    }
    p.b.bind(done);
}

/// The transmit side: each fragment is sent, perhaps checksummed by a read of its own before, perhaps
/// sent again, then acknowledged. `keeps` says that a receiver on this machine holds the fragment
/// beyond the ACK: `loopback_xmit` then hands on the fragment itself, and nothing is read.
pub fn transmit(
    p: &mut Prog<'_>,
    socket: usize,
    buffers: usize,
    checksum: bool,
    retransmit: bool,
    keeps: bool,
) {
    for k in 0..buffers {
        let frag = p.frag(socket, k);
        let state = p.w.sockets[socket].frags[k].state;
        p.within(c::TCP_TRANSMIT_SKB, |p| {
            p.b.step("N0", c::TCP_TRANSMIT_SKB, |s| {
                s.text("wait for a frag")
                    .idle()
                    .wait(eq(state, QUEUED))
                    .acquire(state)
            });
            if !keeps {
                send(p, "N1", &frag, &format!("wire{k}"), checksum);
            }
        });
        let acked = p.b.label("acked");
        if retransmit {
            p.b.step("N1t", c::TCP_RETRANSMIT_SKB, |s| {
                s.text("the network decides")
                    .choice()
                    .when(Expr::TRUE, "the ACK arrives", |b| b.goto(acked))
                    .when(Expr::TRUE, "the segment was lost: send it again", |b| b)
            });
            p.within(c::TCP_RETRANSMIT_SKB, |p| {
                send(p, "N1r", &frag, &format!("rewire{k}"), checksum);
            });
        }
        p.b.bind(acked);
        p.within(c::TCP_CLEAN_RTX_QUEUE, |p| {
            if keeps {
                p.b.step("N2", c::TCP_CLEAN_RTX_QUEUE, |s| {
                    s.text("ACK; the receiver's clone keeps the page")
                        .set(state, ACKED)
                        .order(state, Order::Full)
                });
            } else {
                put_frag(
                    p,
                    "N2",
                    c::SKB_RELEASE_DATA,
                    &frag,
                    state,
                    "ACK: last clone, put the page",
                );
            }
        });
    }
}

/// One transmission: all words for the checksum, if it is a read of its own; then all words to the
/// wire.
fn send(p: &mut Prog<'_>, id: &str, frag: &PageAt, what: &str, checksum: bool) {
    let words = p.w.setup.words;
    let sums: Vec<VarId> = (0..if checksum { words } else { 0 })
        .map(|word| {
            let max = frag
                .origins
                .iter()
                .map(|o| p.w.tokens.max(p.w.origins[*o].index, word))
                .max()
                .unwrap_or(0);
            p.register(&format!("{what}.csum[{word}]"), max)
        })
        .collect();
    for (word, sum) in sums.iter().enumerate() {
        let value = frag.word(p.w, word);
        p.b.step(&format!("{id}c"), c::TCP_SIGPOOL_HASH_SKB_DATA, |s| {
            s.text(format!("the hash reads word {word}"))
                .set(*sum, value)
        });
    }
    hand_out(p, id, c::DMA_READ, frag, what, &sums);
}

/// The words go to a consumer that cannot be told to give them back.
fn hand_out(p: &mut Prog<'_>, id: &str, function: CFn, frag: &PageAt, what: &str, sums: &[VarId]) {
    let out = p.delivered(what, frag);
    for (word, target) in out.iter().enumerate() {
        let value = frag.word(p.w, word);
        let values: Vec<Expr> = out
            .iter()
            .enumerate()
            .map(|(w, v)| {
                if w == word {
                    value.clone()
                } else {
                    Expr::Var(*v)
                }
            })
            .collect();
        let torn = if word + 1 == out.len() {
            p.never_together(frag, &values)
        } else {
            Expr::FALSE
        };
        let outside = p.outside_window(frag, word, &value);
        let step = p.draft(|p, s| {
            let ghosts = &p.w.ghosts;
            s.text(format!("read word {word}"))
                .set(*target, value.clone())
                .set_if(outside, ghosts.undetected, 1)
                .set_if(torn, ghosts.torn, 1);
            if let Some(sum) = sums.get(word) {
                s.set_if(ne(*sum, value.clone()), ghosts.access_inconsistent, 1);
            }
            p.mark_delivery(s, frag, word, &value);
            Prog::reading(p.w, s, frag, word, &value);
        });
        p.b.push(id, function, step);
    }
}

/// A receiver on the same machine reads the fragment after its ACK, and drops the last reference.
pub fn receive(p: &mut Prog<'_>, socket: usize, buffers: usize, may_stop: bool) {
    for k in 0..buffers {
        if may_stop {
            may_stop_here(p, c::TCP_RECVMSG_LOCKED, "N3s");
        }
        let frag = p.frag(socket, k);
        let state = p.w.sockets[socket].frags[k].state;
        p.within(c::TCP_RECVMSG_LOCKED, |p| {
            p.b.step("N3w", c::TCP_RECVMSG_LOCKED, |s| {
                s.text("wait for data")
                    .idle()
                    .wait(eq(state, ACKED))
                    .acquire(state)
            });
            hand_out(
                p,
                "N3",
                c::SKB_COPY_DATAGRAM,
                &frag,
                &format!("recv{k}"),
                &[],
            );
            put_frag(
                p,
                "N3p",
                c::SKB_RELEASE_DATA,
                &frag,
                state,
                "last clone: put the page",
            );
        });
    }
}

fn put_frag(p: &mut Prog<'_>, id: &str, function: CFn, frag: &PageAt, state: VarId, text: &str) {
    p.hook(
        Hook::SkbFragPut,
        &At::Held {
            page: frag.clone(),
            fail: None,
        },
    );
    let parts = put_parts(p, frag);
    p.b.step(id, function, |s| {
        s.text(text);
        for (cond, refs, holders) in parts {
            s.set_if(cond.clone(), refs, sub(refs, 1))
                .set_if(cond, holders, sub(holders, 1));
        }
        s.set(frag.page(), 0)
            .set(state, 0)
            .order(state, Order::Full)
    });
}
