//! `mm/filemap.c:filemap_splice_read`, `fs/splice.c`: file to pipe, and tee. Actions S1 to S3.

use crate::kernel::fs::inode::{down_read, up_read};
use crate::kernel::fs::{pipe_ends, pipe_pages};
use crate::kernel::functions as c;
use crate::kernel::hooks::{Hook, copies_at_source};
use crate::kernel::mm::folio::get_uptodate_folio;
use crate::kernel::net::completion;
use crate::kernel::program::{At, PageAt, Prog};
use crate::kernel::setup::{Filesystem, Mapping};
use crate::machine::builder::{Label, StepDraft};
use crate::machine::expr::{Expr, add, and, eq, ite, lt, or};
use crate::machine::step::Cost;

/// `splice(2)` from the file to a pipe: one buffer a page. Goes on at `then`, if that is elsewhere.
pub fn splice_read(
    p: &mut Prog<'_>,
    folios: &[usize],
    pipe: usize,
    writable: bool,
    then: Option<Label>,
) {
    let xfs = p.w.setup.filesystem == Filesystem::Xfs && p.w.setup.mapping == Mapping::Disk;
    let sem = p.w.inode.i_rwsem;
    let task = p.b.task.index();
    let origins: Vec<usize> = folios
        .iter()
        .map(|i| p.w.origin(task, p.call, *i))
        .collect();
    p.within(c::SPLICE_FILE_TO_PIPE, |p| {
        enter(p, pipe, &origins);
        let full = p.b.label("pipe full");
        if xfs {
            down_read(p, "S1x", c::XFS_FILE_SPLICE_READ, sem, "IOLOCK, shared");
        }
        p.within(c::FILEMAP_SPLICE_READ, |p| {
            for (k, (index, origin)) in folios.iter().zip(&origins).enumerate() {
                if k > 0 {
                    let (used, slots) = (p.w.pipes[pipe].used, p.w.pipes[pipe].slots.len());
                    p.b.step("S2f", c::FILEMAP_SPLICE_READ, |s| {
                        s.text("room for another buffer?")
                            .when(lt(used, slots), "yes", |b| b)
                            .otherwise("no: a short splice", |b| b.goto(full))
                    });
                }
                let slot = p.pipe_head(pipe);
                if copies_at_source(p.rules, &p.w.setup, writable) {
                    let at = At::Index {
                        index: *index,
                        slot: slot.clone(),
                        origin: *origin,
                    };
                    p.hook(Hook::FilemapSpliceRead, &at);
                    push_copy(p, pipe, &slot, *origin);
                } else {
                    by_reference(p, pipe, *index, &slot, &origins[k..], full);
                }
            }
        });
        p.b.bind(full);
        if xfs {
            up_read(p, "S2x", c::XFS_FILE_SPLICE_READ, sem, "IOLOCK");
        }
        leave(p, pipe, &origins, then);
    });
}

/// The call begins: pipe mutex, room for one buffer, and the window of each reference opens with what
/// its page holds now.
fn enter(p: &mut Prog<'_>, pipe: usize, origins: &[usize]) {
    let me = p.me();
    let object = p.w.pipes[pipe].clone();
    let unread = pipe_ends::unread(p, pipe);
    let w = &*p.w;
    p.b.step("S0", c::PIPE_LOCK, |s| {
        s.text("pipe mutex; wait for a free slot")
            .wait(and(
                eq(object.mutex, 0),
                or(lt(object.used, object.slots.len()), unread),
            ))
            .set(object.mutex, me)
            .acquire(object.mutex);
        for o in origins {
            s.set(w.ghosts.open[*o], 1);
            for (position, f) in w.indices[w.origins[*o].index].folios.iter().enumerate() {
                let folio = &w.folios[*f];
                for (word, data) in folio.data.iter().enumerate() {
                    let now = crate::machine::expr::set_bit(0, *data);
                    // A folio that was replaced is no page of the file any more.
                    let current = if w.indices[folio.index].replaceable {
                        eq(folio.has_mapping, 1)
                    } else {
                        Expr::TRUE
                    };
                    let seen = ite(and(current, eq(folio.uptodate, 1)), now, 0).fold();
                    s.set(w.ghosts.window[*o][position][word], seen);
                }
            }
        }
        s
    });
    // The error is the report, where somebody waits for one.
    let mut undo: Vec<_> = origins.iter().map(|o| (p.w.ghosts.open[*o], 0)).collect();
    undo.extend(
        origins
            .iter()
            .filter_map(|o| p.w.completed.get(*o))
            .map(|c| (*c, 1)),
    );
    pipe_ends::broken_pipe(p, pipe, "S0e", &undo);
}

