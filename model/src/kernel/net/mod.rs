//! Paths of the kernel: sockets (`net/`), crypto, and reports of completion (`io_uring/`).

pub mod completion;
pub mod crypto;
pub mod sendmsg;
pub mod skbuff;
pub mod socket;
