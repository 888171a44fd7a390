//! Removing and misplacing parts of a system.

use foliocheck_model::machine::ablate::{Ablation, ablate, locks_taken};
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::error::BuildError;
use foliocheck_model::machine::expr::{Expr, and, eq};
use foliocheck_model::machine::system::System;
use foliocheck_model::machine::var::{Lock, VarDecl};

use super::refusal::fixture;

const F: CFn = CFn::new("f", "mm/test.c");

fn ablated(ablation: &Ablation) -> Result<System, BuildError> {
    let x = fixture().shared;
    let mut system = fixture().with(|s| s.wait(eq(x, 0)).set(x, 1));
    ablate(&mut system, ablation).map(|()| system)
}

#[test]
fn an_ablation_removes_what_it_names() {
    let step = |a: Ablation| ablated(&a).unwrap().tasks[0].program.steps[0].clone();
    assert!(
        step(Ablation::Effect("A0".into())).branches[0]
            .assigns
            .is_empty()
    );
    assert_eq!(step(Ablation::Wait("A0".into())).guard, Expr::TRUE);
    let assignment = Ablation::Assignment("A0".into(), "x".into());
    assert!(step(assignment).branches[0].assigns.is_empty());
}

#[test]
fn an_ablated_test_takes_the_first_branch() {
    let x = fixture().shared;
    let mut system = fixture().with(|s| {
        s.when(eq(x, 1), "yes", |b| b.set(x, 2))
            .otherwise("no", |b| b.set(x, 3))
    });
    ablate(&mut system, &Ablation::Test("A0".into())).unwrap();
    let branches = &system.tasks[0].program.steps[0].branches;
    assert_eq!(branches.len(), 1);
    assert_eq!(branches[0].when, Expr::TRUE);
    assert_eq!(branches[0].label, "yes");
}

/// Without one way on, the next whose condition holds is taken, or else the last of the others.
#[test]
fn an_ablated_branch_is_not_taken() {
    let x = fixture().shared;
    let left = |label: &str| -> Vec<(String, Expr)> {
        let mut system = fixture().with(|s| {
            s.when(eq(x, 1), "one", |b| b.set(x, 2))
                .when(eq(x, 2), "two", |b| b.set(x, 3))
                .otherwise("else", |b| b.set(x, 0))
        });
        ablate(&mut system, &Ablation::Branch("A0".into(), label.into())).unwrap();
        let branches = &system.tasks[0].program.steps[0].branches;
        branches
            .iter()
            .map(|b| (b.label.clone(), b.when.clone()))
            .collect()
    };
    let is = |label: &str, when: Expr| (label.to_owned(), when);
    assert_eq!(left("one"), [is("two", eq(x, 2)), is("else", Expr::TRUE)]);
    assert_eq!(left("else"), [is("one", eq(x, 1)), is("two", Expr::TRUE)]);
    // The only way on cannot be removed, nor one that there is not.
    let only = ablated(&Ablation::Branch("A0".into(), String::new()));
    assert!(matches!(only, Err(BuildError::NothingToAblate(_))));
    let unknown = ablated(&Ablation::Branch("A0".into(), "no".into()));
    assert!(matches!(unknown, Err(BuildError::NothingToAblate(_))));
}

#[test]
fn an_ablation_of_nothing_is_refused() {
    let id = || "A9".to_owned();
    for (ablation, what) in [
        (Ablation::Effect(id()), "A9"),
        (Ablation::Wait(id()), "A9 with a wait"),
        (Ablation::Test("A0".into()), "A0 with a test"),
        (
            Ablation::Assignment(id(), "x".into()),
            "A9 that assigns `x`",
        ),
        (
            Ablation::Assignment("A0".into(), "y".into()),
            "A0 that assigns `y`",
        ),
    ] {
        let refused = ablated(&ablation).map(|_| ());
        assert_eq!(refused, Err(BuildError::NothingToAblate(what.into())));
    }
}

