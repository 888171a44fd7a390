//! Devices, buffer heads, reclaim, direct writes.

use super::{Case, case};

const TICK: &str = "{ call = \"tick\" },";

pub const STORAGE: &[Case] = &[
    case(
        "unknown device",
        &[("words = 2", "words = 2\ndevice = \"raid5\" #!")],
        "device",
        &["unknown value `raid5`", "plain, integrity, parity"],
    ),
    case(
        "skip-copy of a device that has none",
        &[(
            "words = 2",
            "words = 2\ndevice = \"integrity\"\nskip-copy = true #!",
        )],
        "skip-copy",
        &["only raid5", "device parity"],
    ),
    case(
        "buffer heads on xfs",
        &[
            ("filesystem = \"ext4\"", "filesystem = \"xfs\""),
            ("words = 2", "words = 2\nbuffer-heads = true #!"),
            ("    { call = \"punch-hole\", folio = 1, word = 1 },\n", ""),
        ],
        "buffer-heads",
        &["expected filesystem ext4"],
    ),
    case(
        "buffer heads over a page that is not cached",
        &[
            ("words = 2", "words = 2\nbuffer-heads = true #!"),
            ("cached = true", "cached = false"),
            ("    { call = \"punch-hole\", folio = 1, word = 1 },\n", ""),
        ],
        "buffer-heads",
        &[
            "pages that come and go",
            "cached folios over written extents",
        ],
    ),
    case(
        "buffers written by hand where there are none",
        &[(TICK, "{ call = \"commit-data\", folios = [0] }, #!")],
        "call",
        &["`buffer-heads = true`"],
    ),
    case(
        "a page made read-only for good, and writable again",
        &[
            (
                TICK,
                "{ call = \"mprotect-read-only\", mm = 0, folio = 0 }, #!",
            ),
            (
                "{ call = \"transmit\", socket = 0 },",
                "{ call = \"mprotect\", mm = 0, folio = 0 },",
            ),
        ],
        "call",
        &["mprotect, mprotect-read-only"],
    ),
    case(
        "reclaim of a page that is removed",
        &[
            (TICK, "{ call = \"try-to-unmap\", folio = 0 }, #!"),
            (
                "{ call = \"transmit\", socket = 0 },",
                "{ call = \"truncate\", folio = 0 },",
            ),
        ],
        "folio",
        &["stays cached"],
    ),
    case(
        "a direct write to a cached page",
        &[(TICK, "{ call = \"direct-write\", folio = 1 }, #!")],
        "folio",
        &["beside the page cache", "no other call but buffer-store"],
    ),
    case(
        "a store to a buffer that nothing is written from",
        &[(TICK, "{ call = \"buffer-store\", folio = 1 }, #!")],
        "folio",
        &["expected a direct-write"],
    ),
];
