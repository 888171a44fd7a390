//! Cone of influence: a variable stays if control flow, a predicate or the final observation depends
//! on it; assignments to any other are dropped.

use std::collections::BTreeSet;

use crate::machine::expr::Expr;
use crate::machine::step::Order;
use crate::machine::system::System;
use crate::machine::var::VarId;

/// Drops assignments to variables that nothing depends on.
pub fn cone_of_influence(system: &mut System) {
    keep(system, BTreeSet::new());
}

/// The same, but keeps variables that some step accesses with more than relaxed order.
pub fn cone_of_influence_and_order(system: &mut System) {
    let ordered = system
        .steps()
        .flat_map(|(_, _, step)| &step.accesses)
        .filter(|a| a.order != Order::Relaxed)
        .map(|a| a.var)
        .collect();
    keep(system, ordered);
}

fn keep(system: &mut System, mut needed: BTreeSet<VarId>) {
    for task in &system.tasks {
        needed.insert(task.pc);
    }
    for (i, var) in system.vars.iter().enumerate() {
        if var.observed {
            needed.insert(VarId(u16::try_from(i).expect("few variables")));
        }
    }
    for predicate in &system.predicates {
        predicate.bad.reads(&mut needed);
    }
    for (_, _, step) in system.steps() {
        step.guard.reads(&mut needed);
        step.requires.reads(&mut needed);
        for branch in &step.branches {
            branch.when.reads(&mut needed);
        }
    }
    loop {
        let before = needed.len();
        for (_, _, step) in system.steps() {
            for assign in step.branches.iter().flat_map(|b| &b.assigns) {
                if needed.contains(&assign.var) {
                    assign.value.reads(&mut needed);
                    assign.when.reads(&mut needed);
                }
            }
        }
        if needed.len() == before {
            break;
        }
    }
    for step in system.tasks.iter_mut().flat_map(|t| &mut t.program.steps) {
        for branch in &mut step.branches {
            branch.assigns.retain(|a| needed.contains(&a.var));
        }
    }
}

/// Removes variables that no expression, assignment, observation or program counter uses.
pub fn compact(system: &mut System) {
    let mut used = BTreeSet::new();
    for task in &system.tasks {
        used.insert(task.pc);
    }
    for predicate in &system.predicates {
        predicate.bad.reads(&mut used);
    }
    for (_, _, step) in system.steps() {
        step.guard.reads(&mut used);
        step.requires.reads(&mut used);
        for branch in &step.branches {
            branch.when.reads(&mut used);
            for assign in &branch.assigns {
                used.insert(assign.var);
                assign.when.reads(&mut used);
                assign.value.reads(&mut used);
            }
        }
    }
    // An observed variable that never changes stays in the observation as its initial value.
    for (i, var) in system.vars.iter().enumerate() {
        if var.observed {
            used.insert(VarId(u16::try_from(i).expect("few variables")));
        }
    }
    let order: Vec<VarId> = used.into_iter().collect();
    let mut map = vec![None; system.vars.len()];
    for (new, old) in order.iter().enumerate() {
        map[old.index()] = Some(VarId(u16::try_from(new).expect("few variables")));
    }
    let rename = |v: VarId| map[v.index()].expect("every used variable is kept");
    let expr = |e: &mut Expr| *e = e.replace(&|v| Expr::Var(rename(v)));
    system.vars = order
        .iter()
        .map(|v| system.vars[v.index()].clone())
        .collect();
    for task in &mut system.tasks {
        task.pc = rename(task.pc);
        for step in &mut task.program.steps {
            expr(&mut step.guard);
            expr(&mut step.requires);
            step.accesses.retain_mut(|a| match map[a.var.index()] {
                Some(var) => {
                    a.var = var;
                    true
                }
                None => false,
            });
            for branch in &mut step.branches {
                expr(&mut branch.when);
                for assign in &mut branch.assigns {
                    assign.var = rename(assign.var);
                    expr(&mut assign.when);
                    expr(&mut assign.value);
                }
            }
        }
    }
    for predicate in &mut system.predicates {
        expr(&mut predicate.bad);
    }
}
