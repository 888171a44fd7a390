//! I5, I7. References are counted.

use foliocheck_model::kernel::objects::{REFS_BIAS, World};
use foliocheck_model::machine::expr::{Expr, add, all, and, any, eq, ne, or};
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// A folio is not given out again while a pipe buffer or a socket's fragment points at it; and when every
/// task has ended, waits for work that nobody will bring, or has stopped by its own choice, a folio has one
/// reference for each buffer, fragment and pin that holds it, and no other. What is left in a pipe that
/// nobody drains is held.
pub const INVARIANT: Invariant = Invariant {
    id: "references-balanced",
    guarantee: "I5, I7",
    needs_change: false,
    title: "a referenced folio is never reused; at the end each reference has a holder",
    source: "folio_try_get, folio_put; CVE-2020-29374 for what a wrong count does",
    why: "a folio's count does not say how many refer to it",
    applies: |_| true,
    bad: |system, world| {
        vec![
            (Scope::Always, eq(world.ghosts.reused, 1)),
            (Scope::Terminal, unbalanced(system, world)),
        ]
    },
};

fn unbalanced(system: &System, world: &World) -> Expr {
    let quiet = all(system
        .task_ids()
        .map(|t| or(system.settled(t), system.stopped(t))));
    let wrong = any((0..world.folios.len()).map(|f| {
        let pins = world.folios[f].pins.map_or(Expr::from(0), Expr::from);
        let held = add(add(REFS_BIAS, pins), holders(world, f));
        ne(world.folios[f].refs, held)
    }));
    and(quiet, wrong)
}

/// How many buffers and fragments hold the folio.
fn holders(world: &World, folio: usize) -> Expr {
    let slots = world.pipes.iter().flat_map(|p| &p.slots).map(|s| &s.page);
    let frags = world
        .sockets
        .iter()
        .flat_map(|s| s.frags.iter().chain(&s.merged))
        .map(|f| &f.page);
    slots
        .chain(frags)
        .map(|page| eq(page.page, folio + 1))
        .fold(Expr::from(0), add)
        .fold()
}