/// The call returns: the windows close.
fn leave(p: &mut Prog<'_>, pipe: usize, origins: &[usize], then: Option<Label>) {
    let completed = completion::returns(p, pipe, origins, false);
    let mutex = p.w.pipes[pipe].mutex;
    let open: Vec<_> = origins.iter().map(|o| p.w.ghosts.open[*o]).collect();
    p.b.step("S2r", c::PIPE_UNLOCK, |s| {
        s.text("splice(2) returns").set(mutex, 0).release(mutex);
        for ghost in open {
            s.set(ghost, 0);
        }
        for done in completed {
            s.set(done, 1).release(done);
        }
        match then {
            Some(then) => s.goto(then),
            None => s,
        }
    });
}

fn by_reference(
    p: &mut Prog<'_>,
    pipe: usize,
    index: usize,
    slot: &PageAt,
    origins: &[usize],
    error: Label,
) {
    let origin = origins[0];
    let folio = p.folio_register(index);
    let again = p.b.here("look up again");
    p.within(c::FILEMAP_GET_PAGES, |p| {
        let function = if p.w.can_writeback() {
            c::FILEMAP_GET_READ_BATCH
        } else {
            c::SHMEM_GET_FOLIO_GFP
        };
        get_uptodate_folio(p, "S1", function, &folio);
    });
    let pushed = p.b.label("pushed");
    let busy = p.b.label("not by reference");
    let at = At::Choose {
        folio: folio.clone(),
        slot: slot.clone(),
        again,
        busy,
        error,
        unspliced: origins.to_vec(),
    };
    for hook in [
        Hook::SpliceTest,
        Hook::SpliceRefuse,
        Hook::SpliceClaim,
        Hook::SpliceTag,
        Hook::SpliceSteal,
        Hook::SpliceTested,
    ] {
        p.hook(hook, &at);
    }
    p.hook(
        Hook::SpliceAddFolio,
        &At::Fill {
            folio: folio.clone(),
            slot: slot.clone(),
        },
    );
    let chooses = [Hook::SpliceCopyLocked, Hook::SpliceCopy, Hook::SpliceError]
        .iter()
        .any(|h| p.rules.has(*h));
    let page = folio.select(|f| Expr::from(f + 1));
    let holders: Vec<_> = folio
        .candidates
        .iter()
        .map(|(cond, f)| (cond.clone(), p.w.ghosts.holders[*f]))
        .collect();
    push(
        p,
        pipe,
        slot,
        origin,
        "the reference becomes the buffer's",
        |s| {
            s.set(slot.page(), page);
            for (cond, holder) in holders {
                s.set_if(cond, holder, add(holder, 1));
            }
            if chooses { s.goto(pushed) } else { s }
        },
    );
    if chooses {
        not_by_reference(p, pipe, &at, origin);
    }
    p.b.bind(pushed);
}

/// The folio was refused: a copy, or an error.
fn not_by_reference(p: &mut Prog<'_>, pipe: usize, at: &At, origin: usize) {
    let At::Choose { slot, busy, .. } = at else {
        return;
    };
    p.b.bind(*busy);
    p.hook(Hook::SpliceCopyLocked, at);
    p.hook(Hook::SpliceTested, at);
    p.hook(Hook::SpliceCopy, at);
    p.hook(Hook::SpliceError, at);
    if p.rules.has(Hook::SpliceCopyLocked) || p.rules.has(Hook::SpliceCopy) {
        push_copy(p, pipe, slot, origin);
    }
}

