//! `net/ipv4`: transmission, retransmission, ACKs, and a receiver on the same machine. Actions N1 to N3.

use crate::kernel::fs::pipe_buf::{may_stop_here, put_parts};
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::net::crypto::{aead_recvmsg, esp_input};
use crate::kernel::net::skbuff::{Linear, checksum_help, try_coalesce};
use crate::kernel::objects::Frag;
use crate::kernel::program::{At, PageAt, Prog};
use crate::kernel::setup::Crypto;
use crate::machine::builder::{CFn, Label, StepDraft};
use crate::machine::expr::{Expr, eq, ne, sub};
use crate::machine::step::Order;
use crate::machine::var::VarId;

pub(in crate::kernel) const QUEUED: u64 = 1;
const ACKED: u64 = 2;

/// Who computes the checksum of what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// The device, over the bytes that it sends.
    Device,
    /// A hash, over the frags where they lie (TCP-MD5, TCP-AO).
    Hash,
    /// `skb_checksum_help`.
    Software,
}

/// How a socket's frags are sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// The checksum.
    pub checksum: Checksum,
    /// A frag may be sent again before its ACK.
    pub retransmit: bool,
    /// The ACK may overtake what is sent again: the device has yet to read its clone.
    pub late_clone: bool,
    /// A receiver on this machine holds the fragment beyond the ACK: `loopback_xmit` then hands on
    /// the fragment itself, and nothing is read.
    pub keeps: bool,
}

/// What a receiver does.
#[derive(Clone, Copy, Debug)]
pub struct Receiving {
    /// It may stop for ever before any frag.
    pub may_stop: bool,
    /// Frags are moved to the last skb of the queue.
    pub coalesce: bool,
    /// What is done to the bytes first.
    pub crypto: Option<Crypto>,
}

/// The transmit side: each fragment is sent, perhaps checksummed by a read of its own before, perhaps
/// sent again, then acknowledged.
pub fn transmit(p: &mut Prog<'_>, socket: usize, buffers: usize, how: Sending) {
    for k in 0..buffers {
        let frag = p.frag(socket, k);
        let Frag { state, shared, .. } = p.w.sockets[socket].frags[k];
        let lock = p.w.sockets[socket].lock;
        p.within(c::TCP_TRANSMIT_SKB, |p| {
            p.b.step("N0", c::TCP_TRANSMIT_SKB, |s| {
                s.text("wait for a frag")
                    .idle()
                    .wait(eq(state, QUEUED))
                    .acquire(state)
            });
            if !how.keeps {
                send(p, "N1", &frag, shared, &format!("wire{k}"), how.checksum);
            }
        });
        let acked = p.b.label("acked");
        if how.retransmit {
            p.b.step("N1t", c::TCP_RETRANSMIT_SKB, |s| {
                s.text("the network decides")
                    .choice()
                    .when(Expr::TRUE, "the ACK arrives", |b| b.goto(acked))
                    .when(Expr::TRUE, "the segment was lost: send it again", |b| b)
            });
            if let Some(lock) = lock {
                p.b.step("N1o", c::TCP_WRITE_TIMER, |s| {
                    s.text("the timer puts it off while a sender owns the socket")
                        .wait(eq(lock, 0))
                        .acquire(lock)
                });
            }
            if how.late_clone {
                lock_for_ack(p, lock);
                hook_acked(p, &frag);
                p.b.step("N2c", c::TCP_CLEAN_RTX_QUEUE, |s| {
                    s.text("ACK of the first; a clone of the frag waits in the device's queue")
                        .set(state, ACKED)
                        .order(state, Order::Full);
                    unlock_after_ack(s, lock)
                });
            }
            p.within(c::TCP_RETRANSMIT_SKB, |p| {
                send(p, "N1r", &frag, shared, &format!("rewire{k}"), how.checksum);
            });
        }
        if how.late_clone {
            let next = p.b.label("next frag");
            let text = "the device frees its clone";
            put_frag(p, "N2d", (&frag, state), None, text, Some(next));
            p.b.bind(acked);
            acknowledge(p, &frag, state, lock, how.keeps);
            p.b.bind(next);
        } else {
            p.b.bind(acked);
            acknowledge(p, &frag, state, lock, how.keeps);
        }
    }
}

fn hook_acked(p: &mut Prog<'_>, frag: &PageAt) {
    let at = At::Held {
        page: frag.clone(),
        fail: None,
    };
    p.hook(Hook::SkbAcked, &at);
}

/// N2l: an ACK for a socket that a sender owns waits in the backlog until `release_sock`.
fn lock_for_ack(p: &mut Prog<'_>, lock: Option<VarId>) {
    let me = p.me();
    if let Some(lock) = lock {
        p.b.step("N2l", c::TCP_V4_RCV, |s| {
            s.text("does a sender own the socket? then the ACK waits in the backlog")
                .wait(eq(lock, 0))
                .set(lock, me)
                .acquire(lock)
        });
    }
}

fn unlock_after_ack(s: &mut StepDraft, lock: Option<VarId>) -> &mut StepDraft {
    match lock {
        Some(lock) => s.set(lock, 0).release(lock),
        None => s,
    }
}

fn acknowledge(p: &mut Prog<'_>, frag: &PageAt, state: VarId, lock: Option<VarId>, keeps: bool) {
    lock_for_ack(p, lock);
    p.within(c::TCP_CLEAN_RTX_QUEUE, |p| {
        hook_acked(p, frag);
        if keeps {
            p.b.step("N2", c::TCP_CLEAN_RTX_QUEUE, |s| {
                s.text("ACK; the receiver's clone keeps the page")
                    .set(state, ACKED)
                    .order(state, Order::Full);
                unlock_after_ack(s, lock)
            });
        } else {
            let text = "ACK: last clone, put the page";
            put_frag(p, "N2", (frag, state), lock, text, None);
        }
    });
}

