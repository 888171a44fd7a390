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
