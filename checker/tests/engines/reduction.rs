//! Reduced equals full: verdicts, lengths of shortest counterexamples, final observations, in every
//! scenario of the suite under every scheme. Reduced equals what is committed, to the state. And both
//! equal a plain search that shares no code with the engine.

use std::path::Path;

use foliocheck::expectation::Expectations;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Run;
use foliocheck_specs::{invariants, schemes};

use crate::support;

/// That a run is what is committed.
fn committed(expected: &Expectations, run: &Run) {
    let name = format!("{} in {}, {}", run.scheme, run.scenario, run.invariant);
    let e = expected
        .get(&run.scheme, &run.scenario, &run.invariant)
        .expect(&name);
    assert_eq!(run.verdict, e.verdict, "{name}");
    let length = run.trace.as_ref().map(|t| t.length);
    assert_eq!(length, e.length, "{name}: length");
    let counts = (run.states, run.transitions, run.depth);
    assert_eq!(counts, (e.states, e.transitions, e.depth), "{name}: counts");
}

#[test]
fn committed_equals_reduced_equals_full() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let expected = Expectations::read(&results).unwrap();
    let mut count = 0;
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
            count += 1;
            committed(&expected, r);
            assert_eq!(r.verdict, f.verdict, "{name}, {}", r.invariant);
            let length = |run: &Run| run.trace.as_ref().map(|t| t.length);
            assert_eq!(
                length(r),
                length(f),
                "{name}, {}: shortest counterexample",
                r.invariant
            );
        }
    }
    assert_eq!(
        count,
        expected.len(),
        "verdicts are committed that nothing produces"
    );
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
