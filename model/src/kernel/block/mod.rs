//! Paths of the kernel: the block layer (`block/`) and drivers.

pub mod device;
