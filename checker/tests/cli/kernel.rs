//! What talks to the kernel, as far as it does not: refusals, and files that are written.

use std::collections::BTreeSet;
use std::path::Path;

use foliocheck::itf::replay::Catalogue;
use foliocheck::itf::{self, Document};
use foliocheck_kernel::plan::{self, NotReplayable};
use foliocheck_specs::{Scenario, instance, invariants, schemes};

use crate::{folder, run, stderr, stdout};

/// A command that must be refused, and what it says.
fn refused(args: &[&str], says: &[&str]) {
    let output = run(args);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
    for part in says {
        assert!(text.contains(part), "{args:?}: {text}");
    }
}

#[test]
fn what_no_kernel_has_is_not_replayed() {
    refused(
        &["replay", "stable-pin", "write-vs-splice", "snapshot"],
        &["stable-pin: this scheme exists in no kernel; replayable are: by-reference"],
    );
    refused(&["replay", "by-refference"], &["no scheme `by-refference`"]);
    refused(
        &["replay", "by-reference", "write-vs-splice", "snapshoot"],
        &["no invariant `snapshoot`"],
    );
    refused(
        &[
            "replay",
            "by-reference",
            "write-vs-splice",
            "snapshot",
            "--fs",
            "zfs",
        ],
        &["no file system `zfs`; there are: xfs, ext4, btrfs, tmpfs"],
    );
}

#[test]
fn a_finding_without_a_program_is_refused_with_a_reason() {
    refused(
        &["reproduce", "finding-4", "--run"],
        &["no finding `finding-4` with a program; there are: finding-2, finding-3"],
    );
    refused(&["reproduce", "finding-1", "--run"], &["security list"]);
    refused(&["reproduce", "finding-3"], &["--out DIR", "--run"]);
    refused(
        &["reproduce", "finding-3", "--run", "--rounds", "0"],
        &["--rounds"],
    );
}

#[test]
fn a_walk_that_cannot_be_made_is_refused() {
    refused(&["conform", "--scheme", "by-refference"], &["no scheme"]);
    refused(&["conform", "--fs", "zfs"], &["no file system `zfs`"]);
    refused(&["conform", "--traces", "0"], &["--traces"]);
    refused(&["conform", "--without", "lok:B1"], &["lok:B1"]);
    refused(
        &["conform", "--walk", "nowhere.json"],
        &["nowhere.json: No such file"],
    );
    // A device has no end, and a pipe may never begin.
    refused(
        &["conform", "--walk", "/dev/zero"],
        &["/dev/zero: not a regular file"],
    );
    refused(&["replay", "/dev/zero"], &["no scheme `/dev/zero`"]);
    refused(
        &["conform", "--walk", "a.json", "--seed", "3"],
        &["cannot be used with"],
    );
    let dir = folder();
    let file = dir.path().join("walk.json");
    let path = file.to_str().expect("UTF-8");
    for (text, says) in [
        ("{", "EOF"),
        ("{\"schema\":1}", "missing field `kernel`"),
        (
            r#"{"schema":9,"kernel":"","fs":"xfs","scheme":"by-reference","without":[],"walk":
               {"head":[],"folios":[],"ptes":[],"tasks":[],"order":[]}}"#,
            "schema 9, expected 1",
        ),
        (
            r#"{"schema":1,"kernel":"","fs":"zfs","scheme":"by-reference","without":[],"walk":
               {"head":[],"folios":[],"ptes":[],"tasks":[],"order":[]}}"#,
            "no file system `zfs`",
        ),
    ] {
        std::fs::write(&file, text).expect("written");
        refused(&["conform", "--walk", path], &[path, says]);
    }
}

#[test]
fn the_program_and_its_fstests_case_are_written() {
    let dir = folder();
    let out = dir.path().to_str().expect("UTF-8");
    let output = run(&["reproduce", "finding-3", "--out", out]);
    assert!(output.status.success(), "{}", stderr(&output));
    for file in [
        "finding-3.c",
        "fstests/src/foliocheck-finding-3.c",
        "fstests/tests/generic/999",
        "fstests/tests/generic/999.out",
    ] {
        assert!(dir.path().join(file).is_file(), "{file}");
        assert!(stdout(&output).contains(file), "{file}");
    }
}

