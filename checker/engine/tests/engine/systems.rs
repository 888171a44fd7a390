//! Small systems that several tests ask about.

use foliocheck_model::machine::System;
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::var::VarDecl;

/// The function that steps of these systems stand for.
pub const F: CFn = CFn::new("f", "mm/test.c");

/// Two tasks count what has room for one: the second step of any execution is an error of the model.
pub fn overflows() -> System {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 1).observed());
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        b.step("A", F, |s| s.inc(x));
        b.finish().expect("no labels");
    }
    system
}
