//! Smaller systems with the same behaviour. Every pass keeps tasks, steps and branches in place, so
//! an action path of the optimised system is one of the original.

mod constants;
mod counters;
mod dead;
mod slice;

use super::system::System;

/// For threads that run the programs: constant variables folded away. Counters keep their values (a
/// thread's copy is its own), and what no predicate depends on stays where an access to it orders others.
pub fn for_threads(system: &System) -> System {
    let mut system = system.clone();
    constants::propagate(&mut system);
    slice::cone_of_influence_and_order(&mut system);
    slice::compact(&mut system);
    system
}

/// Runs all passes: constant variables folded away, version counters
/// reduced to what their copies are compared for, variables dropped that nothing checked or
/// observed depends on, registers cleared where their value is no longer needed.
pub fn optimize(system: &System) -> System {
    let mut system = system.clone();
    constants::propagate(&mut system);
    counters::abstract_counters(&mut system);
    slice::cone_of_influence(&mut system);
    dead::clear_registers(&mut system);
    slice::compact(&mut system);
    system
}
