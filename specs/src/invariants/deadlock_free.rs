//! No task waits for ever for something that no one will do.

use foliocheck_model::machine::expr::{and, any, not};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::{Invariant, anyone_stopped};

/// In a state where no task can move, every task has ended or waits for work (a reader of an empty
/// pipe, a socket with nothing to send). States in which some consumer has stopped by its own choice
/// are asked about by `writer-progress` instead.
pub const INVARIANT: Invariant = Invariant {
    id: "deadlock-free",
    guarantee: "-",
    needs_change: false,
    title: "no task waits for ever for something that no one will do",
    source: "what a deadlock is",
    why: "nobody can move, and nobody chose to stop",
    applies: |_| true,
    bad: |system: &System, _| {
        let stuck = any(system.task_ids().map(|t| not(system.settled(t))));
        vec![(Scope::Terminal, and(not(anyone_stopped(system)), stuck))]
    },
};
