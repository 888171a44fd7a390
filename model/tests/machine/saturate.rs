//! A counter that leaves its range says so, stays so, and everything else goes on.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::expr::{add, eq, ite, sub};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::listing::pseudo_c;
use foliocheck_model::machine::saturate::{bounds, has_left, saturate};
use foliocheck_model::machine::var::{SATURATED, VarDecl, VarId};
use foliocheck_model::machine::{System, TaskId};

const F: CFn = CFn::new("f", "mm/test.c");

/// One task that adds and subtracts as told, and may copy.
fn counts(steps: &[i64]) -> (System, VarId, VarId) {
    let mut system = System::default();
    let count = system.declare(VarDecl::shared("o", "count", 2));
    let copy = system.declare(VarDecl::shared("o", "copy", 2));
    let task = system.add_task("t");
    let mut b = ProgramBuilder::new(&mut system, task);
    for by in steps {
        b.step("A", F, |s| match by {
            0 => s.set(copy, count),
            n if *n > 0 => s.set(count, add(count, *n)),
            n => s.set(count, sub(count, -*n)),
        });
    }
    b.finish().expect("no labels");
    (system, count, copy)
}

fn values(system: &System, var: VarId) -> Vec<String> {
    let mut state = Valuation::init(system);
    let mut shown = Vec::new();
    let action = Action {
        task: TaskId(0),
        branch: 0,
    };
    while interp::current(system, &state, TaskId(0)).is_some() {
        state = interp::apply(system, &state, action).expect("no error");
        shown.push(system.var(var).show(state.get(var)));
    }
    shown
}

#[test]
fn below_zero_and_for_good() {
    let (mut system, count, _) = counts(&[1, -1, -1, 1, 1, -1]);
    saturate(&mut system, &[count]);
    let s = SATURATED;
    assert_eq!(values(&system, count), ["1", "0", s, s, s, s]);
    let left = has_left(&system).expect("it can");
    assert_eq!(left, eq(count, 3));
}

#[test]
fn above_the_most() {
    let (mut system, count, copy) = counts(&[1, 1, 1, -1, 0]);
    saturate(&mut system, &[count, copy]);
    let s = SATURATED;
    assert_eq!(values(&system, count), ["1", "2", s, s, s]);
    // Who copies it has left its range as well.
    assert_eq!(values(&system, copy).last().unwrap(), s);
    Machine::<2>::new(system).expect("it can be packed");
}

#[test]
fn what_cannot_leave_stays_as_it_is() {
    let (mut system, count, copy) = counts(&[1, -1, 0]);
    let before = system.var(copy).max;
    saturate(&mut system, &[copy]);
    assert_eq!(system.var(copy).max, before);
    assert!(has_left(&system).is_none());
    assert_eq!(
        bounds(&system, &ite(eq(count, 0), add(count, 1), 7)),
        (1, 7)
    );
    assert_eq!(bounds(&system, &sub(count, copy)), (-2, 2));
}

/// A reader sees the statement, not the test for its range.
#[test]
fn programs_print_as_they_were_written() {
    let (plain, count, _) = counts(&[1, -1]);
    let mut system = plain.clone();
    saturate(&mut system, &[count]);
    let print = |s: &System| pseudo_c(s, &s.tasks[0].program);
    assert_eq!(print(&plain), print(&system));
}
