//! Endless executions of systems: what is a lock, what an idle step, what is found where.

use std::fmt::Write as _;

use foliocheck_engine::lasso::Fairness;
use foliocheck_engine::limits::{Cut, Limits};
use foliocheck_engine::progress::{Progress, STATES_MAX, bounded, progress, unrolled};
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::expr::{Expr, add, and, eq, ne, or};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::{Lock, VarDecl, VarId};
use foliocheck_model::machine::{System, TaskId};
use foliocheck_specs::instance;

use crate::support;
use crate::systems::F;

const LEVELS: [Fairness; 3] = [Fairness::None, Fairness::Weak, Fairness::Handover];

fn found(system: &System) -> [bool; 3] {
    LEVELS.map(|fairness| {
        let progress = progress(system, fairness, &Limits::default()).expect("explored");
        assert_eq!(progress.cut, None);
        for (predicate, lasso) in &progress.violations {
            check(system, *predicate, lasso);
        }
        !progress.violations.is_empty()
    })
}

/// The lasso is an execution that closes, and all along its cycle the task asked about has not finished.
fn check(system: &System, predicate: usize, lasso: &foliocheck_engine::lasso::Lasso) {
    let (path, start) = unrolled(lasso);
    assert_eq!(start, lasso.prefix.len());
    assert_eq!(path.len(), lasso.prefix.len() + lasso.cycle.len());
    let mut state = Valuation::init(system);
    let mut at_start = None;
    for (n, action) in path.iter().enumerate() {
        if n == start {
            at_start = Some(state.clone());
        }
        if n >= start {
            assert!(state.holds(&system.predicates[predicate].bad));
        }
        assert!(interp::enabled(system, &state).contains(action));
        state = interp::apply(system, &state, *action).expect("no error");
    }
    assert_eq!(Some(state), at_start, "the cycle closes");
}

/// `asked` never finishes.
fn ask(system: &mut System, asked: TaskId) {
    let pc = system.task(asked).pc;
    let end = system.task(asked).program.steps.len();
    system.predicates = vec![Predicate {
        invariant: "it finishes".to_owned(),
        scope: Scope::Progress(asked),
        bad: ne(pc, end),
    }];
}

/// A writer that takes a lock, drops it and begins again; another task that wants the lock once. What it
/// waits for beside the lock is given.
fn lock_and_waiter(beside: impl Fn(VarId) -> Expr) -> System {
    lock_and_waiter_for(|lock, flag, _| and(eq(lock, 0), beside(flag)))
}

/// The same; what is waited for is given: the lock, a flag that is set with it, a register that is 0.
fn lock_and_waiter_for(guard: impl Fn(VarId, VarId, VarId) -> Expr) -> System {
    let mut system = System::default();
    let lock = system.declare(VarDecl::shared("folio0", "PG_locked", 2).lock(Lock::Owner));
    let flag = system.declare(VarDecl::shared("folio0", "flag", 1));
    let writer = system.add_task("writer");
    let mut b = ProgramBuilder::new(&mut system, writer);
    let me = b.me();
    b.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me).set(flag, 1));
    b.step("U", F, |s| s.set(lock, 0).set(flag, 0));
    b.again("A", F);
    b.finish().unwrap();
    let other = system.add_task("other");
    let mut b = ProgramBuilder::new(&mut system, other);
    let me = b.me();
    let register = b.register("register", 1);
    b.step("L", F, |s| {
        s.wait(guard(lock, flag, register)).set(lock, me)
    });
    b.step("U", F, |s| s.set(lock, 0));
    b.finish().unwrap();
    ask(&mut system, other);
    system
}

#[test]
fn what_waits_for_a_lock_alone_obtains_it() {
    // The lock alone: handed over.
    assert_eq!(found(&lock_and_waiter(|_| eq(1, 1))), [true, true, false]);
    // Something that is true whenever the lock is free changes nothing where it is free...
    // ...but where the lock is held it waits for the flag as well, which nobody hands over.
    assert_eq!(found(&lock_and_waiter(|flag| eq(flag, 0))), [true; 3]);
    // Either is enough: what is left without the lock is true.
    assert_eq!(
        found(&lock_and_waiter(|flag| or(eq(flag, 0), eq(flag, 1)))),
        [true, true, false]
    );
}

/// A condition is about a lock if it reads locks and the task's own registers alone.
#[test]
fn what_is_mixed_with_a_lock_is_no_lock() {
    let own = lock_and_waiter_for(|lock, _, register| eq(lock, register));
    assert_eq!(found(&own), [true, true, false]);
    let mixed = lock_and_waiter_for(|lock, flag, _| eq(add(lock, flag), 0));
    assert_eq!(found(&mixed), [true; 3]);
}

/// A lock taken by nobody's acquire is a flag.
#[test]
fn a_flag_is_no_lock() {
    let mut system = System::default();
    let flag = system.declare(VarDecl::shared("folio0", "flag", 1));
    let writer = system.add_task("writer");
    let mut b = ProgramBuilder::new(&mut system, writer);
    b.step("S", F, |s| s.set(flag, 1));
    b.step("C", F, |s| s.set(flag, 0));
    b.again("A", F);
    b.finish().unwrap();
    let other = system.add_task("other");
    let mut b = ProgramBuilder::new(&mut system, other);
    b.step("W", F, |s| s.wait(eq(flag, 0)));
    b.finish().unwrap();
    ask(&mut system, other);
    assert_eq!(found(&system), [true; 3]);
}

