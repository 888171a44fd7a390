//! `--without`: parts removed on the command line.

use std::path::Path;

use crate::{folder, json, run, stderr, stdout};

/// A page is written again while it is under writeback: the dirty mark must go before the IO begins.
const DIRTIED_AGAIN: &str = r#"
title = "a page is written again while the flusher writes it"
about = "What its title says."
groups = ["quick"]
filesystem = "ext4"

[[folio]]
dirty = true

[[task]]
name = "writer"
calls = [{ call = "write", folios = [0], words = [0] }, { call = "write", folios = [0], words = [1] }]

[[task]]
name = "flusher"
calls = [{ call = "writeback", folios = [0] }]
"#;

/// The page cache goes first, the blocks after it.
const FREED_FIRST: &str = r#"
title = "a hole is punched under a flusher"
about = "What its title says."
groups = ["quick"]
blocks = true

[[folio]]
dirty = true

[[task]]
name = "flusher"
calls = [{ call = "writeback", folios = [0] }]

[[task]]
name = "truncater"
calls = [{ call = "truncate", folio = 0 }]
"#;

/// Clean and protect in either order, against a fault that maps the page for writing.
const CLEAN_FIRST: &str = r#"
title = "a fault maps a page for writing while a flusher cleans it"
about = "What its title says."
groups = ["quick"]

[[folio]]
dirty = true

[[pte]]
mm = 0
folio = 0
state = "dirty"

[[task]]
name = "storer"
calls = [{ call = "mmap-store", mm = 0, folio = 0, words = [0] }]

[[task]]
name = "flusher"
calls = [{ call = "writeback", folios = [0] }]
"#;

fn write(dir: &Path) {
    for (name, text) in [
        ("dirtied-again.toml", DIRTIED_AGAIN),
        ("freed-first.toml", FREED_FIRST),
        ("clean-first.toml", CLEAN_FIRST),
    ] {
        std::fs::write(dir.join(name), text).expect("written");
    }
}

/// The verdict of the reference scheme without these parts.
fn verdict(scenario: &str, invariant: &str, without: &[&str]) -> String {
    let scenarios = folder();
    write(scenarios.path());
    let dir = scenarios.path().to_str().expect("UTF-8");
    let mut args = vec![
        "--scenarios",
        dir,
        "trace",
        "by-reference",
        scenario,
        invariant,
    ];
    args.extend(["--format", "json"]);
    for part in without {
        args.extend(["--without", part]);
    }
    let output = run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document = json(&output);
    assert_eq!(
        document["without"].as_array().map_or(0, Vec::len),
        without.len()
    );
    document["runs"][0]["verdict"]
        .as_str()
        .expect("a verdict")
        .to_owned()
}

#[test]
fn the_order_of_two_steps_is_removed_and_nothing_lost() {
    let lost = |without: &[&str]| verdict("dirtied-again", "no-lost-write", without);
    assert_eq!(lost(&[]), "holds");
    assert_eq!(lost(&["after:B6:B12"]), "violated");
    assert_eq!(lost(&["before:B6:B14"]), "violated");
    // The last step of the flusher's call does not fall through.
    assert_eq!(lost(&["after:B6:B14"]), "violated");
    let stale = |without: &[&str]| verdict("freed-first", "mapping-current", without);
    assert_eq!(stale(&[]), "holds");
    assert_eq!(stale(&["before:T3b:T1g"]), "violated");
    let dirty = |without: &[&str]| verdict("clean-first", "dirty-accounted", without);
    assert_eq!(dirty(&[]), "holds");
    assert_eq!(dirty(&["before:B6:B2"]), "holds");
    assert_eq!(dirty(&["before:B6:B2", "effect:B5"]), "holds");
    assert_eq!(dirty(&["lock:B1"]), "violated");
}

const CELL: [&str; 8] = [
    "check",
    "--scheme",
    "by-reference",
    "--scenario",
    "mmap-store-dirty-pte",
    "--invariant",
    "dirty-accounted",
    "--without",
];

