//! Bad input: exit code 2, and what is allowed.

use crate::{folder, run, stderr};

#[test]
fn an_error_of_the_system_is_told_once() {
    let output = run(&["check", "--scenarios", "/no/such/folder"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert_eq!(text.matches("No such file").count(), 1, "{text}");
    assert!(text.contains("/no/such/folder"), "{text}");
}

#[test]
fn bad_input_exits_with_2_and_says_what_there_is() {
    let table: &[(&[&str], &str)] = &[
        (
            &["check", "--scenario", "nothing*"],
            "no scenario `nothing*`",
        ),
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
        (
            &["show", "program", "tee", "--scenario", "write-vs-splice"],
            "does not make the call",
        ),
        (&["list", "nothing"], "possible values"),
        (
            &[
                "trace",
                "copy",
                "write-vs-splice",
                "untorn",
                "--engine",
                "loom",
                "--full",
            ],
            "cannot be used with",
        ),
        (&["check", "--bug", "nothing"], "no bug `nothing`"),
        (
            &["check", "--bug", "H01", "--scheme", "copy"],
            "cannot be used with",
        ),
        (&["ablate"], "<SCHEME>"),
        (&["ablate", "nothing"], "no scheme `nothing`"),
        (
            &["ablate", "copy", "--scenario", "nothing"],
            "no scenario `nothing`",
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
        (&["claims", "nothing"], "no claim `nothing`"),
        (
            &["claims", "a-counter-is-needed", "--bless"],
            "nothing blessed",
        ),
        (
            &["--scenarios", "no/such/folder", "check"],
            "no/such/folder",
        ),
    ];
    answered_with_2(table);
}

#[test]
fn a_wrong_name_is_answered_with_the_near_one() {
    answered_with_2(&[
        (
            &["check", "--scheme", "stabel-pin"],
            "did you mean `stable-pin`?",
        ),
        (
            &["check", "--invariant", "snapshots"],
            "did you mean `snapshot`?",
        ),
        (&["check", "--group", "tea"], "did you mean `tee`?"),
        (
            &["show", "program", "mmapstore"],
            "did you mean `mmap-store`",
        ),
        (&["check", "--bug", "16"], "did you mean `H16`?"),
        (&["explain", "stable-pinn"], "did you mean `stable-pin`"),
        (
            &["explain", "zebra"],
            "nothing is called `zebra`. Schemes, invariants,",
        ),
        (
            &["new", "scenario", "../escaped"],
            "`../escaped` is no name of a scenario: letters, digits,",
        ),
        (&["gate", "--bless", "--seed", "3"], "cannot be used with"),
    ]);
}

fn answered_with_2(table: &[(&[&str], &str)]) {
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
