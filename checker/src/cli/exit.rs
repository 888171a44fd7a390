//! What the program ends with, beside 0.

/// Something unexpected.
pub const UNEXPECTED: u8 = 1;
/// Usage, input or internal error.
pub const ERROR: u8 = 2;
/// Something was left open.
pub const INCONCLUSIVE: u8 = 3;
