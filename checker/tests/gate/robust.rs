//! What goes wrong around the gate: files that cannot be read or written, somebody else at work, an
//! interrupt. Each has a clear error, and nothing is lost.

use std::fs;
use std::process::{Command, Stdio};

use crate::place::{Place, in_cell, said};

/// What is damaged, how, and what the error must say.
type Case<'a> = (&'a str, &'a str, &'a dyn Fn(&str) -> String, &'a [&'a str]);

/// A file called `trace` is a stored counterexample.
const UNREADABLE: &[Case<'static>] = &[
    (
        "newer schema",
        "verdicts.json",
        &|t| t.replace("\"schema\":2", "\"schema\":3"),
        &["verdicts.json", "schema 3, but this program reads schema 2"],
    ),
    (
        "half a file",
        "verdicts.json",
        &|t| t[..t.len() / 2].to_owned(),
        &["verdicts.json:", "EOF"],
    ),
    (
        "another verdict",
        "verdicts.json",
        &|t| t.replacen("\"holds\"", "\"maybe\"", 1),
        &["verdicts.json:", "unknown variant `maybe`", "`holds`"],
    ),
    (
        "a newer trace",
        "trace",
        &|t| t.replace("\"schema\":\"1\"", "\"schema\":\"2\""),
        &[
            "stable-pin.deadlock-free",
            "schema 2, but this program reads schema 1",
        ],
    ),
    (
        "an unknown variable",
        "trace",
        &|t| t.replacen("\"pipe0.mutex\":\"-\"", "\"pipe0.color\":\"-\"", 1),
        &[
            "stable-pin.deadlock-free",
            "state 0, pipe0.color: unknown variable; vars are:",
        ],
    ),
];

#[test]
fn what_cannot_be_read_is_refused_and_kept() {
    let place = Place::blessed();
    let good = place.files();
    let refused = |what: &str, expected: &[&str]| {
        let before = place.files();
        for args in [&[][..], &["--bless"]] {
            let output = place.gate(args);
            assert_eq!(output.status.code(), Some(2), "{what}: {}", said(&output));
            for part in expected {
                assert!(said(&output).contains(part), "{what}: {}", said(&output));
            }
        }
        assert!(place.files() == before, "{what}: nothing is lost");
        for (path, bytes) in &good {
            fs::write(place.results().join(path), bytes).unwrap();
        }
    };
    for (what, file, change, expected) in UNREADABLE {
        let file = match *file {
            "trace" => place.a_trace(),
            file => file.to_owned(),
        };
        place.tamper(&file, change);
        refused(what, expected);
    }
    fs::write(place.results().join("verdicts.json"), [0xff, 0xfe]).unwrap();
    refused("not UTF-8", &["verdicts.json", "UTF-8"]);
}

#[test]
fn one_at_a_time() {
    let place = Place::blessed();
    let good = place.files();
    let folder = fs::File::open(place.results()).unwrap();
    folder.lock().unwrap();
    for args in [&[][..], &["--bless"]] {
        let output = place.gate(args);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).contains("another foliocheck is at work"),
            "{}",
            said(&output)
        );
    }
    folder.unlock().unwrap();
    // Readers do not disturb each other.
    folder.lock_shared().unwrap();
    assert_eq!(place.gate(&[]).status.code(), Some(0));
    let output = place.gate(&["--bless"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    folder.unlock().unwrap();
    assert_eq!(place.gate(&["--bless"]).status.code(), Some(0));
    assert!(place.files() == good);
}

/// Files may not grow beyond a few blocks, as on a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_changes_nothing() {
    let place = Place::blessed();
    place.tamper("verdicts.json", |text| in_cell(text, |_| None));
    place.tamper("README.md", |text| text.replace("violated 19", "holds"));
    let before = place.files();
    let command = place.command(&["--bless"]);
    let mut line = String::from("trap '' XFSZ; ulimit -f 8; exec");
    for word in std::iter::once(command.get_program()).chain(command.get_args()) {
        line = format!("{line} '{}'", word.to_string_lossy());
    }
    let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("File too large"),
        "{}",
        said(&output)
    );
    assert!(place.files() == before, "neither changed nor left behind");
}

/// A folder in which nobody can write, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written() {
    let place = Place::empty();
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliocheck"));
    command
        .arg("gate")
        .arg("--scenarios")
        .arg(place.dir.path().join("scenarios"));
    command.args(["--results", "/proc/results", "--bless"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("/proc/results"), "{}", said(&output));
}

/// The same for who is not root: what is there can be read, and is compared.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_compared_and_not_changed() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::blessed();
    place.tamper("README.md", |text| text.replace("violated 19", "holds"));
    let mode =
        |mode| fs::set_permissions(place.results(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    if fs::write(place.results().join("probe"), "").is_ok() {
        eprintln!("skipped: this user writes to read-only folders");
        return;
    }
    let before = place.files();
    assert_eq!(place.gate(&[]).status.code(), Some(1));
    let output = place.gate(&["--bless"]);
    mode(0o755);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("Permission denied"),
        "{}",
        said(&output)
    );
    assert!(place.files() == before);
}

/// Everything, into an empty folder: it is interrupted long before it could write.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt as _;
    let results = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(["gate", "--bless", "--jobs", "1", "--results"])
        .arg(results.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is under way once it has locked the folder.
    let folder = fs::File::open(results.path()).unwrap();
    while folder.try_lock().is_ok() {
        folder.unlock().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let id = child.id().to_string();
    let killed = Command::new("sh")
        .args(["-c", &format!("kill -INT {id}")])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{:?}: {}",
        output.status.signal(),
        said(&output)
    );
    assert!(said(&output).contains("interrupted"), "{}", said(&output));
    assert_eq!(
        fs::read_dir(results.path()).unwrap().count(),
        0,
        "something was left behind"
    );
}
