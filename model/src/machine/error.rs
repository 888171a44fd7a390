//! Errors of models: found when a system is built, or when a step is executed.

/// A system that cannot be built. An error of whoever wrote the program or the rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A label was used and never bound.
    #[error("{task}: step {step} goes to label `{label}`, which is bound nowhere")]
    UnboundLabel {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// The label.
        label: String,
    },
    /// A kernel step or kernel variable depends on a ghost.
    #[error(
        "{task}: step {step}: {what} depends on the ghost variable {ghost}; a kernel could not see it"
    )]
    GhostRead {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// Guard, condition, or the assigned variable.
        what: String,
        /// The ghost variable.
        ghost: String,
    },
    /// A step touches a register of another task.
    #[error("{task}: step {step} touches {var}, a register of another task")]
    ForeignRegister {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// The register.
        var: String,
    },
    /// One branch assigns a variable twice without telling the two apart.
    #[error("{task}: step {step} assigns {var} more than once in one branch")]
    DoubleAssign {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// The variable.
        var: String,
    },
    /// A step has no branch.
    #[error("{task}: step {step} has no branch")]
    NoBranch {
        /// The task.
        task: String,
        /// The step.
        step: String,
    },
    /// A variable's initial value is beyond its range.
    #[error("{var} starts at {init}, but its range is 0..={max}")]
    InitOutOfRange {
        /// The variable.
        var: String,
        /// Its initial value.
        init: u64,
        /// Its largest value.
        max: u64,
    },
    /// An ablation names nothing in the system.
    #[error("nothing to remove: no step {0} in this system")]
    NothingToAblate(String),
    /// A step cannot be moved so that the task still does what it did.
    #[error("{task}: {step} cannot be done {place}: {why}")]
    Misplaced {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// Before, or after, which other.
        place: String,
        /// Why not.
        why: String,
    },
    /// A scheme or program found something it cannot do in this scenario.
    #[error("{0}")]
    Unsupported(String),
    /// A thread cannot do a step so that it looks indivisible.
    #[error(
        "{task}: step {step} touches {first} and {second}, and holds no lock that would make it one action: split it, or name the lock"
    )]
    TwoObjects {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// One word of memory.
        first: String,
        /// The other.
        second: String,
    },
    /// The state needs more bits than any machine has.
    #[error("the state needs {words} words of 64 bits; at most {limit} are supported")]
    TooLarge {
        /// Needed words.
        words: usize,
        /// Most words supported.
        limit: usize,
    },
}

/// A step did what a step must not do. An error of the model, never a verdict.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// An assignment left the range of its variable.
    #[error("{task} at {step}: {var} := {value}, outside 0..={max}")]
    OutOfRange {
        /// The task.
        task: String,
        /// The step.
        step: String,
        /// The variable.
        var: String,
        /// The value it would have had.
        value: i64,
        /// The largest allowed.
        max: u64,
    },
    /// A step's requirement (`VM_BUG_ON`) was false.
    #[error("{task} at {step}: what the kernel asserts here does not hold")]
    Requirement {
        /// The task.
        task: String,
        /// The step.
        step: String,
    },
    /// No branch of an enabled step applied.
    #[error("{task} at {step}: no branch applies")]
    NoBranch {
        /// The task.
        task: String,
        /// The step.
        step: String,
    },
    /// The named branch is not enabled in this state.
    #[error("{task} cannot take branch {branch} of {step} here")]
    NotEnabled {
        /// The task.
        task: String,
        /// The step, or where the task ended.
        step: String,
        /// The branch.
        branch: usize,
    },
}
