//! `fs/pipe.c`, `fs/splice.c`: reading a pipe, releasing its buffers, writing to it. Actions S4, S5, S7.

use crate::kernel::declare::readers::possible;
use crate::kernel::fs::failure::{self, Failure};
use crate::kernel::fs::pipe_buf::{confirm, lock_non_empty, may_stop_here, release, unlock};
use crate::kernel::fs::{pipe_ends, pipe_pages};
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, Prog};
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, add, and, any, eq, ite, lt, ne};
use crate::machine::var::VarId;

/// `read(2)` on a pipe of the given number of pages. The mutex is held until the pipe is empty or all
/// are read; a short read is followed by another call. If the program may stop before any buffer, it
/// reads one a call.
pub fn pipe_read(p: &mut Prog<'_>, pipe: usize, buffers: usize, may_stop: bool, failure: &Failure) {
    let done = p.b.label("done");
    let refused = possible(p.rules).then(|| p.b.label("refused"));
    let mut dropped = Vec::new();
    for k in 0..buffers {
        if may_stop {
            may_stop_here(p, c::PIPE_READ, "R0");
        }
        p.within(c::PIPE_READ, |p| {
            if k == 0 || may_stop {
                lock_non_empty(p, pipe, "S4l");
            } else {
                another_buffer(p, pipe);
            }
            dropped.extend(read_buffer(p, pipe, k, refused));
            if k + 1 == buffers {
                unlock(p, pipe, "S7u", done);
            } else if may_stop {
                let next = p.b.label("next call");
                unlock(p, pipe, "S7u", next);
                p.b.bind(next);
            }
        });
    }
    if let Some(refused) = refused {
        p.within(c::PIPE_READ, |p| {
            for (label, user) in dropped {
                throw_away(p, pipe, label, &user, refused);
            }
        });
        p.b.bind(refused);
        failure::fail(p, c::PIPE_READ, pipe, failure);
    }
    p.b.bind(done);
}

/// The pipe mutex is held, and a buffer has been read: is there another? If not, the call returns short,
/// and the program calls again.
fn another_buffer(p: &mut Prog<'_>, pipe: usize) {
    let (mutex, used) = (p.w.pipes[pipe].mutex, p.w.pipes[pipe].used);
    let reading = p.b.label("another buffer");
    p.b.step("S5n", c::PIPE_READ, |s| {
        s.text("another buffer in the pipe?")
            .release(mutex)
            .when(ne(used, 0), "yes", |b| b.goto(reading))
            .otherwise("no: returns short, is called again", |b| b.set(mutex, 0))
    });
    lock_non_empty(p, pipe, "S4l");
    p.b.bind(reading);
}

/// S7f: what was copied is not the program's.
fn throw_away(p: &mut Prog<'_>, pipe: usize, label: Label, user: &[VarId], refused: Label) {
    p.b.bind(label);
    let page = p.pipe_tail(pipe);
    p.hook(Hook::SinkIoEnd, &At::Held { page, fail: None });
    let unread: Vec<_> = user.iter().map(|v| (*v, p.b.system.var(*v).init)).collect();
    p.b.step("S7f", c::PIPE_READ, |s| {
        s.text("the copy is thrown away");
        for (word, none) in unread {
            s.set(word, none.cast_signed());
        }
        s.goto(refused)
    });
}

