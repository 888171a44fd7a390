//! `fs/iomap/direct-io.c`: a write from the program's own memory to blocks that are not cached. Actions D1 to D4.
//! AS_STABLE_WRITES says nothing about that memory.

use crate::kernel::fs::inode::{down_read, up_read};
use crate::kernel::fs::ioend::{Target, device_io};
use crate::kernel::functions as c;
use crate::kernel::objects::{CowFork, cow, extent};
use crate::kernel::program::Prog;
use crate::machine::expr::{Expr, and, eq, ne};
use crate::machine::var::VarId;

/// One page, written whole from the buffer that belongs to it. Nothing of the range is in the page cache,
/// so that there is nothing to write back before or to invalidate after.
pub fn direct_write(p: &mut Prog<'_>, index: usize) {
    let sem = p.w.inode.i_rwsem;
    let memory: Vec<Expr> = p.w.user_buffers[&index]
        .iter()
        .copied()
        .map(Expr::from)
        .collect();
    p.within(c::IOMAP_DIO_RW, |p| {
        let (lock, unlock) = if p.w.setup.is_xfs() {
            (c::XFS_ILOCK, c::XFS_IUNLOCK)
        } else {
            (c::INODE_LOCK_SHARED, c::INODE_UNLOCK_SHARED)
        };
        down_read(p, "D1", lock, sem, "i_rwsem, shared");
        let mismatch = [p.w.ghosts.access_inconsistent];
        match p.w.indices[index].cow.zip(p.w.inode.cow_seq) {
            None => {
                let target = Target::present(p, index);
                device_io(p, index, &memory, &mismatch, &target);
            }
            Some((fork, cow_seq)) => {
                let target = allocate_cow(p, index, fork, cow_seq);
                device_io(p, index, &memory, &mismatch, &target);
                end_cow(p, index, fork, cow_seq, &target);
            }
        }
        up_read(p, "D3", unlock, sem, "i_rwsem");
    });
}

/// `xfs_direct_write_iomap_begin`: a block that another file maps is not written in place. The COW fork gets one,
/// which is written at once (`convert_now`).
fn allocate_cow(p: &mut Prog<'_>, index: usize, fork: CowFork, cow_seq: VarId) -> Target {
    let here = p.w.indices[index].clone();
    let (to_cow, block) = (
        p.register("dio.IOMAP_DIO_COW", 1),
        p.register("dio.block", here.blocks.len() as u64 - 1),
    );
    p.within(c::XFS_DIRECT_WRITE_IOMAP_BEGIN, |p| {
        p.b.step("D1m", c::XFS_REFLINK_ALLOCATE_COW, |s| {
            s.text("map the block, under ILOCK; allocate for a copy if it is shared")
                .requires(here.has_free())
                .when(
                    and(here.is_shared(), ne(fork.state, cow::WRITTEN)),
                    "shared: a block of the COW fork",
                    |b| {
                        b.set(fork.state, cow::WRITTEN)
                            .set(fork.block, here.free())
                            .inc(cow_seq)
                            .set(to_cow, 1)
                            .set(block, here.free())
                    },
                )
                .when(here.is_shared(), "the COW fork has it", |b| {
                    b.set(to_cow, 1).set(block, fork.block)
                })
                .otherwise("in place", |b| b.set(to_cow, 0).set(block, here.mapped()))
        });
    });
    Target {
        block: block.into(),
        exists: Expr::TRUE,
        cow: eq(to_cow, 1),
        unwritten: Expr::FALSE,
    }
}

/// `xfs_dio_write_end_io`: the new block moves to the data fork.
fn end_cow(p: &mut Prog<'_>, index: usize, fork: CowFork, cow_seq: VarId, target: &Target) {
    let here = p.w.indices[index].clone();
    let seq = p.w.inode.if_seq;
    p.within(c::XFS_DIO_WRITE_END_IO, |p| {
        p.b.step("D2e", c::XFS_REFLINK_END_COW_EXTENT, |s| {
            s.text("completion, under ILOCK");
            s.when(
                and(target.cow.clone(), eq(fork.state, cow::WRITTEN)),
                "moved from the COW fork to the data fork",
                |b| {
                    if let Some(block) = here.block {
                        b.set(block, fork.block);
                    }
                    b.set(here.extent, extent::WRITTEN)
                        .set(fork.state, cow::NONE)
                        .inc(seq)
                        .inc(cow_seq)
                },
            )
            .otherwise("nothing to move", |b| b)
        });
    });
}

/// A thread of the program stores to the buffer.
pub fn buffer_store(p: &mut Prog<'_>, index: usize, words: &[usize]) {
    for word in words {
        let token =
            p.w.tokens
                .store(p.b.task.index(), p.call, index, *word)
                .expect("counted");
        let to = p.w.user_buffers[&index][*word];
        p.b.step("D4", c::MOV, |s| {
            s.text(format!("store to word {word} of the buffer"))
                .set(to, token)
        });
    }
}
