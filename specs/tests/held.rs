//! What the tests stand on is itself held: how many witnesses, cases of bugs and claims there are, and which memory
//! orders the kernel's steps declare.

use std::collections::BTreeMap;

use foliocheck_model::kernel;
use foliocheck_model::kernel::program::NoRules;
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::weaken::ordered;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::{Scenario, claims, witness};

#[test]
fn none_is_lost() {
    assert_eq!(witness::all().len(), witness::NUMBER);
    assert_eq!(claims::own().unwrap().len(), claims::NUMBER);
    let cases = bugs::all().into_iter().map(|bug| match bug.carried {
        Carried::Cases(cases) => cases.len(),
        Carried::No(_) => 0,
    });
    assert_eq!(cases.sum::<usize>(), bugs::CASES);
}

/// The orders of a variable, by step: `S5 folio_lock: acquire`.
fn orders(variable: &str) -> BTreeMap<String, Vec<Order>> {
    let mut orders: BTreeMap<String, Vec<Order>> = BTreeMap::new();
    for scenario in Scenario::own().unwrap() {
        if !scenario.in_group("quick") {
            continue;
        }
        let (system, _) = kernel::build(&scenario.setup, &NoRules).unwrap();
        for o in ordered(&system) {
            let of = orders.entry(o.function.clone()).or_default();
            if o.variable == variable && !of.contains(&o.order) {
                of.push(o.order);
            }
        }
    }
    orders
}

fn any_of(orders: &BTreeMap<String, Vec<Order>>, function: &str, allowed: &[Order]) {
    let declared = &orders[function];
    let strong = |order: &Order| allowed.contains(order);
    assert!(
        !declared.is_empty() && declared.iter().all(strong),
        "{function}: {declared:?}"
    );
}

#[test]
fn locks_are_taken_with_acquire_and_given_back_with_release() {
    use Order::{Acquire, Full, FullAllCpus, Release};
    let folio = orders("PG_locked");
    any_of(&folio, "folio_lock", &[Acquire, Full, FullAllCpus]);
    any_of(&folio, "folio_unlock", &[Release, Full, FullAllCpus]);
    let pipe = orders("mutex");
    any_of(&pipe, "pipe_lock", &[Acquire, Full, FullAllCpus]);
    any_of(&pipe, "pipe_unlock", &[Release, Full, FullAllCpus]);
}
