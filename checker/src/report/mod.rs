//! What a reader sees.

pub mod ablation;
pub mod bugs;
pub mod claims;
pub mod cost;
pub mod export;
pub mod gate;
pub mod json;
pub mod listing;
pub mod markdown;
pub mod page;
pub mod summary;
pub mod table;
pub mod text;
