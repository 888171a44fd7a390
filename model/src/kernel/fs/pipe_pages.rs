//! Pages that pipe writers fill: what is done to them.

use crate::kernel::functions as c;
use crate::kernel::objects::{PipePages, World};
use crate::kernel::program::Prog;
use crate::machine::builder::StepDraft;
use crate::machine::expr::{add, all, and, eq, lt, ne};

/// Assignments of a pipe write that appends to the last buffer, if that has a page of a pipe writer.
pub(in crate::kernel) fn append(w: &World, s: &mut StepDraft, pipe: usize, write: (usize, usize)) {
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
pub(in crate::kernel) fn allocate(
    w: &World,
    s: &mut StepDraft,
    pipe: usize,
    write: (usize, usize),
) {
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
pub(in crate::kernel) fn link(w: &World, s: &mut StepDraft, from: usize, to: usize, k: usize) {
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
pub(in crate::kernel) fn read(p: &mut Prog<'_>, pipe: usize) {
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
