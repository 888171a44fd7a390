//! `fs/inode.c`, `include/linux/iversion.h`: the inode's locks, stamps and version.

use super::functions as c;
use super::prog::Prog;
use super::setup::Filesystem;
use super::world::{FINE_PER_TICK, RwSem};
use crate::machine::builder::{CFn, Label, StepDraft};
use crate::machine::expr::{Expr, Op, add, and, bin, clear_bit, eq, lt, ne, not, or, set_bit};
use crate::machine::step::Order;

/// Takes a reader-writer semaphore exclusive.
pub fn down_write(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, text: &str) {
    let me = p.me();
    p.b.step(id, function, |s| {
        s.text(text)
            .wait(and(eq(sem.writer, 0), eq(sem.readers, 0)))
            .set(sem.writer, me)
            .acquire(sem.writer)
            .acquire(sem.readers)
    });
}

/// Drops it.
pub fn up_write(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, text: &str) {
    p.b.step(id, function, |s| {
        s.text(text).set(sem.writer, 0).release(sem.writer)
    });
}

/// Drops it, and goes to `target`.
pub fn up_write_goto(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, target: Label) {
    p.b.step(id, function, |s| {
        s.set(sem.writer, 0).release(sem.writer).goto(target)
    });
}

/// Takes a reader-writer semaphore shared.
pub fn down_read(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, text: &str) {
    let task = p.b.task.index();
    p.b.step(id, function, |s| {
        s.text(text)
            .wait(eq(sem.writer, 0))
            .set(sem.readers, set_bit(sem.readers, task))
            .acquire(sem.writer)
            .acquire(sem.readers)
    });
}

/// Drops it.
pub fn up_read(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, text: &str) {
    let task = p.b.task.index();
    p.b.step(id, function, |s| {
        s.text(text)
            .set(sem.readers, clear_bit(sem.readers, task))
            .release(sem.readers)
    });
}

/// Drops it, and goes to `target`.
pub fn up_read_goto(p: &mut Prog<'_>, id: &str, function: CFn, sem: RwSem, target: Label) {
    let task = p.b.task.index();
    p.b.step(id, function, |s| {
        s.set(sem.readers, clear_bit(sem.readers, task))
            .release(sem.readers)
            .goto(target)
    });
}

/// The stamps of a modification: `inode_update_timestamps`, as one step. The coarse and the
/// multigrain stamp are those of two kernels, kept side by side; nothing reads both.
///
/// `inode_needs_update_time` first: if no stamp would change and the version is not queried, nothing
/// happens. i_version moves if the queried bit was set, or (not on XFS) a stamp moved.
pub fn update_time(p: &mut Prog<'_>, id: &str, function: CFn) {
    let inode = p.w.inode;
    // xfs_vn_update_time asks for a bump only if the version is queried.
    let xfs = p.w.setup.filesystem == Filesystem::Xfs && p.w.can_writeback();
    let stamps_force = if xfs { Force::No } else { Force::IfStampMoves };
    p.b.step(id, function, |s| {
        stamp(s, &inode, stamps_force).text("mtime, ctime, i_version")
    });
}

/// As [`update_time`], where the version is moved whatever the stamps are (`inode_inc_iversion`).
pub fn update_time_forced(p: &mut Prog<'_>, id: &str, function: CFn) {
    let inode = p.w.inode;
    p.b.step(id, function, |s| {
        stamp(s, &inode, Force::Yes).text("mtime, ctime; i_version forced")
    });
}

/// The `force` of `inode_maybe_inc_iversion`.
#[derive(Clone, Copy)]
enum Force {
    No,
    IfStampMoves,
    Yes,
}

fn stamp<'s>(s: &'s mut StepDraft, inode: &super::world::Inode, force: Force) -> &'s mut StepDraft {
    let queried = eq(inode.i_version_queried, 1);
    let moves = match force {
        Force::No => queried,
        Force::IfStampMoves => or(ne(inode.ctime, inode.clock), queried),
        Force::Yes => Expr::TRUE,
    };
    let coarse = bin(Op::Mul, inode.clock, FINE_PER_TICK);
    let later = lt(inode.ctime_mg, coarse.clone());
    let fine = and(not(later.clone()), eq(inode.ctime_mg_queried, 1));
    s.set(inode.ctime, inode.clock)
        .set_if(later, inode.ctime_mg, coarse)
        .set_if(fine, inode.ctime_mg, add(inode.ctime_mg, 1))
        .set(inode.ctime_mg_queried, 0)
        .set_if(moves.clone(), inode.i_version, add(inode.i_version, 1))
        .set_if(moves, inode.i_version_queried, 0)
        .order(inode.i_version, Order::Full)
}

/// The coarse clock moves on by one tick.
pub fn tick(p: &mut Prog<'_>) {
    let clock = p.w.inode.clock;
    p.b.step("K1", c::TIMEKEEPING_ADVANCE, |s| {
        s.text("the coarse clock ticks").inc(clock)
    });
}
