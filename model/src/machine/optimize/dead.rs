//! A variable that only one task reads, and whose value it does not read again before it overwrites
//! it, is set to 0, so that states which differ only in it are one state. Registers are such, and so
//! is much of what only one consumer looks at.

use std::collections::{BTreeMap, BTreeSet};

use crate::machine::expr::Expr;
use crate::machine::step::{Assign, Step};
use crate::machine::system::{System, TaskId};
use crate::machine::var::VarId;

/// Clears dead variables at the step after which they are dead.
pub fn clear_registers(system: &mut System) {
    let mut readers: BTreeMap<VarId, BTreeSet<TaskId>> = BTreeMap::new();
    for (task, _, step) in system.steps() {
        let mut reads = BTreeSet::new();
        reads_of(step, &mut reads);
        for var in reads {
            readers.entry(var).or_default().insert(task);
        }
    }
    let mut kept = BTreeSet::new();
    for predicate in &system.predicates {
        predicate.bad.reads(&mut kept);
    }
    kept.extend(system.tasks.iter().map(|t| t.pc));
    for task in system.task_ids() {
        let own: BTreeSet<VarId> = readers
            .iter()
            .filter(|(v, tasks)| {
                tasks.len() == 1
                    && tasks.contains(&task)
                    && !kept.contains(v)
                    && !system.var(**v).observed
            })
            .map(|(v, _)| *v)
            .collect();
        clear_in_task(system, task.index(), &own);
    }
}

fn reads_of(step: &Step, out: &mut BTreeSet<VarId>) {
    step.guard.reads(out);
    step.requires.reads(out);
    for branch in &step.branches {
        branch.when.reads(out);
        for assign in &branch.assigns {
            assign.when.reads(out);
            assign.value.reads(out);
        }
    }
}

fn clear_in_task(system: &mut System, task: usize, registers: &BTreeSet<VarId>) {
    let live = live_in(&system.tasks[task].program.steps, registers);
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
                value: Expr::FALSE,
            }));
        }
    }
}

/// For each step, the registers whose value may still be read from there.
fn live_in(steps: &[Step], registers: &BTreeSet<VarId>) -> Vec<BTreeSet<VarId>> {
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
                        && !live
                            .get(branch.next)
                            .is_some_and(|l| l.contains(&assign.var));
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
