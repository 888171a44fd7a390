//! `net/core/skbuff.c`, `net/core/dev.c`: copies into skbs, the marker that says that somebody else
//! may change a frag, and what has to pass it on or ask for it. Actions S6c, S6q, N1h, N1l, N4.

use crate::kernel::fs::splice::copy_page;
use crate::kernel::functions as c;
use crate::kernel::program::{PageAt, Prog};
use crate::machine::expr::{Expr, eq, ite};
use crate::machine::var::VarId;

/// The socket copies the buffer's bytes into a page of its own: the other half of
/// `tcp_sendmsg_locked`, where the route has no NETIF_F_SG, or a rule says so.
pub fn copy_to_skb(p: &mut Prog<'_>, from: &PageAt, to: &PageAt) {
    for word in 0..p.w.setup.words {
        let value = from.word(p.w, word);
        p.b.step("S6c", c::SKB_COPY_TO_PAGE_NOCACHE, |s| {
            s.text(format!("copy word {word} into the skb's own page"))
                .copies_page_from(word)
                .set(to.place(|r| r.copy[word]), value)
        });
    }
}

/// The copy is queued.
pub fn queue_copy(p: &mut Prog<'_>, from: &PageAt, to: &PageAt, state: VarId, queued: u64) {
    let own = (p.w.copied_page(), p.w.written_page());
    let page = ite(from.is_spliced(p.w), own.0, own.1);
    let origin = from.place(|r| r.origin);
    p.b.step("S6q", c::SKB_COPY_TO_PAGE_NOCACHE, |s| {
        s.text("the copy is queued")
            .set(to.page(), page.fold())
            .set(to.place(|r| r.origin), origin)
            .set(state, queued)
            .release(state)
    });
}

/// What a transmission reads after `skb_checksum_help`.
pub struct Linear {
    /// The skb was linearised.
    pub done: VarId,
    /// Its words then.
    pub head: Vec<VarId>,
}

impl Linear {
    /// The value of a word of the skb.
    pub fn word(&self, w: &crate::kernel::objects::World, frag: &PageAt, word: usize) -> Expr {
        ite(eq(self.done, 1), self.head[word], frag.word(w, word))
    }
}

/// N1h, N1l: before a checksum is computed in software, an skb whose frags may change is copied. Only
/// this transmission's clone is: the retransmission queue keeps the page.
pub fn checksum_help(
    p: &mut Prog<'_>,
    id: &str,
    frag: &PageAt,
    shared: VarId,
    what: &str,
) -> Linear {
    let words = p.w.setup.words;
    let head = (0..words)
        .map(|word| p.register(&format!("{what}.head[{word}]"), frag.token_max(p.w, word)))
        .collect();
    let linear = Linear {
        done: p.register(&format!("{what}.linear"), 1),
        head,
    };
    let direct = p.b.label("checksum the frags");
    p.b.step(&format!("{id}h"), c::SKB_CHECKSUM_HELP, |s| {
        s.text("skb_has_shared_frag?")
            .when(eq(shared, 0), "no: the frags are its own", |b| {
                b.goto(direct)
            })
            .otherwise("yes: copy them first", |b| b)
    });
    for word in 0..words {
        let value = frag.word(p.w, word);
        let (head, done) = (linear.head[word], linear.done);
        p.b.step(&format!("{id}l"), c::PSKB_PULL_TAIL, |s| {
            s.text(format!("copy word {word} into the head"))
                .copies_page_from(word)
                .set(head, value)
                .set(done, u64::from(word + 1 == words))
        });
    }
    p.b.bind(direct);
    linear
}

/// N4: the frag moves to the last skb of the receive queue, and the marker with it.
pub fn try_coalesce(p: &mut Prog<'_>, socket: usize, k: usize) {
    let (from, to) = (p.frag(socket, k), p.merged(socket, k));
    let object = &p.w.sockets[socket];
    let (old, new) = (object.frags[k].clone(), object.merged[k].clone());
    let words = p.w.setup.words;
    p.b.step("N4", c::SKB_TRY_COALESCE, |s| {
        s.text("the frag moves to the last skb of the queue");
        copy_page(s, &from, &to, words)
            .set(new.state, old.state)
            .set(old.state, 0)
            .set(from.page(), 0);
        if let (Some(old), Some(new)) = (old.shared, new.shared) {
            s.set_if(eq(old, 1), new, 1);
        }
        s
    });
}
