//! What an execution shows: an interleaving of the programs' steps, or what only weaker memory allows.

use std::collections::BTreeMap;

use super::execution::{End, Outcome, Prepared};
use super::follow::Follow;
use super::history::{History, Weak};
use crate::machine::expr::Expr;
use crate::machine::interp::{self, Action, Valuation};
use crate::machine::system::{Scope, System};
use crate::machine::{RunError, VarId};

/// An execution, understood.
pub enum Judged {
    /// The machine takes the same steps, in this order.
    Interleaving(Box<dyn Follow>),
    /// No order of its steps explains what they read.
    Weak(WeakExecution),
    /// It was given up; the machine that followed, if it was not left behind.
    Unfinished(End, Option<Box<dyn Follow>>),
    /// It is explained by an order of steps that the machine does not take: an error of the executor.
    NotRefined(String),
    /// A step did what a step must not do.
    Error(RunError),
}

/// A step of a weak execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeakStep {
    /// The task and the branch.
    pub action: Action,
    /// What it read.
    pub seen: BTreeMap<VarId, u64>,
    /// That of it which is not what memory held.
    pub stale: Vec<(VarId, u64)>,
    /// It is part of what no order explains.
    pub in_cycle: bool,
}

/// An execution that only weaker memory allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeakExecution {
    /// Its steps, in an order that explains as much as can be.
    pub steps: Vec<WeakStep>,
    /// Predicates that were true, each with the number of steps taken when it first was.
    pub violated: Vec<(usize, usize)>,
    /// The final observation.
    pub observation: Vec<u64>,
}

/// Understands an execution.
pub fn judge(prepared: &Prepared, outcome: Outcome) -> Judged {
    if let Some(error) = outcome.error {
        return Judged::Error(error);
    }
    if outcome.end != End::Over {
        return Judged::Unfinished(outcome.end, outcome.followed);
    }
    if let Some(followed) = outcome.followed {
        return Judged::Interleaving(followed);
    }
    match outcome.history.linearize() {
        Ok(order) => in_order(prepared, &outcome.history, &order),
        Err(weak) => Judged::Weak(replay(prepared, &outcome.history, &weak)),
    }
}

fn in_order(prepared: &Prepared, history: &History, order: &[usize]) -> Judged {
    let mut follow = (prepared.leader)();
    for event in order {
        let action = history.events[*event];
        match follow.take(action) {
            Ok(true) => {}
            Ok(false) => return Judged::NotRefined(describe(&prepared.system, history, *event)),
            Err(error) => return Judged::Error(error),
        }
    }
    if follow.end() {
        Judged::Interleaving(follow)
    } else {
        Judged::NotRefined("the threads have stopped, and the machine has not".to_owned())
    }
}

fn describe(system: &System, history: &History, event: usize) -> String {
    let action = history.events[event];
    let earlier = history.events[..event].iter();
    let nth = earlier.filter(|a| a.task == action.task).count();
    format!(
        "{} takes its step {} by branch {}, and the machine cannot",
        system.task(action.task).name,
        nth + 1,
        action.branch
    )
}

/// Takes the steps in an order that explains as much as can be, each with the values that it read.
pub fn replay(prepared: &Prepared, history: &History, weak: &Weak) -> WeakExecution {
    let system = &prepared.system;
    let words = &prepared.plans.words;
    let mut read: BTreeMap<usize, BTreeMap<VarId, u64>> = BTreeMap::new();
    for access in history.accesses.iter().filter(|a| !a.write) {
        let word = usize::from(access.word);
        let value = history.writes[access.stamp as usize].value;
        let vars = words.unpack(system, word, value).enumerate();
        for (_, (var, value)) in vars.filter(|(n, _)| access.parts >> n & 1 != 0) {
            // What a step reads of its own is not what it acts on.
            let seen = read.entry(access.event as usize).or_default();
            seen.entry(var).or_insert(value);
        }
    }
    let none = BTreeMap::new();
    let mut state = Valuation::init(system);
    let mut steps = Vec::new();
    let mut violated: Vec<(usize, usize)> = Vec::new();
    look(system, &state, Scope::Always, 0, &mut violated);
    for (n, event) in weak.order.iter().enumerate() {
        let action = history.events[*event];
        let seen = read.get(event).unwrap_or(&none);
        let outdated = seen
            .iter()
            .filter(|(var, value)| state.get(**var) != **value)
            .map(|(var, value)| (*var, *value))
            .collect();
        state = take(system, &state, action, seen);
        look(system, &state, Scope::Always, n + 1, &mut violated);
        steps.push(WeakStep {
            action,
            stale: outdated,
            seen: seen.clone(),
            in_cycle: weak.cycle.contains(event),
        });
    }
    look(system, &state, Scope::Terminal, steps.len(), &mut violated);
    WeakExecution {
        steps,
        violated,
        observation: observation(system, &state),
    }
}

/// The state after a step that saw `seen` of memory, whatever memory holds.
pub fn take(
    system: &System,
    state: &Valuation,
    action: Action,
    seen: &BTreeMap<VarId, u64>,
) -> Valuation {
    let Some(step) = interp::current(system, state, action.task) else {
        return state.clone();
    };
    let value = |v: VarId| {
        let known = seen.get(&v).copied().unwrap_or_else(|| state.get(v));
        known.cast_signed()
    };
    let branch = &step.branches[usize::from(action.branch)];
    let mut after = state.clone();
    for assign in branch.assigns.iter().filter(|a| a.when.eval(&value) != 0) {
        // What is added to is what memory holds.
        let own = |v: VarId| {
            if v == assign.var && adds(&assign.value, v) {
                state.get(v).cast_signed()
            } else {
                value(v)
            }
        };
        let new = u64::try_from(assign.value.eval(&own)).unwrap_or(0);
        after.0[assign.var.index()] = new.min(system.var(assign.var).max);
    }
    let task = system.task(action.task);
    after.0[task.pc.index()] = task.program.pc_value(branch.next);
    after
}

fn adds(value: &Expr, var: VarId) -> bool {
    matches!(value, Expr::Bin(_, a, _) if **a == Expr::Var(var))
}

fn look(
    system: &System,
    state: &Valuation,
    scope: Scope,
    taken: usize,
    violated: &mut Vec<(usize, usize)>,
) {
    for (p, predicate) in system.predicates.iter().enumerate() {
        if predicate.scope == scope
            && !violated.iter().any(|(v, _)| *v == p)
            && state.holds(&predicate.bad)
        {
            violated.push((p, taken));
        }
    }
}

/// The values of the observed variables, in order of declaration.
pub fn observation(system: &System, state: &Valuation) -> Vec<u64> {
    let observed = system.vars.iter().zip(&state.0).filter(|(v, _)| v.observed);
    observed.map(|(_, value)| *value).collect()
}
