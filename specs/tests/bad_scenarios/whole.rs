//! What only the scenario as a whole shows.

use super::{Case, case};

pub const WHOLE: &[Case] = &[
    case(
        "punch of a word on xfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"xfs\""),
            ("folio = 1, word = 1 },", "folio = 1, word = 1 }, #!"),
        ],
        "word",
        &["xfs takes the whole page", "ext4 or tmpfs"],
    ),
    case(
        "punch of a word of a page that is removed",
        &[
            ("folio = 1, word = 1 },", "folio = 1, word = 1 }, #!"),
            (
                "{ call = \"transmit\", socket = 0 },",
                "{ call = \"truncate\", folio = 1 },",
            ),
        ],
        "word",
        &[
            "only while the page stays cached",
            "no call that removes it",
        ],
    ),
    case(
        "truncation on tmpfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"tmpfs\""),
            (
                "{ call = \"tick\" },",
                "{ call = \"truncate\", folio = 1 }, #!",
            ),
        ],
        "call",
        &["hole of tmpfs", "xfs or ext4"],
    ),
    case(
        "a page of tmpfs that is not cached",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"tmpfs\""),
            ("cached = true", "cached = false #!"),
            ("    { call = \"punch-hole\", folio = 1, word = 1 },\n", ""),
            (
                "call = \"writeback\", folios = [0], sync = \"all\" },",
                "call = \"tick\" },",
            ),
        ],
        "cached",
        &["hole of tmpfs", "expected a cached folio"],
    ),
    case(
        "page-mkwrite of ext4 on xfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"xfs\""),
            ("    { call = \"punch-hole\", folio = 1, word = 1 },\n", ""),
            (
                "page-mkwrite = \"dirty-then-wait\"",
                "page-mkwrite = \"wait-then-dirty\" #!",
            ),
        ],
        "page-mkwrite",
        &["only ext4", "dirty-then-wait"],
    ),
    case(
        "writeback on tmpfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"tmpfs\""),
            ("folios = [0], sync = \"all\" },", "folios = [0] }, #!"),
        ],
        "call",
        &["tmpfs does not write back", "xfs or ext4"],
    ),
    case(
        "mmap by an address space that has page tables already",
        &[("{ call = \"tick\" },", "{ call = \"mmap\", mm = 0 }, #!")],
        "mm",
        &["has page tables of the file from the start"],
    ),
    case(
        "mmap by an address space that another task uses",
        &[
            ("{ call = \"tick\" },", "{ call = \"mmap\", mm = 1 }, #!"),
            (
                "{ call = \"mmap-store\", mm = 0,",
                "{ call = \"mmap-store\", mm = 1,",
            ),
        ],
        "mm",
        &["another call uses that address space", "only later calls"],
    ),
    case(
        "pin of a folio that is not cached",
        &[
            ("cached = true", "cached = false"),
            (
                "{ call = \"tick\" },",
                "{ call = \"pin-store\", folio = 1 }, #!",
            ),
        ],
        "folio",
        &["not cached cannot be pinned"],
    ),
    case(
        "transmission of more than is spliced",
        &[(
            "{ call = \"transmit\", socket = 0 },",
            "{ call = \"transmit\", socket = 0, buffers = 2 }, #!",
        )],
        "buffers",
        &["only 1 buffers are spliced to socket 0"],
    ),
    case(
        "receipt of more than is spliced",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"receive\", socket = 0, buffers = 3 }, #!",
        )],
        "buffers",
        &["only 1 buffers are spliced to socket 0"],
    ),
    case(
        "pipe-write to a pipe that nothing is spliced to",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"pipe-write\", pipe = 1 }, #!",
        )],
        "pipe",
        &["nothing is spliced into that pipe"],
    ),
    case(
        "too many different stores",
        &[(
            "    { call = \"tick\" },\n",
            r#"    { call = "write", folios = [0] },
    { call = "write", folios = [0] },
    { call = "write", folios = [0] },
    { call = "write", folios = [0] }, #!
"#,
        )],
        "call",
        &["too many different stores to one folio", "at most 40"],
    ),
];
