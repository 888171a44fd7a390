//! Nothing was run, or what was run was cut short: never exit code 0.

use crate::{folder, run, stderr, stdout};

/// Exit code 2, a word why, and no verdict.
fn refused(args: &[&str], why: &str) {
    let output = run(args);
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
    assert!(error.contains(why), "{args:?}: {error}");
    let text = stdout(&output);
    assert!(
        !text.contains("0 runs") && !text.contains("0 units"),
        "{text}"
    );
}

#[test]
fn an_invariant_that_does_not_apply_is_no_run() {
    let place = ["--scheme", "copy", "--scenario", "write-vs-splice"];
    let asked = [&place[..], &["--invariant", "mapping-current"]].concat();
    let why = "mapping-current does not apply to scenario write-vs-splice";
    refused(&[&["check"], &asked[..]].concat(), why);
    for engine in ["loom", "shuttle", "all"] {
        refused(&[&["check", "--engine", engine], &asked[..]].concat(), why);
    }
    let file = folder();
    let file = file.path().join("page.html");
    let html = ["export", "--html", file.to_str().expect("UTF-8")];
    refused(&[&html, &asked[..]].concat(), why);
    assert!(!file.exists(), "nothing is written");
}

#[test]
fn a_scheme_that_is_not_run_there_is_no_run() {
    let place = ["--scheme", "iomap-cookie", "--scenario", "write-vs-splice"];
    let why = "iomap-cookie: not run, because no mapping of extents is cached there";
    for engine in ["stateright", "loom", "shuttle", "all"] {
        refused(&[&["check", "--engine", engine], &place[..]].concat(), why);
    }
    let file = folder();
    let file = file.path().join("page.html");
    let html = ["export", "--html", file.to_str().expect("UTF-8")];
    for command in [&["check"][..], &["agree"], &["cost"], &html] {
        refused(&[command, &place[..]].concat(), why);
    }
    refused(
        &["orders", "iomap-cookie", "--scenario", "write-vs-splice"],
        why,
    );
}

#[test]
fn what_no_thread_can_run_is_no_run() {
    let crowd = ["--scheme", "by-reference", "--scenario", "crowd"];
    let why = "8 tasks are more than loom has threads for";
    let args = [
        &["check", "--engine", "loom", "--max-states", "100"],
        &crowd[..],
    ]
    .concat();
    refused(&args, why);
    refused(
        &["orders", "by-reference", "--scenario", "crowd"],
        "nothing was run as threads",
    );
}

/// Exit code 3, and the words that say what is open.
fn inconclusive(args: &[&str], words: &[&str]) {
    let output = run(args);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{args:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{args:?}: {word}: {text}");
    }
}

#[test]
fn agreement_cut_short_is_inconclusive() {
    let agree = ["agree", "--scenario", "write-vs-splice", "--schedules", "5"];
    for (bound, value) in [
        ("--executions", "1"),
        ("--max-states", "5"),
        ("--timeout", "0s"),
    ] {
        inconclusive(
            &[&agree[..], &[bound, value]].concat(),
            &["inconclusive:", "1 cut short"],
        );
    }
}

#[test]
fn an_audit_of_orders_cut_short_is_inconclusive() {
    let orders = ["orders", "copy", "--scenario", "write-vs-splice"];
    for (bound, value) in [
        ("--executions", "1"),
        ("--timeout", "0s"),
        ("--max-memory", "1"),
    ] {
        let args = [&orders[..], &[bound, value]].concat();
        inconclusive(&args, &["0 of them needed, 30 inconclusive (cut short)"]);
        assert!(!stdout(&run(&args)).contains("not needed"));
    }
}

#[test]
fn loom_keeps_to_time_and_memory() {
    let check = [
        "check", "--engine", "loom", "--scheme", "copy", "--format", "json",
    ];
    let place = ["--scenario", "write-vs-splice", "--invariant", "snapshot"];
    for (bound, value) in [("--timeout", "0s"), ("--max-memory", "1")] {
        let output = run(&[&check[..], &place, &[bound, value]].concat());
        assert_eq!(
            output.status.code(),
            Some(3),
            "{bound}: {}",
            stderr(&output)
        );
    }
}

/// Nobody writes: what holds there says nothing, and the program says so.
const ONLY_READERS: &str = include_str!("../support/only-readers.toml");

#[test]
fn where_nothing_changes_the_table_and_the_trace_say_so() {
    let own = folder();
    std::fs::write(own.path().join("quiet.toml"), ONLY_READERS).expect("a folder");
    let own = own.path().to_str().expect("UTF-8");
    let place = ["--scenarios", own, "--scheme", "by-reference"];
    let check = run(&[&["check"], &place[..], &["--scenario", "quiet"]].concat());
    let text = stdout(&check);
    let row = text.lines().find(|l| l.starts_with("by-reference"));
    let signs: Vec<&str> = row.expect("a row").split_whitespace().skip(1).collect();
    assert_eq!(signs, ["∅", "∅", "∅", "✓0", "✓0", "✓0", "✓0"], "{text}");
    assert!(
        text.contains("No call changes bytes of the file in quiet"),
        "{text}"
    );
    let trace = run(&[
        "trace",
        "--scenarios",
        own,
        "by-reference",
        "quiet",
        "snapshot",
    ]);
    let text = stdout(&trace);
    assert!(
        text.contains("no call of this scenario changes bytes"),
        "{text}"
    );
}

#[test]
fn a_new_scenario_makes_its_folder() {
    let own = folder();
    let inner = own.path().join("mine/more");
    let inner = inner.to_str().expect("UTF-8");
    assert_eq!(
        run(&["new", "scenario", "first", "--scenarios", inner])
            .status
            .code(),
        Some(0)
    );
    let check = run(&["check", "--scenarios", inner, "--scheme", "by-reference"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
}
