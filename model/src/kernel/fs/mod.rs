//! Paths of the kernel: file systems, pipes and splice (`fs/`).

pub mod buffered_write;
pub mod buffers;
pub mod commit;
pub mod direct;
pub mod failure;
pub mod inode;
pub mod ioend;
pub mod iomap;
pub mod journal;
pub mod map_blocks;
pub mod pipe;
pub mod pipe_buf;
pub mod pipe_ends;
pub mod pipe_pages;
pub mod reflink;
pub mod splice;
