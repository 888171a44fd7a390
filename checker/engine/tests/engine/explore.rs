//! Explorations by stateright: what they visit, refuse and report.

use foliocheck_engine::explore::{ExploreError, Mode, WATCHED_MAX, explore, lasts};
use foliocheck_engine::limits::{Cut, Limits};
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::error::RunError;
use foliocheck_model::machine::expr::{and, eq, or};
use foliocheck_model::machine::system::{Predicate, Scope, System};
use foliocheck_model::machine::var::VarDecl;

use crate::support;
use crate::systems::{F, overflows};

/// The full exploration of the optimised system visits exactly the states that a plain search of the
/// same system visits.
#[test]
fn full_exploration_visits_every_state() {
    for (scheme, id) in [
        ("by-reference", "two-folios"),
        ("stable-pin-mkclean", "tee-twins"),
        ("recheck-folio-version", "mmap-store-clean-pte"),
    ] {
        let instance = support::build(scheme, &support::scenario(id));
        let plain = support::search(&instance.optimized);
        let engine = explore(&instance.optimized, Mode::Full, &[], &Limits::default()).unwrap();
        assert_eq!(engine.states, plain.states, "{scheme} in {id}");
        assert_eq!(engine.observations, plain.observations, "{scheme} in {id}");
    }
}

/// As many predicates as there is room for can be watched, and no more.
#[test]
fn too_many_predicates_are_refused() {
    let instance = support::build("by-reference", &support::scenario("write-after-splice"));
    let explore = |watched: usize| {
        let watched = vec![0; watched];
        explore(
            &instance.optimized,
            Mode::Full,
            &watched,
            &Limits::default(),
        )
    };
    assert!(explore(WATCHED_MAX).is_ok());
    match explore(WATCHED_MAX + 1) {
        Err(ExploreError::TooManyPredicates(found)) => assert_eq!(found, WATCHED_MAX + 1),
        other => panic!("{other:?}"),
    }
}

/// Of n states with fingerprints of 64 bits, n (n - 1) / 2 pairs could be equal, each with a chance of 2^-64.
#[test]
fn lost_states_are_estimated_by_their_number() {
    let instance = support::build("by-reference", &support::scenario("write-after-splice"));
    let found = explore(&instance.optimized, Mode::Full, &[], &Limits::default()).unwrap();
    let expected = 206.0 * 206.0 / 2f64.powi(65);
    assert_eq!(found.states, 206);
    assert!((found.expected_omissions() / expected - 1.0).abs() < 1e-9);
}

/// A step that does what a step must not do ends an exploration, reduced or not: there is no verdict.
#[test]
fn an_error_of_the_model_is_no_verdict() {
    let system = overflows();
    for mode in [Mode::Full, Mode::Final] {
        match explore(&system, mode, &[], &Limits::default()) {
            Err(ExploreError::Run(RunError::OutOfRange {
                var, value, max, ..
            })) => {
                assert_eq!((var.as_str(), value, max), ("o.x", 2, 1));
            }
            other => panic!("{mode:?}: {other:?}"),
        }
    }
}

/// What a mode says nothing about is refused: that nothing was found would be taken for *holds*.
#[test]
fn a_predicate_that_a_mode_does_not_decide_is_refused() {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 3));
    let recorded = system.declare(VarDecl::ghost("", "recorded", 1));
    let other = system.declare(VarDecl::ghost("", "other", 1));
    let taken_back = system.declare(VarDecl::ghost("", "taken_back", 1));
    let task = system.add_task("t");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("A", F, |s| s.set(x, 2).set(recorded, 1).set(taken_back, 1));
    b.step("B", F, |s| s.set(x, 1).set(other, 1).set(taken_back, 0));
    b.finish().unwrap();
    let predicate = |scope, value: i64| Predicate {
        invariant: format!("{scope:?} {value}"),
        scope,
        bad: eq(x, value),
    };
    system.predicates = vec![
        predicate(Scope::Always, 2),
        predicate(Scope::Always, 1),
        predicate(Scope::Terminal, 2),
        predicate(Scope::Progress(task), 2),
    ];
    let decided = |mode| {
        let try_it = |p| match explore(&system, mode, &[p], &Limits::default()) {
            Ok(_) => true,
            Err(ExploreError::Undecided { predicate, .. }) => {
                assert_eq!(predicate, p);
                false
            }
            Err(other) => panic!("{other}"),
        };
        [0, 1, 2, 3].map(try_it)
    };
    assert_eq!(decided(Mode::Full), [true, true, true, false]);
    // What is 1 may be 2 before and after.
    assert_eq!(decided(Mode::Final), [false, false, true, false]);
    // What is recorded lasts, one of two such things as well, unless somebody takes it back.
    let always = |bad| Predicate {
        invariant: "recorded".to_owned(),
        scope: Scope::Always,
        bad,
    };
    let lasting = [
        (eq(recorded, 1), true),
        (or(eq(recorded, 1), eq(other, 1)), true),
        (eq(recorded, 0), false),
        (and(eq(recorded, 1), eq(other, 1)), false),
        (eq(taken_back, 1), false),
        (or(eq(recorded, 1), eq(taken_back, 1)), false),
    ];
    for (bad, expected) in lasting {
        assert_eq!(lasts(&system, &always(bad.clone())), expected, "{bad:?}");
    }
    assert_eq!(decided(Mode::Question(0)), [true, false, false, false]);
    assert_eq!(decided(Mode::Question(2)), [false; 4]);
    let error = explore(&system, Mode::Final, &[0], &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "exploration in mode Final does not decide predicate 0 of `Always 2`"
    );
}

/// What was found before a bound was reached stands, with its path.
#[test]
fn a_violation_in_a_run_that_is_cut_has_its_path() {
    let system = support::build("by-reference", &support::scenario("write-vs-splice")).optimized;
    let about = |p: &Predicate| p.invariant == "snapshot";
    let snapshot = system.predicates.iter().position(about).unwrap();
    let run = |max_states| {
        let limits = Limits {
            max_states: Some(max_states),
            ..Limits::default()
        };
        explore(&system, Mode::Full, &[snapshot], &limits).unwrap()
    };
    let whole = run(usize::MAX);
    assert_eq!(whole.cut, None);
    let mut found = 0;
    for max_states in (1..whole.states).step_by(13) {
        let part = run(max_states);
        assert_eq!(part.cut, Some(Cut::States), "{max_states}");
        if !part.violations.is_empty() {
            assert_eq!(part.violations, whole.violations);
            found += 1;
        }
    }
    assert!(found > 2);
    // Just as many states as there are are all of them.
    let exact = run(whole.states);
    assert_eq!((exact.cut, exact.states), (None, whole.states));
    assert_eq!(exact.violations, whole.violations);
}
