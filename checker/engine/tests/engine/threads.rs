//! The programs as threads: weak memory by loom, schedules at random by shuttle.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::limits::Limits;
use foliocheck_engine::loom::{self, Bounds, Exploration, LoomError};
use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{and, eq, lt};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarDecl;
use foliocheck_model::machine::{BuildError, RunError, System};

use crate::support;
use crate::systems::{F, chooses, either, overflows, sooner_or_later};

const WHOLE: Bounds = Bounds {
    preemptions: None,
    executions: 100_000,
    time: None,
    memory: None,
};

/// The shape of "take the hold, look at the page-table entry" against "make the entry writable, look at the
/// hold": each must see the other, and does only if what it stores is there before it looks.
fn dekker(order: Order) -> System {
    dekker_after(order, |_| ())
}

/// The same, and before it something that the splicer does.
fn dekker_after(order: Order, before: impl Fn(&mut ProgramBuilder)) -> System {
    const HOLD: CFn = CFn::new("splice_folio_into_pipe", "fs/splice.c");
    const FAULT: CFn = CFn::new("wp_page_reuse", "mm/memory.c");
    let mut system = System::default();
    let hold = system.declare(VarDecl::shared("folio0", "stable_count", 1));
    let pte = system.declare(VarDecl::shared("pte(mm0,0)", "W", 1));
    let mut saw = Vec::new();
    for (name, function, mine, theirs) in
        [("splicer", HOLD, hold, pte), ("mapper", FAULT, pte, hold)]
    {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let seen = b.register("seen", 1);
        if name == "splicer" {
            before(&mut b);
        }
        b.step("D1", function, |s| s.set(mine, 1).order(mine, order));
        b.step("D2", function, |s| s.set(seen, theirs));
        b.finish().expect("every label is bound");
        system.vars[seen.index()].observed = true;
        saw.push(seen);
    }
    system.predicates = vec![Predicate {
        invariant: "one-sees-the-other".to_owned(),
        scope: Scope::Terminal,
        bad: and(eq(saw[0], 0), eq(saw[1], 0)),
    }];
    system
}

#[test]
fn a_store_and_a_look_need_a_barrier_between_them() {
    for (order, breaks) in [
        (Order::Relaxed, true),
        (Order::Release, true),
        (Order::Full, false),
    ] {
        let system = dekker(order);
        // Interleavings hold either way.
        let states = explore(&system, Mode::Full, &[0], &Limits::default()).expect("explored");
        assert!(states.violations.is_empty(), "{order:?}");
        let prepared = Prepared::of(&system).expect("each step touches one word");
        let found = loom::explore(&prepared, Orders::Declared, &WHOLE).expect("explored");
        assert_eq!(found.cut, None);
        assert_eq!(found.weak_violations.contains_key(&0), breaks, "{order:?}");
        assert!(found.violations.is_empty(), "{order:?}");
        assert_eq!(found.outcomes, states.observations, "{order:?}");
        let strongest = loom::explore(&prepared, Orders::Strongest, &WHOLE).expect("explored");
        assert_eq!(strongest.weak, 0, "{order:?}");
        assert_eq!(strongest.outcomes, states.observations, "{order:?}");
    }
}

#[test]
fn a_step_on_two_objects_without_a_lock_is_refused() {
    let build = |locked: bool| {
        let mut system = System::default();
        let a = system.declare(VarDecl::shared("folio0", "a", 1).observed());
        let b = system.declare(VarDecl::shared("folio0", "b", 1).observed());
        let lock = system.declare(
            VarDecl::shared("folio0", "PG_locked", 2)
                .lock(foliocheck_model::machine::var::Lock::Owner),
        );
        for name in ["one", "two"] {
            let task = system.add_task(name);
            let mut p = ProgramBuilder::new(&mut system, task);
            if locked {
                let me = p.me();
                p.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me));
            }
            p.step("S", F, |s| s.set(a, eq(b, 0)).set(b, eq(a, 0)));
            if locked {
                p.step("U", F, |s| s.set(lock, 0));
            }
            p.finish().expect("no labels");
        }
        system
    };
    match Prepared::of(&build(false)).map(|_| ()) {
        Err(BuildError::TwoObjects {
            step,
            first,
            second,
            ..
        }) => assert_eq!(
            (step.as_str(), first.as_str(), second.as_str()),
            ("S f", "folio0.a", "folio0.b")
        ),
        other => panic!("{other:?}"),
    }
    assert!(Prepared::of(&build(true)).is_ok());
}

