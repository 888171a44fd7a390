//! `fs/splice.c:splice_to_socket`, `net/ipv4/tcp.c:tcp_sendmsg`: pipe to socket. Actions S6.

use crate::kernel::declare::readers::possible;
use crate::kernel::fs::failure::{self, Failure};
use crate::kernel::fs::pipe_buf::{confirm, lock_non_empty, release, unlock};
use crate::kernel::fs::splice::{copy_page, get_page};
use crate::kernel::functions as c;
use crate::kernel::hooks::{Hook, copies_at_sink};
use crate::kernel::net::completion;
use crate::kernel::net::skbuff::{copy_to_skb, queue_copy};
use crate::kernel::net::socket::QUEUED;
use crate::kernel::program::{At, PageAt, Prog};
use crate::kernel::setup::Call;
use crate::machine::builder::Label;
use crate::machine::expr::{eq, lt, ne};
use crate::machine::var::VarId;

/// `splice(2)` from a pipe to a socket: each pipe reference is replaced by one of the socket's, or
/// copied. `first` is the number of the first fragment that this call fills.
///
/// With the pipe mutex held throughout: confirms every buffer that is there, sends those with one
/// `sock_sendmsg`, releases them. Once the pipe is empty the call returns short, and the program calls
/// again for the rest. A buffer that cannot be confirmed ends the batch before it.
pub fn splice_to_socket(p: &mut Prog<'_>, call: &Call, first: usize, failure: &Failure) {
    let Call::SpliceSocket { pipe, buffers, .. } = call else {
        return;
    };
    let (pipe, buffers) = (*pipe, *buffers);
    let refusable = possible(p.rules);
    let done = p.b.label("sent");
    let mut sending = Vec::new();
    for k in 0..buffers {
        sending.push(Sender {
            call,
            first,
            from: k,
            calls: p.b.label("call again"),
            gathers: p.b.label("gather"),
            refused: refusable.then(|| p.b.label("refused")),
        });
    }
    p.within(c::SPLICE_TO_SOCKET, |p| {
        for (from, sender) in sending.iter().enumerate() {
            p.b.bind(sender.calls);
            lock_non_empty(p, pipe, "S6l");
            p.b.bind(sender.gathers);
            let batches = gather(p, sender, pipe, buffers);
            for (before, batch) in batches.into_iter().enumerate().rev() {
                let to = from + before + 1;
                p.b.bind(batch);
                let short = send_message(p, sender, to);
                release_sent(p, pipe, to - from);
                match sending.get(to) {
                    Some(rest) => go_on(p, pipe, rest),
                    None => unlock(p, pipe, "S7u", done),
                }
                for (sent, label) in short {
                    p.b.bind(label);
                    fall_short(p, sender, pipe, sent, &sending);
                }
            }
        }
    });
    for sender in &sending {
        let Some(refused) = sender.refused else {
            continue;
        };
        p.b.bind(refused);
        // Once a frag is queued, splicing again would send it twice.
        let again = sender.from == 0 && matches!(failure, Failure::Again { .. });
        if !again {
            completion::socket_returns(p, pipe);
        }
        let act = if again { failure } else { &Failure::GiveUp };
        failure::fail(p, c::SPLICE_TO_SOCKET, pipe, act);
    }
    p.b.bind(done);
    p.within(c::SPLICE_TO_SOCKET, |p| {
        completion::socket_returns(p, pipe);
    });
}

/// What is left to do of a `splice(2)` to a socket from one of its buffers on.
struct Sender<'a> {
    call: &'a Call,
    /// Fragment of the call's first buffer.
    first: usize,
    /// The next buffer.
    from: usize,
    /// The program calls, no lock held.
    calls: Label,
    /// The mutex is held, and the pipe is not empty.
    gathers: Label,
    /// The mutex is held, and the next buffer cannot be sent.
    refused: Option<Label>,
}

/// Confirms one buffer after another until one fails, the pipe has no more, or the call asks for no more.
/// Where to send one, two, ... of them; the last falls through.
fn gather(p: &mut Prog<'_>, sender: &Sender<'_>, pipe: usize, buffers: usize) -> Vec<Label> {
    let used = p.w.pipes[pipe].used;
    let mut batches: Vec<Label> = Vec::new();
    for k in 0..buffers - sender.from {
        let mut fail = sender.refused;
        if let Some(before) = batches.last().copied() {
            fail = fail.map(|_| before);
            p.b.step("S6n", c::SPLICE_TO_SOCKET, |s| {
                s.text("another buffer in the pipe?")
                    .when(lt(k, used), "yes", |b| b)
                    .otherwise("no: send", |b| b.goto(before))
            });
        }
        let page = p.pipe_tail_plus(pipe, k);
        confirm(p, &page, fail);
        batches.push(p.b.label("send"));
    }
    batches
}

/// `sock_sendmsg` of the buffers up to `to`, under the socket lock. Where a rule can make the copying of
/// one fail: how many were sent before it, and the label for that, the lock still held.
fn send_message(p: &mut Prog<'_>, sender: &Sender<'_>, to: usize) -> Vec<(usize, Label)> {
    let Call::SpliceSocket { pipe, socket, .. } = sender.call else {
        return Vec::new();
    };
    for buffer in sender.from..to {
        if !copies_at_sink(p.rules, &p.w.setup, sender.call, buffer).0 {
            let page = p.pipe_tail_plus(*pipe, buffer - sender.from);
            p.hook(Hook::SockSendmsgStart, &At::Held { page, fail: None });
        }
    }
    let mut short = Vec::new();
    p.within(c::TCP_SENDMSG, |p| {
        lock_sock(p, *socket);
        for buffer in sender.from..to {
            short.extend(send_buffer(p, sender, buffer));
        }
        release_sock(p, *socket);
    });
    short
}

