//! Whatever a scenario file says, reading it ends in a scenario or an error, and so does building one.

use std::fmt::Write as _;
use std::ops::Range;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::LazyLock;

use foliocheck_model::machine::compile::words_needed;
use foliocheck_specs::instance::applicable;
use foliocheck_specs::{Instance, Scenario, Scheme, schemes};
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "fuzz/room.rs"]
mod room;

/// The texts of the project's own scenarios.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("it can be read"))
        .collect()
});

/// Every line of them.
static LINES: LazyLock<Vec<&str>> =
    LazyLock::new(|| TEXTS.iter().flat_map(|text| text.lines()).collect());

/// The least that a scheme can do, and the most.
static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    [
        "by-reference",
        "stable-pin-mkclean",
        "notify-at-last-use",
        "permission-gate",
    ]
    .map(|id| schemes::by_id(id).expect("it is a scheme"))
    .to_vec()
});

/// Numbers at, around and far beyond the bounds that the checks have.
const NUMBERS: [&str; 15] = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "8",
    "9",
    "16",
    "64",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "-1",
];

fn parse(text: &str) -> Option<Scenario> {
    match Scenario::parse(Path::new("fuzz.toml"), text) {
        Ok(scenario) => Some(scenario),
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz.toml:"), "{error}");
            None
        }
    }
}

/// Reads the text and builds what it says. Whether it says anything.
fn try_out(text: &str, schemes: &[Scheme]) -> bool {
    let Some(Scenario { setup, .. }) = parse(text) else {
        return false;
    };
    for scheme in schemes {
        if let Ok(instance) = Instance::build(&setup, scheme, &[], &applicable(&setup)) {
            words_needed(&instance.optimized);
        }
    }
    true
}

/// Where the numbers of a text are.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match out.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => out.push(at..at + 1),
        }
    }
    out
}

