//! Small systems that several tests ask about.

use foliocheck_model::machine::System;
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::system::{Predicate, Scope};
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

/// Two tasks that see how far the other has come; one of them may go either way.
pub fn chooses(again: bool) -> System {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 3).observed());
    let task = system.add_task("chooses");
    let mut b = ProgramBuilder::new(&mut system, task);
    let begin = b.here("begin");
    b.step("C", F, |s| {
        s.choice()
            .when(1, "one", |w| w.set(x, 1))
            .when(1, "two", |w| w.set(x, 2))
            .when(eq(1, i64::from(again)), "again", |w| w.goto(begin))
    });
    b.finish().unwrap();
    let task = system.add_task("looks");
    let mut b = ProgramBuilder::new(&mut system, task);
    let seen = b.register("seen", 3);
    b.step("L", F, |s| s.set(seen, x));
    b.finish().unwrap();
    system.vars[seen.index()].observed = true;
    system.predicates = vec![Predicate {
        invariant: "it never sees two".to_owned(),
        scope: Scope::Always,
        bad: eq(seen, 2),
    }];
    system
}

/// A step that may go either way; so many steps more on each way, and one where they meet.
pub fn either(b: &mut ProgramBuilder, ways: [usize; 2]) {
    let [second, both] = ["second", "both"].map(|name| b.label(name));
    b.step("C", F, |s| {
        s.choice()
            .when(1, "one", |w| w)
            .when(1, "two", |w| w.goto(second))
    });
    for (n, steps) in ways.into_iter().enumerate() {
        if n == 1 {
            b.bind(second);
        }
        for step in 0..steps {
            b.step(&format!("P{n}{step}"), F, |s| s.text("goes on"));
        }
        b.step(&format!("J{n}"), F, |s| s.when(1, "", |w| w.goto(both)));
    }
    b.bind(both);
}

/// A task that sets `bad`, sooner or later.
pub fn sooner_or_later(ways: [usize; 2]) -> System {
    let mut system = System::default();
    let bad = system.declare(VarDecl::shared("o", "bad", 1).observed());
    let task = system.add_task("chooses");
    let mut b = ProgramBuilder::new(&mut system, task);
    either(&mut b, ways);
    b.step("B", F, |s| s.set(bad, 1));
    b.finish().unwrap();
    system.predicates = vec![Predicate {
        invariant: "never bad".to_owned(),
        scope: Scope::Always,
        bad: eq(bad, 1),
    }];
    system
}
