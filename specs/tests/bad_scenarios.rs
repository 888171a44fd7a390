//! Scenario files that are wrong, and what the error says: file, line, field, and what is allowed.
//!
//! Each case edits one scenario that is right. Where the error has to point is marked `#!` in the
//! edited text; a case without a mark is about something that is nowhere, and points at line 1.

use std::path::Path;

use foliocheck_specs::Scenario;
use foliocheck_specs::scenario::ScenarioError;

/// The scenario that is right. Comments give each place a name that edits can find.
const RIGHT: &str = r#"title = "what the bad scenarios are made from"
groups = ["quick", "write"]
about = """
Nothing is wrong here.
"""
filesystem = "xfs"
words = 2
stable-writes = false
page-mkwrite = "dirty-then-wait"
pipes = [1, 2]
sockets = 1
max-states = 1000

[[folio]] # first
dirty = true
extent = "written"

[[folio]] # second
cached = true

[[pte]]
mm = 0
folio = 0 # mapped
state = "dirty"

[[task]] # 0
name = "writer"
calls = [
    { call = "write", folios = [0, 1], words = [0] },
    { call = "tick" },
]

[[task]] # 1
name = "mapper"
calls = [
    { call = "mmap-store", mm = 0, folio = 0, words = [1] },
    { call = "punch-hole", folio = 1, word = 1 },
]

[[task]] # 2
name = "flusher"
calls = [
    { call = "writeback", folios = [0], sync = "all" },
]

[[task]] # 3
name = "splicer"
calls = [
    { call = "splice", folios = [0], pipe = 0 },
    { call = "tee", from = 0, to = 1 },
    { call = "pipe-read", pipe = 1, buffers = 1 },
    { call = "splice-socket", pipe = 0, socket = 0 },
]

[[task]] # 4
name = "nic"
calls = [
    { call = "transmit", socket = 0 },
]
"#;

/// One thing that is wrong.
struct Case {
    /// What is wrong.
    name: &'static str,
    /// Texts that occur once, and what replaces them.
    edits: &'static [(&'static str, &'static str)],
    /// The field that the error names.
    field: &'static str,
    /// Parts of its message.
    says: &'static [&'static str],
}

const fn case(
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    field: &'static str,
    says: &'static [&'static str],
) -> Case {
    Case {
        name,
        edits,
        field,
        says,
    }
}

