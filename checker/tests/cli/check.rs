//! `check`: its JSON, its bounds, its exit codes, what it blesses.

use std::path::PathBuf;

use crate::{folder, json, own_scenario, run, stderr, stdout};

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
    assert_eq!(output.status.code(), Some(0), "nothing is committed yet");
    assert!(stdout(&output).contains("verdicts are new, not gated yet"));
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