/// A small change of a text.
#[derive(Clone, Debug)]
enum Mutation {
    /// A line less.
    Delete(Index),
    /// A line twice.
    Duplicate(Index),
    /// Two lines in each other's place.
    Swap(Index, Index),
    /// A line of any scenario in place of one.
    Replace(Index, Index),
    /// Another number.
    Number(Index, &'static str),
    /// The other truth value, everywhere.
    Negate,
    /// Nothing from there on.
    Cut(Index),
    /// A character in between.
    Insert(Index, char),
}

impl Mutation {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() {
            return text.to_owned();
        }
        match self {
            Mutation::Delete(line) => {
                lines.remove(line.index(lines.len()));
            }
            Mutation::Duplicate(line) => {
                let at = line.index(lines.len());
                lines.insert(at, lines[at]);
            }
            Mutation::Swap(a, b) => {
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
            }
            Mutation::Replace(line, other) => {
                let at = line.index(lines.len());
                lines[at] = LINES[other.index(LINES.len())];
            }
            Mutation::Number(which, value) => {
                let numbers = numbers(text);
                let mut text = text.to_owned();
                if !numbers.is_empty() {
                    text.replace_range(which.get(&numbers).clone(), value);
                }
                return text;
            }
            Mutation::Negate => {
                return text
                    .replace("true", "?")
                    .replace("false", "true")
                    .replace('?', "false");
            }
            Mutation::Cut(at) => return text.chars().take(at.index(text.len())).collect(),
            Mutation::Insert(at, c) => {
                let at = at.index(text.len());
                return text
                    .chars()
                    .take(at)
                    .chain([*c])
                    .chain(text.chars().skip(at))
                    .collect();
            }
        }
        lines.join("\n")
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        3 => index().prop_map(Mutation::Delete),
        3 => index().prop_map(Mutation::Duplicate),
        2 => (index(), index()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        3 => (index(), index()).prop_map(|(a, b)| Mutation::Replace(a, b)),
        6 => (index(), select(&NUMBERS[..])).prop_map(|(a, b)| Mutation::Number(a, b)),
        1 => Just(Mutation::Negate),
        1 => index().prop_map(Mutation::Cut),
        1 => (index(), any::<char>()).prop_map(|(a, b)| Mutation::Insert(a, b)),
    ]
}

/// A list of numbers, most of them in order.
fn list() -> impl Strategy<Value = String> {
    select(
        &[
            "[0]",
            "[1]",
            "[0, 1]",
            "[0, 1, 2]",
            "[1, 2]",
            "[2]",
            "[1, 0]",
            "[]",
        ][..],
    )
    .prop_map(str::to_owned)
}

/// A call with all it needs, its numbers small.
fn call() -> impl Strategy<Value = String> {
    let kinds = [
        "call = \"write\", folios = L",
        "call = \"write\", folios = L, words = W",
        "call = \"mmap-store\", mm = N, folio = N",
        "call = \"mmap-store\", mm = N, folio = N, words = W",
        "call = \"mmap\", mm = N",
        "call = \"mprotect\", mm = N, folio = N",
        "call = \"munmap\", mm = N, folio = N",
        "call = \"writeback\", folios = L, sync = \"all\"",
        "call = \"writeback\", folios = L",
        "call = \"splice\", folios = L, pipe = N",
        "call = \"pipe-read\", pipe = N, buffers = B, may-stop = F",
        "call = \"pipe-write\", pipe = N",
        "call = \"tee\", from = N, to = M, buffers = B",
        "call = \"splice\", folios = L, pipe = N, writable = F",
        "call = \"splice-socket\", pipe = N, socket = N, buffers = B",
        "call = \"splice-socket\", pipe = N, socket = N, buffers = B, sndbuf = B, scatter-gather = F",
        "call = \"transmit\", socket = N, buffers = B, checksum = F, retransmit = F",
        "call = \"transmit\", socket = N, retransmit = true, late-clone = F, software-checksum = F",
        "call = \"receive\", socket = N, buffers = B, may-stop = F",
        "call = \"receive\", socket = N, coalesce = F, crypto = \"esp\"",
        "call = \"receive\", socket = N, coalesce = F, crypto = \"aead\"",
        "call = \"wait-completion\", pipe = N",
        "call = \"cancel\", pipe = N",
        "call = \"truncate\", folio = N",
        "call = \"punch-hole\", folio = N",
        "call = \"punch-hole\", folio = N, word = N",
        "call = \"tick\"",
        "call = \"pin-store\", folio = N",
        "call = \"mprotect-read-only\", mm = N, folio = N",
        "call = \"mremap\", mm = N, folio = N",
        "call = \"try-to-unmap\", folio = N",
        "call = \"commit-data\", folios = L",
        "call = \"direct-write\", folio = N",
        "call = \"buffer-store\", folio = N, words = W",
        "call = \"reflink\", folio = N",
        "call = \"reclaim\", folio = N",
        "call = \"commit\"",
    ];
    // These ask for little besides: most calls are of them, or no scenario would be right.
    let easy = [
        "call = \"write\", folios = L",
        "call = \"mmap-store\", mm = N, folio = N",
        "call = \"munmap\", mm = N, folio = N",
        "call = \"writeback\", folios = L",
        "call = \"splice\", folios = L, pipe = N",
        "call = \"pipe-read\", pipe = N, buffers = B, may-stop = F",
        "call = \"tick\"",
    ];
    let number = || prop_oneof![6 => Just(0), 4 => Just(1), 1 => 2..5_usize];
    let buffers = prop_oneof![6 => Just(1), 2 => Just(2), 1 => 0..6_usize];
    (
        prop_oneof![select(kinds.to_vec()), select(easy.to_vec())],
        list(),
        list(),
        number(),
        number(),
        buffers,
        any::<bool>(),
    )
        .prop_map(|(kind, l, w, n, m, b, f)| {
            let filled = kind
                .replace('L', &l)
                .replace('W', &w)
                .replace('N', &n.to_string())
                .replace('M', &m.to_string())
                .replace('B', &b.to_string())
                .replace('F', &f.to_string());
            format!("    {{ {filled} }},\n")
        })
}

/// What is not a task: filesystem, pipes, folios, page-table entries.
fn head() -> impl Strategy<Value = String> {
    let files = [
        "xfs\"\n",
        "ext4\"\n",
        "ext4\"\npage-mkwrite = \"wait-then-dirty\"\n",
        "tmpfs\"\n",
        "xfs\"\nstable-writes = true\ndevice = \"integrity\"\n",
        "xfs\"\nstable-writes = false\ndevice = \"parity\"\nskip-copy = true\n",
        "ext4\"\nbuffer-heads = true\ndevice = \"parity\"\n",
    ];
    let folio = select(vec![
        "",
        "dirty = true\n",
        "cached = false\n",
        "extent = \"hole\"\n",
        "extent = \"unwritten\"\ndirty = true\n",
        "extent = \"hole\"\ncached = false\n",
    ]);
    let state = select(vec!["none", "clean", "dirty", "writable"]);
    let pte = (0..2_usize, 0..3_usize, state);
    (
        select(files.to_vec()),
        2..4_usize,
        prop::collection::vec(1..5_usize, 1..4),
        0..3_usize,
        prop::collection::vec(folio, 1..4),
        prop::collection::vec(pte, 0..2),
    )
        .prop_map(|(file, words, pipes, sockets, folios, ptes)| {
            let mut text = format!(
                "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\nfilesystem = \"{file}words = {words}\n\
                 pipes = {pipes:?}\nsockets = {sockets}\n"
            );
            for folio in folios {
                let _ = write!(text, "[[folio]]\n{folio}");
            }
            for (mm, folio, state) in ptes {
                let _ = write!(text, "[[pte]]\nmm = {mm}\nfolio = {folio}\nstate = \"{state}\"\n");
            }
            text
        })
}

fn scenario() -> impl Strategy<Value = String> {
    let tasks = prop::collection::vec(prop::collection::vec(call(), 1..4), 1..5);
    (head(), tasks).prop_map(|(mut text, tasks)| {
        for (n, calls) in tasks.iter().enumerate() {
            let _ = write!(
                text,
                "[[task]]\nname = \"t{n}\"\ncalls = [\n{}]\n",
                calls.concat()
            );
        }
        text
    })
}

/// A text made of what scenario files are made of.
fn fragments() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<Index>().prop_map(|i| LINES[i.index(LINES.len())].to_owned()),
        select(vec![
            "[", "]", "{", "}", "=", ",", "\n", "\"", "'''", "\"\"\"", "#", "\\", "\\u", "\r", "."
        ])
        .prop_map(str::to_owned),
        select(&NUMBERS[..]).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        try_out(&String::from_utf8_lossy(&bytes), &SCHEMES);
    }

    #[test]
    fn any_text(text in any::<String>()) {
        try_out(&text, &SCHEMES);
    }

    #[test]
    fn any_fragments(text in fragments()) {
        try_out(&text, &SCHEMES);
    }

    #[test]
    fn any_mutations(which: Index, mutations in prop::collection::vec(mutation(), 1..6)) {
        let text = mutations.iter().fold(which.get(&TEXTS).clone(), |text, m| m.apply(&text));
        try_out(&text, &SCHEMES);
    }

    #[test]
    fn any_calls(text in scenario(), scheme: Index) {
        try_out(&text, &[scheme.get(&schemes::all()).clone()]);
    }
}

