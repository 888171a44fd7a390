//! Paths of the kernel: memory management (`mm/`).

pub mod folio;
pub mod gup;
pub mod mmap;
pub mod mprotect;
pub mod mremap;
pub mod reclaim;
pub mod replace;
pub mod rmap;
pub mod stable;
pub mod truncate;
pub mod unmap;
pub mod vma;
pub mod writeback;
pub mod zap;