/// Reads the buffer at the tail. Where the copy can be thrown away: the label for that, and the words.
fn read_buffer(
    p: &mut Prog<'_>,
    pipe: usize,
    k: usize,
    refused: Option<Label>,
) -> Option<(Label, Vec<VarId>)> {
    let page = p.pipe_tail(pipe);
    let held = |fail| At::Held {
        page: page.clone(),
        fail,
    };
    confirm(p, &page, refused);
    p.hook(Hook::SinkIoStart, &held(refused));
    let user = p.delivered(&format!("user{k}"), &page);
    for (word, target) in user.iter().enumerate() {
        let value = page.word(p.w, word);
        p.b.step("S5", c::COPY_PAGE_TO_ITER, |s| {
            s.text(format!("copy word {word} to the user's buffer"))
                .set(*target, value)
        });
    }
    pipe_pages::read(p, pipe);
    let dropped = p
        .rules
        .has(Hook::PipeBufCopied)
        .then(|| p.b.label("copy dropped"));
    p.hook(Hook::PipeBufCopied, &held(dropped));
    let step = p.draft(|p, s| {
        s.text("report the bytes as read");
        let words: Vec<Expr> = user.iter().map(|v| Expr::Var(*v)).collect();
        for (word, value) in words.iter().enumerate() {
            p.accepts(s, &page, word, value);
        }
        p.accepts_whole(s, &page, &words);
    });
    p.b.push("S5a", c::PIPE_READ, step);
    p.hook(Hook::SinkIoEnd, &held(None));
    release(p, pipe, "S7");
    dropped.map(|label| (label, user))
}

/// `write(2)` of less than a page to a pipe: appends to the last buffer if that may be merged into,
/// else takes a new one, which may be merged into later.
pub fn pipe_write(p: &mut Prog<'_>, pipe: usize) {
    let object = p.w.pipes[pipe].clone();
    let me = p.me();
    let slots = object.slots.len();
    let task = p.b.task.index();
    let word = p.w.setup.words - 1;
    let unread = pipe_ends::unread(p, pipe);
    p.within(c::PIPE_WRITE, |p| {
        p.b.step("A0", c::PIPE_LOCK, |s| {
            s.text("pipe mutex; wait for room or a buffer to append to")
                .wait(and(
                    eq(object.mutex, 0),
                    any([lt(object.used, slots), mergeable(&object), unread]),
                ))
                .set(object.mutex, me)
                .acquire(object.mutex)
        });
        pipe_ends::broken_pipe(p, pipe, "A0e", &[]);
        let appended = p.b.label("appended");
        let fresh = p.b.label("new buffer");
        p.b.step("A1", c::PIPE_WRITE, |s| {
            s.text("PIPE_BUF_FLAG_CAN_MERGE on the last buffer?")
                .when(mergeable(&object), "append to it", |b| b)
                .otherwise("take a new one", |b| b.goto(fresh))
        });
        let last = p.pipe_last(pipe);
        let (w, b, call) = (&*p.w, &mut p.b, p.call);
        b.step("A2", c::PIPE_WRITE, |s| {
            s.text("copy behind the bytes of the last buffer");
            Prog::store_by_sink(w, s, &last, word, (task, call), &Expr::TRUE);
            pipe_pages::append(w, s, pipe, (task, call));
            s.goto(appended)
        });
        b.bind(fresh);
        let own = p.w.written_page();
        let fresh_slot = p.pipe_head(pipe);
        let (w, b) = (&*p.w, &mut p.b);
        b.step("A3", c::PIPE_WRITE, |s| {
            pipe_pages::allocate(w, s, pipe, (task, call));
            s.text("a page of its own, CAN_MERGE set")
                .set(fresh_slot.page(), own)
                .inc(object.used);
            for (n, slot) in object.slots.iter().enumerate() {
                let here = if slots == 1 {
                    Expr::TRUE
                } else {
                    eq(object.head, n)
                };
                s.set_if(here, slot.can_merge, 1);
            }
            s.set(
                object.head,
                ite(eq(object.head, slots - 1), 0, add(object.head, 1)),
            )
        });
        p.b.bind(appended);
        let next = p.b.label("written");
        unlock(p, pipe, "A4", next);
        p.b.bind(next);
    });
}

/// The last buffer exists and may be merged into.
fn mergeable(pipe: &crate::kernel::objects::Pipe) -> Expr {
    let n = pipe.slots.len();
    let last = any(pipe.slots.iter().enumerate().map(|(slot, s)| {
        let here = if n == 1 {
            Expr::TRUE
        } else {
            eq(pipe.head, (slot + 1) % n)
        };
        and(here, eq(s.can_merge, 1))
    }));
    and(ne(pipe.used, 0), last)
}