/// A rule has filled the slot's copy; the buffer gets it.
fn push_copy(p: &mut Prog<'_>, pipe: usize, slot: &PageAt, origin: usize) {
    let copied = p.w.copied_page();
    push(p, pipe, slot, origin, "the buffer gets the copy", |s| {
        s.set(slot.page(), copied)
    });
}

/// S2: fills in the descriptor, every field of it, and moves the head.
fn push(
    p: &mut Prog<'_>,
    pipe: usize,
    slot: &PageAt,
    origin: usize,
    text: &str,
    page: impl for<'s> FnOnce(&'s mut StepDraft) -> &'s mut StepDraft,
) {
    let object = p.w.pipes[pipe].clone();
    let last = object.slots.len() - 1;
    let flags: Vec<_> = object
        .slots
        .iter()
        .enumerate()
        .map(|(n, s)| {
            let here = if last == 0 {
                Expr::TRUE
            } else {
                eq(object.head, n)
            };
            (here, s.can_merge)
        })
        .collect();
    let first = p.w.ghosts.first[origin].clone();
    let tokens = p.w.tokens.clone();
    let index = p.w.origins[origin].index;
    p.b.step("S2", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        page(s.text(text))
            .set(slot.place(|r| r.origin), origin)
            .inc(object.used)
            .set(
                object.head,
                ite(eq(object.head, last), 0, add(object.head, 1)),
            );
        for (here, flag) in flags {
            s.set_if(here, flag, 0);
        }
        for (word, ghost) in first.iter().enumerate() {
            s.set(*ghost, tokens.count(index, word));
        }
        s
    });
}

/// `tee(2)`: duplicates every buffer of one pipe into another. Waits for data and for room with
/// neither mutex held (`ipipe_prep`, `opipe_prep`); then takes both, in the order of their addresses,
/// and goes back to waiting if what it waited for is gone.
pub fn tee(p: &mut Prog<'_>, from: usize, to: usize, buffers: usize) {
    let (source, target) = (p.w.pipes[from].clone(), p.w.pipes[to].clone());
    let me = p.me();
    let ready = and(
        lt(buffers - 1, source.used),
        lt(target.used, target.slots.len() - buffers + 1),
    );
    let (first, second) = if from < to {
        (&source, &target)
    } else {
        (&target, &source)
    };
    let unread = pipe_ends::unread(p, to);
    let broken = target.readers.map(|_| p.exit);
    p.within(c::DO_TEE, |p| {
        let wait = p.b.here("wait");
        p.b.step("S3w", c::IPIPE_PREP, |s| {
            s.text("wait for buffers here and room there, no mutex held")
                .idle()
                .rechecked()
                .wait(or(ready.clone(), unread.clone()))
        });
        p.within(c::LINK_PIPE, |p| {
            for (id, pipe) in [("S3a", first), ("S3b", second)] {
                p.b.step(id, c::PIPE_DOUBLE_LOCK, |s| {
                    s.text("pipe mutexes by address")
                        .wait(eq(pipe.mutex, 0))
                        .set(pipe.mutex, me.clone())
                        .acquire(pipe.mutex)
                });
            }
            p.b.step("S3v", c::LINK_PIPE, |s| {
                if let Some(broken) = broken {
                    s.when(unread, "no reader there: EPIPE, SIGPIPE", |b| {
                        b.set(source.mutex, 0).set(target.mutex, 0).goto(broken)
                    });
                }
                s.when(ready, "still so", |b| b)
                    .otherwise("gone: unlock, wait again", |b| {
                        b.set(source.mutex, 0)
                            .set(target.mutex, 0)
                            .costs(Cost::Retry)
                            .goto(wait)
                    })
            });
            for k in 0..buffers {
                link_buffer(p, from, to, k);
            }
        });
        p.b.step("S3u", c::PIPE_UNLOCK, |s| {
            s.text("both")
                .set(source.mutex, 0)
                .release(source.mutex)
                .set(target.mutex, 0)
                .release(target.mutex)
        });
    });
}

