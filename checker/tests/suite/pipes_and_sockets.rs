//! Verdicts about pipes and sockets, each with what in the C code decides it.

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict::{self, Holds, Violated};
use foliocheck_model::kernel::objects::World;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_model::machine::expr::{Expr, all, eq};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_specs::{instance, invariants, schemes};

use crate::support;

fn verdict(scheme: &str, scenario: &str, invariant: &str, missing: &[Ablation]) -> Verdict {
    let unit = Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario: support::scenario(scenario),
        ablations: missing.to_vec(),
        ask: vec![invariants::by_id(invariant).unwrap()],
    };
    suite::run(&unit, &Options::default()).unwrap().runs[0].verdict
}

fn check(table: &[(&str, &str, &str, Verdict)]) {
    for (scheme, scenario, invariant, expected) in table {
        assert_eq!(
            verdict(scheme, scenario, invariant, &[]),
            *expected,
            "{scheme} in {scenario}, {invariant}"
        );
    }
}

/// No state that can be reached under today's kernel satisfies `bad`.
fn never(scenario: &str, bad: impl Fn(&World) -> Expr) {
    let scenario = support::scenario(scenario);
    let scheme = schemes::by_id("by-reference").unwrap();
    let (mut system, world) = instance::system(&scenario.setup, &scheme, &[], &[]).unwrap();
    system.predicates = vec![Predicate {
        invariant: "never".to_owned(),
        scope: Scope::Always,
        bad: bad(&world),
    }];
    let found = support::search(&system);
    assert_eq!(found.nearest, [None], "{}", scenario.id);
}

/// `pipe_read` and `splice_to_socket` drop the pipe mutex when the pipe is empty, and not between buffers.
#[test]
fn the_pipe_mutex_is_held_from_buffer_to_buffer() {
    for scenario in ["two-folios", "sendfile-checksum-vs-write"] {
        never(scenario, |world| {
            let pipe = &world.pipes[0];
            all([eq(pipe.mutex, 0), eq(pipe.used, 1)])
        });
    }
}

/// `splice_to_socket` releases no buffer before `sock_sendmsg` has returned.
#[test]
fn buffers_are_released_after_all_are_sent() {
    never("same-page-twice-one-socket", |world| {
        let (pipe, socket) = (&world.pipes[0], &world.sockets[0]);
        let lock = socket.lock.expect("two frags");
        all([eq(lock, 1), eq(pipe.used, 1)])
    });
}

/// So the flag of a page that was sent lasts until the next one is, which waits for the ACK of the first.
#[test]
fn a_sent_buffer_is_marked_until_the_batch_is_sent() {
    let scenario = "sendfile-checksum-vs-write";
    check(&[
        ("stable-flag", scenario, "access-consistent", Holds),
        ("by-reference", scenario, "access-consistent", Violated),
    ]);
}

/// A retry closes the pipe, splices again and reads: it does not write again.
#[test]
fn a_retry_repeats_the_splice_and_the_read() {
    check(&[
        (
            "recheck-folio-version",
            "splice-then-write-same-thread",
            "splicer-progress",
            Holds,
        ),
        (
            "confirm-folio-version",
            "splice-then-write-same-thread",
            "splicer-progress",
            Holds,
        ),
        (
            "confirm-folio-version",
            "splice-then-store-same-thread",
            "splicer-progress",
            Holds,
        ),
        // A writer who goes on for ever still wins.
        (
            "confirm-folio-version",
            "endless-writer-vs-splice",
            "splicer-progress",
            Violated,
        ),
    ]);
}

/// `tcp_sendmsg` owns the socket while it takes the pages; ACKs wait in the backlog.
#[test]
fn a_hold_under_the_socket_lock_waits_for_its_own_ack() {
    let scenario = "same-page-twice-one-socket";
    check(&[
        ("by-reference", scenario, "deadlock-free", Holds),
        ("stable-sink-io", scenario, "deadlock-free", Violated),
        (
            "stable-sink-io",
            "socket-retransmit-vs-write",
            "deadlock-free",
            Holds,
        ),
    ]);
}