const TOP: &[Case] = &[
    case(
        "unknown key at top level",
        &[("words = 2", "word = 2 #!")],
        "word",
        &["unknown field `word`", "`words`", "`max-states`"],
    ),
    case(
        "key with an underscore",
        &[("max-states = 1000", "max_states = 1000 #!")],
        "max_states",
        &["unknown field `max_states`", "`max-states`"],
    ),
    case(
        "no title",
        &[("title = \"what the bad scenarios are made from\"\n", "")],
        "title",
        &["missing field `title`"],
    ),
    case(
        "no about",
        &[("about = \"\"\"\nNothing is wrong here.\n\"\"\"\n", "")],
        "about",
        &["missing field `about`"],
    ),
    case(
        "no groups",
        &[("groups = [\"quick\", \"write\"]\n", "")],
        "groups",
        &["missing field `groups`"],
    ),
    case(
        "empty groups",
        &[("groups = [\"quick\", \"write\"]", "groups = [] #!")],
        "groups",
        &["expected at least one group"],
    ),
    case(
        "bad group",
        &[("groups = [\"quick\", \"write\"]", "groups = [\n    \"quick\",\n    \"Write path\", #!\n]")],
        "groups",
        &["bad group `Write path`", "lower-case letters, digits and hyphens"],
    ),
    case(
        "bad filesystem",
        &[("filesystem = \"xfs\"", "filesystem = \"btrfs\" #!")],
        "filesystem",
        &["unknown value `btrfs`", "xfs, ext4, tmpfs"],
    ),
    case(
        "bad page-mkwrite",
        &[("page-mkwrite = \"dirty-then-wait\"", "page-mkwrite = \"wait\" #!")],
        "page-mkwrite",
        &["unknown value `wait`", "dirty-then-wait, wait-then-dirty"],
    ),
    case("one word", &[("words = 2", "words = 1 #!")], "words", &["1 is out of range", "2 to 3"]),
    case("seven words", &[("words = 2", "words = 7 #!")], "words", &["7 is out of range", "2 to 3"]),
    case(
        "too many sockets",
        &[("sockets = 1", "sockets = 3 #!")],
        "sockets",
        &["3 is out of range", "0 to 2"],
    ),
    case("max-states = 0", &[("max-states = 1000", "max-states = 0 #!")], "max-states", &["1 or more"]),
    case(
        "a pipe without room",
        &[("pipes = [1, 2]", "pipes = [\n    1,\n    0, #!\n]")],
        "pipes",
        &["0 is out of range", "1 to 4"],
    ),
    case(
        "a pipe with too much room",
        &[("pipes = [1, 2]", "pipes = [1, 16] #!")],
        "pipes",
        &["16 is out of range", "1 to 4"],
    ),
    case(
        "a string for a number",
        &[("words = 2", "words = \"two\" #!")],
        "words",
        &["invalid type: string \"two\""],
    ),
    case(
        "a number for a string",
        &[("filesystem = \"xfs\"", "filesystem = 4 #!")],
        "filesystem",
        &["invalid type: integer `4`", "string"],
    ),
    case(
        "a string for a flag",
        &[("stable-writes = false", "stable-writes = \"no\" #!")],
        "stable-writes",
        &["invalid type: string \"no\"", "boolean"],
    ),
    case(
        "a negative number",
        &[("sockets = 1", "sockets = -1 #!")],
        "sockets",
        &["integer `-1`"],
    ),
    case(
        "a fraction",
        &[("max-states = 1000", "max-states = 1e3 #!")],
        "max-states",
        &["floating point `1000.0`"],
    ),
    case(
        "a wrong type in a list",
        &[("groups = [\"quick\", \"write\"]", "groups = [\n    \"quick\",\n    7, #!\n]")],
        "groups",
        &["invalid type: integer `7`", "string"],
    ),
    case(
        "a table for a list of tables",
        &[("[[pte]]", "[pte] #!")],
        "pte",
        &["invalid type: map"],
    ),
    case(
        "a string that does not end",
        &[("filesystem = \"xfs\"", "filesystem = \"xfs #!")],
        "toml",
        &["invalid basic string"],
    ),
    case("a key without a value", &[("words = 2", "words #!")], "toml", &["key with no value"]),
    case("a key twice", &[("words = 2", "words = 2\nwords = 3 #!")], "toml", &["duplicate key"]),
];

const OBJECTS: &[Case] = &[
    case(
        "no folio",
        &[
            ("[[folio]] # first\ndirty = true\nextent = \"written\"\n", ""),
            ("[[folio]] # second\ncached = true\n", ""),
        ],
        "folio",
        &["0 folios", "1 to 4 [[folio]] tables"],
    ),
    case(
        "five folios",
        &[("[[folio]] # second\ncached = true\n", "[[folio]]\n[[folio]]\n[[folio]]\n[[folio]] #!\n")],
        "folio",
        &["5 folios", "1 to 4 [[folio]] tables"],
    ),
    case(
        "unknown key in [[folio]]",
        &[("cached = true", "present = true #!")],
        "present",
        &["unknown field `present`", "`dirty`", "`cached`", "`extent`"],
    ),
    case(
        "bad extent",
        &[("extent = \"written\"", "extent = \"delalloc\" #!")],
        "extent",
        &["unknown value `delalloc`", "written, unwritten, hole"],
    ),
    case(
        "dirty but not cached",
        &[("cached = true", "cached = false\ndirty = true #!")],
        "dirty",
        &["not cached cannot be dirty"],
    ),
    case(
        "unknown key in [[pte]]",
        &[("state = \"dirty\"", "state = \"dirty\"\nwrite = true #!")],
        "write",
        &["unknown field `write`", "`mm`", "`folio`", "`state`"],
    ),
    case(
        "missing key in [[pte]]",
        &[("[[pte]]", "[[pte]] #!"), ("state = \"dirty\"\n", "")],
        "state",
        &["missing field `state`"],
    ),
    case(
        "mm of a PTE out of range",
        &[("mm = 0\n", "mm = 4 #!\n")],
        "mm",
        &["4 is out of range", "0 to 3"],
    ),
    case(
        "folio of a PTE out of range",
        &[("folio = 0 # mapped", "folio = 2 #!")],
        "folio",
        &["no folio 2", "0 to 1"],
    ),
    case(
        "bad state of a PTE",
        &[("state = \"dirty\"", "state = \"young\" #!")],
        "state",
        &["unknown value `young`", "none, clean, dirty, writable"],
    ),
    case(
        "writable and clean PTE on disk",
        &[("state = \"dirty\"", "state = \"writable\" #!")],
        "state",
        &["only tmpfs", "none, clean, dirty"],
    ),
    case(
        "dirty PTE of a clean folio",
        &[("dirty = true\n", ""), ("state = \"dirty\"", "state = \"dirty\" #!")],
        "state",
        &["needs `dirty = true` on its folio"],
    ),
    case(
        "mapped but not cached",
        &[
            ("dirty = true\n", "cached = false\n"),
            ("state = \"dirty\"", "state = \"clean\" #!"),
        ],
        "state",
        &["not cached is not mapped", "expected none"],
    ),
];

