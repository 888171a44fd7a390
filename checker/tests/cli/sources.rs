//! Where scenarios, claims and results come from: not from the place where the program was built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{folder, stderr, stdout};

fn run_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("it starts")
}

/// The folder by the name that the system gives it.
fn canonical(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().canonicalize().expect("it is there")
}

const ONE_VERDICT: &str = r#"{"schema":2,"bounds":[],"verdicts":[{"scheme":"copy","scenario":"write-vs-splice",
"invariant":"snapshot","verdict":"holds","states":1,"transitions":1,"depth":1,"length":null,"engine":"stateright"}]}"#;

#[test]
fn outside_of_a_checkout_nothing_is_committed() {
    let dir = folder();
    let here = canonical(&dir);
    let output = run_in(&here, &["show", "verdicts"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    let why = format!("nothing is committed in {}/results", here.display());
    assert!(stderr(&output).contains(&why), "{}", stderr(&output));

    let check = ["check", "--scheme", "copy", "--scenario", "write-vs-splice"];
    let output = run_in(&here, &check);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let why = format!("for them in {}/results", here.display());
    let text = stdout(&output).replace('\n', " ");
    assert!(text.contains(&why), "{text}");
}

#[test]
fn the_checkout_that_the_folder_is_in_has_the_results() {
    let dir = folder();
    let here = canonical(&dir);
    let inner = here.join("a/results/b");
    for folder in [&here.join("results"), &here.join("specs/scenarios"), &inner] {
        fs::create_dir_all(folder).expect("a folder");
    }
    // Results without scenarios beside them are no checkout.
    for folder in [here.join("results"), here.join("a/results")] {
        fs::write(folder.join("verdicts.json"), ONE_VERDICT).expect("a file");
    }
    let output = run_in(&inner, &["show", "verdicts"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let from = format!("Committed in {}/results, not run now: 1 ", here.display());
    assert!(stdout(&output).contains(&from), "{}", stdout(&output));
    // Its scenarios are not read.
    fs::write(here.join("specs/scenarios/mine.toml"), "no TOML").expect("a file");
    let output = run_in(&inner, &["list", "scenarios"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stdout(&output).contains("mine"));
}

/// A path of the build, asked for at run time, would be read by whoever has the program.
#[test]
fn no_program_knows_where_it_was_built() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = [
        "model/src",
        "specs/src",
        "checker/src",
        "checker/engine/src",
        "checker/kernel/src",
    ]
    .map(|folder| root.join(folder))
    .into();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let text = fs::read_to_string(&path).expect("UTF-8");
                let asks = text.contains("env!(\"CARGO_MANIFEST_DIR\"");
                assert!(!asks, "{}", path.display());
            }
        }
    }
    assert!(files > 100, "{files} files");
}

/// A folder that is named from here, as one types it: verdicts are committed there, and compared.
#[test]
fn a_relative_folder_is_committed_to_and_compared_with() {
    let here = folder();
    let ok = |args: &[&str]| {
        let output = run_in(here.path(), args);
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        said
    };
    ok(&["new", "scenario", "first", "--scenarios", "mine"]);
    for folder in ["mine", "./mine"] {
        let place = ["--scenarios", folder, "--scheme", "copy"];
        ok(&[&["check", "--bless"], &place[..]].concat());
        let said = ok(&[&["check"], &place[..]].concat());
        assert!(said.contains("As committed in"), "{said}");
        std::fs::remove_dir_all(here.path().join("mine/results")).expect("it is there");
    }
}
