//! The command line as scripts use it: exit codes, JSON, errors, printed tables and traces.

use std::path::PathBuf;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(args)
        .output()
        .expect("it starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A folder of its own for one test, gone afterwards.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn own_scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../specs/scenarios")
        .join(name)
}

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
fn json_of_check_has_the_agreed_shape() {
    let output = run(&[
        "check",
        "--scheme",
        "by-reference",
        "--scenario",
        "write-after-splice",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let document = json(&output);
    assert_eq!(document["schema"], 1);
    let runs = document["runs"].as_array().expect("runs");
    assert!(!runs.is_empty());
    for run in runs {
        for key in ["scheme", "scenario", "invariant", "verdict", "engine"] {
            assert!(run[key].is_string(), "{key}");
        }
        for key in ["states", "transitions", "depth"] {
            assert!(run[key].is_u64(), "{key}");
        }
        assert!(run["reduced"].is_boolean());
        assert!(run["reason"].is_null());
        assert_eq!(run["verdict"] == "violated", run["trace"].is_object());
    }
    let violated = runs
        .iter()
        .find(|r| r["invariant"] == "snapshot")
        .expect("snapshot");
    let steps = violated["trace"]["steps"].as_array().expect("steps");
    assert_eq!(violated["trace"]["length"], steps.len());
    for step in steps {
        assert!(step["task"].is_string() && step["function"].is_string());
        for change in step["changes"].as_array().expect("changes") {
            assert!(change["variable"].is_string());
            assert_ne!(change["from"], change["to"]);
        }
    }
}

#[test]
fn costs_are_shown_beside_the_base_line() {
    let args = [
        "cost",
        "--scheme",
        "confirm-folio-version",
        "--scenario",
        "mmap-store-clean-pte",
    ];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("by-reference") && text.contains("unbounded"),
        "{text}"
    );
    assert!(!text.contains("for ever:"));
    let output = run(&[&args[..], &["--cycle"]].concat());
    assert!(stdout(&output).contains("for ever:"), "{}", stdout(&output));
    let document = json(&run(&[&args[..], &["--format", "json"]].concat()));
    assert_eq!(document["schema"], 1);
    let costs = document["costs"].as_array().expect("costs");
    assert_eq!(costs[0]["scheme"], "by-reference");
    for figure in costs
        .iter()
        .flat_map(|c| c["figures"].as_array().expect("figures"))
    {
        assert!(figure["metric"].is_string() && figure["least"].is_u64());
        assert_eq!(figure["most"].is_null(), figure["cycle"].is_object());
    }
    let output = run(&[&args[..], &["--max-states", "50"]].concat());
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).contains("inconclusive: by-reference in mmap-store-clean-pte"));
}

#[test]
fn fairness_is_chosen() {
    let verdict = |fairness: &str| {
        let output = run(&[
            "check",
            "--scheme",
            "by-reference",
            "--scenario",
            "endless-writer-vs-splice",
            "--invariant",
            "splicer-progress",
            "--fairness",
            fairness,
            "--format",
            "json",
        ]);
        json(&output)["runs"][0]["verdict"].clone()
    };
    assert_eq!(verdict("none"), "violated");
    assert_eq!(verdict("weak"), "violated");
    assert_eq!(verdict("handover"), "holds");
}

#[test]
fn a_run_cut_short_is_inconclusive() {
    for bound in [
        ["--max-states", "20"],
        ["--timeout", "1ns"],
        ["--max-memory", "1"],
    ] {
        let mut args = vec![
            "check",
            "--scheme",
            "copy-locked",
            "--scenario",
            "splice-mmap-vs-writeback",
        ];
        args.extend(["--invariant", "snapshot", "--format", "json"]);
        args.extend(bound);
        let output = run(&args);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{bound:?}: {}",
            stderr(&output)
        );
        let document = json(&output);
        let cut = &document["runs"][0];
        assert_eq!(cut["verdict"], "inconclusive");
        assert!(
            cut["reason"]
                .as_str()
                .expect("a reason")
                .contains("stopped")
        );
        let full = run(&[&args[..], &["--full"]].concat());
        assert_eq!(full.status.code(), Some(3), "{bound:?}, in full");
    }
}

