//! `fs/pipe.c`, `include/linux/pipe_fs_i.h`: what every consumer of a pipe does with its mutex and its buffers.
//! Actions S4, S7.

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, PageAt, Prog};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, add, and, eq, ite, ne, not, or, sub};
use crate::machine::var::VarId;

/// The program behind a consumer may decide never to consume.
pub fn may_stop_here(p: &mut Prog<'_>, function: CFn, id: &str) {
    p.b.step(id, function, |s| {
        s.text("the program may never call it")
            .choice()
            .when(Expr::TRUE, "calls it", |b| b)
            .when(Expr::TRUE, "stops for ever", |b| b.stop())
    });
}

/// Takes the pipe mutex once there is something in the pipe.
pub fn lock_non_empty(p: &mut Prog<'_>, pipe: usize, id: &str) {
    let (me, object) = (p.me(), p.w.pipes[pipe].clone());
    p.b.step(id, c::PIPE_LOCK, |s| {
        s.text("pipe mutex; wait for a buffer")
            .idle()
            .wait(and(eq(object.mutex, 0), ne(object.used, 0)))
            .set(object.mutex, me)
            .acquire(object.mutex)
    });
}

/// Drops the pipe mutex and goes to `next`.
pub fn unlock(p: &mut Prog<'_>, pipe: usize, id: &str, next: Label) {
    let mutex = p.w.pipes[pipe].mutex;
    p.b.step(id, c::PIPE_UNLOCK, |s| {
        s.set(mutex, 0).release(mutex).goto(next)
    });
}

/// S4: the folio is up to date, and that is all `page_cache_pipe_buf_confirm` asks; then the rules.
pub fn confirm(p: &mut Prog<'_>, page: &PageAt, fail: Option<Label>) {
    if let Some(folio) = page.folio(p.w) {
        let uptodate = folio.place(p.w, |f| f.uptodate);
        let is_file = page.is_file(p.w);
        p.b.step("S4", c::PAGE_CACHE_PIPE_BUF_CONFIRM, |s| {
            s.text("PG_uptodate: accept, no lock, no other check (else wait for who fills it)")
                .wait(or(not(is_file), eq(uptodate.clone(), 1)))
                .acquire(uptodate)
        });
    }
    p.hook(
        Hook::PipeBufConfirm,
        &At::Held {
            page: page.clone(),
            fail,
        },
    );
}

/// S7: the rules' part, then the put, and the tail moves on.
pub fn release(p: &mut Prog<'_>, pipe: usize, id: &str) {
    let page = p.pipe_tail(pipe);
    p.within(c::PIPE_BUF_RELEASE, |p| {
        p.hook(
            Hook::PipeBufRelease,
            &At::Held {
                page: page.clone(),
                fail: None,
            },
        );
        let object = p.w.pipes[pipe].clone();
        let last = object.slots.len() - 1;
        let parts = put_parts(p, &page);
        p.b.step(id, c::PAGE_CACHE_PIPE_BUF_RELEASE, |s| {
            s.text("put the page; tail moves on");
            for (cond, refs, holders) in parts {
                s.set_if(cond.clone(), refs, sub(refs, 1))
                    .set_if(cond, holders, sub(holders, 1));
            }
            s.set(page.page(), 0).dec(object.used).set(
                object.tail,
                ite(eq(object.tail, last), 0, add(object.tail, 1)),
            )
        });
    });
}

/// Condition, reference count and ghost holders of each folio that `page` may be.
pub fn put_parts(p: &Prog<'_>, page: &PageAt) -> Vec<(Expr, VarId, VarId)> {
    let is_file = page.is_file(p.w);
    page.folio(p.w)
        .map(|folio| {
            folio
                .candidates
                .iter()
                .map(|(cond, f)| {
                    (
                        and(is_file.clone(), cond.clone()),
                        p.w.folios[*f].refs,
                        p.w.ghosts.holders[*f],
                    )
                })
                .collect()
        })
        .unwrap_or_default()
}
