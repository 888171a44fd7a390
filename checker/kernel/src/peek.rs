//! What pipes refer to and what the page cache holds, read from the kernel's own structures.
//!
//! A BPF program of type SYSCALL reads a word at a time; nothing is attached, and nothing changes. Offsets are
//! [BTF](crate::btf)'s. What is read is consistent only while nobody else works on the objects.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use crate::btf::{Btf, BtfError};
use crate::sys::Reader;

/// Reads structures of the kernel.
#[derive(Debug)]
pub struct Peek {
    reader: Reader,
    at: Offsets,
}

/// Offsets of members.
#[derive(Debug)]
struct Offsets {
    files: u64,
    fdt: u64,
    fd: u64,
    f_mapping: u64,
    private_data: u64,
    xa_head: u64,
    shift: u64,
    slots: u64,
    head: u64,
    tail: u64,
    ring_size: u64,
    bufs: u64,
    page: u64,
    buffer: u64,
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeekError {
    /// No layout.
    #[error("BTF: {0}")]
    Btf(#[from] BtfError),
    /// No program.
    #[error("BPF: {0}")]
    Bpf(#[from] io::Error),
}

impl Peek {
    /// Loads the program and the layout.
    ///
    /// # Errors
    /// If the kernel does not allow one of them.
    pub fn new() -> Result<Peek, PeekError> {
        let btf = Btf::running()?;
        let i_pages = btf.offset("address_space", "i_pages")?;
        Ok(Peek {
            reader: Reader::load()?,
            at: Offsets {
                files: btf.offset("task_struct", "files")?,
                fdt: btf.offset("files_struct", "fdt")?,
                fd: btf.offset("fdtable", "fd")?,
                f_mapping: btf.offset("file", "f_mapping")?,
                private_data: btf.offset("file", "private_data")?,
                xa_head: i_pages + btf.offset("xarray", "xa_head")?,
                shift: btf.offset("xa_node", "shift")?,
                slots: btf.offset("xa_node", "slots")?,
                head: btf.offset("pipe_inode_info", "head")?,
                tail: btf.offset("pipe_inode_info", "tail")?,
                ring_size: btf.offset("pipe_inode_info", "ring_size")?,
                bufs: btf.offset("pipe_inode_info", "bufs")?,
                page: btf.offset("pipe_buffer", "page")?,
                buffer: btf.size("pipe_buffer")?,
            },
        })
    }

    /// The `struct file` of a descriptor of this process.
    fn file(&self, fd: impl AsFd) -> io::Result<u64> {
        let number = u64::try_from(fd.as_fd().as_raw_fd()).map_err(io::Error::other)?;
        let task = self.reader.word(0)?;
        let files = self.reader.word(task + self.at.files)?;
        let table = self.reader.word(files + self.at.fdt)?;
        let all = self.reader.word(table + self.at.fd)?;
        self.reader.word(all + 8 * number)
    }

    /// The address of the folio that is cached at an index of a file, if one is. Its first page has that address.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn folio(&self, file: impl AsFd, index: usize) -> io::Result<Option<u64>> {
        let mapping = self.reader.word(self.file(file)? + self.at.f_mapping)?;
        let mut entry = self.reader.word(mapping + self.at.xa_head)?;
        let mut alone = true;
        // An internal entry is a node; values are shadows of folios that were evicted.
        while entry & 3 == 2 {
            let node = entry - 2;
            if node < 4096 {
                // The rest of an entry of several indices.
                return Ok(None);
            }
            let shift = self.reader.word(node + self.at.shift)? & 0xFF;
            let slot = (index as u64) >> shift & 63;
            entry = self.reader.word(node + self.at.slots + 8 * slot)?;
            alone = false;
        }
        let there = entry != 0 && entry & 1 == 0 && (!alone || index == 0);
        Ok(there.then_some(entry))
    }

    /// The addresses of the pages that a pipe's buffers refer to, oldest first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn pipe(&self, pipe: impl AsFd) -> io::Result<Vec<u64>> {
        let info = self.reader.word(self.file(pipe)? + self.at.private_data)?;
        let half = |offset: u64| self.reader.word(info + offset).map(|w| w & 0xFFFF_FFFF);
        let (head, tail, size) = (
            half(self.at.head)?,
            half(self.at.tail)?,
            half(self.at.ring_size)?,
        );
        let bufs = self.reader.word(info + self.at.bufs)?;
        (tail..head)
            .map(|n| {
                let buffer = bufs + self.at.buffer * (n & (size - 1));
                self.reader.word(buffer + self.at.page)
            })
            .collect()
    }
}
