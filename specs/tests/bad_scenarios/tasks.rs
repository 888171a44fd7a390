//! Tasks.

use super::{Case, case};

pub const TASKS: &[Case] = &[
    case(
        "unknown key in [[task]]",
        &[("name = \"flusher\"", "name = \"flusher\"\ncpu = 1 #!")],
        "cpu",
        &["unknown field `cpu`", "`name`", "`calls`"],
    ),
    case(
        "task without a name",
        &[
            ("[[task]] # 2", "[[task]] #!"),
            ("name = \"flusher\"\n", ""),
        ],
        "name",
        &["missing field `name`"],
    ),
    case(
        "bad task name",
        &[("name = \"flusher\"", "name = \"the flusher\" #!")],
        "name",
        &["bad name `the flusher`", "letters, digits and hyphens"],
    ),
    case(
        "empty task name",
        &[("name = \"flusher\"", "name = \"\" #!")],
        "name",
        &["bad name ``", "letters, digits and hyphens"],
    ),
    case(
        "duplicated task name",
        &[("name = \"flusher\"", "name = \"writer\" #!")],
        "name",
        &["two tasks are called `writer`"],
    ),
    case(
        "empty task",
        &[(
            "calls = [\n    { call = \"transmit\", socket = 0 },\n]",
            "calls = [] #!",
        )],
        "calls",
        &["at least one call"],
    ),
    case(
        "a page that goes more often than there are folios for",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"reclaim\", folio = 0 }, { call = \"reclaim\", folio = 0 },\n\
             { call = \"reclaim\", folio = 0 }, { call = \"reclaim\", folio = 0 },\n\
             { call = \"reclaim\", folio = 0 }, { call = \"reclaim\", folio = 0 },\n\
             { call = \"reclaim\", folio = 0 }, { call = \"reclaim\", folio = 0 },\n\
             { call = \"reclaim\", folio = 0 }, #!",
        )],
        "folio",
        &["page 0 is taken out of the cache", "at most 8"],
    ),
    case(
        "forever is not a truth value",
        &[("name = \"flusher\"", "name = \"flusher\"\nforever = 1 #!")],
        "forever",
        &["invalid type", "boolean"],
    ),
    case(
        "sending for ever",
        &[
            ("name = \"nic\"", "name = \"nic\"\nforever = true"),
            (
                "{ call = \"transmit\", socket = 0 },",
                "{ call = \"transmit\", socket = 0 }, #!",
            ),
        ],
        "forever",
        &["no socket call in a task that goes on for ever"],
    ),
    case(
        "truncating for ever",
        &[
            ("name = \"flusher\"", "name = \"flusher\"\nforever = true"),
            (
                "{ call = \"writeback\", folios = [0], sync = \"all\" },",
                "{ call = \"truncate\", folio = 1 }, #!",
            ),
        ],
        "forever",
        &["each removal of a page needs a folio of its own"],
    ),
    case(
        "unpinning for ever",
        &[
            ("name = \"flusher\"", "name = \"flusher\"\nforever = true"),
            (
                "{ call = \"writeback\", folios = [0], sync = \"all\" },",
                "{ call = \"pin-store\", folio = 1 }, #!",
            ),
        ],
        "forever",
        &["a pin is dropped once"],
    ),
    case(
        "filling a pipe for ever that nobody empties for ever",
        &[
            (
                "name = \"flusher\"",
                "name = \"flusher\"\nforever = true #!",
            ),
            (
                "{ call = \"writeback\", folios = [0], sync = \"all\" },",
                "{ call = \"splice\", folios = [1], pipe = 1 },",
            ),
        ],
        "forever",
        &["nobody reads pipe 1 for ever"],
    ),
    case(
        "reading a pipe for ever that nobody fills for ever",
        &[
            (
                "name = \"flusher\"",
                "name = \"flusher\"\nforever = true #!",
            ),
            (
                "{ call = \"writeback\", folios = [0], sync = \"all\" },",
                "{ call = \"pipe-read\", pipe = 1 },",
            ),
        ],
        "forever",
        &["nothing fills pipe 1 for ever"],
    ),
    case(
        "nine tasks",
        &[(
            "[[task]] # 4\nname = \"nic\"\ncalls = [\n    { call = \"transmit\", socket = 0 },\n]\n",
            r#"[[task]]
name = "t4"
calls = [{ call = "tick" }]
[[task]]
name = "t5"
calls = [{ call = "tick" }]
[[task]]
name = "t6"
calls = [{ call = "tick" }]
[[task]]
name = "t7"
calls = [{ call = "tick" }]
[[task]] #!
name = "t8"
calls = [{ call = "tick" }]
"#,
        )],
        "task",
        &["9 tasks", "1 to 8 [[task]] tables"],
    ),
];
