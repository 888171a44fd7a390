//! Results that somebody else wrote: no name and no text in them forges a line of a report or a command of a CI server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{folder, run, stderr, stdout};

/// The command refuses the results, and says why: in no line that is a command, and without a character that is none.
fn refused(place: &Path, args: &[&str], expected: &str) {
    let dir = place.to_str().expect("UTF-8");
    let output = run(&[args, &["--results", dir]].concat());
    let (text, error) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(2), "{expected}: {text}{error}");
    assert!(error.contains(expected), "{expected}: {error}");
    let forged = |line: &str| line.trim_start().starts_with("::");
    assert!(!text.lines().chain(error.lines()).any(forged), "{error}");
    assert!(
        !error.contains(['\u{1b}', '\u{202e}', '\u{fffe}']),
        "{error}"
    );
}

const VERDICTS: &str = r#"{"schema":2,"bounds":[
{"scenario":"write-vs-splice","tasks":1,"calls":1,"folios":1,"words":2}
],"verdicts":[
{"scheme":"copy","scenario":"write-vs-splice","invariant":"snapshot","verdict":"violated","states":1,"transitions":2,"depth":3,"length":17,"engine":"x","trace":"0123456789abcdef"}
]}
"#;

#[test]
fn verdicts_forge_no_line() {
    for (from, to, expected) in [
        (
            r#""scheme":"copy""#,
            r#""scheme":"copy\n::error::x""#,
            r"verdicts.json:4:28: verdicts[0].scheme: `copy\n::error::x` is no name; expected letters, digits",
        ),
        (
            r#""scheme":"copy""#,
            r#""scheme":"::error::x""#,
            "verdicts[0].scheme: `::error::x` is no name",
        ),
        (
            r#""scenario":"write-vs-splice","inv"#,
            r#""scenario":"a\u202eb","inv"#,
            r"verdicts[0].scenario: `a\u{202e}b` is no name",
        ),
        (
            r#"{"scenario":"write-vs-splice""#,
            r#"{"scenario":"\u001b[31m""#,
            r"bounds[0].scenario: `\u{1b}[31m` is no name",
        ),
        (
            r#""snapshot""#,
            r#""snap\ufffeshot""#,
            r"verdicts[0].invariant: `snap\u{fffe}shot` is no name",
        ),
        (
            r#""0123456789abcdef""#,
            r#""../../../../etc/passwd""#,
            "verdicts[0].trace: `../../../../etc/passwd` is no name",
        ),
        (
            r#""engine":"x""#,
            r#""engine":"x\n::error::x""#,
            r"verdicts[0].engine: expected one line without \n",
        ),
        (
            r#""verdict":"violated""#,
            r#""verdict":"\n::error::x""#,
            r"verdicts[0].verdict: expected one line without \n",
        ),
        (
            r#""depth":3"#,
            r#""\n::error::x":3"#,
            r"verdicts[0].\n::error::x: expected one line without \n",
        ),
    ] {
        let place = folder();
        let text = VERDICTS.replacen(from, to, 1);
        assert_ne!(text, VERDICTS, "{from}");
        fs::write(place.path().join("verdicts.json"), text).expect("a file");
        refused(place.path(), &["show", "verdicts"], expected);
    }
}

#[test]
fn ledgers_forge_no_line() {
    let place = folder();
    let text = r#"{"schema":1,"claims":[{"id":"a\n::error::x"}]}"#;
    fs::write(place.path().join("claims.json"), text).expect("a file");
    let args = ["claims", "a-reference-changes"];
    let expected = r"claims[0].id: expected one line without \n";
    refused(place.path(), &args, expected);
}

/// A committed counterexample, and its file's name.
fn a_trace() -> (PathBuf, String) {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/traces");
    let entries = fs::read_dir(traces).expect("it is committed");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with(".itf.json"));
    let path = paths.into_iter().min().expect("a counterexample");
    let text = fs::read_to_string(&path).expect("UTF-8");
    (PathBuf::from(path.file_name().expect("a name")), text)
}

const CHECK: [&str; 5] = ["check", "--scheme", "copy", "--scenario", "write-vs-splice"];

#[test]
fn counterexamples_forge_no_line() {
    let (name, good) = a_trace();
    let value = |key: &str| {
        let start = good.find(&format!("\"{key}\":\"")).expect("it is there") + key.len() + 4;
        let end = start + good[start..].find('"').expect("its end");
        (start, end)
    };
    for (key, to, expected) in [
        (
            "scheme",
            r"a\n::error::x",
            r"#meta.scheme: `a\n::error::x` is no name",
        ),
        (
            "scenario",
            "::error::x",
            "#meta.scenario: `::error::x` is no name",
        ),
        (
            "invariant",
            r"a\u2028",
            r"#meta.invariant: `a\u{2028}` is no name",
        ),
        (
            "without",
            r"\n::error::x",
            r"#meta.without: expected one line without \n",
        ),
        (
            "engine",
            r"\u0000",
            r"#meta.engine: expected one line without \u{0}",
        ),
        (
            "blocked",
            r#"[{\"\\n::error::x\":1}]"#,
            r"#meta: blocked: [0].\n::error::x: expected one line",
        ),
        (
            "task",
            r"\r::error::x",
            r"states[0].mbt::nondetPicks.task: expected one line without \r",
        ),
        (
            "text",
            r"\ufffe",
            r"states[1].#meta.text: expected one line without \u{fffe}",
        ),
        (
            "pipe0.mutex",
            r"\u001b[31m",
            r"pipe0.mutex: expected one line without \u{1b}",
        ),
    ] {
        let (start, end) = value(key);
        let text = format!("{}{to}{}", &good[..start], &good[end..]);
        let place = folder();
        let traces = place.path().join("traces");
        fs::create_dir(&traces).expect("a folder");
        fs::write(traces.join(&name), text).expect("a file");
        refused(place.path(), &CHECK, expected);
        let file = name.display().to_string();
        refused(place.path(), &CHECK, &file);
    }
}

#[cfg(unix)]
#[test]
fn names_of_counterexamples_forge_no_line() {
    let (_, good) = a_trace();
    for name in [
        "::error::x.itf.json",
        "a\n::error::x.itf.json",
        "-a.itf.json",
    ] {
        let place = folder();
        let traces = place.path().join("traces");
        fs::create_dir(&traces).expect("a folder");
        fs::write(traces.join(name), &good).expect("a file");
        refused(place.path(), &CHECK, "bad name of a file, expected letters");
    }
}
