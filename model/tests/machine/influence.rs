//! What can change the answer to a question.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{eq, ne};
use foliocheck_model::machine::influence::{Influence, ordered, ordered_by_lock};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{Lock, VarDecl, VarId};

const F: CFn = CFn::new("f", "mm/test.c");
const A: TaskId = TaskId(0);
const B: TaskId = TaskId(1);

struct World {
    system: System,
    asked: VarId,
    source: VarId,
    gate: VarId,
    flag: VarId,
    other: VarId,
}

/// Task a waits for `gate`, goes on or not by `flag`, and stores `source` in `asked`; then it waits for
/// `other`, and stores that nowhere that counts. Task b opens the gate.
fn world() -> World {
    let mut system = System::default();
    let mut var = |name: &str| system.declare(VarDecl::shared("o", name, 3));
    let [asked, source, gate, flag, other] =
        ["asked", "source", "gate", "flag", "other"].map(&mut var);
    let a = system.add_task("a");
    let mut b = ProgramBuilder::new(&mut system, a);
    let out = b.label("out");
    b.step("A0", F, |s| s.wait(eq(gate, 1)));
    b.step("A1", F, |s| {
        s.when(eq(flag, 1), "out", |b| b.goto(out))
            .otherwise("on", |b| b)
    });
    b.step("A2", F, |s| s.set(asked, source));
    b.bind(out);
    b.step("A3", F, |s| s.wait(ne(other, 1)).set(other, 2));
    b.finish().unwrap();
    let t = system.add_task("b");
    let mut b = ProgramBuilder::new(&mut system, t);
    b.step("B0", F, |s| s.set(other, 1));
    b.step("B1", F, |s| s.set(gate, 1));
    b.step("B2", F, |s| s.set(flag, 1));
    b.finish().unwrap();
    World {
        system,
        asked,
        source,
        gate,
        flag,
        other,
    }
}

#[test]
fn what_is_assigned_when_and_whether() {
    let w = world();
    let cone = Influence::on(&w.system, &eq(w.asked, 1));
    for var in [w.asked, w.source, w.flag] {
        assert!(cone.of_var(var), "{}", w.system.var(var).name);
    }
    // What is waited for changes no value.
    assert!(!cone.of_var(w.gate) && !cone.of_var(w.other));
    let decides: Vec<bool> = (0..4).map(|loc| cone.of_step(A, loc)).collect();
    assert_eq!(decides, [true, true, true, false]);
    // B moves the flag.
    let decides: Vec<bool> = (0..3).map(|loc| cone.of_step(B, loc)).collect();
    assert_eq!(decides, [true, true, true]);
}

#[test]
fn what_asks_where_a_task_is_depends_on_what_leads_it() {
    let w = world();
    let cone = Influence::on(&w.system, &eq(w.system.task(A).pc, 4));
    assert!(cone.of_var(w.flag) && cone.of_step(A, 3));
    assert!(!cone.of_var(w.asked) && !cone.of_var(w.source));
}

/// A wait orders what stands behind it, if the order makes a difference.
#[test]
fn a_wait_orders_what_does_not_commute() {
    let w = world();
    // Behind the gate A reads the flag and writes `other`; B writes both.
    assert_eq!(ordered(&w.system, A, 0), [w.flag, w.other].into());
    assert!(ordered(&w.system, A, 3).is_empty());
}

/// A lock orders what both touch under it: adding to a counter commutes, storing does not.
#[test]
fn a_lock_orders_what_both_touch_under_it() {
    let mut system = System::default();
    let lock = system.declare(VarDecl::shared("o", "lock", 3).lock(Lock::Owner));
    let count = system.declare(VarDecl::shared("o", "count", 3));
    let [stored, outside] =
        ["stored", "outside"].map(|n| system.declare(VarDecl::shared("o", n, 3)));
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let me = b.me();
        b.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me.clone()));
        b.step("X", F, |s| s.inc(count).set(stored, me.clone()));
        b.step("U", F, |s| s.set(lock, 0));
        b.step("Z", F, |s| s.set(outside, me.clone()));
        b.finish().unwrap();
    }
    assert_eq!(ordered_by_lock(&system, A, 0), [stored].into());
    assert_eq!(ordered(&system, A, 0), [lock, stored, outside].into());
}