fn prepared(scheme: &str, scenario: &str) -> Arc<Prepared> {
    let instance = support::build(scheme, &support::scenario(scenario));
    Prepared::of(&instance.full).expect("its steps are one action each")
}

#[test]
fn too_many_threads_and_endless_tasks_are_errors() {
    let eight = prepared("by-reference", "crowd");
    let too_many = loom::explore(&eight, Orders::Declared, &WHOLE);
    assert!(matches!(too_many, Err(LoomError::TooManyTasks(8))));
    let endless = prepared("by-reference", "endless-writer-vs-splice");
    let endless = loom::explore(&endless, Orders::Declared, &WHOLE);
    assert!(matches!(endless, Err(LoomError::Endless(_))));
}

fn run(system: &System, bounds: &Bounds) -> Exploration {
    let prepared = Prepared::of(system).expect("its steps are one action each");
    loom::explore(&prepared, Orders::Declared, bounds).expect("explored")
}

/// What loom ran, in numbers.
fn counted(found: &Exploration) -> String {
    format!(
        "{} executions, {} weak, {} steps, the longest of {}; {} outcomes, {} of them only weak; cut: {:?}",
        found.executions,
        found.weak,
        found.steps,
        found.longest,
        found.outcomes.len() + found.only_weak().count(),
        found.only_weak().count(),
        found.cut
    )
}

