//! `fs/xfs/xfs_reflink.c`: sharing a block with another file. Actions R5 to R7.
//!
//! The page is the source of a clone. Both locks of the inode are held over all of it; the kernel holds
//! them shared once it has begun to remap (XFS_IREMAPPING), when writes are as excluded as before.

use crate::kernel::fs::inode::{down_write, up_write};
use crate::kernel::functions as c;
use crate::kernel::mm::writeback;
use crate::kernel::objects::extent;
use crate::kernel::program::{Prog, oracle};
use crate::kernel::setup::SyncMode;
use crate::machine::expr::{and, eq};

/// Flushes the page and shares its block. The source's own extents do not change, and its sequences do
/// not move.
pub fn reflink(p: &mut Prog<'_>, index: usize) {
    let inode = p.w.inode;
    p.within(c::XFS_FILE_REMAP_RANGE, |p| {
        down_write(
            p,
            "R5",
            c::XFS_ILOCK2_IO_MMAP,
            inode.i_rwsem,
            "IOLOCK, exclusive",
        );
        down_write(
            p,
            "R5i",
            c::XFS_ILOCK2_IO_MMAP,
            inode.invalidate_lock,
            "MMAPLOCK, exclusive",
        );
        p.within(c::XFS_REFLINK_REMAP_PREP, |p| {
            writeback::writeback(p, &[index], SyncMode::All);
        });
        let object = p.w.indices[index].clone();
        let (w, b) = (&*p.w, &mut p.b);
        b.step("R6", c::XFS_REFLINK_REMAP_EXTENT, |s| {
            s.text("another file maps the block as well, under ILOCK");
            oracle::cloned(w, s, index);
            for (n, block) in object.blocks.iter().enumerate() {
                if let Some(other) = block.other {
                    let here = and(eq(object.extent, extent::WRITTEN), eq(object.mapped(), n));
                    s.set_if(here.fold(), other, 1);
                }
            }
            s
        });
        up_write(p, "R7i", c::XFS_IUNLOCK2_IO_MMAP, inode.invalidate_lock, "");
        up_write(p, "R7", c::XFS_IUNLOCK2_IO_MMAP, inode.i_rwsem, "");
    });
}
