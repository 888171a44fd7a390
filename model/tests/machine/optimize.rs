//! An optimised system behaves as the one it was made from: every action path of one is one of the
//! other, with the same transitions enabled, the same observation and the same predicates violated
//! all along it; and both come to the same ends.

use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::expr::{Expr, add, eq, ne};
use foliocheck_model::machine::optimize::{for_threads, optimize};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::system::{Predicate, Scope, System};
use foliocheck_model::machine::var::VarDecl;
use proptest::prelude::*;

use super::build::{FN, Style, build};
use super::explore::{Full, lockstep, outcomes, packed, states};
use super::{WORDS, config, plan};

/// Systems with more states are looked at only so far.
const LIMIT: usize = 10_000;

/// Checks that the optimiser keeps the behaviour of `system`.
pub fn keeps_behaviour(system: &System) -> Result<(), TestCaseError> {
    let machine = packed(optimize(system))?;
    let full = Full(system);
    lockstep(&full, &machine, LIMIT)?;
    if let Some(expected) = outcomes(&full, LIMIT) {
        prop_assert_eq!(Some(expected), outcomes(&machine, LIMIT));
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn optimizing_keeps_behaviour(plan in plan::system()) {
        keeps_behaviour(&build(&plan, Style::Bounded))?;
    }
}

fn has_var(system: &System, name: &str) -> bool {
    system.vars.iter().any(|v| v.full_name() == name)
}

#[test]
fn variables_that_nothing_depends_on_are_dropped() {
    let mut system = System::default();
    let task = system.add_task("t");
    let idle = system.declare(VarDecl::shared("o", "idle", 3));
    let fed = system.declare(VarDecl::shared("o", "fed", 7));
    let fixed = system.declare(VarDecl::shared("o", "fixed", 3).init(2));
    let kept = system.declare(VarDecl::shared("o", "kept", 3).observed());
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S0", FN, |s| s.set(idle, 1).set(kept, fixed));
    b.step("S1", FN, |s| s.wait(eq(fixed, 2)).set(fed, add(idle, 1)));
    b.finish().unwrap();
    let small = optimize(&system);
    for gone in ["o.idle", "o.fed", "o.fixed"] {
        assert!(!has_var(&small, gone), "{gone}");
    }
    assert!(has_var(&small, "o.kept"));
    assert_eq!(small.tasks[0].program.steps[1].guard, Expr::TRUE);
    keeps_behaviour(&system).unwrap();
}

/// That a way is never taken can make the next variable a constant.
#[test]
fn constants_are_found_until_there_are_no_more() {
    let mut system = System::default();
    let task = system.add_task("t");
    let never = system.declare(VarDecl::shared("o", "never", 1));
    let same = system.declare(VarDecl::shared("o", "same", 3).init(1));
    let set = system.declare(VarDecl::shared("o", "set", 3).observed());
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S0", FN, |s| {
        s.when(eq(never, 1), "", |b| b.set(same, 2))
            .otherwise("", |b| b)
    });
    b.step("S1", FN, |s| {
        s.when(eq(same, 1), "", |b| b.set(set, 1))
            .otherwise("", |b| b.set(set, 2))
    });
    b.finish().unwrap();
    for small in [optimize(&system), for_threads(&system)] {
        assert!(!has_var(&small, "o.same") && has_var(&small, "o.set"));
        let last = &small.tasks[0].program.steps[1].branches;
        assert_eq!([&last[0].when, &last[1].when], [&Expr::TRUE, &Expr::FALSE]);
        assert!(last[1].assigns.is_empty(), "it is never taken");
    }
    keeps_behaviour(&system).unwrap();
}

#[test]
fn what_a_predicate_reads_is_kept() {
    let mut system = System::default();
    let task = system.add_task("t");
    let read = system.declare(VarDecl::shared("o", "read", 3));
    let ghost = system.declare(VarDecl::ghost("", "count", 3));
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S0", FN, |s| s.set(read, 2).inc(ghost));
    b.finish().unwrap();
    let bad = ne(ghost, read);
    system.predicates.push(Predicate {
        invariant: "P".into(),
        scope: Scope::Terminal,
        bad,
    });
    let small = optimize(&system);
    assert!(has_var(&small, "o.read") && has_var(&small, "count"));
    keeps_behaviour(&system).unwrap();
}

/// A register takes one of four values, which is copied out, and is of no use after that.
fn dead_register() -> System {
    let mut system = System::default();
    let task = system.add_task("t");
    let out = system.declare(VarDecl::shared("o", "out", 1).observed());
    let mut b = ProgramBuilder::new(&mut system, task);
    let register = b.register("r", 3);
    b.step("S0", FN, |s| {
        for value in 0..4 {
            s.when(1, "", |b| b.set(register, value));
        }
        s.choice()
    });
    b.step("S1", FN, |s| s.set(out, eq(register, 3)));
    b.step("S2", FN, |s| s);
    b.finish().unwrap();
    system
}

#[test]
fn dead_registers_are_cleared() {
    let system = dead_register();
    keeps_behaviour(&system).unwrap();
    let machine = Machine::<WORDS>::new(optimize(&system)).unwrap();
    assert_eq!(states(&Full(&system), LIMIT).len(), 1 + 3 * 4);
    // After S1 only `out` tells the states apart.
    assert_eq!(states(&machine, LIMIT).len(), 1 + 4 + 2 * 2);
}

/// What is assigned under a condition has the value of before where the condition is false.
#[test]
fn what_may_be_overwritten_is_not_dead() {
    let mut system = System::default();
    let task = system.add_task("t");
    let out = system.declare(VarDecl::shared("o", "out", 1).observed());
    let mut b = ProgramBuilder::new(&mut system, task);
    let (clears, register) = (b.register("clears", 1), b.register("r", 1));
    b.step("S0", FN, |s| {
        s.choice()
            .when(1, "", |b| b.set(clears, 0))
            .when(1, "", |b| b.set(clears, 1))
    });
    b.step("S1", FN, |s| s.set(register, 1));
    b.step("S2", FN, |s| s.set_if(eq(clears, 1), register, 0));
    b.step("S3", FN, |s| s.set(out, register));
    b.finish().unwrap();
    keeps_behaviour(&system).unwrap();
}

/// For threads a store that is ordered is kept though nobody looks at it; one that is not is no use.
#[test]
fn what_is_ordered_is_kept_for_threads() {
    let mut system = System::default();
    let task = system.add_task("t");
    let [ordered, relaxed] =
        ["ordered", "relaxed"].map(|name| system.declare(VarDecl::shared("o", name, 1)));
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S0", FN, |s| {
        s.set(ordered, 1).order(ordered, Order::Release)
    });
    b.step("S1", FN, |s| {
        s.set(relaxed, 1).order(relaxed, Order::Relaxed)
    });
    b.finish().unwrap();
    let has = |system: &System| ["o.ordered", "o.relaxed"].map(|name| has_var(system, name));
    assert_eq!(has(&for_threads(&system)), [true, false]);
    assert_eq!(has(&optimize(&system)), [false, false]);
}
