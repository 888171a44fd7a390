//! What is printed: tables, traces, programs, lists.

use std::path::PathBuf;

use foliocheck::expectation::Expected;
use foliocheck::report::gate::plain_text;
use foliocheck::report::{summary, table};
use foliocheck::verdict::Verdict;
use foliocheck_specs::{Scenario, Scheme, invariants, schemes};

use crate::{folder, json, run, stderr, stdout};

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
    let results = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../results");
    let results = results.canonicalize().unwrap();
    let table = table
        .replace(env!("CARGO_BIN_EXE_foliocheck"), "foliocheck")
        .replace(results.to_str().unwrap(), "results");
    insta::assert_snapshot!("table", table);
}

/// What is committed, as a terminal shows it: the first table, at four widths. Verdicts change with the model, so this
/// one has three schemes, and verdicts that are made up.
#[test]
fn the_table_fits_the_terminal() {
    let schemes: Vec<Scheme> = ["by-reference", "copy", "stable-pin-mkclean-truncate"]
        .into_iter()
        .map(|id| schemes::all().into_iter().find(|s| s.id == id).unwrap())
        .collect();
    let invariants = invariants::all();
    let scenarios = Scenario::own().unwrap();
    let scenario = scenarios.iter().find(|s| s.id == "everything").unwrap();
    let mut runs = Vec::new();
    for (s, scheme) in schemes.iter().enumerate() {
        for (i, invariant) in invariants.iter().enumerate() {
            let verdict = match (s + i) % 4 {
                0 => Verdict::Violated,
                3 if s == 2 => Verdict::Inconclusive,
                3 => continue,
                _ => Verdict::Holds,
            };
            runs.push(Expected {
                scheme: scheme.id.to_owned(),
                scenario: scenario.id.clone(),
                invariant: invariant.id.to_owned(),
                verdict,
                states: 1,
                transitions: 1,
                depth: 1,
                length: (verdict == Verdict::Violated).then_some(10 + i),
                engine: "stateright".to_owned(),
                trace: None,
            });
        }
    }
    let tables = summary::tables(&schemes, &invariants, &scenarios, &runs);
    let (_, matrix) = &tables[0];
    for width in [80, 120, 160, 200] {
        let text = plain_text(&table::matrix(matrix, Some(width)));
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
        insta::assert_snapshot!(format!("table_{width}"), text);
    }
}

/// The thread waits for itself: it is said that what holds may hold for want of its write.
#[test]
fn what_holds_for_want_of_an_end_says_so() {
    for (scheme, is_said) in [("stable-pin", true), ("copy", false)] {
        let output = run(&["trace", scheme, "splice-then-write-same-thread", "untorn"]);
        let text = stdout(&output)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let said = "a task comes to its end in no execution; what holds there may hold for that reason: thread";
        assert_eq!(text.contains(said), is_said, "{text}");
    }
}

/// Every command that a check, `explain` or a new file prints does what it says when it is pasted into a shell.
#[test]
fn printed_commands_can_be_pasted() {
    let place = folder();
    let own = place.path().join("own scenarios");
    std::fs::create_dir(&own).unwrap();
    let own = own.to_str().unwrap();
    let mut printed = String::new();
    for args in [
        &["new", "scenario", "mine", "--scenarios", own][..],
        &["check", "--scenarios", own],
        &[
            "check",
            "--scheme",
            "stable-pin",
            "--scenario",
            "write-vs-splice",
            "--without",
            "rule:wait-for-holds",
        ],
        &[
            "check",
            "--scheme",
            "by-reference",
            "--scenario",
            "endless-flusher-vs-store",
            "--fairness",
            "none",
        ],
        &["explain", "untorn"],
        &["explain", "stable-pin"],
        &["explain", "tee"],
        &["explain", "H16"],
        &["explain", "write-vs-splice"],
        &["show", "verdicts"],
    ] {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{args:?}: {}",
            stderr(&output)
        );
        printed.push_str(&stdout(&output));
    }
    let program = env!("CARGO_BIN_EXE_foliocheck");
    let mut commands: Vec<&str> = printed
        .lines()
        .filter_map(|line| {
            line.find(program)
                .map(|at| line[at..].split("  #").next().unwrap())
        })
        .map(|command| command.split('`').next().unwrap())
        .filter(|command| !command.contains(" ui") && !command.contains(" --bless"))
        .collect();
    commands.sort_unstable();
    commands.dedup();
    assert!(commands.len() >= 12, "{commands:#?}");
    for command in commands {
        let output = std::process::Command::new("sh")
            .args(["-c", command])
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{command}: {}",
            stderr(&output)
        );
        if command.contains(" trace ") {
            assert!(stdout(&output).contains("violated"), "{command}");
        }
    }
}

#[test]
fn names_are_explained() {
    for (name, says) in [
        (
            "stable-pin-mkclean",
            "rule take-hold-mkclean @ splice_folio_into_pipe",
        ),
        ("untorn", "in that folio together, at one instant"),
        ("write-vs-splice", "task writer: write"),
        ("tee", "tee is a group of"),
        ("mmap-store", "stores through a shared mapping"),
        ("page_mkwrite", "confirm-folio-version: bump-on-mkwrite"),
        ("S5a", "pipe_read (fs/pipe.c): report the bytes as read"),
        ("H16", "iomap: a cached mapping goes stale"),
        ("hold-works-when-clean", "is a claim"),
    ] {
        let output = run(&["explain", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(
            stdout(&output).contains(says),
            "{name}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn shells_and_man_are_served() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("explain"), "{shell}");
    }
    let output = run(&["man"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(".TH foliocheck 1"));
    assert!(stdout(&output).contains("Exit codes"));
}

#[test]
fn colour_is_as_asked_for() {
    let colour = |when: &str| {
        let args = [
            "trace",
            "stable-pin",
            "mmap-store-dirty-pte",
            "snapshot",
            "--color",
            when,
        ];
        stdout(&run(&args)).contains('\u{1b}')
    };
    assert!(colour("always"));
    assert!(!colour("never"));
    assert!(!colour("auto"), "piped");
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
        ("groups", &["id", "title"]),
        ("calls", &["id", "title"]),
        ("hooks", &["id", "title"]),
        ("claims", &["id", "title"]),
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
