//! What can change the answer to a question.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{eq, ne};
use foliocheck_model::machine::influence::Influence;
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};

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
    for var in [w.asked, w.source, w.gate, w.flag] {
        assert!(cone.of_var(var), "{}", w.system.var(var).name);
    }
    assert!(!cone.of_var(w.other));
    let decides: Vec<bool> = (0..4).map(|loc| cone.of_step(A, loc)).collect();
    assert_eq!(decides, [true, true, true, false]);
    // B opens the gate, and moves the flag.
    let decides: Vec<bool> = (0..3).map(|loc| cone.of_step(B, loc)).collect();
    assert_eq!(decides, [true, true, true]);
}

#[test]
fn what_asks_where_a_task_is_depends_on_all_that_it_waits_for() {
    let w = world();
    let cone = Influence::on(&w.system, &eq(w.system.task(A).pc, 4));
    assert!(cone.of_var(w.other) && cone.of_step(A, 3));
    assert!(!cone.of_var(w.asked) && !cone.of_var(w.source));
}

#[test]
fn what_nothing_leads_from_changes_nothing() {
    let w = world();
    let cone = Influence::on(&w.system, &eq(w.other, 1));
    assert!(!cone.of_var(w.source), "what is stored in another variable");
    assert!(cone.of_var(w.gate), "it waits before it stores");
    assert!(!cone.of_step(B, 2) || cone.of_var(w.flag));
}
