//! `fs/iomap/direct-io.c`: a write from the program's own memory to blocks that are not cached. Action D2.
//! AS_STABLE_WRITES says nothing about that memory.

use super::functions as c;
use super::inode::{down_read, up_read};
use super::prog::Prog;
use super::writeback::device_io;
use crate::machine::expr::Expr;

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
        down_read(p, "D1", c::INODE_LOCK_SHARED, sem, "i_rwsem, shared");
        let mismatch = [p.w.ghosts.access_inconsistent];
        device_io(p, index, &memory, &mismatch, None);
        up_read(p, "D3", c::INODE_UNLOCK_SHARED, sem, "i_rwsem");
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
