//! What programs are written with: the writer, the objects as a task has them, the rules.

mod at;
mod mapping;
pub mod observe;
pub mod oracle;
mod prog;
mod refs;

pub use at::At;
pub use mapping::{Imap, Iomap};
pub use prog::{NoRules, Prog, Rules};
pub use refs::{FolioRef, PageAt};
