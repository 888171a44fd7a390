//! The same programs as real threads.
//!
//! | module | holds |
//! |---|---|
//! | [`words`] | which variables are words of shared memory |
//! | [`condition`], [`locks`], [`uses`] | what a step accesses, which locks it holds, what others can see of it half done |
//! | [`order`], [`plan`] | a step as a sequence of accesses, with their orders; refused where nothing makes it one action |
//! | [`backend`] | the primitives that threads run on: three back-ends implement them |
//! | [`traced`] | memory that tells which write each access read |
//! | [`execution`], `thread`, [`run`](mod@run) | threads that run the programs, and wait as the kernel's do |
//! | [`history`], [`follow`], [`judge`] | what an execution did, the machine doing the same, and what it shows |
//! | [`native`] | the back-end of std: the machine that this runs on |
//!
//! A step that the model takes as indivisible is done by a thread as locks, accesses and unlocks; that
//! this makes no difference is established when the plan is made ([`uses`]). Each execution is
//! followed by the packed machine, so a thread that does what no program could is found at once.
//! What is not an interleaving of steps is an execution that only a weaker memory allows.

pub mod backend;
pub mod condition;
pub mod execution;
pub mod follow;
pub mod history;
pub mod judge;
pub mod locks;
pub mod native;
pub mod order;
pub mod plan;
pub mod run;
mod thread;
pub mod traced;
pub mod uses;
pub mod words;
