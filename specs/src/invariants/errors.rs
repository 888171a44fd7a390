//! What no step must do, whatever the scheme. Not one of the guarantees: a system in which a step errs is not
//! explored to the end. This is asked when that has happened, for the shortest steps to such an error.

use foliocheck_model::kernel::objects::{COUNTER_MAX, World};
use foliocheck_model::machine::expr::{Expr, all, any, eq, not};
use foliocheck_model::machine::saturate::leaves;
use foliocheck_model::machine::step::Step;
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::Invariant;

/// No task is about to execute a step whose requirement (`VM_BUG_ON`) does not hold, which has no branch that
/// applies, or which takes a variable of the kernel out of its range. Versions, which only grow, are left out.
pub const INVARIANT: Invariant = Invariant {
    id: "errors",
    guarantee: "",
    needs_change: false,
    title: "no step does what no step must do: the kernel's assertions hold, its variables stay in their ranges",
    source: "the assertions of the functions that the steps stand for",
    why: "a task is about to execute a step that errs",
    applies: |_| true,
    bad,
};

fn bad(system: &System, _: &World) -> Vec<(Scope, Expr)> {
    let errs = system.steps().filter_map(|(task, loc, step)| {
        let errs = errs(system, step);
        (errs != Expr::FALSE)
            .then(|| all([eq(system.task(task).pc, loc), step.guard.clone(), errs]))
    });
    vec![(Scope::Always, any(errs))]
}

/// True where the step, which is enabled, errs.
fn errs(system: &System, step: &Step) -> Expr {
    let mut ways = vec![not(step.requires.clone())];
    let mut earlier = Vec::new();
    for branch in &step.branches {
        let leaving = branch
            .assigns
            .iter()
            .filter(|a| system.var(a.var).max < COUNTER_MAX)
            .filter_map(|a| leaves(system, a));
        for leaves in leaving {
            ways.push(all(earlier
                .iter()
                .cloned()
                .chain([branch.when.clone(), leaves])));
        }
        if !step.choice {
            earlier.push(not(branch.when.clone()));
        }
    }
    if step.branches.iter().all(|b| b.when != Expr::TRUE) {
        ways.push(all(step.branches.iter().map(|b| not(b.when.clone()))));
    }
    any(ways)
}
