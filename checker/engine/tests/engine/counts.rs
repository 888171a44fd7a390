//! Exact numbers of states, transitions and depths of explorations that ran to their end: with every
//! interleaving, and with those that the reduction leaves.

use std::fmt::Write as _;

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::limits::Limits;

use crate::support;

/// Scheme, scenario; distinct states, transitions and depth of the full exploration. A change here is a
/// change of the model.
const GOLDEN: &[(&str, &str, usize, usize, usize)] = &[
    ("by-reference", "write-after-splice", 206, 335, 24),
    ("by-reference", "write-vs-splice", 327, 519, 25),
    ("by-reference", "mmap-store-dirty-pte", 193, 280, 17),
    ("by-reference", "mmap-store-vs-writeback", 1502, 2721, 67),
    ("by-reference", "munmap-vs-writeback", 2675, 5399, 69),
    ("by-reference", "truncate-vs-mmap", 3727, 8768, 80),
    ("copy", "ext4-write-vs-splice", 634, 1093, 25),
    ("copy-locked", "mmap-store-two-cpus", 13_782, 35_605, 65),
    ("confirm-i-version", "tee-twins", 3070, 7195, 48),
    ("confirm-ctime", "tick-between-writes", 705, 1343, 30),
    (
        "recheck-folio-version",
        "mmap-store-dirty-pte",
        2361,
        4328,
        56,
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
        46_912,
        123_954,
        97,
    ),
    (
        "writeback-imap-unchecked",
        "writeback-pass-vs-punch",
        1379,
        2534,
        74,
    ),
    (
        "writeback-iomap-cookie",
        "writeback-pass-vs-reflink",
        716,
        1287,
        59,
    ),
    ("by-reference", "cow-mapping-goes-stale", 1370, 2508, 69),
    ("by-reference", "ordered-data-commit", 117, 187, 25),
    ("by-reference", "remap-vs-completions", 1596, 3149, 57),
    ("stable-writes", "raid5-skip-copy", 248, 414, 38),
    ("bounce", "direct-write-vs-store", 25, 31, 9),
    ("by-reference", "ext3-commit-vs-mmap", 2812, 5875, 50),
    ("by-reference", "reclaim-vs-mprotect", 1101, 2393, 42),
    ("by-reference", "mremap-vs-writeback", 1487, 3192, 50),
    ("cow-page-cache", "replace-vs-writeback", 4789, 11_384, 47),
    ("spliced-tag", "tag-b-writer", 1109, 1976, 39),
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
    ("tail-copy", "sendfile-then-write", 1017, 1822, 67),
    (
        "recheck-folio-version",
        "endless-writer-vs-splice",
        981,
        1814,
        55,
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

/// Small units of each kind: waits, retries, replaced folios, endless tasks, sinks.
const SMALL: &[(&str, &str)] = &[
    ("by-reference", "write-vs-splice"),
    ("by-reference", "endless-writer-vs-splice"),
    ("copy-locked", "splice-mmap-vs-writeback"),
    ("stable-pin", "mmap-store-dirty-pte"),
    ("stable-pin-mkclean", "completion-then-mmap-store"),
    ("confirm-folio-version", "mmap-store-clean-pte"),
    ("cow-page-cache", "write-after-splice"),
    ("sink-decides", "completion-then-write"),
    ("block-or-refuse", "write-vs-splice"),
];

/// A reduction that is weaker than it was says nothing wrong, and is seen here.
#[test]
fn reduced_counts() {
    let mut out = String::new();
    for (scheme, id) in SMALL {
        let instance = support::build(scheme, &support::scenario(id));
        let system = &instance.optimized;
        let asked = system
            .predicates
            .iter()
            .position(|p| p.invariant == "snapshot");
        let _ = writeln!(out, "{scheme} in {id}");
        let modes = [
            Some(Mode::Full),
            Some(Mode::Final),
            asked.map(Mode::Question),
        ];
        for mode in modes.into_iter().flatten() {
            let watched: Vec<usize> = match mode {
                Mode::Question(q) => vec![q],
                Mode::Full | Mode::Final => Vec::new(),
            };
            let got = explore(system, mode, &watched, &Limits::default()).unwrap();
            let _ = writeln!(
                out,
                "  {mode:?}: {} states, {} transitions, depth {}, {} observations, {} words a state",
                got.states,
                got.transitions,
                got.depth,
                got.observations.len(),
                got.state_words
            );
        }
    }
    insta::assert_snapshot!(out);
}

/// Two folios, two writers, a mapping, the flusher and two splicers: 11,587,150 states in full (`cargo bench`).
#[test]
fn the_reference_is_reduced() {
    let instance = support::build("stable-pin-mkclean", &support::scenario("reference"));
    let got = explore(&instance.optimized, Mode::Final, &[], &Limits::default()).unwrap();
    assert_eq!((got.states, got.transitions), (422_549, 519_535));
}
