//! Systems and variables: what they say of themselves.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{Expr, eq};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};

const F: CFn = CFn::new("f", "mm/test.c");

#[test]
fn a_variable_shows_its_values_by_label() {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 5).labels(["none", "some"]));
    let g = system.declare(VarDecl::ghost("", "g", 0));
    let (x, g) = (system.var(x), system.var(g));
    assert_eq!([0, 1, 2].map(|v| x.show(v)), ["none", "some", "2"]);
    assert_eq!(
        (x.full_name(), g.full_name()),
        ("o.x".to_owned(), "g".to_owned())
    );
    assert_eq!((x.is_ghost(), g.is_ghost()), (false, true));
    assert_eq!((x.bits(), g.bits()), (3, 0));
}

/// A task that may end, stop, or wait for work; a second that goes on for ever.
fn tasks() -> (System, VarId) {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 3));
    let one = system.add_task("one");
    let mut b = ProgramBuilder::new(&mut system, one);
    b.step("A", F, |s| {
        s.when(eq(x, 0), "", |b| b)
            .when(
                eq(x, 1),
                "",
                foliocheck_model::machine::builder::BranchDraft::stop,
            )
            .otherwise("", foliocheck_model::machine::builder::BranchDraft::end)
    });
    b.step("B", F, |s| s.wait(eq(x, 3)).idle());
    b.finish().unwrap();
    let two = system.add_task("two");
    let mut b = ProgramBuilder::new(&mut system, two);
    b.step("A", F, |s| s);
    b.step("B", F, |s| s);
    b.finish().unwrap();
    system.tasks[two.index()].forever = true;
    (system, x)
}

#[test]
fn a_task_is_settled_where_nobody_expects_it_to_go_on() {
    let (system, x) = tasks();
    let says = |state: &Valuation, e: Expr| state.holds(&e);
    for (value, ended, stopped, settled) in [
        (0, false, false, true),
        (1, false, true, false),
        (2, true, false, true),
    ] {
        let mut state = Valuation::init(&system);
        state.0[x.index()] = value;
        assert!(
            !says(&state, system.settled(TaskId(0))),
            "it is in the middle of its work"
        );
        let action = interp::enabled(&system, &state)[0];
        let state = interp::apply(&system, &state, action).unwrap();
        let one = TaskId(0);
        assert_eq!(says(&state, system.ended(one)), ended, "{value}");
        assert_eq!(says(&state, system.stopped(one)), stopped, "{value}");
        assert_eq!(says(&state, system.settled(one)), settled, "{value}");
    }
    let mut state = Valuation::init(&system);
    let two = TaskId(1);
    assert!(says(&state, system.settled(two)), "where it begins again");
    state.0[system.task(two).pc.index()] = 1;
    assert!(!says(&state, system.settled(two)));
}

#[test]
fn a_constant_is_what_no_step_changes() {
    let mut system = System::default();
    let [same, never, changed, other, perhaps] =
        ["a", "b", "c", "d", "e"].map(|name| system.declare(VarDecl::shared("o", name, 3).init(1)));
    let task = system.add_task("t");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("A", F, |s| {
        s.set(same, 1)
            .set_if(Expr::FALSE, never, 2)
            .set(changed, 2)
            .set_if(eq(same, 1), perhaps, 2)
    });
    b.finish().unwrap();
    assert!(
        [same, never, other]
            .into_iter()
            .all(|v| system.is_constant(v))
    );
    assert!(!system.is_constant(changed) && !system.is_constant(perhaps));
    assert!(!system.is_constant(system.task(task).pc));
}