/// What was replayed is what is committed as violated: a verdict that changes takes its replay with it.
#[test]
fn the_replays_are_those_of_the_committed_violations() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(results.join(name)).expect("it is committed");
        serde_json::from_str(&text).expect("JSON")
    };
    let cells = |list: &serde_json::Value| -> BTreeSet<(String, String)> {
        let name = |cell: &serde_json::Value, key: &str| cell[key].as_str().map(str::to_owned);
        list.as_array()
            .expect("a list")
            .iter()
            .filter_map(|cell| Some((name(cell, "scenario")?, name(cell, "invariant")?)))
            .collect()
    };
    let replayed = cells(&read("kernel.json")["replays"]);
    let mut verdicts = read("verdicts.json")["verdicts"].take();
    verdicts
        .as_array_mut()
        .expect("a list")
        .retain(|cell| cell["scheme"] == "by-reference" && cell["verdict"] == "violated");
    let violated = cells(&verdicts);
    assert!(!violated.is_empty());
    assert_eq!(
        replayed, violated,
        "`foliocheck replay by-reference --bless`"
    );
}

/// Each committed counterexample of today's kernel, in its own order: it is either calls one after another, or the step
/// that is in the middle of a call is named.
#[test]
fn a_trace_file_is_calls_or_names_the_step_between() {
    let (schemes, scenarios) = (schemes::all(), Scenario::own().expect("they are built in"));
    let catalogue = Catalogue {
        schemes: &schemes,
        scenarios: &scenarios,
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/traces");
    let (mut whole, mut middle, mut other) = (0, 0, 0);
    for entry in std::fs::read_dir(folder).expect("they are committed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if !(name.starts_with("by-reference.") && name.ends_with(".json")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let document = Document::parse(&text).expect("it is a trace");
        let replayed = itf::replay::replay(&document, catalogue).expect("it runs");
        let scenario = scenarios.iter().find(|s| s.id == document.subject.scenario);
        let scheme = schemes::by_id("by-reference").expect("it is there");
        let ask = invariants::by_id(&document.subject.invariant).expect("it is there");
        let setup = &scenario.expect("it is there").setup;
        let (system, world) = instance::system(setup, &scheme, &[], &[ask]).expect("it builds");
        let inside = plan::inside(&system, &replayed.path);
        match plan::along(&system, &world, &replayed.path) {
            Ok(plan) => {
                assert!(inside.is_none(), "{name}");
                let steps: usize = plan.units.iter().map(|u| u.steps).sum();
                assert!(steps >= replayed.path.len(), "{name}");
                whole += 1;
            }
            Err(NotReplayable::Middle(at)) => {
                assert_eq!(inside, Some(at), "{name}");
                middle += 1;
            }
            Err(NotReplayable::Model(why)) => panic!("{name}: {why}"),
            Err(_) => other += 1,
        }
    }
    println!("{whole} in whole calls, {middle} with a step inside of one, {other} otherwise");
    assert!(whole >= 2 && middle > 5);
}

#[test]
fn a_trace_file_that_no_kernel_can_play_is_refused() {
    let folder = folder();
    let file = folder.path().join("x.itf.json");
    let file = file.to_str().expect("UTF-8");
    refused(&["replay", file], &["x.itf.json", "No such file"]);
    std::fs::write(file, "{}").expect("room");
    refused(&["replay", file], &["x.itf.json"]);
    let trace = [
        "trace",
        "stable-pin",
        "mmap-store-dirty-pte",
        "snapshot",
        "--format",
        "itf",
    ];
    std::fs::write(file, run(&trace).stdout).expect("room");
    refused(
        &["replay", file],
        &["stable-pin: this scheme exists in no kernel; replayable are: by-reference"],
    );
    refused(&["replay", file, "--bless"], &["a file has one"]);
}