/// A task whose work does not come is owed nothing; where it is at any other step, its wait counts.
#[test]
fn an_idle_task_does_not_take_part() {
    for (idle, expected) in [(true, [false; 3]), (false, [true; 3])] {
        for names in [["worker", "other"], ["other", "worker"]] {
            let mut system = System::default();
            let work = system.declare(VarDecl::shared("inode", "work", 1));
            let tasks = names.map(|name| (name, system.add_task(name)));
            for (name, task) in tasks {
                let mut b = ProgramBuilder::new(&mut system, task);
                if name == "worker" {
                    b.step("W", F, |s| {
                        s.wait(eq(work, 1));
                        if idle { s.idle() } else { s }
                    });
                } else {
                    b.step("S", F, |s| s.text("goes on"));
                    b.again("A", F);
                }
                b.finish().unwrap();
            }
            let worker = tasks.into_iter().find(|(name, _)| *name == "worker");
            ask(&mut system, worker.expect("one of them").1);
            assert_eq!(found(&system), expected, "idle: {idle}, {names:?}");
        }
    }
}

/// Nobody moves for ever where no program has a cycle that can be taken, and no graph is built.
#[test]
fn programs_without_cycles_need_no_graph() {
    let build = |back: i64| {
        let mut system = System::default();
        let x = system.declare(VarDecl::shared("o", "x", 1));
        let task = system.add_task("t");
        let mut b = ProgramBuilder::new(&mut system, task);
        let begin = b.here("begin");
        let end = b.label("end");
        // Two ways forward to the same step, one way back.
        b.step("A", F, |s| {
            s.when(eq(x, 1), "", |w| w.goto(end)).otherwise("", |w| w)
        });
        b.step("B", F, |s| s.set(x, 1));
        b.bind(end);
        b.step("C", F, |s| {
            s.when(eq(1, back), "", |w| w.goto(begin))
                .otherwise("", |w| w)
        });
        b.finish().unwrap();
        ask(&mut system, task);
        // The optimiser folds what is never taken.
        instance::control(&system)
    };
    let none = progress(&build(0), Fairness::None, &Limits::default()).unwrap();
    assert_eq!((none.states, none.transitions, none.depth), (0, 0, 0));
    assert!(none.violations.is_empty());
    let some = progress(&build(1), Fairness::Handover, &Limits::default()).unwrap();
    assert!(some.states > 0);
    assert_eq!(some.violations.len(), 1);
    assert!(progress(&System::default(), Fairness::None, &Limits::default()).is_ok());
}

#[test]
fn graphs_are_bounded() {
    let max = |max_states| {
        let limits = Limits {
            max_states,
            ..Limits::default()
        };
        bounded(&limits).max_states
    };
    assert_eq!(max(None), Some(STATES_MAX));
    assert_eq!(max(Some(7)), Some(7));
    assert_eq!(max(Some(STATES_MAX + 1)), Some(STATES_MAX));
    let system = lock_and_waiter(|_| eq(1, 1));
    let limits = Limits {
        max_states: Some(2),
        ..Limits::default()
    };
    let cut = progress(&system, Fairness::Weak, &limits).unwrap();
    assert_eq!(cut.cut, Some(Cut::States));
    assert!(cut.states > 2);
}

/// Sizes of graphs, and of the lassos in them, in scenarios of each kind.
#[test]
fn lassos_in_scenarios() {
    let mut out = String::new();
    for (scheme, scenario) in [
        ("by-reference", "endless-writer-vs-splice"),
        ("by-reference", "endless-splicer-vs-write"),
        ("by-reference", "endless-store-vs-splice"),
        ("confirm-i-version", "endless-writer-vs-splice"),
        ("recheck-folio-version", "mmap-store-clean-pte"),
        ("stable-pin", "hold-renewed-by-tee"),
        ("confirm-i-version", "write-vs-splice"),
        ("copy", "ext4-write-vs-splice"),
    ] {
        let full = support::build(scheme, &support::scenario(scenario)).full;
        let system = instance::control(&full);
        for fairness in LEVELS {
            let Progress {
                states,
                transitions,
                depth,
                cut,
                violations,
            } = progress(&system, fairness, &Limits::default()).unwrap();
            assert_eq!(cut, None);
            let _ = writeln!(
                out,
                "{scheme} in {scenario}, {fairness:?}: {states} states, {transitions} transitions, depth {depth}"
            );
            for (p, lasso) in violations {
                check(&system, p, &lasso);
                let _ = writeln!(
                    out,
                    "  {}, {:?}: a cycle of {} after {}",
                    system.predicates[p].invariant,
                    system.predicates[p].scope,
                    lasso.cycle.len(),
                    lasso.prefix.len()
                );
            }
        }
    }
    insta::assert_snapshot!(out);
}
