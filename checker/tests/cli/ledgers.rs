//! Bugs, claims, ablation and cost on the command line.

use crate::{folder, json, run, stderr, stdout};

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
    let output = run(&[&args[..], &["--format", "json"]].concat());
    let document = json(&output);
    assert_eq!(document["scheme"], "copy");
    for outcome in document["outcomes"].as_array().expect("outcomes") {
        assert!(outcome["removal"]["id"].is_string());
        assert!(outcome["conclusion"].is_string());
    }
    let markdown = run(&[&args[..], &["--format", "markdown"]].concat());
    assert!(stdout(&markdown).contains("| part |"));
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
