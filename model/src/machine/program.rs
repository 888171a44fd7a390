//! A task's program.

use super::step::{END, Loc, STOPPED, Step};

/// The steps of one task, in the order of the C code. Execution starts at the first.
#[derive(Clone, Default, Debug)]
pub struct Program {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Program {
    /// The value that the task's program counter has at `loc`: the index of a step, one past the
    /// last at the end, two past it where the task has stopped.
    pub fn pc_value(&self, loc: Loc) -> u64 {
        let n = self.steps.len();
        let value = match loc {
            END => n,
            STOPPED => n + 1,
            loc => loc,
        };
        value as u64
    }
}
