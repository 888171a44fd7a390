//! placeholder
pub mod kernel;
pub mod machine;
