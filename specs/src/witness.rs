//! For each invariant, something that is known to break it: a scheme, or the kernel with one step
//! removed. A check that cannot fail is a defect; the suite runs these each time.

use foliocheck_model::machine::ablate::Ablation;

/// A scheme and scenario, with or without something removed, that must violate an invariant.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The invariant that must be violated.
    pub invariant: &'static str,
    /// The scheme.
    pub scheme: &'static str,
    /// The scenario.
    pub scenario: &'static str,
    /// What is removed.
    pub ablation: Option<Ablation>,
    /// What this is, in one line.
    pub title: &'static str,
}

fn effect(id: &str) -> Ablation {
    Ablation::Effect(id.to_owned())
}

fn wait(id: &str) -> Ablation {
    Ablation::Wait(id.to_owned())
}

fn assignment(id: &str, name: &str) -> Ablation {
    Ablation::Assignment(id.to_owned(), name.to_owned())
}

/// How many there are: the gate holds [`all`] to it, so that none goes unnoticed.
pub const NUMBER: usize = 31;

/// All witnesses.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn all() -> Vec<Witness> {
    let witness = |invariant, scheme, scenario, ablation, title| Witness {
        invariant,
        scheme,
        scenario,
        ablation,
        title,
    };
    vec![
        witness(
            "access-consistent",
            "by-reference",
            "socket-checksum-vs-write",
            None,
            "a write between the checksum and the send",
        ),
        witness(
            "reread-consistent",
            "by-reference",
            "socket-retransmit-vs-write",
            None,
            "a write between transmission and retransmission",
        ),
        witness(
            "snapshot",
            "by-reference",
            "write-after-splice",
            None,
            "a write after the splice shows in the pipe",
        ),
        witness(
            "frozen-at-completion",
            "by-reference",
            "completion-then-write",
            None,
            "splice(2) has returned, and the page is still to be sent",
        ),
        witness(
            "frozen-at-completion",
            "notify-at-last-use",
            "completion-then-write-tee",
            Some(assignment("Z10c", "users")),
            "a tee'd twin is not counted as a user",
        ),
        witness(
            "detected",
            "confirm-i-version",
            "write-vs-splice",
            None,
            "the stamp moves before the data",
        ),
        witness(
            "untorn",
            "copy",
            "ext4-write-vs-splice",
            None,
            "a copy without a lock meets a write half done",
        ),
        witness(
            "source-untouched",
            "by-reference",
            "pipe-write-after-splice",
            Some(assignment("S2", "CAN_MERGE")),
            "Dirty Pipe: the descriptor's flags are not initialised",
        ),
        witness(
            "no-lost-write",
            "by-reference",
            "mmap-store-vs-writeback",
            Some(effect("B3")),
            "no TLB shootdown: a CPU goes on storing through its cached entry after the cleaning",
        ),
        witness(
            "mapping-current",
            "iomap-unchecked",
            "stale-unwritten-reclaim",
            None,
            "a write zeroes around what it writes, by a mapping that is no longer true",
        ),
        witness(
            "no-lost-write",
            "by-reference",
            "pinned-writer-vs-writeback",
            Some(effect("G2")),
            "a pin's holder does not mark the folio dirty",
        ),
        witness(
            "dirty-accounted",
            "by-reference",
            "mmap-store-vs-writeback",
            Some(assignment("B2", "W")),
            "writeback cleans PTEs and leaves them writable",
        ),
        witness(
            "stable-under-writeback",
            "by-reference",
            "stable-mmap-store-vs-writeback",
            Some(effect("B3")),
            "no TLB shootdown when a PTE is cleaned",
        ),
        witness(
            "stable-under-writeback",
            "by-reference",
            "stable-write-vs-writeback",
            Some(wait("W6")),
            "write(2) does not wait for writeback",
        ),
        witness(
            "protection",
            "by-reference",
            "reclaim-vs-mprotect",
            Some(effect("M14b")),
            "mprotect does not flush for what reclaim has unmapped",
        ),
        witness(
            "references-balanced",
            "by-reference",
            "write-vs-splice",
            Some(assignment("S7", "refs")),
            "a released buffer keeps its reference",
        ),
        witness(
            "references-balanced",
            "by-reference",
            "truncate-and-refill-twice",
            Some(assignment("S1", "refs")),
            "a spliced folio is not referenced",
        ),
        witness(
            "holds-balanced",
            "stable-pin",
            "tee-race",
            Some(effect("P8")),
            "a duplicated buffer takes no hold of its own: the one that there is, is dropped twice",
        ),
        witness(
            "deadlock-free",
            "stable-pin-mkclean",
            "splice-then-write-same-thread",
            None,
            "a thread waits for the pipe that only it would drain",
        ),
        witness(
            "deadlock-free",
            "notify-at-last-use",
            "completion-then-write",
            Some(assignment("Z10d", "completed")),
            "completion is never reported, and a program waits for it",
        ),
        witness(
            "writer-progress",
            "stable-pin-mkclean",
            "reader-stops-vs-write",
            None,
            "a reader that stops holds up a writer",
        ),
        witness(
            "writer-progress",
            "stable-pin",
            "hold-renewed-by-tee",
            None,
            "nobody stops, and no hold lasts, but there is always one",
        ),
        witness(
            "bystander-progress",
            "stable-pin",
            "reader-stops-vs-flusher",
            None,
            "a reader that stops holds up the flusher, behind a writer's folio lock",
        ),
        witness(
            "bystander-progress",
            "stable-pin-mkclean-truncate",
            "reader-stops-vs-punch-and-commit",
            None,
            "a reader that stops holds up the journal's commit, behind a handle",
        ),
        witness(
            "durable-after-sync",
            "cow-page-cache",
            "splice-vs-writeback",
            None,
            "fsync passes over a folio that was replaced",
        ),
        witness(
            "file-content",
            "by-reference",
            "clone-vs-mmap-store",
            Some(effect("B3")),
            "a store through a stale TLB entry is not in the clone",
        ),
        witness(
            "file-content",
            "by-reference",
            "partial-write-over-unwritten",
            Some(effect("W8")),
            "a write of part of a page leaves what was in the new folio",
        ),
        witness(
            "no-lost-write",
            "by-reference",
            "mremap-vs-truncate",
            Some(effect("M17")),
            "a store through the old address goes to a page that was truncated",
        ),
        witness(
            "no-stale-translation",
            "by-reference",
            "mremap-vs-truncate",
            Some(effect("M17")),
            "mremap drops the page-table locks before it flushes (CVE-2018-18281)",
        ),
        witness(
            "splicer-progress",
            "confirm-i-version",
            "endless-writer-vs-splice",
            None,
            "each time the buffer is looked at, the data has changed",
        ),
        witness(
            "splicer-progress",
            "recheck-folio-version",
            "mmap-store-clean-pte",
            None,
            "a store and a splice undo each other's work, and both start anew",
        ),
    ]
}
