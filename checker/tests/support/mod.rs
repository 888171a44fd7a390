//! A plain breadth-first search over the reference interpreter: no stateright, no packing, no
//! optimisation, no reduction. What the engine says is held against this.

#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::{BTreeSet, HashMap, VecDeque};

use foliocheck_model::machine::System;
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::system::Scope;
use foliocheck_specs::{Instance, Scenario, instance, schemes};

#[path = "../../../model/tests/support/cases.rs"]
mod cases;

#[allow(unused_imports, reason = "each test program uses a part")]
pub use cases::cases;

/// What the search found.
pub struct Plain {
    /// Distinct states.
    pub states: usize,
    /// By predicate: distance of the nearest state that violates it.
    pub nearest: Vec<Option<usize>>,
    /// Observed variables in final states.
    pub observations: BTreeSet<Vec<u64>>,
}

/// Searches the whole state space of `system`.
pub fn search(system: &System) -> Plain {
    search_up_to(system, usize::MAX).expect("no bound")
}

/// Searches the whole state space of `system`; none if it has more states than that.
pub fn search_up_to(system: &System, most: usize) -> Option<Plain> {
    let init = Valuation::init(system);
    let mut depth: HashMap<Valuation, usize> = HashMap::from([(init.clone(), 0)]);
    let mut queue = VecDeque::from([init]);
    let mut plain = Plain {
        states: 0,
        nearest: vec![None; system.predicates.len()],
        observations: BTreeSet::new(),
    };
    while let Some(state) = queue.pop_front() {
        if depth.len() > most {
            return None;
        }
        let at = depth[&state];
        plain.states += 1;
        let actions = interp::enabled(system, &state);
        for (predicate, nearest) in system.predicates.iter().zip(&mut plain.nearest) {
            let asked = match predicate.scope {
                Scope::Always => true,
                Scope::Terminal => actions.is_empty(),
                Scope::Progress(_) => false,
            };
            if asked && nearest.is_none() && state.holds(&predicate.bad) {
                *nearest = Some(at);
            }
        }
        if actions.is_empty() {
            let observed = system.vars.iter().zip(&state.0).filter(|(v, _)| v.observed);
            plain
                .observations
                .insert(observed.map(|(_, value)| *value).collect());
        }
        for action in actions {
            let next = interp::apply(system, &state, action).expect("the model has no error");
            if !depth.contains_key(&next) {
                depth.insert(next.clone(), at + 1);
                queue.push_back(next);
            }
        }
    }
    Some(plain)
}

/// The scenario of that name.
pub fn scenario(id: &str) -> Scenario {
    Scenario::own()
        .unwrap()
        .into_iter()
        .find(|s| s.id == id)
        .expect("a scenario of that name")
}

/// A scheme and scenario, built with every invariant that applies.
pub fn build(scheme: &str, scenario: &Scenario) -> Instance {
    let scheme = schemes::by_id(scheme).expect("a scheme of that name");
    let ask = instance::applicable(&scenario.setup);
    Instance::build(&scenario.setup, &scheme, &[], &ask).unwrap()
}