/// Every text that one mutation makes of the own scenarios.
fn single_mutations() -> Vec<String> {
    let mut out = Vec::new();
    for text in TEXTS.iter() {
        let lines: Vec<&str> = text.lines().collect();
        for n in 0..lines.len() {
            let (before, after) = (lines[..n].join("\n"), lines[n + 1..].join("\n"));
            let line = lines[n];
            out.push(format!("{before}\n{after}"));
            out.push(format!("{before}\n{line}\n{line}\n{after}"));
        }
        for number in numbers(text) {
            for value in NUMBERS {
                let mut text = text.clone();
                text.replace_range(number.clone(), value);
                out.push(text);
            }
        }
    }
    out
}

#[test]
fn every_single_mutation() {
    let texts = single_mutations();
    let mut said = 0;
    for text in &texts {
        let outcome = catch_unwind(|| try_out(text, &SCHEMES));
        said += usize::from(outcome.unwrap_or_else(|_| panic!("panics on\n{text}")));
    }
    // Else nothing but the parser was tried.
    assert!(said > 1_000, "{said} of {} are scenarios", texts.len());
}

/// Else the generated scenarios would try nothing but the checks.
#[test]
fn generated_scenarios_are_often_right() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let right = (0..500)
        .filter(|_| {
            let text = scenario()
                .new_tree(&mut runner)
                .expect("it can be made")
                .current();
            parse(&text).is_some()
        })
        .count();
    assert!(right >= 25, "{right} of 500");
}

/// Nor are more calls than anybody writes by hand too many for that.
#[test]
fn a_task_of_many_calls() {
    for call in [
        "{ call = \"splice\", folios = [0], pipe = 0 }",
        "{ call = \"pipe-read\", pipe = 0 }",
        "{ call = \"truncate\", folio = 0 }",
        "{ call = \"pin-store\", folio = 0 }",
        "{ call = \"tick\" }",
    ] {
        for calls in [5, 20, 60] {
            let text = format!(
                "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\npipes = [1]\n[[folio]]\n\
                 [[task]]\nname = \"t\"\ncalls = [\n{}]\n",
                format!("    {call},\n").repeat(calls)
            );
            let outcome = catch_unwind(|| try_out(&text, &SCHEMES));
            assert!(outcome.is_ok(), "panics on {calls} of {call}");
        }
    }
}
