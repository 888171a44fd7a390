//! The scheme is gated as its owner would do it: against the results that are committed beside it.

use std::path::Path;
use std::process::{Command, Output};

fn gate(results: &Path, more: &[&str]) -> Output {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_own-scheme"))
        .arg("gate")
        .arg("--scenarios")
        .arg(here.join("scenarios"))
        .arg("--results")
        .arg(results)
        .args(more)
        .output()
        .expect("it starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_committed_results_are_reproduced() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let output = gate(&results, &[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("gate: complete:"), "{text}");
}

#[test]
fn the_scheme_is_in_them() {
    let results = tempfile::tempdir().expect("a folder");
    let output = gate(results.path(), &["--bless"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let page = std::fs::read_to_string(results.path().join("README.md")).expect("a page");
    let row = |scheme: &str| {
        let mut lines = page
            .lines()
            .filter(|l| l.starts_with(&format!("| {scheme} |")));
        lines.next().unwrap_or_default().to_owned()
    };
    assert!(row("by-reference").contains("violated"), "{page}");
    assert!(row("busy-bit").contains("violated"), "{page}");
    assert!(page.contains("traces/busy-bit.snapshot."), "{page}");
}
