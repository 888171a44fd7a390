//! `fs/inode.c`, `include/linux/iversion.h`: the inode's locks, stamps and version.

use crate::kernel::functions as c;
use crate::kernel::objects::RwSem;
use crate::kernel::program::Prog;
use crate::kernel::setup::Filesystem;
use crate::machine::builder::{CFn, Label, StepDraft};
use crate::machine::expr::{Expr, add, and, clear_bit, eq, or, set_bit};
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
/// multigrain stamp are those of two kernels, kept side by side; no cookie is of both. Each is the number of
/// different values that it has had: a stamp only grows, and is only compared for equality. The coarse one moves
/// if the clock has ticked since; the multigrain one does (`ktime_get_coarse_real_ts64_mg` is later), or if it was queried.
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

fn stamp<'s>(
    s: &'s mut StepDraft,
    inode: &crate::kernel::objects::Inode,
    force: Force,
) -> &'s mut StepDraft {
    let queried = eq(inode.i_version_queried, 1);
    let ticked = eq(inode.ticked, 1);
    let moves = match force {
        Force::No => queried,
        Force::IfStampMoves => or(ticked.clone(), queried),
        Force::Yes => Expr::TRUE,
    };
    let fine = or(ticked.clone(), eq(inode.ctime_mg_queried, 1));
    s.set_if(ticked, inode.ctime, add(inode.ctime, 1))
        .set(inode.ticked, 0)
        .set_if(fine, inode.ctime_mg, add(inode.ctime_mg, 1))
        .set(inode.ctime_mg_queried, 0)
        .set_if(moves.clone(), inode.i_version, add(inode.i_version, 1))
        .set_if(moves, inode.i_version_queried, 0)
        .order(inode.i_version, Order::Full)
}

/// The coarse clock moves on by one tick: later than every stamp that there is.
pub fn tick(p: &mut Prog<'_>) {
    let ticked = p.w.inode.ticked;
    p.b.step("K1", c::TIMEKEEPING_ADVANCE, |s| {
        s.text("the coarse clock ticks").set(ticked, 1)
    });
}
