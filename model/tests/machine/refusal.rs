//! What a system must not be is refused when it is built, and what a step must not do is reported
//! with the task, the step and the variable.

use foliocheck_model::machine::builder::{CFn, Place, ProgramBuilder, StepDraft};
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::error::{BuildError, RunError};
use foliocheck_model::machine::expr::{add, eq, ne, not};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::END;
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};

use super::WORDS;

const F: CFn = CFn::new("f", "mm/test.c");

/// A shared variable, a ghost, and a register of the second task.
pub struct Fixture {
    pub system: System,
    pub shared: VarId,
    ghost: VarId,
    foreign: VarId,
}

pub fn fixture() -> Fixture {
    let mut system = System::default();
    system.add_task("a");
    let other = system.add_task("b");
    let shared = system.declare(VarDecl::shared("o", "x", 3));
    let ghost = system.declare(VarDecl::ghost("", "g", 3));
    let foreign = system.declare(VarDecl::private(other, "b", "r", 3));
    Fixture {
        system,
        shared,
        ghost,
        foreign,
    }
}

impl Fixture {
    /// The system in which the first task has that one step.
    pub fn with(
        mut self,
        write: impl for<'s> FnOnce(&'s mut StepDraft) -> &'s mut StepDraft,
    ) -> System {
        let mut b = ProgramBuilder::new(&mut self.system, TaskId(0));
        b.step("A0", F, write);
        b.finish().unwrap();
        self.system
    }
}

fn ghost_read(what: &str) -> Result<(), BuildError> {
    let (task, step, ghost) = ("a".into(), "A0 f".into(), "g".into());
    Err(BuildError::GhostRead {
        task,
        step,
        what: what.into(),
        ghost,
    })
}

fn foreign_register() -> Result<(), BuildError> {
    let (task, step, var) = ("a".into(), "A0 f".into(), "b.r".into());
    Err(BuildError::ForeignRegister { task, step, var })
}

fn double_assign() -> Result<(), BuildError> {
    let (task, step, var) = ("a".into(), "A0 f".into(), "o.x".into());
    Err(BuildError::DoubleAssign { task, step, var })
}

#[test]
fn the_kernel_sees_no_ghost() {
    let f = fixture;
    let (x, g) = (f().shared, f().ghost);
    let guard = f().with(|s| s.wait(eq(g, 1)));
    assert_eq!(guard.validate(), ghost_read("the guard"));
    let requirement = f().with(|s| s.requires(eq(g, 1)));
    assert_eq!(requirement.validate(), ghost_read("the requirement"));
    let branch = f().with(|s| s.when(eq(g, 1), "", |b| b).otherwise("", |b| b));
    assert_eq!(branch.validate(), ghost_read("a branch condition"));
    let value = f().with(|s| s.set(x, add(g, 1)));
    assert_eq!(value.validate(), ghost_read("o.x"));
    let condition = f().with(|s| s.set_if(eq(g, 1), x, 1));
    assert_eq!(condition.validate(), ghost_read("o.x"));
    let ghost_only = f().with(|s| s.set_if(eq(g, 1), g, x));
    assert_eq!(ghost_only.validate(), Ok(()));
}

#[test]
fn registers_stay_with_their_task() {
    let f = fixture;
    let (x, r) = (f().shared, f().foreign);
    let systems = [
        f().with(|s| s.wait(eq(r, 1))),
        f().with(|s| s.when(eq(r, 1), "", |b| b).otherwise("", |b| b)),
        f().with(|s| s.set(r, 1)),
        f().with(|s| s.set(x, r)),
        f().with(|s| s.set_if(eq(r, 1), x, 1)),
    ];
    for (n, system) in systems.iter().enumerate() {
        assert_eq!(system.validate(), foreign_register(), "system {n}");
    }
}

#[test]
fn a_requirement_reads_no_register_of_another_task() {
    let r = fixture().foreign;
    let system = fixture().with(|s| s.requires(eq(r, 0)));
    assert_eq!(system.validate(), foreign_register());
}

#[test]
fn one_branch_assigns_a_variable_once() {
    let f = fixture;
    let x = f().shared;
    assert_eq!(
        f().with(|s| s.set(x, 1).set(x, 2)).validate(),
        double_assign()
    );
    let in_branch = f().with(|s| s.set(x, 1).when(1, "", |b| b.set_if(eq(x, 0), x, 2)));
    assert_eq!(in_branch.validate(), double_assign());
    let told_apart = f().with(|s| s.set_if(eq(x, 0), x, 1).set_if(ne(x, 0), x, 2));
    assert_eq!(told_apart.validate(), Ok(()));
    let branches = f().with(|s| {
        s.when(eq(x, 0), "", |b| b.set(x, 1))
            .otherwise("", |b| b.set(x, 2))
    });
    assert_eq!(branches.validate(), Ok(()));
}

