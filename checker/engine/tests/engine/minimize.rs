//! What can be left out of a path, whole tasks, pieces and single actions, is.

use foliocheck_engine::minimize::minimize;
use foliocheck_model::executor::follow::leader;
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::expr::{and, eq};
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::{Lock, VarDecl, VarId};
use foliocheck_model::machine::{System, TaskId};

use crate::systems::F;

fn action(task: u8, branch: u8) -> Action {
    Action {
        task: TaskId(task),
        branch,
    }
}

fn watch(system: &mut System, bad: VarId) {
    system.predicates = vec![Predicate {
        invariant: "never bad".to_owned(),
        scope: Scope::Always,
        bad: eq(bad, 1),
    }];
}

/// Goes round until it goes on.
#[test]
fn rounds_are_left_out() {
    let mut system = System::default();
    let bad = system.declare(VarDecl::shared("o", "bad", 1));
    let task = system.add_task("goes round");
    let mut b = ProgramBuilder::new(&mut system, task);
    let begin = b.here("begin");
    b.step("C", F, |s| {
        s.choice()
            .when(1, "on", |w| w.set(bad, 1))
            .when(1, "again", |w| w.goto(begin))
    });
    b.finish().unwrap();
    watch(&mut system, bad);
    let leader = leader(&system).unwrap();
    for rounds in 0..9 {
        let mut path = vec![action(0, 1); rounds];
        path.push(action(0, 0));
        assert_eq!(minimize(&leader, &path, 0), [action(0, 0)], "{rounds}");
    }
}

/// Another task has the lock for a while: only both its steps, which are apart, can be left out, and nothing
/// of the two other tasks.
#[test]
fn whole_tasks_are_left_out() {
    let mut system = System::default();
    let bad = system.declare(VarDecl::shared("o", "bad", 1));
    let ready = system.declare(VarDecl::shared("o", "ready", 1));
    let lock = system.declare(VarDecl::shared("o", "lock", 3).lock(Lock::Owner));
    let task = system.add_task("makes ready");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("R", F, |s| s.set(ready, 1));
    b.finish().unwrap();
    let task = system.add_task("locks");
    let mut b = ProgramBuilder::new(&mut system, task);
    let me = b.me();
    b.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me));
    b.step("U", F, |s| s.set(lock, 0));
    b.finish().unwrap();
    let task = system.add_task("waits");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S", F, |s| s.text("goes on"));
    b.step("W", F, |s| {
        s.wait(and(eq(lock, 0), eq(ready, 1))).set(bad, 1)
    });
    b.finish().unwrap();
    watch(&mut system, bad);
    let leader = leader(&system).unwrap();
    let path = [1, 0, 2, 1, 2].map(|task| action(task, 0));
    let short = [0, 2, 2].map(|task| action(task, 0));
    assert_eq!(minimize(&leader, &path, 0), short);
    // What shows nothing is given back.
    assert_eq!(minimize(&leader, &path[..4], 0), path[..4]);
}
