//! The command line as scripts use it: exit codes, JSON, errors, printed tables and traces.

mod bad_input;
mod check;
mod docs;
mod forged;
mod hostile;
mod kernel;
mod ledgers;
mod nothing;
mod printed;
mod sources;
mod threads;
mod without;

use std::path::PathBuf;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .args(args)
        .output()
        .expect("it starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A folder of its own for one test, gone afterwards.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn own_scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../specs/scenarios")
        .join(name)
}