/// S3 for the `k`-th buffer from the tail: reference, then the descriptor without CAN_MERGE.
fn link_buffer(p: &mut Prog<'_>, from: usize, to: usize, k: usize) {
    let source = p.pipe_tail_plus(from, k);
    let target = p.pipe_head(to);
    get_page(p, "S3g", c::PIPE_BUF_GET, &source);
    p.hook(
        Hook::PipeBufGet,
        &At::Move {
            from: source.clone(),
            to: target.clone(),
        },
    );
    let object = p.w.pipes[to].clone();
    let last = object.slots.len() - 1;
    let merge: Vec<_> = object
        .slots
        .iter()
        .enumerate()
        .map(|(n, s)| {
            (
                if last == 0 {
                    Expr::TRUE
                } else {
                    eq(object.head, n)
                },
                s.can_merge,
            )
        })
        .collect();
    let words = p.w.setup.words;
    let before = merge_flag(p, from, k);
    let (w, b) = (&*p.w, &mut p.b);
    b.step("S3", c::LINK_PIPE, |s| {
        pipe_pages::link(w, s, from, to, k);
        s.text("copy the descriptor, without CAN_MERGE");
        copy_page(s, &source, &target, words).inc(object.used).set(
            object.head,
            ite(eq(object.head, last), 0, add(object.head, 1)),
        );
        for (here, flag) in merge.clone() {
            s.set_if(here, flag, before.clone());
        }
        s
    });
    p.b.step("S3c", c::LINK_PIPE, |s| {
        s.text("clear CAN_MERGE on the copy");
        for (n, slot) in object.slots.iter().enumerate() {
            // The head has moved on: the copy is in the slot before it.
            let after = if n == last { 0 } else { n + 1 };
            let here = if last == 0 {
                Expr::TRUE
            } else {
                eq(object.head, after)
            };
            s.set_if(here, slot.can_merge, 0);
        }
        s
    });
}

fn merge_flag(p: &Prog<'_>, pipe: usize, k: usize) -> Expr {
    let object = &p.w.pipes[pipe];
    let n = object.slots.len();
    if n == 1 {
        return object.slots[0].can_merge.into();
    }
    let flag = |slot: usize| Expr::from(object.slots[slot].can_merge);
    (1..n).fold(flag(k % n), |rest, tail| {
        ite(eq(object.tail, tail), flag((tail + k) % n), rest)
    })
}

/// One more reference to the page that a holder refers to, if it is a folio of the file.
pub fn get_page(p: &mut Prog<'_>, id: &str, function: crate::machine::builder::CFn, page: &PageAt) {
    let is_file = page.is_file(p.w);
    let Some(folio) = page.folio(p.w) else { return };
    let parts: Vec<_> = folio
        .candidates
        .iter()
        .map(|(cond, f)| (cond.clone(), p.w.folios[*f].refs, p.w.ghosts.holders[*f]))
        .collect();
    p.b.step(id, function, |s| {
        s.text("one more reference");
        for (cond, refs, holders) in parts {
            let cond = and(is_file.clone(), cond);
            s.set_if(cond.clone(), refs, add(refs, 1))
                .set_if(cond, holders, add(holders, 1));
        }
        s
    });
}

/// Copies what a holder refers to into another holder.
pub fn copy_page<'s>(
    s: &'s mut StepDraft,
    from: &PageAt,
    to: &PageAt,
    words: usize,
) -> &'s mut StepDraft {
    s.set(to.page(), from.page())
        .set(to.place(|r| r.origin), from.place(|r| r.origin));
    for word in 0..words {
        s.set(to.place(|r| r.copy[word]), from.place(|r| r.copy[word]));
    }
    s
}
