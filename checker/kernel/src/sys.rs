//! What no kept crate wraps, behind safe functions: the only `unsafe` of the project.
//!
//! Mappings of files whose bytes change under them are what this crate is about. No reference into one is ever made:
//! every access is a volatile load or store through a raw pointer, whose range is checked first.
#![allow(unsafe_code, reason = "each block says what makes it sound")]

use std::io::{Error, Result};
use std::os::fd::{AsFd, AsRawFd, FromRawFd as _, OwnedFd};
use std::sync::atomic::{Ordering, compiler_fence};

/// Size of a page.
pub const PAGE: usize = 4096;

fn result(returned: impl TryInto<i64>) -> Result<usize> {
    let returned = returned.try_into().unwrap_or(-1);
    usize::try_from(returned).map_err(|_| Error::last_os_error())
}

/// A mapping, gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: *mut u8,
    len: usize,
}

// SAFETY: the pointer is an address that no reference is made from; concurrent volatile accesses are what the
// programs under test do, and the kernel answers for them.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a part of a file, shared; writable if asked for. A fault reads no other pages in.
    pub(crate) fn shared(
        file: impl AsFd,
        offset: usize,
        len: usize,
        writable: bool,
    ) -> Result<Mapping> {
        let write = if writable { libc::PROT_WRITE } else { 0 };
        let file = (file.as_fd().as_raw_fd(), offset);
        let map = Mapping::new(len, libc::PROT_READ | write, libc::MAP_SHARED, file)?;
        // SAFETY: the range is mapped, and the advice changes no bytes.
        result(unsafe { libc::madvise(map.start.cast(), len, libc::MADV_RANDOM) })?;
        Ok(map)
    }

    /// Memory of its own, no page of it there yet.
    pub(crate) fn anonymous(len: usize) -> Result<Mapping> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        Mapping::new(len, libc::PROT_READ | libc::PROT_WRITE, flags, (-1, 0))
    }

    /// Between two pages that nothing can be in: beside another mapping of the file it could become one VMA with it,
    /// and then a fault in the one maps pages in the other as well (`do_fault_around`).
    fn new(len: usize, prot: i32, flags: i32, (fd, offset): (i32, usize)) -> Result<Mapping> {
        let offset = i64::try_from(offset).map_err(Error::other)?;
        let map = |at, len, prot, flags, fd, offset| {
            // SAFETY: no address is asked for, or one in a range that is ours: nothing else is mapped over.
            match unsafe { libc::mmap(at, len, prot, flags, fd, offset) } {
                libc::MAP_FAILED => Err(Error::last_os_error()),
                start => Ok(start.cast::<u8>()),
            }
        };
        let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let around = len + 2 * PAGE;
        let reserved = map(
            std::ptr::null_mut(),
            around,
            libc::PROT_NONE,
            private,
            -1,
            0,
        )?;
        let start = reserved.wrapping_add(PAGE);
        let mapping = Mapping { start, len };
        map(start.cast(), len, prot, flags | libc::MAP_FIXED, fd, offset)?;
        Ok(mapping)
    }

    /// Its address.
    pub(crate) fn address(&self) -> usize {
        self.start as usize
    }

    fn check(&self, offset: usize, len: usize) {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len), "inside the mapping");
    }

    /// Stores bytes, one after another.
    pub(crate) fn store(&self, offset: usize, bytes: &[u8]) {
        self.check(offset, bytes.len());
        for (n, byte) in bytes.iter().enumerate() {
            // SAFETY: in the range that is mapped. A store that the kernel refuses is a signal, not memory unsafety.
            unsafe { self.start.add(offset + n).write_volatile(*byte) };
        }
        compiler_fence(Ordering::SeqCst);
    }

    /// Loads a byte.
    pub(crate) fn load(&self, offset: usize) -> u8 {
        self.check(offset, 1);
        // SAFETY: in the range that is mapped.
        unsafe { self.start.add(offset).read_volatile() }
    }

    /// mincore(2): for each page, whether it is in the page cache.
    pub(crate) fn cached(&self) -> Result<Vec<bool>> {
        let mut pages = vec![0_u8; self.len.div_ceil(PAGE)];
        // SAFETY: the range is mapped, and there is a byte for each of its pages.
        result(unsafe { libc::mincore(self.start.cast(), self.len, pages.as_mut_ptr()) })?;
        Ok(pages.iter().map(|page| page & 1 == 1).collect())
    }

    /// mprotect(2).
    pub(crate) fn protect(&self, writable: bool) -> Result<()> {
        let write = if writable { libc::PROT_WRITE } else { 0 };
        // SAFETY: the range is ours and stays mapped; nothing refers to it but through this type.
        let returned =
            unsafe { libc::mprotect(self.start.cast(), self.len, libc::PROT_READ | write) };
        result(returned).map(drop)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new` with a page on each side, and nothing refers to it any more.
        unsafe { libc::munmap(self.start.wrapping_sub(PAGE).cast(), self.len + 2 * PAGE) };
    }
}

/// Faults of this thread so far, those that read the page from disk included.
pub(crate) fn faults() -> Result<i64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the structure that it is given, of which zeros are a valid value.
    result(unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) })?;
    // SAFETY: zeros are valid, and it was filled.
    let usage = unsafe { usage.assume_init() };
    Ok(usage.ru_minflt + usage.ru_majflt)
}

/// sync_file_range(2): writes a range and waits for the IO.
pub(crate) fn sync_range(file: impl AsFd, offset: i64, len: i64) -> Result<()> {
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: takes no pointers.
    result(unsafe { libc::sync_file_range(file.as_fd().as_raw_fd(), offset, len, flags) }).map(drop)
}

/// process_vm_writev(2) into the calling process: from one of its mappings to another.
pub(crate) fn write_pinned(
    from: &Mapping,
    to: &Mapping,
    offset: usize,
    len: usize,
) -> Result<usize> {
    from.check(0, len);
    to.check(offset, len);
    let local = libc::iovec {
        iov_base: from.start.cast(),
        iov_len: len,
    };
    let remote = libc::iovec {
        // SAFETY: in the range that is mapped.
        iov_base: unsafe { to.start.add(offset) }.cast(),
        iov_len: len,
    };
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    // SAFETY: both ranges are mapped for as long as the two borrows last, and no reference points into them.
    result(unsafe { libc::process_vm_writev(pid, &raw const local, 1, &raw const remote, 1, 0) })
}

/// pwrite(2) from a mapping, whose pages may not be there yet.
pub(crate) fn write_from(
    file: impl AsFd,
    from: &Mapping,
    len: usize,
    offset: i64,
) -> Result<usize> {
    from.check(0, len);
    // SAFETY: the range is mapped for as long as the borrow lasts.
    result(unsafe { libc::pwrite(file.as_fd().as_raw_fd(), from.start.cast(), len, offset) })
}

/// A request of `_IOWR(type, number, size)`.
const fn read_write(kind: u64, number: u64, size: usize) -> u64 {
    (3 << 30) | ((size as u64) << 16) | (kind << 8) | number
}

/// # Safety
/// `T` must be the structure that the request reads and fills.
unsafe fn ioctl<T>(file: impl AsFd, request: u64, argument: &mut T) -> Result<usize> {
    // SAFETY: by the caller's promise.
    result(unsafe {
        libc::ioctl(
            file.as_fd().as_raw_fd(),
            request,
            std::ptr::from_mut(argument),
        )
    })
}

/// A userfaultfd that also answers faults that the kernel takes, which a user may not be allowed to.
pub(crate) fn userfaultfd() -> Result<OwnedFd> {
    #[repr(C)]
    struct Api {
        version: u64,
        features: u64,
        ioctls: u64,
    }
    // SAFETY: takes no pointers; the descriptor that it returns is nobody else's.
    let fd = unsafe {
        let fd = libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK);
        result(fd)?;
        OwnedFd::from_raw_fd(i32::try_from(fd).unwrap_or(-1))
    };
    let mut api = Api {
        version: 0xAA,
        features: 0,
        ioctls: 0,
    };
    let request = read_write(0xAA, 0x3F, size_of::<Api>());
    // SAFETY: UFFDIO_API reads and fills a uffdio_api.
    unsafe { ioctl(&fd, request, &mut api) }?;
    Ok(fd)
}

/// From now on whoever touches a page of the mapping that is not there waits for [`fill`].
pub(crate) fn register(userfaultfd: impl AsFd, mapping: &Mapping) -> Result<()> {
    #[repr(C)]
    struct Register {
        start: u64,
        len: u64,
        mode: u64,
        ioctls: u64,
    }
    const MISSING: u64 = 1;
    let mut register = Register {
        start: mapping.address() as u64,
        len: mapping.len as u64,
        mode: MISSING,
        ioctls: 0,
    };
    let request = read_write(0xAA, 0x00, size_of::<Register>());
    // SAFETY: UFFDIO_REGISTER reads and fills a uffdio_register.
    unsafe { ioctl(userfaultfd, request, &mut register) }.map(drop)
}

/// Puts the first page of the mapping there, with these bytes, and wakes who waits for it.
pub(crate) fn fill(userfaultfd: impl AsFd, mapping: &Mapping, page: &[u8; PAGE]) -> Result<()> {
    #[repr(C)]
    struct Copy {
        dst: u64,
        src: u64,
        len: u64,
        mode: u64,
        copied: i64,
    }
    mapping.check(0, PAGE);
    let mut copy = Copy {
        dst: mapping.address() as u64,
        src: page.as_ptr() as u64,
        len: PAGE as u64,
        mode: 0,
        copied: 0,
    };
    let request = read_write(0xAA, 0x03, size_of::<Copy>());
    // SAFETY: UFFDIO_COPY reads and fills a uffdio_copy; its target is within the mapping, its source a page.
    unsafe { ioctl(userfaultfd, request, &mut copy) }.map(drop)
}

/// Where an extent of a file lies on its device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Extent {
    /// Offset in the file.
    pub(crate) logical: u64,
    /// Offset on the device.
    pub(crate) physical: u64,
    /// Bytes.
    pub(crate) len: u64,
    /// FIEMAP_EXTENT_*.
    pub(crate) flags: u32,
}

impl Extent {
    /// It has no block yet, or its place is not told.
    pub(crate) fn is_nowhere(self) -> bool {
        const UNKNOWN: u32 = 0x2;
        const DELALLOC: u32 = 0x4;
        const INLINE: u32 = 0x200;
        self.flags & (UNKNOWN | DELALLOC | INLINE) != 0
    }

    /// Its blocks read as zeros.
    pub(crate) fn is_unwritten(self) -> bool {
        self.flags & 0x800 != 0
    }
}

/// The extents of a file, as FIEMAP has them; nothing is flushed for it.
pub(crate) fn extents(file: impl AsFd) -> Result<Vec<Extent>> {
    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    struct Raw {
        logical: u64,
        physical: u64,
        len: u64,
        reserved64: [u64; 2],
        flags: u32,
        reserved: [u32; 3],
    }
    #[repr(C)]
    struct Map {
        start: u64,
        len: u64,
        flags: u32,
        mapped: u32,
        count: u32,
        reserved: u32,
        extents: [Raw; COUNT],
    }
    const COUNT: usize = 64;
    let mut map = Map {
        start: 0,
        len: u64::MAX,
        flags: 0,
        mapped: 0,
        count: 64,
        reserved: 0,
        extents: [Raw::default(); COUNT],
    };
    // _IOWR('f', 11, struct fiemap): the size is that of the head alone.
    // SAFETY: FS_IOC_FIEMAP reads and fills a fiemap with as many extents as its head says.
    unsafe { ioctl(file, read_write(u64::from(b'f'), 11, 32), &mut map) }?;
    let found = map.extents.iter().take(map.mapped as usize);
    Ok(found
        .map(|raw| Extent {
            logical: raw.logical,
            physical: raw.physical,
            len: raw.len,
            flags: raw.flags,
        })
        .collect())
}

/// FICLONERANGE: from then on both files have the block.
pub(crate) fn clone_range(from: impl AsFd, to: impl AsFd, offset: u64, len: u64) -> Result<()> {
    #[repr(C)]
    struct Range {
        src: i64,
        offset: u64,
        len: u64,
        to: u64,
    }
    let mut range = Range {
        src: i64::from(from.as_fd().as_raw_fd()),
        offset,
        len,
        to: offset,
    };
    // _IOW(0x94, 13, struct file_clone_range)
    let request = (1 << 30) | ((size_of::<Range>() as u64) << 16) | (0x94 << 8) | 0x0D;
    // SAFETY: FICLONERANGE reads a file_clone_range.
    unsafe { ioctl(to, request, &mut range) }.map(drop)
}

const fn instruction(code: u8, dst: u8, src: u8, offset: i16, immediate: i32) -> u64 {
    let offset = offset.cast_unsigned() as u64;
    let immediate = immediate.cast_unsigned() as u64;
    code as u64 | (dst as u64) << 8 | (src as u64) << 12 | offset << 16 | immediate << 32
}

/// What reads the kernel's memory: a BPF program of type SYSCALL, run by hand, attached to nothing. Its context is two
/// words: an address, and what is there. Address 0 stands for the calling thread's `task_struct`.
const READ_WORD: [u64; 14] = {
    const CONTEXT: u8 = 6;
    const STACK: u8 = 10;
    const GET_CURRENT_TASK: i32 = 35;
    const PROBE_READ_KERNEL: i32 = 113;
    [
        instruction(0xbf, CONTEXT, 1, 0, 0),
        instruction(0x79, 3, CONTEXT, 0, 0),
        // if (address) goto read
        instruction(0x55, 3, 0, 4, 0),
        instruction(0x85, 0, 0, 0, GET_CURRENT_TASK),
        instruction(0x7b, CONTEXT, 0, 8, 0),
        instruction(0xb7, 0, 0, 0, 0),
        instruction(0x95, 0, 0, 0, 0),
        // read: probe_read_kernel(stack - 8, 8, address)
        instruction(0xbf, 1, STACK, 0, 0),
        instruction(0x07, 1, 0, 0, -8),
        instruction(0xb7, 2, 0, 0, 8),
        instruction(0x85, 0, 0, 0, PROBE_READ_KERNEL),
        instruction(0x79, 1, STACK, -8, 0),
        instruction(0x7b, CONTEXT, 1, 8, 0),
        instruction(0x95, 0, 0, 0, 0),
    ]
};

/// A loaded [`READ_WORD`].
#[derive(Debug)]
pub(crate) struct Reader(OwnedFd);

impl Reader {
    /// Loads it.
    pub(crate) fn load() -> Result<Reader> {
        #[repr(C)]
        #[derive(Default)]
        struct Load {
            kind: u32,
            count: u32,
            instructions: u64,
            license: u64,
            log: [u64; 2],
            version: u32,
            flags: u32,
            rest: [u64; 12],
        }
        const PROG_LOAD: i32 = 5;
        const TYPE_SYSCALL: u32 = 31;
        const SLEEPABLE: u32 = 1 << 4;
        let license = c"GPL";
        let mut load = Load {
            kind: TYPE_SYSCALL,
            count: 14,
            instructions: READ_WORD.as_ptr() as u64,
            license: license.as_ptr() as u64,
            flags: SLEEPABLE,
            ..Load::default()
        };
        // SAFETY: the attributes point to the program and the licence, which live until the call returns; the
        // descriptor that it returns is nobody else's.
        unsafe {
            let fd = libc::syscall(libc::SYS_bpf, PROG_LOAD, &raw mut load, size_of::<Load>());
            result(fd)?;
            Ok(Reader(OwnedFd::from_raw_fd(
                i32::try_from(fd).unwrap_or(-1),
            )))
        }
    }

    /// The word at an address of the kernel; the address of this thread's `task_struct` for 0.
    pub(crate) fn word(&self, address: u64) -> Result<u64> {
        #[repr(C)]
        #[derive(Default)]
        struct Run {
            program: i32,
            returned: u32,
            data: [u64; 3],
            repeat: [u32; 2],
            context_size: u32,
            out_size: u32,
            context: u64,
            rest: [u64; 3],
        }
        const PROG_TEST_RUN: i32 = 10;
        let mut context = [address, 0];
        let mut run = Run {
            program: self.0.as_raw_fd(),
            context_size: 16,
            context: context.as_mut_ptr() as u64,
            ..Run::default()
        };
        // SAFETY: the attributes point to the context, of which the kernel reads and writes 16 bytes.
        let ran =
            unsafe { libc::syscall(libc::SYS_bpf, PROG_TEST_RUN, &raw mut run, size_of::<Run>()) };
        result(ran)?;
        if run.returned != 0 {
            return Err(Error::other("no such address in the kernel"));
        }
        Ok(context[1])
    }
}

/// The program that is started ends when the thread that starts it does.
pub(crate) fn die_with_parent(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: between fork and exec, prctl is the only thing that is done: a system call, which allocates nothing and
    // takes no lock.
    unsafe {
        command.pre_exec(|| result(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)).map(drop));
    }
}
