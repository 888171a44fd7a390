//! Memory orders, weakened one at a time: what breaks without one is what it was for.

use std::collections::BTreeSet;

use super::step::Order;
use super::system::System;

/// Accesses that declare an order: those of all steps with one id to variables with one name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ordered {
    /// The steps' id.
    pub id: String,
    /// Their C function.
    pub function: String,
    /// The variables' name, without the object.
    pub variable: String,
    /// What is declared.
    pub order: Order,
    /// The rule of a scheme that put the steps there.
    pub rule: Option<String>,
}

/// Every order above relaxed that a system declares.
pub fn ordered(system: &System) -> BTreeSet<Ordered> {
    system
        .steps()
        .flat_map(|(_, _, step)| step.accesses.iter().map(move |a| (step, a)))
        .filter(|(_, access)| access.order != Order::Relaxed)
        .map(|(step, access)| Ordered {
            id: step.id.clone(),
            function: step.function.clone(),
            variable: system.var(access.var).name.clone(),
            order: access.order,
            rule: step.rule.as_ref().map(|r| r.rule.clone()),
        })
        .collect()
}

/// The orders that are one level weaker: a full barrier orders what comes before or what comes after.
pub fn weaker(order: Order) -> &'static [Order] {
    match order {
        Order::FullAllCpus => &[Order::Full],
        Order::Full => &[Order::Acquire, Order::Release],
        Order::Acquire | Order::Release => &[Order::Relaxed],
        Order::Relaxed => &[],
    }
}

/// The same system with those accesses declared to have another order.
pub fn weakened(system: &System, which: &Ordered, order: Order) -> System {
    let mut system = system.clone();
    let names: Vec<String> = system.vars.iter().map(|v| v.name.clone()).collect();
    for step in system.tasks.iter_mut().flat_map(|t| &mut t.program.steps) {
        if step.id != which.id || step.function != which.function {
            continue;
        }
        for access in &mut step.accesses {
            if names[access.var.index()] == which.variable && access.order == which.order {
                access.order = order;
            }
        }
    }
    system
}
