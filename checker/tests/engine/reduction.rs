//! Reduced equals full: verdicts, lengths of shortest counterexamples, final observations, in every
//! scenario of the suite under every scheme. And both equal a plain search that shares no code with
//! the engine.

use foliocheck::engine::explore::{ExploreError, Mode, WATCHED_MAX, explore};
use foliocheck::engine::limits::Limits;
use foliocheck::suite::{self, Options, Unit};
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::error::RunError;
use foliocheck_model::machine::system::System;
use foliocheck_model::machine::var::VarDecl;
use foliocheck_specs::{invariants, schemes};

use crate::support;

#[test]
fn reduced_equals_full() {
    let units = suite::default_units().unwrap();
    let reduced = suite::run_all(&units, &Options::default(), 2, &|_| {});
    let full = suite::run_all(
        &units,
        &Options {
            full: true,
            ..Options::default()
        },
        2,
        &|_| {},
    );
    for ((unit, reduced), full) in units.iter().zip(reduced).zip(full) {
        let name = format!("{} in {}", unit.scheme.id, unit.scenario.id);
        let (reduced, full) = (reduced.unwrap(), full.unwrap());
        assert_eq!(
            reduced.observations, full.observations,
            "{name}: final observations"
        );
        assert_eq!(reduced.runs.len(), full.runs.len(), "{name}");
        for (r, f) in reduced.runs.iter().zip(&full.runs) {
            assert_eq!(r.verdict, f.verdict, "{name}, {}", r.invariant);
            let length = |run: &foliocheck::verdict::Run| run.trace.as_ref().map(|t| t.length);
            assert_eq!(
                length(r),
                length(f),
                "{name}, {}: shortest counterexample",
                r.invariant
            );
        }
    }
}

/// The plain search works on the system as written: its states tell apart what the optimised system
/// does not, so counts are not compared, but everything that can be observed is.
#[test]
fn engine_equals_a_plain_search() {
    for (scheme, id) in [
        ("by-reference", "write-vs-splice"),
        ("by-reference", "mmap-store-vs-writeback"),
        ("by-reference", "pinned-writer"),
        ("copy", "ext4-write-vs-splice"),
        ("copy-locked", "mmap-store-dirty-pte"),
        ("confirm-ctime", "tick-between-writes"),
        ("stable-flag", "two-splicers"),
        ("stable-pin", "reader-stops-vs-mmap"),
        ("stable-pin-mkclean", "mmap-store-clean-pte"),
        ("stable-pin-mkclean", "splice-then-store-same-thread"),
        ("stable-pin-mkclean-truncate", "partial-punch-vs-splice"),
        ("stable-sink-io", "local-receiver-stops"),
        ("by-reference", "truncate-and-refill"),
        ("by-reference", "socket-retransmit-vs-write"),
        ("by-reference", "esp-after-coalesce"),
        ("by-reference", "tee-of-pipe-writes"),
        ("notify-at-last-use", "completion-then-write-tee"),
        ("tail-copy", "sendfile-then-write-local"),
    ] {
        let scenario = support::scenario(id);
        let instance = support::build(scheme, &scenario);
        let plain = support::search(&instance.full);
        let unit = Unit {
            scheme: schemes::by_id(scheme).unwrap(),
            scenario: scenario.clone(),
            ablations: Vec::new(),
            ask: invariants::all(),
        };
        let answer = suite::run(&unit, &Options::default()).unwrap();
        assert_eq!(
            answer.observations.as_ref(),
            Some(&plain.observations),
            "{scheme} in {id}"
        );
        for run in answer.runs {
            let nearest = instance
                .full
                .predicates
                .iter()
                .zip(&plain.nearest)
                .filter(|(p, _)| p.invariant == run.invariant)
                .filter_map(|(_, n)| *n)
                .min();
            assert_eq!(
                run.trace.map(|t| t.length),
                nearest,
                "{scheme} in {id}, {}",
                run.invariant
            );
        }
    }
}

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
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 1));
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        b.step("A", CFn::new("f", "mm/test.c"), |s| s.inc(x));
        b.finish().unwrap();
    }
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
