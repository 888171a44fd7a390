//! What the kernel itself asserts. Not one of the guarantees: a system in which an assertion can fail is
//! not explored at all, so this is asked only of systems from which something was removed.

use foliocheck_model::kernel::world::World;
use foliocheck_model::machine::expr::{Expr, all, any, eq, not};
use foliocheck_model::machine::system::{Scope, System};

use super::Invariant;

/// No task is about to execute a step whose requirement (`VM_BUG_ON`) does not hold.
///
/// Source: the assertions of the functions that the steps stand for.
pub const INVARIANT: Invariant = Invariant {
    id: "assertions",
    guarantee: "",
    title: "what the kernel asserts holds",
    why: "a task is about to execute a step whose assertion does not hold",
    applies: |_| true,
    bad,
};

fn bad(system: &System, _: &World) -> Vec<(Scope, Expr)> {
    let fails = system
        .steps()
        .filter(|(_, _, step)| step.requires != Expr::TRUE)
        .map(|(task, loc, step)| {
            all([
                eq(system.task(task).pc, loc),
                step.guard.clone(),
                not(step.requires.clone()),
            ])
        });
    vec![(Scope::Always, any(fails))]
}
