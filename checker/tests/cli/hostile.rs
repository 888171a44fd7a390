//! Numbers out of all proportion, a disk that is full, an environment that is wrong: a clear error, no panic.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use crate::{folder, run, stderr, stdout};

const SMALL: [&str; 5] = ["check", "--scheme", "copy", "--scenario", "write-vs-splice"];

fn no_panic(output: &Output) {
    let error = stderr(output);
    assert!(!error.contains("panicked"), "{error}");
    assert!(output.status.code().is_some(), "a signal: {error}");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (option, value, expected) in [
        ("--jobs", "18446744073709551615", "expected 1 to 1024"),
        ("--jobs", "1025", "expected 1 to 1024"),
        ("--jobs", "0", "expected 1 or more"),
        (
            "--max-memory",
            "17592186044416",
            "expected 1 to 17592186044415",
        ),
        ("--max-memory", "99999999999999999999", "whole number"),
        ("--timeout", "99999999999999999999y", "invalid value"),
    ] {
        let output = run(&[&SMALL[..], &[option, value]].concat());
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let output = run(&[&SMALL[..], &["--jobs", "1024"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_no_report() {
    let here = folder();
    let dir = here.path().to_str().expect("UTF-8");
    let scenarios = here.path().join("scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    let name = "write-vs-splice.toml";
    std::fs::copy(crate::own_scenario(name), scenarios.join(name)).unwrap();
    let junit = here.path().join("junit.xml");
    let output = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(["gate", "--scenarios", scenarios.to_str().expect("UTF-8")])
        .args(["--results", dir, "--junit", junit.to_str().expect("UTF-8")])
        .stdout(File::options().write(true).open("/dev/full").unwrap())
        .output()
        .expect("it starts");
    no_panic(&output);
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    assert!(
        error.contains("standard output: No space left on device"),
        "{error}"
    );
    assert!(
        std::fs::read_to_string(junit)
            .unwrap()
            .contains("<testsuite")
    );
    for args in [
        &["list", "schemes"][..],
        &["claims", "a-reference-changes"],
        &SMALL,
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
            .args(args)
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .expect("it starts");
        no_panic(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(["list", "steps"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    no_panic(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn settings_of_loom_that_are_no_numbers_are_named() {
    for name in [
        "LOOM_MAX_BRANCHES",
        "LOOM_MAX_PERMUTATIONS",
        "LOOM_CHECKPOINT_INTERVAL",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
            .args(SMALL)
            .args(["--engine", "loom", "--invariant", "snapshot"])
            .env(name, "abc")
            .output()
            .expect("it starts");
        no_panic(&output);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        assert!(
            stderr(&output).contains(&format!("{name} is `abc`")),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn the_number_of_workers_is_not_taken_from_the_environment() {
    use std::io::{BufRead as _, BufReader};
    for value in ["0", "abc"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
            .arg("ui")
            .env("TOKIO_WORKER_THREADS", value)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("piped"));
        reader.read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(line.starts_with("http://127.0.0.1:"), "{value}: {line}");
    }
}

/// A folder with that one file in it is refused, at once and with that message.
fn folder_refused(dir: &std::path::Path, message: &str) {
    let output = run(&[
        "--scenarios",
        dir.to_str().expect("UTF-8"),
        "list",
        "scenarios",
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    let error = stderr(&output);
    assert!(error.contains(message), "{error}");
    assert_eq!(error.lines().count(), 1, "one line: {error}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_scenario() {
    let here = folder();
    let made = Command::new("mkfifo")
        .arg(here.path().join("a.toml"))
        .status();
    assert!(made.is_ok_and(|m| m.success()));
    folder_refused(here.path(), "a.toml: not a regular file");
    for target in ["/dev/zero", "/"] {
        let here = folder();
        std::os::unix::fs::symlink(target, here.path().join("a.toml")).unwrap();
        folder_refused(here.path(), "a.toml: not a regular file");
    }
}

#[test]
fn files_out_of_all_proportion_are_refused() {
    let head = "title = \"t\"\nabout = \"a\"\ngroups = [\"quick\"]\n";
    let write = "{ call = \"write\", folios = [0] }";
    let task =
        |name: &str, calls: &str| format!("[[task]]\nname = \"{name}\"\ncalls = [{calls}]\n");
    let tasks: String = (0..3000).map(|n| task(&format!("w{n}"), write)).collect();
    let deep = format!("x = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    for (text, message) in [
        (
            format!(
                "{head}pipes = [{}]\n[[folio]]\n{}",
                "1, ".repeat(3000),
                task("w", write)
            ),
            "3000 pipes, expected at most 4",
        ),
        (
            format!(
                "{head}[[folio]]\n{}",
                task("w", &format!("{write}, ").repeat(1_000_000))
            ),
            "a.toml: more than 1048576 bytes",
        ),
        (
            format!(
                "{head}[[folio]]\n{}",
                task("w", &format!("{write}, ").repeat(20_000))
            ),
            "20000 calls, expected 1 to 16",
        ),
        (
            format!(
                "{head}{}{}",
                "[[folio]]\n".repeat(3_000_000),
                task("w", write)
            ),
            "a.toml: more than 1048576 bytes",
        ),
        (
            format!("{head}{}{}", "[[folio]]\n".repeat(50_000), task("w", write)),
            "50000 folios, expected 1 to 4",
        ),
        (
            format!("{head}[[folio]]\n{tasks}"),
            "3000 tasks, expected 1 to 8",
        ),
        (format!("{head}{deep}"), "a.toml:4"),
    ] {
        let here = folder();
        std::fs::write(here.path().join("a.toml"), text).unwrap();
        folder_refused(here.path(), message);
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_forge_no_line() {
    use std::os::unix::ffi::OsStrExt as _;
    let text = std::fs::read(crate::own_scenario("write-vs-splice.toml")).unwrap();
    for name in [
        &b"a\n::error::forged.toml"[..],
        b"\xff.toml",
        b"\xfe.toml",
        "a\u{202e}b.toml".as_bytes(),
        "a\u{fffe}.toml".as_bytes(),
        b"-rf.toml",
        b"a b.toml",
        b"*.toml",
    ] {
        let here = folder();
        std::fs::write(here.path().join(std::ffi::OsStr::from_bytes(name)), &text).unwrap();
        folder_refused(
            here.path(),
            "the file's name is the id; expected letters, digits",
        );
    }
}

#[test]
fn texts_of_scenarios_forge_no_line() {
    let good = std::fs::read_to_string(crate::own_scenario("write-vs-splice.toml")).unwrap();
    let body = format!(
        "groups = [\"quick\"]\n{}",
        &good[good.find("pipes").unwrap()..]
    );
    for (head, message) in [
        (
            "title = \"a\\n::error::x\"\nabout = \"a\"",
            ":1: title: expected one line without \\n",
        ),
        (
            "title = \"a\\u001b[31m\"\nabout = \"a\"",
            ":1: title: expected one line without \\u{1b}",
        ),
        (
            "title = \"a\\uFFFE\"\nabout = \"a\"",
            ":1: title: expected one line without \\u{fffe}",
        ),
        (
            "title = \"a\"\nabout = \"a\\u001b[31m\"",
            ":2: about: expected lines of text without \\u{1b}",
        ),
        (
            "title = \"a\"\nabout = \"a\\u202e\"",
            ":2: about: expected lines of text without \\u{202e}",
        ),
        (
            "title = \"a\"\nabout = \"a\"\nfilesystem = \"x\\n::error::x\"",
            ":3: filesystem: unknown value `x\\n::error::x`",
        ),
    ] {
        let here = folder();
        std::fs::write(here.path().join("a.toml"), format!("{head}\n{body}")).unwrap();
        folder_refused(here.path(), message);
    }
    let here = folder();
    std::fs::write(
        here.path().join("a.toml"),
        b"title = \"a\"\nabout = \"\xff\"",
    )
    .unwrap();
    folder_refused(here.path(), "a.toml:2: toml: expected UTF-8");
}
