//! Scenario files that are wrong, and what the error says: file, line, field, and what is allowed.
//!
//! Each case edits one scenario that is right. Where the error has to point is marked `#!` in the
//! edited text; a case without a mark is about something that is nowhere, and points at line 1.

mod blocks;
mod calls;
mod objects;
mod sinks;
mod storage;
mod tasks;
mod top;
mod whole;

use std::path::Path;

use foliocheck_specs::Scenario;
use foliocheck_specs::file::FileError;

/// The scenario that is right. Comments give each place a name that edits can find.
const RIGHT: &str = r#"title = "what the bad scenarios are made from"
groups = ["quick", "write"]
about = """
Nothing is wrong here.
"""
filesystem = "ext4"
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

const NO_TASK: &str = "title = \"no task\"\nabout = \"\"\ngroups = [\"quick\"]\n[[folio]]\n";

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        top::TOP,
        objects::OBJECTS,
        tasks::TASKS,
        calls::CALLS,
        whole::WHOLE,
        blocks::BLOCKS,
        storage::STORAGE,
        sinks::SINKS,
    ]
    .into_iter()
    .flatten()
}

impl Case {
    fn text(&self) -> String {
        self.edits
            .iter()
            .fold(RIGHT.to_owned(), |text, (from, to)| {
                assert_eq!(
                    text.matches(from).count(),
                    1,
                    "{}: {from:?} occurs once",
                    self.name
                );
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
    let Err(error) = Scenario::parse(Path::new("some/folder/file.toml"), text) else {
        return vec!["accepted".to_owned()];
    };
    let shown = error.to_string();
    let mut complaints = Vec::new();
    if !matches!(&error, FileError::Invalid { line: l, field: f, .. } if *l == line && f == field) {
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
            (!complaints.is_empty())
                .then(|| format!("{}:\n    {}", case.name, complaints.join("\n    ")))
        })
        .collect();
    assert!(
        report.is_empty(),
        "{} bad errors\n{}",
        report.len(),
        report.join("\n")
    );
}

#[test]
fn a_scenario_needs_a_task() {
    let complaints = complaints(NO_TASK, 1, "task", &["0 tasks", "1 to 8 [[task]] tables"]);
    assert!(complaints.is_empty(), "{complaints:?}");
}