#[test]
fn a_check_without_a_part_is_not_held_to_what_is_committed() {
    let whole = run(&CELL[..7]);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    assert!(!stdout(&whole).contains("Not compared"));
    let output = run(&[&CELL[..], &["lock:S0"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("Without: "), "{text}");
    assert!(text.contains("Not compared with what is committed: a scheme without a part"));
    assert!(!text.contains("as committed"), "{text}");
    let blessed = run(&[&CELL[..], &["lock:S0", "--bless"]].concat());
    assert_eq!(blessed.status.code(), Some(2));
    assert!(
        stderr(&blessed).contains("nothing blessed"),
        "{}",
        stderr(&blessed)
    );
    let document = json(&run(&[&CELL[..], &["lock:S0", "--format", "json"]].concat()));
    assert_eq!(document["without"], serde_json::json!(["lock:S0"]));
}

/// The command that a check prints shows what the check found.
#[test]
fn printed_commands_carry_what_is_removed() {
    let scenarios = folder();
    write(scenarios.path());
    let dir = scenarios.path().to_str().expect("UTF-8");
    let output = run(&[
        "--scenarios",
        dir,
        "check",
        "--scheme",
        "by-reference",
        "--scenario",
        "dirtied-again",
        "--without",
        "before:B6:B14",
        "--without",
        "branch:B6:clean: skip",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let line = text.lines().find(|l| l.contains("no-lost-write --without"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    let (command, steps) = line.trim().split_once("  # ").expect("how many steps");
    assert!(
        command.contains("--without before:B6:B14 --without 'branch:B6:clean: skip'"),
        "{command}"
    );
    let shell = std::process::Command::new("sh")
        .args(["-c", command])
        .output()
        .expect("sh");
    assert_eq!(shell.status.code(), Some(0), "{}", stderr(&shell));
    let trace = stdout(&shell);
    assert!(
        trace.starts_with("without: B6 before B14; B6 does not go \"clean: skip\"\n"),
        "{trace}"
    );
    let last = trace
        .lines()
        .filter(|l| l.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(format!("{} steps", last.count()), steps);
}

#[test]
fn a_part_that_there_is_not_is_named_with_the_one_most_like_it() {
    let trace = [
        "trace",
        "stable-pin",
        "write-vs-splice",
        "snapshot",
        "--without",
    ];
    for (part, message) in [
        (
            "rule:take-hald",
            "no part `rule:take-hald` in what is run; did you mean `rule:take-hold`?",
        ),
        ("lock:W1x", "did you mean `lock:W1`?"),
        ("before:W1x:W10", "did you mean `before:W1:W10`?"),
        ("dances", "expected rule:NAME"),
        ("order:W1:W2", "say before:ID:ID"),
    ] {
        let output = run(&[&trace[..], &[part]].concat());
        assert_eq!(output.status.code(), Some(2), "{part}");
        assert!(
            stderr(&output).contains(message),
            "{part}: {}",
            stderr(&output)
        );
    }
    let both = run(&["check", "--bug", "H01", "--without", "lock:B1"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn parts_are_listed_with_what_they_remove() {
    let listed = [
        "list",
        "parts",
        "--scheme",
        "stable-pin",
        "--scenario",
        "mmap-store-dirty-pte",
    ];
    let output = run(&listed);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for kind in [
        "rule:take-hold",
        "lock:",
        "wait:",
        "flag:",
        "test:",
        "branch:",
        "effect:",
    ] {
        assert!(text.contains(kind), "{kind}: {text}");
    }
    // Whatever is listed can be removed.
    let document = json(&run(&[&listed[..], &["--format", "json"]].concat()));
    for part in document.as_array().expect("an array").iter().step_by(7) {
        let name = part["name"].as_str().expect("a name");
        let trace = [
            "trace",
            "stable-pin",
            "mmap-store-dirty-pte",
            "snapshot",
            "--without",
            name,
        ];
        let output = run(&trace);
        let error = stderr(&output);
        assert!(
            !error.contains("no part") && !error.contains("expected"),
            "{name}: {error}"
        );
    }
    let all = run(&["list", "parts", "--scheme", "by-reference"]);
    assert!(stdout(&all).contains("flush:"), "{}", stdout(&all));
    let nothing = run(&["list", "parts"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        stderr(&nothing).contains("--scheme"),
        "{}",
        stderr(&nothing)
    );
    let misplaced = run(&["list", "steps", "--scheme", "copy"]);
    assert_eq!(misplaced.status.code(), Some(2));
}

/// A whole scheme whose run is cut leaves every part open: nothing of it is written.
#[test]
fn an_ablation_of_what_was_not_explored_is_inconclusive() {
    let output = run(&[
        "ablate",
        "copy",
        "--scenario",
        "write-vs-splice",
        "--max-states",
        "5",
    ]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let text = stdout(&output);
    assert!(text.contains(" 0 redundant within bounds"), "{text}");
    assert!(
        stderr(&output).contains("inconclusive: copy in write-vs-splice"),
        "{}",
        stderr(&output)
    );
    // A bound of the scenario's own.
    let scenarios = folder();
    let text = DIRTIED_AGAIN.replace("filesystem", "max-states = 5\nfilesystem");
    std::fs::write(scenarios.path().join("cut.toml"), text).unwrap();
    let dir = scenarios.path().to_str().expect("UTF-8");
    let output = run(&["--scenarios", dir, "ablate", "by-reference", "--bless"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(
        stderr(&output).contains("nothing blessed"),
        "{}",
        stderr(&output)
    );
    assert!(!scenarios.path().join("results/ablation").exists());
}
