//! Memory orders, weakened one at a time.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::system::System;
use foliocheck_model::machine::var::{Lock, VarDecl};
use foliocheck_model::machine::weaken::{Ordered, ordered, weakened, weaker};

const F: CFn = CFn::new("f", "mm/test.c");
const G: CFn = CFn::new("g", "mm/test.c");

/// Two tasks that take and drop a lock, and store a word in order; the same id in two functions.
fn system() -> System {
    let mut system = System::default();
    let lock = system.declare(VarDecl::shared("o", "lock", 3).lock(Lock::Owner));
    let x = system.declare(VarDecl::shared("o", "x", 3));
    let y = system.declare(VarDecl::shared("o", "y", 3));
    for (name, function) in [("a", F), ("b", G)] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let me = b.me();
        b.step("A", function, |s| s.wait(eq(lock, 0)).set(lock, me));
        b.step("B", function, |s| {
            s.set(x, 1).release(x).set(y, 1).order(y, Order::Relaxed)
        });
        b.step("C", function, |s| s.set(lock, 0));
        b.finish().unwrap();
    }
    system
}

/// Id, function, variable and order of each.
fn lines(system: &System) -> Vec<String> {
    let all = ordered(system);
    let line = |o: &Ordered| format!("{} {} {} {}", o.id, o.function, o.variable, o.order.name());
    all.iter().map(line).collect()
}

#[test]
fn every_order_above_relaxed_is_listed_once() {
    let expected = [
        "A f lock acquire",
        "A g lock acquire",
        "B f x release",
        "B g x release",
        "C f lock release",
        "C g lock release",
    ];
    assert_eq!(lines(&system()), expected);
}

#[test]
fn one_order_of_one_function_is_weakened() {
    let system = system();
    let which = ordered(&system)
        .into_iter()
        .find(|o| o.id == "B" && o.function == "g")
        .unwrap();
    let weak = weakened(&system, &which, Order::Relaxed);
    let expected = [
        "A f lock acquire",
        "A g lock acquire",
        "B f x release",
        "C f lock release",
        "C g lock release",
    ];
    assert_eq!(lines(&weak), expected);
    // What is declared otherwise is not what was named.
    let other = Ordered {
        order: Order::Acquire,
        ..which
    };
    assert_eq!(
        lines(&weakened(&system, &other, Order::Full)),
        lines(&system)
    );
}

#[test]
fn each_order_has_those_one_level_below() {
    assert_eq!(weaker(Order::FullAllCpus), [Order::Full]);
    assert_eq!(weaker(Order::Full), [Order::Acquire, Order::Release]);
    assert_eq!(weaker(Order::Acquire), [Order::Relaxed]);
    assert_eq!(weaker(Order::Release), [Order::Relaxed]);
    assert_eq!(weaker(Order::Relaxed), []);
}

#[test]
fn an_order_has_a_name_and_belongs_to_one_variable() {
    let all = [
        Order::Relaxed,
        Order::Acquire,
        Order::Release,
        Order::Full,
        Order::FullAllCpus,
    ];
    let names = ["relaxed", "acquire", "release", "full", "full, all CPUs"];
    assert_eq!(all.map(Order::name), names);
    let system = system();
    let step = &system.tasks[0].program.steps[1];
    let orders: Vec<Order> = step.branches[0]
        .assigns
        .iter()
        .map(|a| step.order_of(a.var))
        .collect();
    assert_eq!(orders, [Order::Release, Order::Relaxed]);
}
