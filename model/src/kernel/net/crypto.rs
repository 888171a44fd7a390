//! `net/ipv4/esp4.c`, `crypto/algif_aead.c`: sinks that could write where the spliced bytes lie.
//! Actions E1 to E6. Decryption changes no token: whoever reads afterwards is handed the plaintext of
//! the bytes that the token names. A write to a page that is not the sink's own does, and is the bug.

use crate::kernel::fs::pipe_buf::put_parts;
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, PageAt, Prog};
use crate::kernel::setup::Crypto;
use crate::kernel::tokens::written_in_place;
use crate::machine::expr::{Expr, eq, sub};
use crate::machine::var::VarId;

/// `esp_input`: decrypts in place; an skb with frags that others may change is copied first.
pub fn esp_input(p: &mut Prog<'_>, page: &PageAt, shared: VarId) {
    let in_place = p.b.label("in place");
    p.within(c::ESP_INPUT, |p| {
        p.b.step("E1", c::ESP_INPUT, |s| {
            s.text("skb_has_shared_frag?")
                .when(eq(shared, 0), "no: decrypt where it lies", |b| {
                    b.goto(in_place)
                })
                .otherwise("yes: copy first", |b| b)
        });
        cow_data(p, page);
        p.b.bind(in_place);
        write_in_place(p, "E4", page, Crypto::Esp, &Expr::TRUE);
    });
}

/// E2, E3: the skb gets pages of its own, and drops the references to the others.
fn cow_data(p: &mut Prog<'_>, page: &PageAt) {
    for word in 0..p.w.setup.words {
        let value = page.word(p.w, word);
        p.b.step("E2", c::SKB_COW_DATA, |s| {
            s.text(format!("copy word {word} into a page of its own"))
                .copies_page_from(word)
                .set(page.place(|r| r.copy[word]), value)
        });
    }
    p.hook(
        Hook::SkbFragPut,
        &At::Held {
            page: page.clone(),
            fail: None,
        },
    );
    let (parts, own) = (put_parts(p, page), p.w.copied_page());
    p.b.step("E3", c::SKB_COW_DATA, |s| {
        s.text("refer to that, put the page");
        for (cond, refs, holders) in parts {
            s.set_if(cond.clone(), refs, sub(refs, 1))
                .set_if(cond, holders, sub(holders, 1));
        }
        s.set(page.page(), own)
    });
}

/// `_aead_recvmsg`: the output goes to pages of the reader, with scratch bytes behind it
/// (`crypto_authenc_esn_decrypt`).
pub fn aead_recvmsg(p: &mut Prog<'_>, k: usize, page: &PageAt) {
    let own = p.register(&format!("recv{k}.dst"), 1);
    p.within(c::AEAD_RECVMSG, |p| {
        p.b.step("E5", c::AEAD_RECVMSG, |s| {
            s.text("the destination is the reader's own pages")
                .set(own, 1)
        });
        write_in_place(p, "E6", page, Crypto::Aead, &eq(own, 0));
    });
}

/// The sink writes to its destination: the page, if `in_place` holds. What it writes to pages of its
/// own changes nothing that anybody else can see.
fn write_in_place(p: &mut Prog<'_>, id: &str, page: &PageAt, crypto: Crypto, in_place: &Expr) {
    let (task, call) = (p.b.task.index(), p.call);
    for word in written_in_place(&p.w.setup, crypto) {
        let step = p.draft(|p, s| {
            s.text(format!("write word {word} of the destination"));
            Prog::store_by_sink(p.w, s, page, word, (task, call), in_place);
        });
        p.b.push(id, c::CRYPTO_AEAD_DECRYPT, step);
    }
}