/// The order of the two would matter, and the packed machine does not keep it.
#[test]
fn an_assignment_always_done_follows_no_other() {
    let x = fixture().shared;
    let system = fixture().with(|s| s.set_if(eq(x, 0), x, 1).set(x, 2));
    assert_eq!(system.validate(), double_assign());
}

#[test]
fn a_label_is_bound() {
    let mut system = System::default();
    let task = system.add_task("a");
    let mut b = ProgramBuilder::new(&mut system, task);
    let out = b.label("out");
    b.step("A0", F, |s| s.goto(out));
    let (task, step, label) = ("a".into(), "A0 f".into(), "out".into());
    assert_eq!(
        b.finish(),
        Err(BuildError::UnboundLabel { task, step, label })
    );
}

#[test]
fn a_label_at_the_end_is_the_end() {
    let mut system = System::default();
    let task = system.add_task("a");
    let mut b = ProgramBuilder::new(&mut system, task);
    let out = b.label("out");
    b.step("A0", F, |s| s.goto(out));
    b.step("A1", F, |s| s);
    b.bind(out);
    b.finish().unwrap();
    let next = |n: usize| system.tasks[0].program.steps[n].branches[0].next;
    assert_eq!([next(0), next(1)], [END, END]);
}

#[test]
fn a_step_has_a_branch_and_a_variable_starts_in_its_range() {
    let mut system = fixture().with(|s| s);
    system.tasks[0].program.steps[0].branches.clear();
    let (task, step) = ("a".into(), "A0 f".into());
    assert_eq!(system.validate(), Err(BuildError::NoBranch { task, step }));
    let mut system = System::default();
    system.declare(VarDecl::shared("o", "x", 3).init(4));
    let refused = BuildError::InitOutOfRange {
        var: "o.x".into(),
        init: 4,
        max: 3,
    };
    assert_eq!(system.validate(), Err(refused.clone()));
    assert_eq!(Machine::<WORDS>::new(system).map(|_| ()), Err(refused));
}

/// The error that the first transition of the first task is, on which both interpreters agree.
fn first_error(system: &System) -> RunError {
    let action = Action {
        task: TaskId(0),
        branch: 0,
    };
    let plain = interp::apply(system, &Valuation::init(system), action).unwrap_err();
    let machine = Machine::<WORDS>::new(system.clone()).unwrap();
    assert_eq!(machine.apply(&machine.init(), action).unwrap_err(), plain);
    plain
}

#[test]
fn leaving_a_range_is_reported_with_task_and_step() {
    let f = fixture;
    let x = f().shared;
    for (system, value) in [
        (f().with(|s| s.set(x, 4)), 4),
        (f().with(|s| s.set(x, add(x, 5))), 5),
        (f().with(|s| s.dec(x)), -1),
    ] {
        let error = first_error(&system);
        let (task, step, var) = ("a".into(), "A0 f".into(), "o.x".into());
        assert_eq!(
            error,
            RunError::OutOfRange {
                task,
                step,
                var,
                value,
                max: 3
            }
        );
        assert_eq!(
            error.to_string(),
            format!("a at A0 f: o.x := {value}, outside 0..=3")
        );
    }
}

#[test]
fn a_false_requirement_is_reported_with_task_and_step() {
    let x = fixture().shared;
    let system = fixture().with(|s| s.requires(eq(x, 1)));
    let (task, step) = ("a".into(), "A0 f".into());
    assert_eq!(first_error(&system), RunError::Requirement { task, step });
}

#[test]
fn a_place_is_one_of_several_variables() {
    let mut f = fixture();
    let (x, y) = (f.shared, f.system.declare(VarDecl::shared("o", "y", 3)));
    let place = Place::Select(vec![(eq(x, 1), x), (not(eq(x, 1)), y)]);
    let system = f.with(|s| s.set(place, 2));
    assert_eq!(system.validate(), Ok(()));
    let action = Action {
        task: TaskId(0),
        branch: 0,
    };
    let after = interp::apply(&system, &Valuation::init(&system), action).unwrap();
    assert_eq!((after.get(x), after.get(y)), (0, 2));
}