/// S6k: the sender owns the socket. What arrives for it waits in the backlog.
fn lock_sock(p: &mut Prog<'_>, socket: usize) {
    let me = p.me();
    if let Some(lock) = p.w.sockets[socket].lock {
        p.b.step("S6k", c::LOCK_SOCK, |s| {
            s.text("the sender owns the socket: ACKs wait in the backlog")
                .wait(eq(lock, 0))
                .set(lock, me)
                .acquire(lock)
        });
    }
}

/// S6u: and what waits there is dealt with.
fn release_sock(p: &mut Prog<'_>, socket: usize) {
    if let Some(lock) = p.w.sockets[socket].lock {
        p.b.step("S6u", c::RELEASE_SOCK, |s| {
            s.text("the backlog is dealt with")
                .set(lock, 0)
                .release(lock)
        });
    }
}

/// S6m, S6w: the send buffer has no room. The sender sleeps without the socket lock, and with the pipe
/// mutex.
fn wait_memory(p: &mut Prog<'_>, socket: usize, before: VarId) {
    let room = p.b.label("room");
    p.within(c::SK_STREAM_WAIT_MEMORY, |p| {
        p.b.step("S6m", c::SK_STREAM_WAIT_MEMORY, |s| {
            s.text("room in the send buffer?")
                .acquire(before)
                .when(ne(before, QUEUED), "yes", |b| b.goto(room))
                .otherwise("no", |b| b)
        });
        release_sock(p, socket);
        p.b.step("S6w", c::SK_STREAM_WAIT_MEMORY, |s| {
            s.text("wait until it has room, pipe mutex held")
                .wait(ne(before, QUEUED))
                .acquire(before)
        });
        lock_sock(p, socket);
    });
    p.b.bind(room);
}

fn send_buffer(p: &mut Prog<'_>, sender: &Sender<'_>, buffer: usize) -> Option<(usize, Label)> {
    let Call::SpliceSocket {
        pipe,
        socket,
        sndbuf,
        ..
    } = sender.call
    else {
        return None;
    };
    let (socket, sent) = (*socket, buffer - sender.from);
    let number = sender.first + buffer;
    let (page, frag) = (p.pipe_tail_plus(*pipe, sent), p.frag(socket, number));
    let (copied, rule) = copies_at_sink(p.rules, &p.w.setup, sender.call, buffer);
    if let Some(before) = sndbuf.and_then(|room| number.checked_sub(room)) {
        let before = p.w.sockets[socket].frags[before].state;
        wait_memory(p, socket, before);
    }
    if !copied {
        link_to_skb(p, (socket, number), &page, &frag);
        return None;
    }
    let state = p.w.sockets[socket].frags[number].state;
    let fail = sender.refused.map(|_| p.b.label("copy dropped"));
    let held = |fail| At::Held {
        page: page.clone(),
        fail,
    };
    p.hook(Hook::SinkIoStart, &held(fail));
    p.by_rule_if(rule.clone(), |p| copy_to_skb(p, &page, &frag));
    p.hook(Hook::SinkIoEnd, &held(None));
    p.hook(Hook::PipeBufCopied, &held(fail));
    p.by_rule_if(rule, |p| queue_copy(p, &page, &frag, state, QUEUED));
    fail.map(|label| (sent, label))
}

/// Drops the pipe's references to what was sent, mutex held.
fn release_sent(p: &mut Prog<'_>, pipe: usize, buffers: usize) {
    for _ in 0..buffers {
        release(p, pipe, "S7");
    }
}

/// The call has more to send.
fn go_on(p: &mut Prog<'_>, pipe: usize, rest: &Sender<'_>) {
    let (mutex, used) = (p.w.pipes[pipe].mutex, p.w.pipes[pipe].used);
    p.b.step("S6e", c::SPLICE_TO_SOCKET, |s| {
        s.text("is the pipe empty?")
            .release(mutex)
            .when(ne(used, 0), "no: go on with the rest", |b| {
                b.goto(rest.gathers)
            })
            .otherwise("yes: returns short, is called again", |b| {
                b.set(mutex, 0).goto(rest.calls)
            })
    });
}

/// `sock_sendmsg` sent fewer buffers than it was given: the call goes on with the rest.
fn fall_short(
    p: &mut Prog<'_>,
    sender: &Sender<'_>,
    pipe: usize,
    sent: usize,
    sending: &[Sender<'_>],
) {
    let next = if sent == 0 {
        sender.refused
    } else {
        Some(sending[sender.from + sent].gathers)
    };
    if let Call::SpliceSocket { socket, .. } = sender.call {
        release_sock(p, *socket);
    }
    release_sent(p, pipe, sent);
    if let Some(next) = next {
        p.b.step("S6s", c::SPLICE_TO_SOCKET, |s| {
            s.text("fewer were sent").goto(next)
        });
    }
}

/// S6: the socket takes a reference of its own, and marks the skb.
fn link_to_skb(p: &mut Prog<'_>, (socket, k): (usize, usize), page: &PageAt, frag: &PageAt) {
    get_page(p, "S6g", c::SKB_SPLICE_FROM_ITER, page);
    p.hook(
        Hook::SkbFragGet,
        &At::Move {
            from: page.clone(),
            to: frag.clone(),
        },
    );
    let object = p.w.sockets[socket].frags[k].clone();
    let words = p.w.setup.words;
    p.b.step("S6", c::SKB_SPLICE_FROM_ITER, |s| {
        s.text("the frag is queued");
        copy_page(s, page, frag, words)
            .set(object.state, QUEUED)
            .release(object.state);
        if let Some(shared) = object.shared {
            s.set(shared, 1);
        }
        s
    });
}
