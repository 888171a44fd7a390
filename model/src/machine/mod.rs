//! Programs of atomic steps over bounded variables, as data.
//!
//! | module | holds |
//! |---|---|
//! | [`var`] | variables: name, object, range, labels, who owns them, ghost or not |
//! | [`expr`] | the expressions that guards, conditions and assignments are made of |
//! | [`step`] | one atomic step: guard, branches, assignments, C function, hook, rule, memory orders |
//! | [`program`] | a task's steps in order |
//! | [`listing`] | the pseudo-C that programs print as |
//! | [`builder`], [`draft`] | write programs so that they read like the C code |
//! | [`system`] | variables, tasks, observations and predicates of one scenario under one scheme |
//! | [`optimize`] | constant folding, cone of influence, dead registers: fewer variables, same behaviour |
//! | [`interp`] | the reference interpreter: one value a variable, nothing packed, nothing optimised |
//! | [`compile`] | the packed machine that exploration runs on |
//! | [`saturate`] | counters that say so when they leave their range, and the system that goes on |
//! | [`footprint`] | what a step reads and writes, and which steps commute |
//! | [`ablate`] | removing, or misplacing, one named part of a system |
//! | [`influence`] | what can change the answer to a question |
//! | [`weaken`] | a system with one memory order weaker |
//! | [`error`] | what is wrong with a system, or with a step that was executed |
//!
//! A step is indivisible. Between any two steps of a task, any other task may run. Memory is
//! sequentially consistent here; the memory order that each access declares is carried for the
//! engines that model weaker memory.

pub mod ablate;
pub mod builder;
pub mod compile;
pub mod draft;
pub mod error;
pub mod expr;
pub mod footprint;
mod id;
pub mod influence;
pub mod interp;
pub mod listing;
mod misplace;
pub mod optimize;
pub mod program;
pub mod saturate;
pub mod step;
pub mod system;
pub mod var;
pub mod weaken;

pub use error::{BuildError, RunError};
pub use expr::Expr;
pub use program::Program;
pub use step::{Access, Assign, Branch, Order, Step};
pub use system::{System, Task, TaskId};
pub use var::{Var, VarId};