#[test]
fn an_inconclusive_run_is_not_blessed() {
    let results = folder();
    let results = results.path().to_str().expect("UTF-8");
    let args = [
        "check",
        "--scheme",
        "copy",
        "--scenario",
        "write-vs-splice",
        "--results",
        results,
        "--bless",
    ];
    let cut = run(&[&args[..], &["--max-states", "5"]].concat());
    assert_eq!(cut.status.code(), Some(2));
    assert!(stderr(&cut).contains("nothing blessed"), "{}", stderr(&cut));
    assert!(!PathBuf::from(results).join("verdicts.json").exists());
    assert_eq!(run(&args).status.code(), Some(0));
}

#[test]
fn an_unexpected_verdict_exits_with_1() {
    let results = folder();
    let dir = results.path().to_str().expect("UTF-8");
    let args = [
        "check",
        "--scheme",
        "by-reference",
        "--scenario",
        "write-after-splice",
        "--results",
        dir,
    ];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1), "nothing is committed yet");
    assert!(stdout(&output).contains("nothing committed"));
    assert_eq!(
        run(&[&args[..], &["--bless"]].concat()).status.code(),
        Some(0)
    );
    assert_eq!(run(&args).status.code(), Some(0));
    let path = results.path().join("verdicts.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"violated\"", "\"holds\"", 1)).unwrap();
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("committed: holds"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn broken_verdict_files_are_refused() {
    for (text, message) in [
        ("{", "verdicts.json:1:"),
        ("{\"schema\":99,\"verdicts\":[]}", "schema 99"),
        (
            "{\"schema\":2,\"bounds\":[],\"verdicts\":[{\"scheme\":1}]}",
            "invalid type",
        ),
        (
            "{\"schema\":2,\"bounds\":[],\"verdicts\":[],\"more\":1}",
            "unknown field `more`",
        ),
    ] {
        let results = folder();
        std::fs::write(results.path().join("verdicts.json"), text).unwrap();
        let dir = results.path().to_str().expect("UTF-8");
        let output = run(&["check", "--scenario", "write-vs-splice", "--results", dir]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}

#[test]
fn bad_input_exits_with_2_and_says_what_there_is() {
    let table: &[(&[&str], &str)] = &[
        (&["check", "--scheme", "nothing"], "there are: by-reference"),
        (&["check", "--scenario", "nothing*"], "no scenario matches"),
        (&["check", "--invariant", "nothing"], "access-consistent"),
        (&["check", "--group", "nothing"], "groups are:"),
        (&["check", "--scheme", "["], "bad pattern"),
        (&["check", "--max-states", "0"], "1 or more"),
        (&["check", "--timeout", "soon"], "invalid value"),
        (
            &["check", "--format", "pdf"],
            "possible values: table, json, markdown",
        ),
        (
            &["trace", "nothing", "write-vs-splice", "snapshot"],
            "no scheme `nothing`",
        ),
        (
            &["trace", "copy", "nothing", "snapshot"],
            "no scenario `nothing`",
        ),
        (
            &["trace", "copy", "write-vs-splice", "nothing"],
            "no invariant `nothing`",
        ),
        (
            &["trace", "copy", "write-vs-splice", "mapping-current"],
            "does not apply",
        ),
        (&["show", "program", "nothing"], "mmap-store"),
        (
            &["show", "program", "tee", "--scenario", "write-vs-splice"],
            "does not make the call",
        ),
        (&["list", "nothing"], "possible values"),
        (&["check", "--bug", "nothing"], "no bug matches `nothing`"),
        (
            &["check", "--bug", "H01", "--scheme", "copy"],
            "cannot be used with",
        ),
        (&["ablate"], "<SCHEME>"),
        (&["ablate", "nothing"], "no scheme matches `nothing`"),
        (
            &["ablate", "copy", "--scenario", "nothing"],
            "no scenario matches `nothing`",
        ),
        (
            &["ablate", "copy", "--scenario", "write-vs-writeback"],
            "changes nothing in these scenarios",
        ),
        (
            &["ablate", "copy", "--scenario", "write-vs-splice", "--bless"],
            "nothing blessed",
        ),
        (
            &["ablate", "copy", "--timeout", "1s", "--bless"],
            "nothing blessed",
        ),
        (&["claims", "nothing"], "no claim matches `nothing`"),
        (
            &["claims", "a-counter-is-needed", "--bless"],
            "nothing blessed",
        ),
        (
            &["--scenarios", "no/such/folder", "check"],
            "no/such/folder",
        ),
    ];
    for (args, message) in table {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            stderr(&output).contains(message),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_scenario_is_added_by_adding_a_file() {
    let dir = folder();
    let text = std::fs::read_to_string(own_scenario("write-vs-splice.toml")).unwrap();
    std::fs::write(dir.path().join("mine.toml"), text).unwrap();
    let path = dir.path().to_str().expect("UTF-8");
    let output = run(&["--scenarios", path, "check", "--scheme", "copy", "--bless"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = run(&[
        "--scenarios",
        path,
        "check",
        "--scheme",
        "copy",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json(&output)["runs"][0]["scenario"], "mine");
    std::fs::write(dir.path().join("wrong.toml"), "title = 1\n").unwrap();
    let output = run(&["--scenarios", path, "check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("wrong.toml:1: "),
        "{}",
        stderr(&output)
    );
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

#[test]
fn a_bug_is_run_both_ways_and_its_trace_stored() {
    let results = folder();
    let dir = results.path().to_str().expect("UTF-8");
    let args = ["check", "--bug", "H01", "--results", dir];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1), "nothing is committed yet");
    let text = stdout(&output);
    for part in [
        "buggy: by-reference in pipe-write-after-splice, source-untouched: violated",
        "fixed: by-reference in pipe-write-after-splice, source-untouched: holds",
        "explored reduced to the end",
        "Bugs: 1 of 1 show, and their fixes hold.",
        "H01-1: no trace is committed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let blessed = run(&[&args[..], &["--bless"]].concat());
    assert_eq!(blessed.status.code(), Some(0));
    assert_eq!(run(&args).status.code(), Some(0));
    let path = results.path().join("bugs/H01-1.itf.json");
    let stored = std::fs::read_to_string(&path).unwrap();
    let document = foliocheck::itf::Document::parse(&stored).unwrap();
    assert_eq!(document.subject.bug.unwrap().to_string(), "H01-1");
    let page = std::fs::read_to_string(results.path().join("README.md")).unwrap();
    assert!(page.contains("(bugs/H01-1.md)"), "{page}");
    std::fs::write(&path, stored.replace("pipe_lock", "other_lock")).unwrap();
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("another trace"));
    std::fs::write(&path, "{").unwrap();
    let output = run(&args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("H01-1.itf.json: line 1"));
}

#[test]
fn a_bug_cut_short_is_inconclusive() {
    let results = folder();
    let dir = results.path().to_str().expect("UTF-8");
    let output = run(&[
        "check",
        "--bug",
        "H01",
        "--results",
        dir,
        "--max-states",
        "5",
    ]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
}

#[test]
fn a_changed_outcome_of_a_claim_exits_with_1() {
    let results = folder();
    let dir = results.path().to_str().expect("UTF-8");
    let args = ["claims", "a-reference-changes", "--results", dir];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1), "nothing is committed yet");
    assert!(stdout(&output).contains("a-reference-changes: confirmed"));
    let document = run(&[&args[..], &["--format", "json"]].concat());
    let text = stdout(&document);
    let path = results.path().join("claims.json");
    std::fs::write(&path, &text).unwrap();
    assert_eq!(run(&args).status.code(), Some(0));
    std::fs::write(&path, text.replace("\"confirmed\"", "\"refuted\"")).unwrap();
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("confirmed (committed: refuted)"),
        "{}",
        stderr(&output)
    );
    let cut = run(&[&args[..], &["--max-states", "2"]].concat());
    assert_eq!(cut.status.code(), Some(3), "{}", stderr(&cut));
}

#[test]
fn an_ablation_prints_in_every_format() {
    let results = folder();
    let dir = results.path().to_str().expect("UTF-8");
    let args = [
        "ablate",
        "copy",
        "--scenario",
        "write-vs-splice",
        "--results",
        dir,
    ];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("without one rule:"));
    let json = run(&[&args[..], &["--format", "json"]].concat());
    let document = self::json(&json);
    assert_eq!(document["scheme"], "copy");
    for outcome in document["outcomes"].as_array().expect("outcomes") {
        assert!(outcome["removal"]["id"].is_string());
        assert!(outcome["conclusion"].is_string());
    }
    let markdown = run(&[&args[..], &["--format", "markdown"]].concat());
    assert!(stdout(&markdown).contains("| part |"));
}
