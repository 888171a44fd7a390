//! A variable that is never assigned anything but its initial value is that value.

use crate::machine::expr::Expr;
use crate::machine::system::System;
use crate::machine::var::VarId;

/// Folds constant variables into every expression, until nothing changes.
pub fn propagate(system: &mut System) {
    loop {
        let constant: Vec<Option<u64>> = (0..system.vars.len())
            .map(|i| {
                let id = VarId(u16::try_from(i).expect("few variables"));
                system.is_constant(id).then(|| system.var(id).init)
            })
            .collect();
        let fold = |expr: &Expr| {
            expr.replace(&|v| constant[v.index()].map_or(Expr::Var(v), Expr::from))
                .fold()
        };
        let mut changed = false;
        let mut update = |expr: &mut Expr| {
            let folded = fold(expr);
            changed |= folded != *expr;
            *expr = folded;
        };
        for step in system.tasks.iter_mut().flat_map(|t| &mut t.program.steps) {
            update(&mut step.guard);
            update(&mut step.requires);
            for branch in &mut step.branches {
                update(&mut branch.when);
                for assign in &mut branch.assigns {
                    update(&mut assign.when);
                    update(&mut assign.value);
                }
                let never = branch.when == Expr::FALSE;
                branch.assigns.retain(|a| !never && a.when != Expr::FALSE);
            }
            if !step.choice {
                // Nothing after the first branch that always applies is ever taken.
                let first = step
                    .branches
                    .iter()
                    .position(|b| matches!(b.when, Expr::Const(c) if c != 0));
                for dead in step
                    .branches
                    .iter_mut()
                    .skip(first.map_or(usize::MAX, |f| f + 1))
                {
                    dead.when = Expr::FALSE;
                    dead.assigns.clear();
                }
            }
        }
        for predicate in &mut system.predicates {
            update(&mut predicate.bad);
        }
        if !changed {
            return;
        }
    }
}
