//! Exhaustive exploration of small systems, by the reference interpreter or by the packed machine.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Debug;
use std::hash::Hash;

use foliocheck_model::machine::compile::{Machine, State};
use foliocheck_model::machine::error::RunError;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::system::{Scope, System};
use foliocheck_model::machine::var::VarId;
use proptest::prelude::*;

use super::WORDS;

/// Something that can be explored.
pub trait Model {
    type State: Clone + Eq + Hash + Debug;

    fn system(&self) -> &System;
    fn init(&self) -> Self::State;
    /// By task; a task at a step of which no branch applies has none.
    fn enabled(&self, state: &Self::State) -> Vec<Action>;
    fn apply(&self, state: &Self::State, action: Action) -> Result<Self::State, RunError>;
    fn value(&self, state: &Self::State, var: VarId) -> u64;
    fn is_bad(&self, state: &Self::State, predicate: usize) -> bool;
}

/// A system as it was written, run by the reference interpreter.
pub struct Full<'s>(pub &'s System);

impl Model for Full<'_> {
    type State = Valuation;

    fn system(&self) -> &System {
        self.0
    }

    fn init(&self) -> Valuation {
        Valuation::init(self.0)
    }

    fn enabled(&self, state: &Valuation) -> Vec<Action> {
        interp::enabled(self.0, state)
    }

    fn apply(&self, state: &Valuation, action: Action) -> Result<Valuation, RunError> {
        interp::apply(self.0, state, action)
    }

    fn value(&self, state: &Valuation, var: VarId) -> u64 {
        state.get(var)
    }

    fn is_bad(&self, state: &Valuation, predicate: usize) -> bool {
        state.holds(&self.0.predicates[predicate].bad)
    }
}

impl<const N: usize> Model for Machine<N> {
    type State = State<N>;

    fn system(&self) -> &System {
        self.system()
    }

    fn init(&self) -> State<N> {
        self.init()
    }

    fn enabled(&self, state: &State<N>) -> Vec<Action> {
        let mut out = Vec::new();
        for task in 0..self.task_count() {
            let result = self.actions_of(state, task, &mut out);
            assert!(
                matches!(result, Ok(()) | Err(RunError::NoBranch { .. })),
                "{result:?}"
            );
        }
        out
    }

    fn apply(&self, state: &State<N>, action: Action) -> Result<State<N>, RunError> {
        self.apply(state, action)
    }

    fn value(&self, state: &State<N>, var: VarId) -> u64 {
        self.get(state, var)
    }

    fn is_bad(&self, state: &State<N>, predicate: usize) -> bool {
        self.is_bad(state, predicate)
    }
}

/// The packed machine of a system that is expected to be valid.
pub fn packed(system: System) -> Result<Machine<WORDS>, TestCaseError> {
    Machine::new(system).map_err(|e| TestCaseError::fail(format!("not a valid system: {e}")))
}

/// Observed variables by name, and program counters.
pub type Seen = (BTreeMap<String, u64>, Vec<u64>);

/// What can be seen of a state.
pub fn seen<M: Model>(model: &M, state: &M::State) -> Seen {
    let system = model.system();
    let observed = (0u16..).zip(&system.vars).filter(|(_, v)| v.observed);
    let values = observed
        .map(|(n, v)| (v.full_name(), model.value(state, VarId(n))))
        .collect();
    (
        values,
        system
            .tasks
            .iter()
            .map(|t| model.value(state, t.pc))
            .collect(),
    )
}

fn violated<M: Model>(model: &M, state: &M::State, terminal: bool) -> Vec<String> {
    let predicates = model.system().predicates.iter().enumerate();
    predicates
        .filter(|(n, p)| (p.scope == Scope::Always || terminal) && model.is_bad(state, *n))
        .map(|(_, p)| p.invariant.clone())
        .collect()
}

/// What a system can come to, by whatever way.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outcomes {
    pub terminal: BTreeSet<Seen>,
    pub violated: BTreeSet<String>,
    pub errors: BTreeSet<String>,
}

/// All states that can be reached, breadth first; the first `limit` of them if there are more.
pub fn states<M: Model>(model: &M, limit: usize) -> Vec<M::State> {
    let mut found = HashSet::from([model.init()]);
    let mut queue = vec![model.init()];
    let mut next = 0;
    while next < queue.len() && queue.len() < limit {
        let state = queue[next].clone();
        next += 1;
        for action in model.enabled(&state) {
            if let Ok(after) = model.apply(&state, action)
                && found.insert(after.clone())
            {
                queue.push(after);
            }
        }
    }
    queue
}

/// The outcomes of a system, unless it has `limit` states or more.
pub fn outcomes<M: Model>(model: &M, limit: usize) -> Option<Outcomes> {
    let states = states(model, limit);
    if states.len() >= limit {
        return None;
    }
    let mut out = Outcomes::default();
    for state in &states {
        let enabled = model.enabled(state);
        let errors = enabled.iter().filter_map(|a| model.apply(state, *a).err());
        out.errors.extend(errors.map(|e| e.to_string()));
        out.violated
            .extend(violated(model, state, enabled.is_empty()));
        if enabled.is_empty() {
            out.terminal.insert(seen(model, state));
        }
    }
    Some(out)
}

/// Runs two models side by side over every action path, as far as `limit` pairs of states: the same
/// is enabled, the same can be seen, the same predicates are violated, the same steps are errors.
pub fn lockstep<A: Model, B: Model>(a: &A, b: &B, limit: usize) -> Result<(), TestCaseError> {
    let mut found = HashSet::from([(a.init(), b.init())]);
    let mut queue = vec![(a.init(), b.init())];
    while let Some((x, y)) = queue.pop() {
        let enabled = a.enabled(&x);
        prop_assert_eq!(&enabled, &b.enabled(&y), "enabled in {:?} and {:?}", &x, &y);
        prop_assert_eq!(seen(a, &x), seen(b, &y), "seen of {:?} and {:?}", &x, &y);
        let terminal = enabled.is_empty();
        prop_assert_eq!(violated(a, &x, terminal), violated(b, &y, terminal));
        for action in enabled {
            match (a.apply(&x, action), b.apply(&y, action)) {
                (Ok(x), Ok(y)) => {
                    if found.len() < limit && found.insert((x.clone(), y.clone())) {
                        queue.push((x, y));
                    }
                }
                (x, y) => prop_assert_eq!(x.err(), y.err(), "after {:?}", action),
            }
        }
    }
    Ok(())
}
