//! The committed verdicts are those of this model, to the state; every witness breaks its invariant;
//! every invariant has one.

use crate::support;
use std::path::Path;

use foliocheck::engine::explore::{Mode, explore};
use foliocheck::engine::limits::Limits;
use foliocheck::expectation::Expectations;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::{invariants, schemes, witness};

#[test]
fn committed_verdicts_are_reproduced() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let expected = Expectations::read(&results).unwrap();
    let units = suite::default_units().unwrap();
    let mut count = 0;
    for answer in suite::run_all(&units, &Options::default(), 2, &|_| {}) {
        for run in answer.unwrap().runs {
            count += 1;
            let name = format!("{} in {}, {}", run.scheme, run.scenario, run.invariant);
            let e = expected
                .get(&run.scheme, &run.scenario, &run.invariant)
                .expect(&name);
            assert_eq!(run.verdict, e.verdict, "{name}");
            assert_eq!(run.trace.map(|t| t.length), e.length, "{name}: length");
            let counts = (run.states, run.transitions, run.depth);
            assert_eq!(counts, (e.states, e.transitions, e.depth), "{name}: counts");
        }
    }
    assert_eq!(
        count,
        expected.len(),
        "verdicts are committed that nothing produces"
    );
}

/// Scheme, scenario; distinct states, transitions and depth of the full exploration. A change here is a
/// change of the model.
const GOLDEN: &[(&str, &str, usize, usize, usize)] = &[
    ("by-reference", "write-after-splice", 206, 335, 24),
    ("by-reference", "write-vs-splice", 327, 519, 25),
    ("by-reference", "mmap-store-dirty-pte", 193, 280, 17),
    ("by-reference", "mmap-store-vs-writeback", 1502, 2721, 67),
    ("by-reference", "munmap-vs-writeback", 2675, 5399, 69),
    ("by-reference", "truncate-vs-mmap", 3694, 8721, 80),
    ("copy", "ext4-write-vs-splice", 634, 1093, 25),
    ("copy-locked", "mmap-store-two-cpus", 13_782, 35_605, 65),
    ("confirm-i-version", "tee-twins", 2892, 6786, 47),
    ("confirm-ctime", "tick-between-writes", 681, 1311, 30),
    (
        "recheck-folio-version",
        "mmap-store-dirty-pte",
        4370,
        8037,
        93,
    ),
    ("stable-flag", "two-splicers", 3730, 8013, 45),
    ("stable-pin", "reader-stops-vs-mmap", 768, 1621, 35),
    ("stable-pin-mkclean", "everything", 543_643, 1_663_001, 77),
    ("stable-pin-mkclean", "mmap-store-dirty-pte", 989, 1737, 40),
    (
        "stable-pin-mkclean-truncate",
        "partial-punch-vs-mmap",
        5636,
        13047,
        52,
    ),
    (
        "stable-sink-io",
        "socket-retransmit-vs-write",
        617,
        1275,
        34,
    ),
    ("iomap-unchecked", "stale-unwritten-reclaim", 846, 1952, 28),
    (
        "iomap-cookie",
        "stale-unwritten-second-folio",
        1692,
        4059,
        38,
    ),
    (
        "iomap-cookie",
        "unused-delalloc-vs-mmap",
        48_150,
        126_848,
        97,
    ),
    (
        "writeback-imap-unchecked",
        "writeback-pass-vs-punch",
        613,
        1097,
        48,
    ),
    (
        "writeback-iomap-cookie",
        "writeback-pass-vs-reflink",
        452,
        814,
        45,
    ),
    ("by-reference", "cow-mapping-goes-stale", 974, 1772, 54),
    ("by-reference", "ordered-data-commit", 67, 101, 17),
    ("by-reference", "remap-vs-completions", 804, 1575, 44),
    ("stable-writes", "raid5-skip-copy", 248, 414, 38),
    ("bounce", "direct-write-vs-store", 25, 31, 9),
    ("by-reference", "ext3-commit-vs-mmap", 1449, 3059, 48),
    ("by-reference", "reclaim-vs-mprotect", 1101, 2393, 42),
    ("by-reference", "mremap-vs-writeback", 919, 1855, 44),
    ("cow-page-cache", "replace-vs-writeback", 4789, 11_384, 47),
    ("spliced-tag", "tag-b-writer", 1028, 1824, 38),
    (
        "spliced-tag-fixed",
        "tag-g-replacement",
        55_058,
        169_903,
        58,
    ),
    ("steal-or-copy", "ext4-write-vs-splice", 722, 1225, 32),
    ("block-or-refuse", "reader-stops-vs-mmap-call", 513, 930, 41),
    (
        "notify-at-last-use",
        "completion-then-write-local",
        122,
        233,
        35,
    ),
    ("sink-decides", "completion-then-write", 284, 483, 33),
    ("tail-copy", "sendfile-then-write", 769, 1346, 59),
    (
        "recheck-folio-version",
        "endless-writer-vs-splice",
        1518,
        2812,
        72,
    ),
];

#[test]
fn golden_counts() {
    let mut wrong = Vec::new();
    for (scheme, id, states, transitions, depth) in GOLDEN {
        let instance = support::build(scheme, &support::scenario(id));
        let got = explore(&instance.optimized, Mode::Full, &[], &Limits::default()).unwrap();
        let got = (got.states, got.transitions, got.depth);
        if got != (*states, *transitions, *depth) {
            wrong.push(format!("{scheme} in {id}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_invariant_has_a_witness() {
    let witnesses = witness::all();
    for invariant in invariants::all() {
        assert!(
            witnesses.iter().any(|w| w.invariant == invariant.id),
            "{}",
            invariant.id
        );
    }
    for witness in witnesses {
        let unit = Unit {
            scheme: schemes::by_id(witness.scheme).unwrap(),
            scenario: support::scenario(witness.scenario),
            ablations: witness.ablation.into_iter().collect(),
            ask: vec![invariants::by_id(witness.invariant).unwrap()],
        };
        let answer = suite::run(&unit, &Options::default()).unwrap();
        assert_eq!(
            answer.runs[0].verdict,
            Verdict::Violated,
            "{}: {}",
            witness.invariant,
            witness.title
        );
        assert!(answer.runs[0].trace.is_some());
    }
}

#[test]
fn every_bug_shows_and_every_fix_holds() {
    for bug in bugs::all() {
        let Carried::Cases(cases) = bug.carried else {
            continue;
        };
        for case in cases {
            for (twin, expected) in [
                (case.buggy, Verdict::Violated),
                (case.fixed, Verdict::Holds),
            ] {
                let unit = Unit {
                    scheme: twin.scheme,
                    scenario: support::scenario(case.scenario),
                    ablations: twin.ablations,
                    ask: vec![invariants::by_id(case.invariant).unwrap()],
                };
                let answer = suite::run(&unit, &Options::default()).unwrap();
                assert_eq!(
                    answer.runs[0].verdict, expected,
                    "{}: {}",
                    bug.id, case.title
                );
            }
        }
    }
}
