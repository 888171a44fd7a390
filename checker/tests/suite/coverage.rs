//! Every step of every program is executed by some scenario, under some scheme, in some reachable
//! state; so is every branch, except those that exist for what the kernel never does.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use foliocheck::suite;
use foliocheck_model::machine::compile::{Machine, State};

use crate::support;

/// Marks each step and branch that is taken in some reachable state.
fn explore(machine: &Machine<6>, taken: &mut impl FnMut(usize, usize, usize)) {
    let mut seen: HashSet<State<6>> = HashSet::from([machine.init()]);
    let mut work = vec![machine.init()];
    let mut actions = Vec::new();
    while let Some(state) = work.pop() {
        actions.clear();
        for task in 0..machine.task_count() {
            machine.actions_of(&state, task, &mut actions).unwrap();
        }
        for action in &actions {
            let task = action.task.index();
            taken(task, machine.pc(&state, task), usize::from(action.branch));
            let next = machine.apply(&state, *action).unwrap();
            if seen.insert(next) {
                work.push(next);
            }
        }
    }
}

/// The way back of `ext4_write_begin` from a page that has left the file: i_rwsem keeps truncation out.
const GUARDED: [&str; 2] = ["W6n", "W6t"];

#[test]
fn every_step_is_executed() {
    let mut steps: BTreeMap<(String, String), bool> = BTreeMap::new();
    let mut branches: BTreeMap<(String, String, String), bool> = BTreeMap::new();
    for unit in suite::default_units().unwrap() {
        let instance = support::build(unit.scheme.id, &unit.scenario);
        let machine = Machine::<6>::new(instance.optimized.clone()).unwrap();
        let mut executed: BTreeSet<(usize, usize, usize)> = BTreeSet::new();
        explore(&machine, &mut |task, loc, branch| {
            executed.insert((task, loc, branch));
        });
        for (task, loc, step) in instance.full.steps() {
            let key = (step.id.clone(), step.function.clone());
            for (n, branch) in step.branches.iter().enumerate() {
                let hit = executed.contains(&(task.index(), loc, n));
                *steps.entry(key.clone()).or_default() |= hit;
                let key = (key.0.clone(), key.1.clone(), branch.label.clone());
                *branches.entry(key).or_default() |= hit;
            }
        }
    }
    let never: Vec<_> = steps
        .iter()
        .filter(|(step, hit)| !**hit && !GUARDED.contains(&step.0.as_str()))
        .map(|(step, _)| step)
        .collect();
    assert!(
        never.is_empty(),
        "steps that no scenario executes: {never:#?}"
    );
    let never: Vec<String> = branches
        .iter()
        .filter(|(_, hit)| !**hit)
        .map(|((id, function, label), _)| format!("{id} {function}: {label}"))
        .collect();
    insta::assert_snapshot!("branches_never_taken", never.join("\n"));
}
