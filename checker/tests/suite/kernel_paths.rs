//! What was wrong in the kernel's paths, and is right now: each with the part that makes it so, and what breaks
//! without that part.

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict::{self, Holds, Violated};
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::{Scenario, invariants, schemes};

use crate::support;

fn verdict(scheme: &str, scenario: &str, invariant: &str, without: &[&str]) -> Verdict {
    let scenario = support::scenario(scenario);
    of(scheme, scenario, invariant, without)
}

fn of(scheme: &str, scenario: Scenario, invariant: &str, without: &[&str]) -> Verdict {
    let parse = |part: &&str| part.parse::<Ablation>().unwrap();
    let unit = Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario,
        ablations: without.iter().map(parse).collect(),
        ask: vec![invariants::by_id(invariant).unwrap()],
    };
    let answer = suite::run(&unit, &Options::default()).unwrap();
    answer.runs[0].verdict
}

/// Today's kernel, without these parts: what comes of it.
fn table(rows: &[(&str, &str, &[&str], Verdict)]) {
    for (scenario, invariant, without, expected) in rows {
        assert_eq!(
            verdict("by-reference", scenario, invariant, without),
            *expected,
            "{invariant} in {scenario}, without {without:?}"
        );
    }
}

#[test]
fn xfs_flushes_what_it_punches() {
    table(&[
        (
            "cow-mapping-vs-punch-alone",
            "mapping-current",
            &[],
            Violated,
        ),
        ("cow-mapping-vs-punch-alone", "no-lost-write", &[], Violated),
        ("writeback-pass-vs-punch", "mapping-current", &[], Holds),
    ]);
}

#[test]
fn truncation_leaves_nothing_in_the_cow_fork() {
    for invariant in [
        "mapping-current",
        "no-lost-write",
        "durable-after-sync",
        "file-content",
    ] {
        table(&[("truncate-cow-then-write", invariant, &[], Holds)]);
    }
}

#[test]
fn completion_moves_what_was_submitted() {
    table(&[
        ("cow-mapping-goes-stale", "mapping-current", &[], Violated),
        // Extents of the COW fork that submission has not converted are not moved.
        ("shared-page-vs-mmap", "no-lost-write", &[], Holds),
        (
            "shared-page-vs-mmap",
            "no-lost-write",
            &["B10p does nothing"],
            Violated,
        ),
    ]);
}

#[test]
fn a_sync_waits_for_io_that_others_began() {
    table(&[
        ("clone-vs-flusher", "mapping-current", &[], Holds),
        (
            "clone-vs-flusher",
            "mapping-current",
            &["B15 does not wait"],
            Violated,
        ),
        (
            "clone-vs-flusher",
            "file-content",
            &["B15 does not wait"],
            Violated,
        ),
    ]);
}

#[test]
fn a_flush_is_a_flush_whoever_asks_for_it() {
    table(&[
        ("clone-vs-mmap-store", "no-lost-write", &[], Holds),
        (
            "clone-vs-mmap-store",
            "no-lost-write",
            &["B3 does nothing"],
            Violated,
        ),
        ("clone-vs-pin", "access-consistent", &[], Violated),
        ("clone-vs-pin", "stable-under-writeback", &[], Violated),
    ]);
}

#[test]
fn a_direct_write_leaves_the_other_file_alone() {
    table(&[("direct-write-to-shared", "mapping-current", &[], Holds)]);
}

#[test]
fn an_unread_pipe_stops_the_commit_under_every_hold() {
    for scenario in [
        "reader-stops-vs-punch-and-commit",
        "reader-stops-vs-write-and-commit",
        "reader-stops-vs-flusher",
    ] {
        table(&[(scenario, "bystander-progress", &[], Holds)]);
        for scheme in [
            "stable-flag",
            "stable-pin",
            "stable-pin-mkclean",
            "stable-pin-mkclean-truncate",
        ] {
            let found = verdict(scheme, scenario, "bystander-progress", &[]);
            assert_eq!(found, Violated, "{scheme} in {scenario}");
        }
    }
}

#[test]
fn mremap_flushes_the_old_address_under_both_locks() {
    table(&[
        ("mremap-vs-truncate", "no-stale-translation", &[], Holds),
        (
            "mremap-vs-truncate",
            "no-stale-translation",
            &["M17 does nothing"],
            Violated,
        ),
        (
            "mremap-vs-writeback",
            "no-lost-write",
            &["M17 does nothing"],
            Violated,
        ),
        (
            "mremap-vs-writeback",
            "stable-under-writeback",
            &["M17 does nothing"],
            Violated,
        ),
    ]);
}

#[test]
fn a_store_to_a_page_that_left_the_cache_is_lost() {
    let both = ["R1 does not test", "W5m does not test"];
    table(&[
        ("write-vs-eviction", "no-lost-write", &[], Holds),
        ("write-vs-eviction", "no-lost-write", &both, Violated),
    ]);
}

#[test]
fn bytes_that_nobody_wrote_reach_nobody() {
    table(&[
        ("partial-write-over-unwritten", "file-content", &[], Holds),
        (
            "partial-write-over-unwritten",
            "file-content",
            &["W8 does nothing"],
            Violated,
        ),
    ]);
}

#[test]
fn fsync_passes_over_a_folio_that_was_replaced() {
    table(&[("splice-vs-writeback", "durable-after-sync", &[], Holds)]);
    for scheme in [
        "cow-page-cache",
        "cow-page-cache-refcount",
        "spliced-tag-fixed",
    ] {
        let found = verdict(scheme, "splice-vs-writeback", "durable-after-sync", &[]);
        assert_eq!(found, Violated, "{scheme}");
    }
}

/// A sync that comes after the punch.
const PUNCH_THEN_SYNC: &str = r#"
title = "a hole in part of a page, then a sync"
groups = ["truncate"]
about = "One task punches, then syncs."
filesystem = "ext4"

[[folio]]
dirty = true

[[task]]
name = "puncher"
calls = [
    { call = "writeback", folios = [0], sync = "all" },
    { call = "punch-hole", folio = 0, word = 0 },
    { call = "writeback", folios = [0], sync = "all" },
]
"#;

#[test]
fn a_zero_is_promised_once_the_punch_has_returned() {
    table(&[("by-hand-vs-part-punch", "durable-after-sync", &[], Holds)]);
    let after = |without: &[&str]| {
        let scenario = Scenario::parse("punch-then-sync.toml".as_ref(), PUNCH_THEN_SYNC).unwrap();
        of("by-reference", scenario, "durable-after-sync", without)
    };
    assert_eq!(after(&[]), Holds);
    assert_eq!(after(&["T7d does nothing"]), Violated);
}

/// More stores than combinations of them can be told apart in, and no splice that asks about mixtures.
const MANY_STORES: &str = r#"
title = "many writes to a page that is not cached"
groups = ["write"]
about = "One task writes one word or the other, many times."

[[folio]]
cached = false

[[task]]
name = "writer"
calls = [
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "write", folios = [0], words = [0] },
    { call = "reclaim", folio = 0 },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "write", folios = [0], words = [1] },
    { call = "writeback", folios = [0] },
]
"#;

#[test]
fn many_stores_are_no_error_of_the_model() {
    let scenario = Scenario::parse("many-stores.toml".as_ref(), MANY_STORES).unwrap();
    assert_eq!(of("by-reference", scenario, "file-content", &[]), Holds);
}