/// Where the two pages go with two calls, a hold taken before the socket is locked lets the first ACK through.
#[test]
fn a_hold_before_the_socket_lock_lets_acks_through() {
    let scenario = "same-page-in-two-sends";
    check(&[
        ("stable-sink-io", scenario, "deadlock-free", Violated),
        (
            "stable-sink-io-before-send",
            scenario,
            "deadlock-free",
            Holds,
        ),
        // With one call it holds both before it sends either.
        (
            "stable-sink-io-before-send",
            "same-page-twice-one-socket",
            "deadlock-free",
            Violated,
        ),
    ]);
}

/// A rule that acts on a buffer asks whether it refers to a folio of the file.
#[test]
fn a_pipe_writers_page_is_not_the_files() {
    for scheme in schemes::all() {
        for scenario in [
            "pipe-writers-page-read",
            "pipe-writers-page-to-socket",
            "pipe-writers-page-among-two",
        ] {
            let scenario = support::scenario(scenario);
            if !scheme.family.concerns(&scenario.setup) {
                continue;
            }
            let unit = Unit {
                scheme: scheme.clone(),
                ask: instance::applicable(&scenario.setup),
                scenario,
                ablations: Vec::new(),
            };
            suite::run(&unit, &Options::default()).unwrap();
        }
    }
    check(&[
        (
            "stable-sink-io",
            "pipe-writers-page-read",
            "deadlock-free",
            Holds,
        ),
        (
            "stable-sink-io",
            "pipe-writers-page-to-socket",
            "deadlock-free",
            Holds,
        ),
        (
            "stable-sink-io",
            "pipe-writers-page-among-two",
            "references-balanced",
            Holds,
        ),
    ]);
}

/// Bytes that a scheme throws away are nobody's.
#[test]
fn what_is_thrown_away_is_not_judged() {
    check(&[
        (
            "recheck-folio-version",
            "write-vs-splice",
            "snapshot",
            Holds,
        ),
        ("recheck-folio-version", "write-vs-splice", "untorn", Holds),
        (
            "recheck-folio-version",
            "completion-then-write-pipe",
            "frozen-at-completion",
            Holds,
        ),
        (
            "recheck-folio-version",
            "tee-twins",
            "reread-consistent",
            Holds,
        ),
        ("by-reference", "write-vs-splice", "snapshot", Violated),
        ("by-reference", "write-vs-splice", "untorn", Violated),
        // What a socket has sent is not thrown away.
        (
            "recheck-folio-version",
            "socket-checksum-vs-write",
            "snapshot",
            Violated,
        ),
    ]);
}

/// One buffer, one reference: nothing is wrong at the end. Without the put, something is.
#[test]
fn what_a_pipe_still_holds_is_balanced() {
    let invariant = "references-balanced";
    check(&[
        ("by-reference", "undrained-pipe", invariant, Holds),
        ("stable-pin", "undrained-pipe", invariant, Holds),
    ]);
    let put = [Ablation::Assignment("S7".to_owned(), "refs".to_owned())];
    assert_eq!(
        verdict("by-reference", "write-vs-splice", invariant, &put),
        Violated
    );
}

/// IOMAP_F_STALE's cookie is compared in the section that changes the page.
#[test]
fn compared_and_copied_in_one_section_is_exact() {
    check(&[
        (
            "confirm-folio-version",
            "write-vs-splice",
            "detected",
            Violated,
        ),
        ("confirm-locked", "write-vs-splice", "detected", Holds),
        ("confirm-locked", "write-vs-splice", "untorn", Holds),
        ("confirm-locked", "mmap-store-dirty-pte", "detected", Holds),
        ("confirm-locked", "ext4-write-vs-splice", "detected", Holds),
        // A socket copies nothing.
        (
            "confirm-locked",
            "socket-checksum-vs-write",
            "detected",
            Violated,
        ),
    ]);
}
