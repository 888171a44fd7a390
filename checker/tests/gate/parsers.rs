//! Committed files from any bytes: an error or what is in them, never a panic; and the page from them.

use std::path::Path;
use std::sync::LazyLock;

use foliocheck::expectation::Expectations;
use foliocheck::itf::replay::Catalogue;
use foliocheck::report::page;
use foliocheck::results::Batch;
use foliocheck::threads::ledger;
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants, schemes};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support;

const VERDICTS: &str = "{\"schema\":2,\"bounds\":[\n\
    {\"scenario\":\"write-vs-splice\",\"tasks\":1,\"calls\":1,\"folios\":1,\"words\":2}\n],\"verdicts\":[\n\
    {\"scheme\":\"copy\",\"scenario\":\"write-vs-splice\",\"invariant\":\"snapshot\",\"verdict\":\"violated\",\
    \"states\":1,\"transitions\":2,\"depth\":3,\"length\":17,\"engine\":\"x\",\"trace\":\"0123456789abcdef\"}\n]}\n";

/// A committed file, cut to its first lines: its name, and its text.
static FILES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let first = |name: &str, lines: usize| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
        let text = std::fs::read_to_string(folder.join(name)).expect("it is committed");
        let mut all: Vec<&str> = text.lines().collect();
        let end = all.pop().expect("a last line");
        all.truncate(lines);
        let cut = all.join("\n");
        format!("{}\n{end}\n", cut.trim_end_matches(','))
    };
    vec![
        ("verdicts.json", VERDICTS.to_owned()),
        ("claims.json", first("claims.json", 12)),
        ("cost.json", first("cost.json", 12)),
        ("ablation/copy.json", first("ablation/copy.json", 12)),
        ("threads.json", first("threads.json", 12)),
    ]
});

static KNOWN: LazyLock<(Vec<Scheme>, Vec<Scenario>, Vec<Invariant>)> = LazyLock::new(|| {
    let scenarios = Scenario::own().expect("own scenarios");
    (schemes::all(), scenarios, invariants::all())
});

/// Whether the file can be read and everything said that is made from it.
fn answered(name: &str, text: &str) -> bool {
    let (schemes, scenarios, invariants) = &*KNOWN;
    if name == "threads.json" {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), text).expect("written");
        let lines = ledger::read(folder.path());
        return lines.is_ok_and(|lines| !ledger::text(&lines.unwrap_or_default()).is_empty());
    }
    // Nothing else is there.
    let folder = Path::new("/nowhere");
    let mut batch = Batch::default();
    batch.write(folder.join(name), text);
    let catalogue = Catalogue { schemes, scenarios };
    if let Ok(read) = Expectations::parse(text, Path::new(name)) {
        let _ = read.text();
        let _ = read.compare(&[], |_| true);
    }
    page::render(&batch, folder, catalogue, invariants).is_ok()
}

/// What is committed can be read; the properties below start from it.
#[test]
fn whole_files_are_read() {
    for (name, text) in &*FILES {
        assert!(answered(name, text), "{name}");
    }
}

proptest! {
    #![proptest_config(support::cases(512))]

    #[test]
    fn any_text_is_answered(which: Index, text in ".{0,200}") {
        answered(FILES[which.index(FILES.len())].0, &text);
    }

    #[test]
    fn any_damaged_file_is_answered(
        which: Index,
        cuts in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6)
    ) {
        let (name, good) = &FILES[which.index(FILES.len())];
        let mut bytes = good.as_bytes().to_vec();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        answered(name, &String::from_utf8_lossy(&bytes));
    }

    /// Values of another kind, too large, or missing.
    #[test]
    fn any_replaced_value_is_answered(
        which: Index,
        at: Index,
        with in prop::sample::select(vec!["null", "-1", "1e400", "18446744073709551615", "\"\"", "[]", "{}", "true", ""])
    ) {
        let (name, good) = &FILES[which.index(FILES.len())];
        let starts: Vec<usize> = good.match_indices(':').map(|(n, _)| n + 1).collect();
        let start = starts[at.index(starts.len())];
        let end = good[start..].find([',', '}', ']']).map_or(good.len(), |n| start + n);
        answered(name, &format!("{}{with}{}", &good[..start], &good[end..]));
    }
}
