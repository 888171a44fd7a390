//! I5, I7. References are counted.

use foliocheck_model::kernel::world::{REFS_BIAS, World};
use foliocheck_model::machine::expr::{Expr, and, any, eq, ne};
use foliocheck_model::machine::system::{Scope, System};

use super::Invariant;

/// A folio is not given out again while a pipe buffer or a socket's fragment points at it; and when
/// every task has ended (or waits for work that nobody will bring) no folio has a reference left or
/// one too few. A consumer that stopped for ever keeps its references, and so does a pipe that a task
/// without end has filled: such ends are not asked.
///
/// Source: `folio_try_get`, `folio_put`; CVE-2020-29374 for what a wrong count does.
pub const INVARIANT: Invariant = Invariant {
    id: "references-balanced",
    guarantee: "I5, I7",
    title: "a referenced folio is never reused; at the end no reference remains",
    why: "a folio's count does not say how many refer to it",
    applies: |_| true,
    bad: |system, world| {
        vec![
            (Scope::Always, eq(world.ghosts.reused, 1)),
            (Scope::Terminal, leaked(system, world)),
        ]
    },
};

fn leaked(system: &System, world: &World) -> Expr {
    let settled = system
        .task_ids()
        .map(|t| {
            if system.task(t).forever {
                Expr::FALSE
            } else {
                system.settled(t)
            }
        })
        .reduce(and)
        .unwrap_or(Expr::TRUE);
    let left = any(world.folios.iter().map(|f| ne(f.refs, REFS_BIAS)));
    and(settled, left)
}
