//! Progress in endless executions: who breaks it, what only fairness keeps, what was cut.

use foliocheck::engine::lasso::Fairness;
use foliocheck::engine::limits::Limits;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::{Run, Verdict};
use foliocheck_specs::{invariants, schemes};

use crate::support;

fn run(scheme: &str, scenario: &str, invariant: &str, options: &Options) -> Run {
    let unit = Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario: support::scenario(scenario),
        ablations: Vec::new(),
        ask: vec![invariants::by_id(invariant).unwrap()],
    };
    suite::run(&unit, options).unwrap().runs.remove(0)
}

#[test]
fn what_fairness_decides() {
    use Verdict::{Holds, Violated};
    // Without fairness, weakly fair, with locks handed over.
    let table = [
        // The writer alone goes on; it takes i_rwsem back each time; the lock is handed over.
        (
            "by-reference",
            "endless-writer-vs-splice",
            "splicer-progress",
            [Violated, Violated, Holds],
        ),
        (
            "by-reference",
            "endless-splicer-vs-write",
            "writer-progress",
            [Violated, Violated, Holds],
        ),
        // No lock is in the way of a store through a TLB entry.
        (
            "by-reference",
            "endless-store-vs-splice",
            "splicer-progress",
            [Violated, Holds, Holds],
        ),
        // Each splice finds the data changed: no fairness helps.
        (
            "confirm-i-version",
            "endless-writer-vs-splice",
            "splicer-progress",
            [Violated; 3],
        ),
        (
            "recheck-folio-version",
            "mmap-store-clean-pte",
            "splicer-progress",
            [Violated; 3],
        ),
        // Some hold is always there.
        (
            "stable-pin",
            "hold-renewed-by-tee",
            "writer-progress",
            [Violated; 3],
        ),
        // A retry that ends because who made it necessary ends.
        (
            "confirm-i-version",
            "write-vs-splice",
            "splicer-progress",
            [Holds; 3],
        ),
    ];
    for (scheme, scenario, invariant, expected) in table {
        let levels = [Fairness::None, Fairness::Weak, Fairness::Handover];
        for (fairness, expected) in levels.into_iter().zip(expected) {
            let options = Options {
                fairness,
                ..Options::default()
            };
            let run = run(scheme, scenario, invariant, &options);
            assert_eq!(
                run.verdict, expected,
                "{scheme} in {scenario}, {fairness:?}"
            );
            if let Some(trace) = run.trace {
                let start = trace.loop_start.expect("an endless execution");
                assert!(start < trace.length);
            }
        }
    }
}

/// A deadlock is not an endless execution, and is reported as what it is.
#[test]
fn a_deadlock_is_told_apart() {
    let run = run(
        "stable-pin-mkclean",
        "reader-stops-vs-write",
        "writer-progress",
        &Options::default(),
    );
    assert_eq!(run.verdict, Verdict::Violated);
    assert_eq!(run.trace.unwrap().loop_start, None);
}

#[test]
fn a_graph_that_is_cut_is_inconclusive() {
    let options = Options {
        limits: Limits {
            max_states: Some(20),
            ..Limits::default()
        },
        ..Options::default()
    };
    let run = run(
        "confirm-i-version",
        "endless-writer-vs-splice",
        "splicer-progress",
        &options,
    );
    assert_eq!(run.verdict, Verdict::Inconclusive);
    assert!(run.reason.unwrap().starts_with("stopped at 20 states"));
}

/// A cycle in the part that was explored is a cycle; a shorter one may lie elsewhere.
#[test]
fn a_lasso_in_a_graph_that_is_cut_counts() {
    let options = Options {
        limits: Limits {
            max_states: Some(1400),
            ..Limits::default()
        },
        ..Options::default()
    };
    let run = run(
        "recheck-folio-version",
        "mmap-store-clean-pte",
        "splicer-progress",
        &options,
    );
    assert_eq!(run.verdict, Verdict::Violated);
    assert!(run.reason.unwrap().contains("may not be the shortest"));
}

/// Where no program can repeat a step no graph is needed.
#[test]
fn programs_without_cycles_end() {
    let run = run(
        "copy",
        "ext4-write-vs-splice",
        "splicer-progress",
        &Options::default(),
    );
    assert_eq!((run.verdict, run.states), (Verdict::Holds, 0));
    assert_eq!(run.engine, "control flow");
}

#[test]
fn a_printed_lasso_says_what_is_repeated() {
    let run = run(
        "stable-pin",
        "hold-renewed-by-tee",
        "writer-progress",
        &Options::default(),
    );
    let text = foliocheck::report::text::run(&run, "");
    let text = anstream::adapter::strip_str(&text).to_string();
    let start = run.trace.as_ref().unwrap().loop_start.unwrap();
    assert!(text.contains("\n      for ever:\n"), "{text}");
    assert!(text.contains(&format!("\n      again from step {}\n", start + 1)));
    assert!(text.contains("writer sleeps in folio_wait_stable"));
    let json = foliocheck::report::json::runs(&[run]);
    assert!(json.contains(&format!("\"loop_start\":{start}")));
}