/// `up_read` and `down_write` of a semaphore: what takes it shared takes a lock, and no longer waits for
/// a writer once the lock is removed; nor does a writer then wait for readers.
#[test]
fn a_semaphore_is_a_lock_either_way() {
    for shared in [true, false] {
        let mut f = fixture();
        let writer = f.system.declare(VarDecl::shared("sem", "writer", 3));
        let readers = f.system.declare(VarDecl::shared("sem", "readers", 3));
        let (taken, waits) = if shared {
            (readers, eq(writer, 0))
        } else {
            (writer, and(eq(writer, 0), eq(readers, 0)))
        };
        let mut system = f.with(|s| s.wait(waits).set(taken, 1).acquire(writer).acquire(readers));
        let step = &system.tasks[0].program.steps[0];
        assert_eq!(locks_taken(step), [taken].into());
        ablate(&mut system, &Ablation::Lock("A0".into())).unwrap();
        let step = &system.tasks[0].program.steps[0];
        assert_eq!(step.guard, Expr::TRUE);
        assert!(step.branches[0].assigns.is_empty());
    }
}

#[test]
fn a_name_reads_back() {
    let (a, b) = ("W6".to_owned(), "W7".to_owned());
    for ablation in [
        Ablation::Effect(a.clone()),
        Ablation::Wait(a.clone()),
        Ablation::Test(a.clone()),
        Ablation::Assignment(a.clone(), "flags".into()),
        Ablation::Branch(a.clone(), "clean: \"skip\" before W7".into()),
        Ablation::Lock(a.clone()),
        Ablation::Before(a.clone(), b.clone()),
        Ablation::After(a, b),
    ] {
        let text = ablation.to_string();
        assert!(text.starts_with("W6 "), "{text}");
        assert_eq!(text.parse(), Ok(ablation));
    }
    assert!("W6 dances".parse::<Ablation>().is_err());
}

/// A store with acquire order to what was not looked at, and one without to what was.
#[test]
fn a_lock_is_both_waited_for_and_acquired() {
    let x = fixture().shared;
    let unseen = fixture().with(|s| s.set(x, 1).acquire(x));
    let relaxed = fixture().with(|s| s.when(eq(x, 0), "", |b| b.set(x, 1)).otherwise("", |b| b));
    let trylock = fixture().with(|s| {
        s.when(eq(x, 0), "", |b| b.set(x, 1))
            .otherwise("", |b| b)
            .acquire(x)
    });
    let taken = |system: &System| locks_taken(&system.tasks[0].program.steps[0]);
    assert!(taken(&unseen).is_empty());
    assert!(taken(&relaxed).is_empty());
    assert_eq!(taken(&trylock), [x].into());
}

/// Who no longer takes a lock does not drop that of another either, and everything else stays.
#[test]
fn without_its_lock_a_task_drops_only_its_own() {
    let mut system = System::default();
    let lock = system.declare(VarDecl::shared("o", "lock", 3).lock(Lock::Owner));
    let x = system.declare(VarDecl::shared("o", "x", 3));
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let me = b.me();
        b.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me.clone()));
        b.step("X", F, |s| s.requires(eq(lock, me.clone())).set(x, 0));
        b.step("N", F, |s| s.set(lock, 3));
        b.step("U", F, |s| s.set(lock, 0));
        b.finish().unwrap();
    }
    ablate(&mut system, &Ablation::Lock("L".into())).unwrap();
    for (n, task) in system.tasks.iter().enumerate() {
        let steps = &task.program.steps;
        let assign = |step: usize| &steps[step].branches[0].assigns[0];
        assert_eq!(steps[0].guard, Expr::TRUE);
        assert!(steps[0].branches[0].assigns.is_empty());
        assert_eq!(steps[1].requires, Expr::TRUE);
        assert_eq!(
            assign(1).when,
            Expr::TRUE,
            "another variable is set as before"
        );
        assert_eq!(
            assign(2).when,
            Expr::TRUE,
            "a store of something else stays"
        );
        assert_eq!(assign(3).when, eq(lock, n + 1), "dropped if it is mine");
    }
}
