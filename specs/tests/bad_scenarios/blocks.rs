//! Blocks, sharing, the journal.

use super::{Case, case};

pub const BLOCKS: &[Case] = &[
    case(
        "blocks on ext4 without a journal",
        &[("words = 2", "words = 2\nblocks = true #!")],
        "blocks",
        &["filesystem xfs, or ext4 with journal = true"],
    ),
    case(
        "a journal without blocks",
        &[("words = 2", "words = 2\njournal = true #!")],
        "journal",
        &["filesystem ext4 and blocks = true"],
    ),
    case(
        "two journals",
        &[(
            "words = 2",
            "words = 2\nblocks = true\njournal = true #!\nbuffer-heads = true",
        )],
        "journal",
        &["only one", "journal or buffer-heads"],
    ),
    case(
        "no delayed allocation without a journal",
        &[("words = 2", "words = 2\ndelalloc = false #!")],
        "delalloc",
        &["the journal's", "journal = true"],
    ),
    case(
        "a page moved twice",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"mremap\", mm = 0, folio = 0 }, #!\n    { call = \"mremap\", mm = 0, folio = 0 },",
        )],
        "call",
        &["two addresses", "moved once"],
    ),
    case(
        "a shared page on ext4",
        &[("cached = true", "cached = true\nshared = true #!")],
        "shared",
        &["a written extent, filesystem xfs and blocks = true"],
    ),
    case(
        "a clone without blocks",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"reflink\", folio = 1 }, #!",
        )],
        "call",
        &["filesystem xfs and blocks = true"],
    ),
    case(
        "a commit without a journal",
        &[("{ call = \"tick\" },", "{ call = \"commit\" }, #!")],
        "call",
        &["nothing to commit", "journal = true"],
    ),
    case(
        "reclaim on tmpfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"tmpfs\""),
            ("    { call = \"punch-hole\", folio = 1, word = 1 },\n", ""),
            (
                "{ call = \"tick\" },",
                "{ call = \"reclaim\", folio = 1 }, #!",
            ),
        ],
        "call",
        &["tmpfs swaps", "xfs or ext4"],
    ),
];
