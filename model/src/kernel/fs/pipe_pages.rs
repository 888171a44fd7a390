//! Pages that pipe writers fill, where a tee can make two pipes refer to one of them.
//!
//! A page is named after the `write(2)` that allocated it. Its bytes are the order numbers of the
//! writes that put them there; a buffer covers a prefix of them, and a ghost says what its writers
//! expect to be in it. Declared only in scenarios in which a pipe that is written to is tee'd from.

use super::functions as c;
use super::prog::Prog;
use super::setup::{Call, Setup};
use super::world::World;
use crate::machine::builder::StepDraft;
use crate::machine::expr::{Expr, add, all, and, eq, lt, ne};
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// What a buffer knows of such a page.
#[derive(Clone, Debug)]
struct Cover {
    /// The page.
    page: VarId,
    /// How many writes it covers.
    len: VarId,
    /// Ghost: which they were.
    expected: Vec<VarId>,
}

/// The pages, and what each slot of each pipe covers.
#[derive(Clone, Debug)]
pub struct PipePages {
    /// The calls that write to pipes: task and number. Each can allocate one page.
    writes: Vec<(usize, usize)>,
    /// Bytes by page and position: 0, or number of the write plus one.
    bytes: Vec<Vec<VarId>>,
    /// By pipe and slot.
    covers: Vec<Vec<Cover>>,
    /// Ghost: a reader was handed bytes that somebody else had put over those it was to get.
    pub overwritten: VarId,
}

/// Whether two pipes can refer to one page that a pipe writer filled.
pub fn are_shared(setup: &Setup) -> bool {
    setup.any_call(|tee| {
        matches!(tee, Call::Tee { from, .. }
            if setup.any_call(|c| matches!(c, Call::PipeWrite { pipe } if pipe == from)))
    })
}

impl PipePages {
    pub(super) fn declare(system: &mut System, setup: &Setup) -> Option<PipePages> {
        if !are_shared(setup) {
            return None;
        }
        let writes: Vec<_> = setup
            .calls()
            .filter(|(_, _, c)| matches!(c, Call::PipeWrite { .. }))
            .map(|(task, call, _)| (task, call))
            .collect();
        let n = writes.len();
        let max = n as u64;
        let bytes = (0..n)
            .map(|page| {
                let byte = |at| VarDecl::shared(format!("page{page}"), format!("bytes[{at}]"), max);
                (0..n).map(|at| system.declare(byte(at))).collect()
            })
            .collect();
        let mut cover = |name: String| Cover {
            page: system.declare(VarDecl::shared(name.clone(), "own page", max - 1)),
            len: system.declare(VarDecl::shared(name.clone(), "len", max)),
            expected: (0..n)
                .map(|at| {
                    let expected = VarDecl::ghost(name.clone(), format!("expected[{at}]"), max);
                    system.declare(expected)
                })
                .collect(),
        };
        let covers = setup
            .pipes
            .iter()
            .enumerate()
            .map(|(p, slots)| {
                (0..*slots)
                    .map(|s| cover(format!("pipe{p}.bufs[{s}]")))
                    .collect()
            })
            .collect();
        Some(PipePages {
            writes,
            bytes,
            covers,
            overwritten: system.declare(VarDecl::ghost("broken", "pipe-bytes", 1)),
        })
    }

    /// Each slot of the pipe, with the condition that it is `offset` slots from where `cursor` is.
    fn at(&self, pipe: usize, cursor: VarId, offset: usize) -> Vec<(Expr, &Cover)> {
        let n = self.covers[pipe].len();
        (0..n)
            .map(|at| {
                let here = if n == 1 { Expr::TRUE } else { eq(cursor, at) };
                (here, &self.covers[pipe][(at + offset) % n])
            })
            .collect()
    }
}

/// Assignments of a pipe write that appends to the last buffer, if that has a page of a pipe writer.
pub(super) fn append(w: &World, s: &mut StepDraft, pipe: usize, write: (usize, usize)) {
    let Some((pages, number)) = find(w, write) else {
        return;
    };
    let n = w.pipes[pipe].slots.len();
    let own = w.written_page();
    for (slot, (here, cover)) in pages
        .at(pipe, w.pipes[pipe].head, n - 1)
        .into_iter()
        .enumerate()
    {
        let held = w.pipes[pipe].slots[(slot + n - 1) % n].page.page;
        let here = and(here, eq(held, own));
        for at in 0..pages.writes.len() {
            let behind = and(here.clone(), eq(cover.len, at));
            for (page, bytes) in pages.bytes.iter().enumerate() {
                let this = and(behind.clone(), eq(cover.page, page));
                s.set_if(this, bytes[at], number + 1);
            }
            s.set_if(behind, cover.expected[at], number + 1);
        }
        s.set_if(here, cover.len, add(cover.len, 1));
    }
}

/// Assignments of a pipe write that allocates a page for the next slot.
pub(super) fn allocate(w: &World, s: &mut StepDraft, pipe: usize, write: (usize, usize)) {
    let Some((pages, number)) = find(w, write) else {
        return;
    };
    s.set(pages.bytes[number][0], number + 1);
    for (here, cover) in pages.at(pipe, w.pipes[pipe].head, 0) {
        s.set_if(here.clone(), cover.page, number)
            .set_if(here.clone(), cover.len, 1)
            .set_if(here, cover.expected[0], number + 1);
    }
}

/// Assignments of a tee: the `k`-th buffer of one pipe, copied to the head of the other.
pub(super) fn link(w: &World, s: &mut StepDraft, from: usize, to: usize, k: usize) {
    let Some(pages) = &w.pipe_pages else {
        return;
    };
    for (source_here, source) in pages.at(from, w.pipes[from].tail, k) {
        for (target_here, target) in pages.at(to, w.pipes[to].head, 0) {
            let both = and(source_here.clone(), target_here);
            s.set_if(both.clone(), target.page, source.page).set_if(
                both.clone(),
                target.len,
                source.len,
            );
            for (new, old) in target.expected.iter().zip(&source.expected) {
                s.set_if(both.clone(), *new, *old);
            }
        }
    }
}

/// S5p: a reader copies what pipe writers put into the buffer at the tail.
pub(super) fn read(p: &mut Prog<'_>, pipe: usize) {
    let w = &*p.w;
    let Some(pages) = &w.pipe_pages else {
        return;
    };
    let own = w.written_page();
    let mut wrong = Vec::new();
    let slots = w.pipes[pipe].slots.iter();
    for ((here, cover), slot) in pages.at(pipe, w.pipes[pipe].tail, 0).into_iter().zip(slots) {
        for (page, bytes) in pages.bytes.iter().enumerate() {
            for (at, byte) in bytes.iter().enumerate() {
                wrong.push(all([
                    here.clone(),
                    eq(slot.page.page, own),
                    eq(cover.page, page),
                    lt(at, cover.len),
                    ne(*byte, cover.expected[at]),
                ]));
            }
        }
    }
    let overwritten = pages.overwritten;
    p.b.step("S5p", c::COPY_PAGE_TO_ITER, |s| {
        s.text("copy what pipe writers put there");
        for wrong in wrong {
            s.set_if(wrong, overwritten, 1);
        }
        s
    });
}

fn find(w: &World, write: (usize, usize)) -> Option<(&PipePages, usize)> {
    let pages = w.pipe_pages.as_ref()?;
    let number = pages.writes.iter().position(|c| *c == write)?;
    Some((pages, number))
}
