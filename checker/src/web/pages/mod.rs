//! What pages show, as data.

pub mod catalog;
pub mod compare;
pub mod ledgers;
pub mod machine;
pub mod opened;
pub mod page;
pub mod path;
pub mod threads;
pub mod view;
