//! `mm/mmap.c`, `mm/vma.c`: mapping the file into an address space. Action M0.
//!
//! Only what the file knows of it: the mapping appears in `mapping->i_mmap` under i_mmap_rwsem, and
//! mmap_lock keeps everybody of the address space from using it before the call is over.

use crate::kernel::fs::inode::{down_write, up_write};
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, Prog};

/// `mmap(2)` of the file, shared and writable.
pub fn mmap(p: &mut Prog<'_>, mm: usize) {
    let lock = p.w.mmap_locks[&mm];
    let (vma, rmap) = (p.w.vmas[&mm], p.w.i_mmap_rwsem);
    p.within(c::DO_MMAP, |p| {
        down_write(p, "M0a", c::MMAP_WRITE_LOCK, lock, "mmap_lock, exclusive");
        p.hook(Hook::MmapStart, &At::Mapping);
        if let Some(sem) = rmap {
            down_write(
                p,
                "M0i",
                c::I_MMAP_LOCK_WRITE,
                sem,
                "i_mmap_rwsem, exclusive",
            );
        }
        p.b.step("M0", c::VMA_LINK_FILE, |s| {
            s.text("the mapping is in i_mmap").set(vma, 1)
        });
        if let Some(sem) = rmap {
            up_write(p, "M0j", c::I_MMAP_UNLOCK_WRITE, sem, "i_mmap_rwsem");
        }
        p.hook(Hook::MmapLinked, &At::Mapping);
        up_write(p, "M0u", c::MMAP_WRITE_UNLOCK, lock, "");
    });
}