/// One transmission: all words for the checksum, if it is a read of its own; then all words to the
/// wire.
fn send(
    p: &mut Prog<'_>,
    id: &str,
    frag: &PageAt,
    shared: Option<VarId>,
    what: &str,
    checksum: Checksum,
) {
    let linear = shared
        .filter(|_| checksum == Checksum::Software)
        .map(|shared| checksum_help(p, id, frag, shared, what));
    let sums: Vec<VarId> = match checksum {
        Checksum::Device => Vec::new(),
        Checksum::Hash | Checksum::Software => (0..p.w.setup.words)
            .map(|word| p.register(&format!("{what}.csum[{word}]"), frag.token_max(p.w, word)))
            .collect(),
    };
    let (function, who) = match checksum {
        Checksum::Software => (c::SKB_CHECKSUM, "checksum"),
        Checksum::Device | Checksum::Hash => (c::TCP_SIGPOOL_HASH_SKB_DATA, "hash"),
    };
    for (word, sum) in sums.iter().enumerate() {
        let value = skb_word(p, frag, linear.as_ref(), word);
        p.b.step(&format!("{id}c"), function, |s| {
            s.text(format!("the {who} reads word {word}"))
                .set(*sum, value)
        });
    }
    hand_out(p, id, c::DMA_READ, frag, linear.as_ref(), what, &sums);
}

/// The value of a word of the skb that is sent.
fn skb_word(p: &Prog<'_>, frag: &PageAt, linear: Option<&Linear>, word: usize) -> Expr {
    linear.map_or_else(|| frag.word(p.w, word), |l| l.word(p.w, frag, word))
}

/// The words go to a consumer that cannot be told to give them back.
fn hand_out(
    p: &mut Prog<'_>,
    id: &str,
    function: CFn,
    frag: &PageAt,
    linear: Option<&Linear>,
    what: &str,
    sums: &[VarId],
) {
    let out = p.delivered(what, frag);
    for (word, target) in out.iter().enumerate() {
        let value = skb_word(p, frag, linear, word);
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
        let step = p.draft(|p, s| {
            s.text(format!("read word {word}"))
                .set(*target, value.clone());
            if let Some(sum) = sums.get(word) {
                let disagree = ne(*sum, value.clone());
                s.set_if(disagree, p.w.ghosts.access_inconsistent, 1);
            }
            p.accepts(s, frag, word, &value);
            if word + 1 == out.len() {
                p.accepts_whole(s, frag, &values);
            }
        });
        p.b.push(id, function, step);
    }
}

/// A receiver on the same machine reads the fragment after its ACK, and drops the last reference. (An
/// AF_ALG socket is its own receiver: nothing is sent, and nothing acknowledged.)
pub fn receive(p: &mut Prog<'_>, socket: usize, buffers: usize, how: Receiving) {
    let ready = match how.crypto {
        Some(Crypto::Aead) => QUEUED,
        Some(Crypto::Esp) | None => ACKED,
    };
    for k in 0..buffers {
        if how.may_stop {
            may_stop_here(p, c::TCP_RECVMSG_LOCKED, "N3s");
        }
        let state = p.w.sockets[socket].frags[k].state;
        p.within(c::TCP_RECVMSG_LOCKED, |p| {
            p.b.step("N3w", c::TCP_RECVMSG_LOCKED, |s| {
                s.text("wait for data")
                    .idle()
                    .wait(eq(state, ready))
                    .acquire(state)
            });
            receive_frag(p, socket, k, how);
        });
    }
}

fn receive_frag(p: &mut Prog<'_>, socket: usize, k: usize, how: Receiving) {
    let object = p.w.sockets[socket].clone();
    let (frag, Frag { state, shared, .. }) = if how.coalesce {
        try_coalesce(p, socket, k);
        (p.merged(socket, k), object.merged[k].clone())
    } else {
        (p.frag(socket, k), object.frags[k].clone())
    };
    match (how.crypto, shared) {
        (Some(Crypto::Esp), Some(shared)) => esp_input(p, &frag, shared),
        (Some(Crypto::Aead), _) => aead_recvmsg(p, k, &frag),
        _ => {}
    }
    let what = format!("recv{k}");
    hand_out(p, "N3", c::SKB_COPY_DATAGRAM, &frag, None, &what, &[]);
    let text = "last clone: put the page";
    put_frag(p, "N3p", (&frag, state), None, text, None);
}

/// The last clone goes, and `unlocks` with it, if anything.
fn put_frag(
    p: &mut Prog<'_>,
    id: &str,
    (frag, state): (&PageAt, VarId),
    unlocks: Option<VarId>,
    text: &str,
    next: Option<Label>,
) {
    p.hook(
        Hook::SkbFragPut,
        &At::Held {
            page: frag.clone(),
            fail: None,
        },
    );
    let parts = put_parts(p, frag);
    p.b.step(id, c::SKB_RELEASE_DATA, |s| {
        s.text(text);
        for (cond, refs, holders) in parts {
            s.set_if(cond.clone(), refs, sub(refs, 1))
                .set_if(cond, holders, sub(holders, 1));
        }
        s.set(frag.page(), 0)
            .set(state, 0)
            .order(state, Order::Full);
        unlock_after_ack(s, unlocks);
        match next {
            Some(next) => s.goto(next),
            None => s,
        }
    });
}
