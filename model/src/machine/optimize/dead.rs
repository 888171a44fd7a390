//! A register whose value is not read again before it is overwritten is set back to its initial
//! value, so that states which differ only in it are one state.

use std::collections::BTreeSet;

use crate::machine::expr::Expr;
use crate::machine::step::Assign;
use crate::machine::system::System;
use crate::machine::var::{Role, VarId};

/// Clears dead registers at the step after which they are dead.
pub fn clear_registers(system: &mut System) {
    let mut kept = BTreeSet::new();
    for predicate in &system.predicates {
        predicate.bad.reads(&mut kept);
    }
    for task in &system.tasks {
        kept.insert(task.pc);
    }
    let registers: BTreeSet<VarId> = (0..system.vars.len())
        .map(|i| VarId(u16::try_from(i).expect("few variables")))
        .filter(|v| {
            let var = system.var(*v);
            matches!(var.role, Role::Private(_)) && !var.observed && !kept.contains(v)
        })
        .collect();
    for task in system.task_ids() {
        clear_in_task(system, task.index(), &registers);
    }
}

fn clear_in_task(system: &mut System, task: usize, registers: &BTreeSet<VarId>) {
    let steps = &system.tasks[task].program.steps;
    let live = live_in(steps, registers);
    let inits: Vec<u64> = system.vars.iter().map(|v| v.init).collect();
    for (loc, step) in system.tasks[task].program.steps.iter_mut().enumerate() {
        for branch in &mut step.branches {
            let none = BTreeSet::new();
            let after = live.get(branch.next).unwrap_or(&none);
            let assigned: BTreeSet<VarId> = branch.assigns.iter().map(|a| a.var).collect();
            let dying: Vec<VarId> = registers
                .iter()
                .filter(|v| (live[loc].contains(v) || assigned.contains(v)) && !after.contains(v))
                .copied()
                .collect();
            branch.assigns.retain(|a| !dying.contains(&a.var));
            branch.assigns.extend(dying.into_iter().map(|var| Assign {
                when: Expr::TRUE,
                var,
                value: Expr::from(inits[var.index()]),
            }));
        }
    }
}

/// For each step, the registers whose value may still be read from there.
fn live_in(steps: &[crate::machine::step::Step], registers: &BTreeSet<VarId>) -> Vec<BTreeSet<VarId>> {
    let mut live = vec![BTreeSet::new(); steps.len()];
    loop {
        let mut changed = false;
        for (loc, step) in steps.iter().enumerate().rev() {
            let mut here = BTreeSet::new();
            step.guard.reads(&mut here);
            step.requires.reads(&mut here);
            for branch in &step.branches {
                branch.when.reads(&mut here);
                let mut out = live.get(branch.next).cloned().unwrap_or_default();
                for assign in &branch.assigns {
                    if assign.when == Expr::TRUE {
                        out.remove(&assign.var);
                    }
                }
                for assign in &branch.assigns {
                    // What feeds a register that is dead afterwards is not needed for it.
                    let target_dead = registers.contains(&assign.var)
                        && !live.get(branch.next).is_some_and(|l| l.contains(&assign.var));
                    if !target_dead {
                        assign.value.reads(&mut out);
                        assign.when.reads(&mut out);
                    }
                }
                here.extend(out);
            }
            here.retain(|v| registers.contains(v));
            if here != live[loc] {
                live[loc] = here;
                changed = true;
            }
        }
        if !changed {
            return live;
        }
    }
}
