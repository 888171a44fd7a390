//! Calls.

use super::{Case, case};

pub const CALLS: &[Case] = &[
    case(
        "very many calls",
        &[(
            "    { call = \"tick\" },\n",
            r#"    { call = "tick" }, { call = "tick" }, { call = "tick" }, { call = "tick" },
    { call = "tick" }, { call = "tick" }, { call = "tick" }, { call = "tick" },
    { call = "tick" }, { call = "tick" }, { call = "tick" }, { call = "tick" },
    { call = "tick" }, { call = "tick" }, { call = "tick" },
    { call = "tick" }, #!
"#,
        )],
        "calls",
        &["17 calls", "expected 1 to"],
    ),
    case(
        "unknown key in a call",
        &[("{ call = \"tick\" },", "{ call = \"tick\", count = 3 }, #!")],
        "count",
        &["unknown field `count`", "`folios`", "`may-stop`"],
    ),
    case(
        "unknown call",
        &[(
            "call = \"writeback\", folios = [0], sync = \"all\" },",
            "call = \"fsync\", folios = [0] }, #!",
        )],
        "call",
        &[
            "unknown call `fsync`",
            "expected one of write, mmap-store, ",
            ", pin-store",
        ],
    ),
    case(
        "no call",
        &[("{ call = \"tick\" },", "{ folios = [0] }, #!")],
        "call",
        &["missing field `call`"],
    ),
    case(
        "a field that the call does not use",
        &[(
            "folios = [0, 1], words = [0] },",
            "folios = [0, 1], pipe = 0 }, #!",
        )],
        "pipe",
        &["call `write` has no such field", "folios, words"],
    ),
    case(
        "a field of a call that uses none",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"tick\", may-stop = true }, #!",
        )],
        "may-stop",
        &["call `tick` has no such field", "no field"],
    ),
    case(
        "missing field",
        &[("folios = [0], pipe = 0 },", "folios = [0] }, #!")],
        "pipe",
        &["call `splice` needs `pipe`"],
    ),
    case(
        "missing list",
        &[(
            "call = \"write\", folios = [0, 1], words = [0] },",
            "call = \"write\" }, #!",
        )],
        "folios",
        &["call `write` needs `folios`"],
    ),
    case(
        "folio out of range",
        &[(
            "mm = 0, folio = 0, words = [1] },",
            "mm = 0, folio = 2 }, #!",
        )],
        "folio",
        &["no folio 2", "0 to 1"],
    ),
    case(
        "folio out of range, in a list",
        &[(
            "folios = [0, 1], words = [0] },",
            "folios = [0, 1, 2] }, #!",
        )],
        "folios",
        &["no folio 2", "0 to 1"],
    ),
    case(
        "no folio in a list",
        &[("folios = [0, 1], words = [0] },", "folios = [] }, #!")],
        "folios",
        &["at least one folio"],
    ),
    case(
        "descending folios",
        &[("folios = [0, 1], words = [0] },", "folios = [1, 0] }, #!")],
        "folios",
        &["each folio once, in ascending order"],
    ),
    case(
        "a folio twice",
        &[("folios = [0, 1], words = [0] },", "folios = [0, 0] }, #!")],
        "folios",
        &["each folio once, in ascending order"],
    ),
    case(
        "word out of range, in a list",
        &[(
            "folios = [0, 1], words = [0] },",
            "folios = [0], words = [0, 2] }, #!",
        )],
        "words",
        &["no word 2", "0 to 1"],
    ),
    case(
        "word out of range",
        &[("folio = 1, word = 1 },", "folio = 1, word = 2 }, #!")],
        "word",
        &["no word 2", "0 to 1"],
    ),
    case(
        "address space out of range",
        &[(
            "mm = 0, folio = 0, words = [1] },",
            "mm = 9, folio = 0 }, #!",
        )],
        "mm",
        &["no address space 9", "0 to 3"],
    ),
    case(
        "pipe out of range",
        &[("folios = [0], pipe = 0 },", "folios = [0], pipe = 2 }, #!")],
        "pipe",
        &["no pipe 2", "0 to 1"],
    ),
    case(
        "pipe out of range, and there is none",
        &[
            ("pipes = [1, 2]\n", ""),
            ("folios = [0], pipe = 0 },", "folios = [0], pipe = 0 }, #!"),
        ],
        "pipe",
        &["no pipe 0", "the scenario has no pipe"],
    ),
    case(
        "socket out of range",
        &[(
            "{ call = \"transmit\", socket = 0 },",
            "{ call = \"transmit\", socket = 1 }, #!",
        )],
        "socket",
        &["no socket 1", "expected 0"],
    ),
    case(
        "too many buffers",
        &[("pipe = 1, buffers = 1 },", "pipe = 1, buffers = 5 }, #!")],
        "buffers",
        &["1 to 4"],
    ),
    case(
        "no buffers",
        &[("pipe = 1, buffers = 1 },", "pipe = 1, buffers = 0 }, #!")],
        "buffers",
        &["1 to 4"],
    ),
    case(
        "bad sync",
        &[("sync = \"all\" },", "sync = \"wait\" }, #!")],
        "sync",
        &["unknown mode `wait`", "none, all"],
    ),
    case(
        "a wrong type in a call",
        &[(
            "{ call = \"transmit\", socket = 0 },",
            "{ call = \"transmit\", socket = \"0\" }, #!",
        )],
        "socket",
        &["invalid type: string \"0\""],
    ),
    case(
        "splice of more than the pipe holds",
        &[(
            "folios = [0], pipe = 0 },",
            "folios = [0, 1], pipe = 0 }, #!",
        )],
        "folios",
        &["pipe 0 has room for 1, this call fills 2"],
    ),
    case(
        "tee to itself",
        &[("from = 0, to = 1 },", "from = 0, to = 0 }, #!")],
        "to",
        &["another pipe than `from`"],
    ),
    case(
        "tee of more than fits",
        &[("from = 0, to = 1 },", "from = 0, to = 1, buffers = 2 }, #!")],
        "buffers",
        &["the pipes have room for 1"],
    ),
];
