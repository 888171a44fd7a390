//! The command line of the engines that run threads: exit codes, JSON, errors, printed outcomes.

use std::process::Output;

use crate::{json, run, stderr, stdout};

const UNIT: [&str; 4] = ["--scenario", "mmap-store-clean-pte", "--scheme", "copy"];

#[test]
fn each_engine_answers_in_its_own_name() {
    let check = |engine: &'static str| {
        let mut args = vec!["check", "--engine", engine, "--invariant", "snapshot"];
        args.extend(["--format", "json", "--schedules", "20"]);
        args.extend(UNIT);
        run(&args)
    };
    let of = |output: &Output| -> Vec<(String, String)> {
        let runs = json(output)["runs"].as_array().expect("runs").clone();
        let text = |r: &serde_json::Value, f: &str| r[f].as_str().unwrap_or_default().to_owned();
        runs.iter()
            .map(|r| (text(r, "engine"), text(r, "verdict")))
            .collect()
    };
    let pair = |e: &str, v: &str| (e.to_owned(), v.to_owned());
    let loom = check("loom");
    assert_eq!(loom.status.code(), Some(0), "{}", stderr(&loom));
    assert_eq!(of(&loom), [pair("loom", "holds")]);
    assert!(json(&loom)["runs"][0]["coverage"].is_string());
    // That nothing was met is no verdict.
    let shuttle = check("shuttle");
    assert_eq!(shuttle.status.code(), Some(3), "{}", stderr(&shuttle));
    assert_eq!(of(&shuttle), [pair("shuttle", "inconclusive")]);
    let all = check("all");
    assert_eq!(all.status.code(), Some(3), "{}", stderr(&all));
    assert_eq!(of(&all).len(), 3);
}

#[test]
fn agreement_is_printed() {
    let output = run(&[
        "agree",
        "--scenario",
        "pinned-writer-vs-writeback",
        "--schedules",
        "50",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output));
}

#[test]
fn what_no_thread_can_run_is_named_and_does_not_abort() {
    let args = [
        "check",
        "--engine",
        "loom",
        "--scheme",
        "by-reference",
        "--scenario",
        "crowd",
    ];
    let output = run(&[
        args.as_slice(),
        &["--invariant", "snapshot", "--max-states", "1000"],
    ]
    .concat());
    let error = stderr(&output);
    assert!(
        error.contains("8 tasks are more than loom has threads for"),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(2), "nothing was run");
}

#[test]
fn bad_input_is_refused() {
    for (args, expected) in [
        (
            vec!["check", "--engine", "tlc"],
            "stateright, loom, shuttle, all",
        ),
        (
            vec!["check", "--engine", "loom", "--full"],
            "cannot be used with",
        ),
        (
            vec!["check", "--engine", "loom", "--bless"],
            "leave out --engine",
        ),
        (
            vec!["check", "--engine", "shuttle", "--schedules", "0"],
            "1 or more",
        ),
        (vec!["agree", "--scheme", "nothing"], "no scheme `nothing`"),
        (
            vec!["agree", "--scenario", "nothing"],
            "no scenario `nothing`",
        ),
        (vec!["orders", "nothing"], "no scheme `nothing`"),
        (vec!["orders"], "<SCHEME>"),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            stderr(&output).contains(expected),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}