#[test]
fn executions_are_counted() {
    let mut out = String::new();
    for order in [Order::Relaxed, Order::Release, Order::Full] {
        let found = run(&dekker(order), &WHOLE);
        let _ = writeln!(out, "{order:?}: {}", counted(&found));
        for (outcome, execution) in found.only_weak() {
            assert_eq!(*outcome, execution.observation);
        }
        for (least, execution) in found.weak_violations.values() {
            assert!(execution.violated.contains(&(0, *least)));
        }
    }
    for (scheme, scenario) in [
        ("by-reference", "write-after-splice"),
        ("by-reference", "pinned-writer-vs-writeback"),
        ("stable-pin", "mmap-store-dirty-pte"),
    ] {
        let bounds = Bounds {
            preemptions: Some(1),
            ..WHOLE
        };
        let full = support::build(scheme, &support::scenario(scenario)).full;
        let _ = writeln!(
            out,
            "{scheme} in {scenario}: {}",
            counted(&run(&full, &bounds))
        );
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_way_to_go_is_explored() {
    let system = chooses(false);
    let states = explore(&system, Mode::Full, &[0], &Limits::default()).unwrap();
    let found = run(&system, &WHOLE);
    assert_eq!(found.cut, None);
    assert_eq!(found.outcomes, states.observations);
    assert_eq!(found.outcomes.len(), 4);
    let shortest = states.violations[0].1.len();
    assert_eq!(found.violations[&0].len(), shortest);
}

#[test]
fn of_several_violations_the_shortest_is_shown() {
    for (ways, first, length) in [([0, 2], 0, 3), ([2, 0], 1, 3), ([1, 1], 0, 4)] {
        let found = run(&sooner_or_later(ways), &WHOLE);
        let path = &found.violations[&0];
        assert_eq!((path[0].branch, path.len()), (first, length), "{ways:?}");
    }
}

#[test]
fn of_several_weak_executions_the_one_with_the_fewest_steps_is_shown() {
    for (ways, length) in [([0, 2], 6), ([2, 0], 6), ([1, 1], 7)] {
        let found = run(&dekker_after(Order::Relaxed, |b| either(b, ways)), &WHOLE);
        assert!(found.violations.is_empty());
        let (least, weak) = &found.weak_violations[&0];
        assert_eq!(*least, length, "{ways:?}");
        assert!(weak.violated.contains(&(0, length)));
        let chosen = weak.steps.iter().find(|s| s.action.task.0 == 0);
        // The first of those that are as short.
        let branch = chosen.expect("it begins with a choice").action.branch;
        assert_eq!(usize::from(branch), usize::from(ways[1] < ways[0]));
    }
}

#[test]
fn bounds_are_said() {
    use loom::Cut::{ChoseTwice, Executions, Time, TooLong};
    // As many executions as allowed, over all ways to go.
    let system = chooses(false);
    let all = run(&system, &WHOLE).executions;
    for executions in 1..=all + 2 {
        let found = run(
            &system,
            &Bounds {
                executions,
                ..WHOLE
            },
        );
        assert!(found.executions <= executions);
        // What ends on its own at just that number counts as cut.
        if executions <= all {
            assert_eq!(found.cut, Some(Executions), "{executions} of {all}");
        }
        if executions >= all + 2 {
            assert_eq!((found.cut, found.executions), (None, all));
        }
    }
    let late = Bounds {
        time: Some(Duration::ZERO),
        ..WHOLE
    };
    let found = run(&system, &late);
    assert_eq!((found.cut, found.executions), (Some(Time), 0));
    let early = Bounds {
        time: Some(Duration::from_secs(3600)),
        ..WHOLE
    };
    assert_eq!(run(&system, &early).cut, None);

    assert_eq!(run(&chooses(true), &WHOLE).cut, Some(ChoseTwice));

    // Six hundred attempts are many.
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 1023).observed());
    let task = system.add_task("counts");
    let mut b = ProgramBuilder::new(&mut system, task);
    let begin = b.here("begin");
    b.step("C", F, |s| {
        s.when(lt(x, 700), "", |w| w.inc(x).goto(begin))
            .otherwise("", |w| w)
    });
    b.finish().unwrap();
    let found = run(&system, &WHOLE);
    assert_eq!(found.cut, Some(TooLong));
    assert!(found.outcomes.is_empty());

    let cuts = [Executions, Time, TooLong, ChoseTwice];
    assert_eq!(
        cuts.map(loom::Cut::bounds_executions),
        [false, false, true, true]
    );
    let said = cuts.map(|c| c.to_string()).join("\n");
    insta::assert_snapshot!(said, @r"
    the largest number of executions was reached
    the time was up
    executions with many retries were given up
    executions in which a step that may go several ways came up twice were given up
    ");
}

#[test]
fn an_error_of_the_model_ends_an_exploration() {
    let prepared = Prepared::of(&overflows()).unwrap();
    match loom::explore(&prepared, Orders::Declared, &WHOLE) {
        Err(LoomError::Run(RunError::OutOfRange { var, .. })) => assert_eq!(var, "o.x"),
        other => panic!("{other:?}"),
    }
}

/// loom's threads are enough for as many tasks as it says, and for no more.
#[test]
fn as_many_tasks_as_threads() {
    for tasks in [loom::TASKS_MAX, loom::TASKS_MAX + 1] {
        let mut system = System::default();
        for n in 0..tasks {
            let task = system.add_task(format!("t{n}"));
            let mut b = ProgramBuilder::new(&mut system, task);
            b.step("S", F, |s| s.text("goes on"));
            b.finish().unwrap();
        }
        let prepared = Prepared::of(&system).unwrap();
        match loom::explore(&prepared, Orders::Declared, &WHOLE) {
            Ok(found) => assert_eq!(
                (tasks, found.steps),
                (loom::TASKS_MAX, tasks * found.executions)
            ),
            Err(LoomError::TooManyTasks(n)) => assert_eq!(n, loom::TASKS_MAX + 1),
            Err(other) => panic!("{other}"),
        }
    }
}
