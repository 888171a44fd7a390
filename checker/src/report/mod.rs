//! What a reader sees.

pub mod ablation;
pub mod bugs;
pub mod claims;
pub mod cost;
pub mod coverage;
pub mod export;
pub mod gate;
pub mod json;
pub mod junit;
pub mod listing;
pub mod markdown;
pub mod overview;
pub mod page;
pub mod replay;
pub mod sarif;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod text;
pub mod threads;