const TASKS: &[Case] = &[
    case(
        "unknown key in [[task]]",
        &[("name = \"flusher\"", "name = \"flusher\"\ncpu = 1 #!")],
        "cpu",
        &["unknown field `cpu`", "`name`", "`calls`"],
    ),
    case(
        "task without a name",
        &[("[[task]] # 2", "[[task]] #!"), ("name = \"flusher\"\n", "")],
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
        &[("calls = [\n    { call = \"transmit\", socket = 0 },\n]", "calls = [] #!")],
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

const CALLS: &[Case] = &[
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
        &[("call = \"writeback\", folios = [0], sync = \"all\" },", "call = \"fsync\", folios = [0] }, #!")],
        "call",
        &[
            "unknown call `fsync`",
            "write, mmap-store, mprotect, munmap, writeback, splice, pipe-read, pipe-write, tee, \
             splice-socket, transmit, receive, truncate, punch-hole, tick, pin-store",
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
        &[("folios = [0, 1], words = [0] },", "folios = [0, 1], pipe = 0 }, #!")],
        "pipe",
        &["call `write` has no such field", "folios, words"],
    ),
    case(
        "a field of a call that uses none",
        &[("{ call = \"tick\" },", "{ call = \"tick\", may-stop = true }, #!")],
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
        &[("call = \"write\", folios = [0, 1], words = [0] },", "call = \"write\" }, #!")],
        "folios",
        &["call `write` needs `folios`"],
    ),
    case(
        "folio out of range",
        &[("mm = 0, folio = 0, words = [1] },", "mm = 0, folio = 2 }, #!")],
        "folio",
        &["no folio 2", "0 to 1"],
    ),
    case(
        "folio out of range, in a list",
        &[("folios = [0, 1], words = [0] },", "folios = [0, 1, 2] }, #!")],
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
        &[("folios = [0, 1], words = [0] },", "folios = [0], words = [0, 2] }, #!")],
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
        &[("mm = 0, folio = 0, words = [1] },", "mm = 9, folio = 0 }, #!")],
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
        &[("{ call = \"transmit\", socket = 0 },", "{ call = \"transmit\", socket = 1 }, #!")],
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
    case("bad sync", &[("sync = \"all\" },", "sync = \"wait\" }, #!")], "sync", &["unknown mode `wait`", "none, all"]),
    case(
        "a wrong type in a call",
        &[("{ call = \"transmit\", socket = 0 },", "{ call = \"transmit\", socket = \"0\" }, #!")],
        "socket",
        &["invalid type: string \"0\""],
    ),
    case(
        "splice of more than the pipe holds",
        &[("folios = [0], pipe = 0 },", "folios = [0, 1], pipe = 0 }, #!")],
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

const WHOLE: &[Case] = &[
    case(
        "writeback on tmpfs",
        &[
            ("filesystem = \"xfs\"", "filesystem = \"tmpfs\""),
            ("folios = [0], sync = \"all\" },", "folios = [0] }, #!"),
        ],
        "call",
        &["tmpfs does not write back", "xfs or ext4"],
    ),
    case(
        "pin of a folio that is not cached",
        &[
            ("cached = true", "cached = false"),
            ("{ call = \"tick\" },", "{ call = \"pin-store\", folio = 1 }, #!"),
        ],
        "folio",
        &["not cached cannot be pinned"],
    ),
    case(
        "transmission of more than is spliced",
        &[("{ call = \"transmit\", socket = 0 },", "{ call = \"transmit\", socket = 0, buffers = 2 }, #!")],
        "buffers",
        &["only 1 buffers are spliced to socket 0"],
    ),
    case(
        "receipt of more than is spliced",
        &[("{ call = \"tick\" },", "{ call = \"receive\", socket = 0, buffers = 3 }, #!")],
        "buffers",
        &["only 1 buffers are spliced to socket 0"],
    ),
    case(
        "pipe-write to a pipe that nothing is spliced to",
        &[("{ call = \"tick\" },", "{ call = \"pipe-write\", pipe = 1 }, #!")],
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

const NO_TASK: &str = "title = \"no task\"\nabout = \"\"\ngroups = [\"quick\"]\n[[folio]]\n";

fn cases() -> impl Iterator<Item = &'static Case> {
    [TOP, OBJECTS, TASKS, CALLS, WHOLE].into_iter().flatten()
}

impl Case {
    fn text(&self) -> String {
        self.edits.iter().fold(RIGHT.to_owned(), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "{}: {from:?} occurs once", self.name);
            text.replace(from, to)
        })
    }

    /// What is wrong with the error.
    fn complaints(&self) -> Vec<String> {
        let text = self.text();
        let marked = text.lines().position(|l| l.contains("#!"));
        complaints(&text, marked.unwrap_or(0) + 1, self.field, self.says)
    }
}

fn complaints(text: &str, line: usize, field: &str, says: &[&str]) -> Vec<String> {
    let error = match Scenario::parse(Path::new("some/folder/file.toml"), text) {
        Ok(_) => return vec!["accepted".to_owned()],
        Err(error) => error,
    };
    let shown = error.to_string();
    let mut complaints = Vec::new();
    if !matches!(&error, ScenarioError::Invalid { line: l, field: f, .. } if *l == line && f == field) {
        complaints.push(format!("expected line {line}, field {field}"));
    }
    let start = format!("file.toml:{line}: {field}: ");
    complaints.extend(
        [start.as_str()]
            .iter()
            .chain(says)
            .filter(|part| !shown.contains(**part))
            .map(|part| format!("expected {part:?}")),
    );
    if shown.contains('\n') {
        complaints.push("more than one line".to_owned());
    }
    if !complaints.is_empty() {
        complaints.push(format!("got {shown}"));
    }
    complaints
}

#[test]
fn the_scenario_that_cases_edit_is_right() {
    let scenario = Scenario::parse(Path::new("some/folder/file.toml"), RIGHT).expect("it is right");
    assert_eq!(scenario.id, "file");
    assert_eq!(scenario.setup.tasks.len(), 5);
}

#[test]
fn every_error_names_file_line_and_field() {
    assert!(cases().count() >= 30);
    let report: Vec<String> = cases()
        .filter_map(|case| {
            let complaints = case.complaints();
            (!complaints.is_empty()).then(|| format!("{}:\n    {}", case.name, complaints.join("\n    ")))
        })
        .collect();
    assert!(report.is_empty(), "{} bad errors\n{}", report.len(), report.join("\n"));
}

#[test]
fn a_scenario_needs_a_task() {
    let complaints = complaints(NO_TASK, 1, "task", &["0 tasks", "1 to 8 [[task]] tables"]);
    assert!(complaints.is_empty(), "{complaints:?}");
}
