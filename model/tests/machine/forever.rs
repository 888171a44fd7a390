//! A task that goes on for ever begins each time as it began, and never ends.

use foliocheck_model::machine::System;
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::expr::{add, eq};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::var::VarDecl;

use super::build::FN;

#[test]
fn registers_begin_anew_and_nothing_else() {
    let mut system = System::default();
    let shared = system.declare(VarDecl::shared("o", "turn", 1));
    let task = system.add_task("t");
    let mut b = ProgramBuilder::new(&mut system, task);
    let register = b.register("r", 3);
    b.step("S0", FN, |s| {
        s.set(register, add(register, 1)).wait(eq(shared, 0))
    });
    b.step("S1", FN, |s| s.set(shared, 1));
    b.again("E", FN);
    b.finish().unwrap();
    system.validate().unwrap();
    assert!(system.task(task).forever);
    let mut state = Valuation::init(&system);
    let begin = state.clone();
    assert!(state.holds(&system.settled(task)), "nothing is under way");
    for _ in 0..3 {
        assert!(!state.holds(&system.ended(task)));
        let action = interp::enabled(&system, &state)[0];
        state = interp::apply(&system, &state, action).unwrap();
    }
    assert_eq!(interp::loc(&system, &state, task), 0);
    assert_eq!((state.get(register), begin.get(register)), (0, 0));
    assert_eq!(state.get(shared), 1, "what others see stays");
    assert!(interp::enabled(&system, &state).is_empty());
    assert!(
        state.holds(&system.settled(task)),
        "it waits to begin again"
    );
}
