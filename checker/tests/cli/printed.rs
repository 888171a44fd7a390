//! What is printed: tables, traces, programs, lists.

use std::path::PathBuf;

use crate::{json, run, stderr, stdout};

#[test]
fn printed_table() {
    let output = run(&[
        "check",
        "--scheme",
        "stable-*",
        "--scenario",
        "mmap-store-*-pte",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    // The last line has the time.
    let (table, _) = text.trim_end().rsplit_once('\n').expect("several lines");
    insta::assert_snapshot!("table", table);
}

#[test]
fn printed_traces() {
    let output = run(&["trace", "stable-pin", "mmap-store-dirty-pte", "snapshot"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("trace_snapshot", stdout(&output));
    let output = run(&[
        "trace",
        "stable-pin-mkclean",
        "splice-then-write-same-thread",
        "deadlock-free",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("trace_deadlock", stdout(&output));
}

#[test]
fn readme_shows_what_is_printed() {
    let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let output = run(&["trace", "stable-pin", "mmap-store-dirty-pte", "snapshot"]);
    assert!(
        readme.contains(stdout(&output).trim_end()),
        "the README's trace is not the program's"
    );
}

#[test]
fn printed_program() {
    let output = run(&["show", "program", "write", "--scheme", "stable-pin-mkclean"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("program_write", stdout(&output));
}

#[test]
fn coverage_is_printed_and_nothing_is_missing_of_todays_kernel() {
    let one = run(&["list", "coverage", "--scheme", "by-reference"]);
    assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));
    insta::assert_snapshot!("coverage_by_reference", stdout(&one));
    let all = run(&["list", "coverage"]);
    assert_eq!(all.status.code(), Some(0), "{}", stderr(&all));
    insta::assert_snapshot!("coverage_of_each_scheme", stdout(&all));
    let list = json(&run(&["list", "coverage", "--format", "json"]));
    for scheme in list.as_array().expect("an array") {
        for field in ["run", "missing", "not_run"] {
            assert!(scheme[field].is_array(), "{field}");
        }
    }
    let wrong = run(&["list", "schemes", "--scheme", "copy"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("list coverage"));
}

#[test]
fn why_a_scheme_is_not_run_is_said() {
    for (scheme, scenario, why) in [
        ("permission-gate", "write-vs-splice", "copy for who cannot"),
        ("cow-page-cache", "everything", "too many states"),
        ("stable-pin", "write-vs-writeback", "nothing is spliced"),
    ] {
        let output = run(&["check", "--scheme", scheme, "--scenario", scenario]);
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        assert!(
            text.contains("not run, because") && text.contains(why),
            "{text}"
        );
    }
}

#[test]
fn lists_have_the_agreed_fields() {
    for (what, fields) in [
        ("schemes", &["id", "title", "family", "rules"][..]),
        ("scenarios", &["id", "title", "groups"]),
        ("invariants", &["id", "title"]),
        ("steps", &["id", "title"]),
        ("bugs", &["id", "title", "kernel", "fix", "story", "cases"]),
    ] {
        let output = run(&["list", what, "--format", "json"]);
        assert_eq!(output.status.code(), Some(0));
        let list = json(&output);
        for item in list.as_array().expect("an array") {
            for field in fields {
                assert!(!item[field].is_null(), "{what}: {field}");
            }
        }
        let plain = run(&["list", what]);
        assert_eq!(plain.status.code(), Some(0));
        assert!(!stdout(&plain).contains('\u{1b}'), "colour when piped");
    }
}

#[test]
fn output_is_plain_when_piped_and_the_same_from_one_thread_or_two() {
    let args = [
        "check", "--scheme", "stable-*", "--group", "tee", "--format", "json",
    ];
    let one = run(&[&args[..], &["--jobs", "1"]].concat());
    let two = run(&[&args[..], &["--jobs", "2"]].concat());
    assert_eq!(stdout(&one), stdout(&two));
    let table = run(&["check", "--scheme", "by-reference", "--group", "tee"]);
    assert!(!stdout(&table).contains('\u{1b}'));
    let markdown = run(&[
        "check",
        "--scheme",
        "by-reference",
        "--group",
        "tee",
        "--format",
        "markdown",
    ]);
    assert!(stdout(&markdown).contains("| scheme |"));
}

#[test]
fn list_of_bugs() {
    let output = run(&["list", "bugs"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("list_bugs", stdout(&output));
}
