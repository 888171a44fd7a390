//! `foliocheck new scenario`: a file to start from.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use foliocheck_specs::names::{ALLOWED, is_name, one_line};
use foliocheck_specs::scenario::Scenario;

use super::out::println;
use super::select::Place;
use crate::command;

/// A scenario with its comments. It says little, and is whole.
const SCENARIO: &str = include_str!("../../../specs/docs/template.toml");

/// Writes `NAME.toml` into the folder of scenarios, or here. A file that is there stays as it is. The exit code.
pub fn scenario(place: &Place, name: &str) -> anyhow::Result<u8> {
    anyhow::ensure!(
        is_name(name),
        "`{}` is no name of a scenario: {ALLOWED}",
        one_line(name)
    );
    let folder = place
        .scenarios
        .clone()
        .unwrap_or_else(|| PathBuf::from("."));
    let path = folder.join(format!("{name}.toml"));
    Scenario::parse(&path, SCENARIO)?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut file = std::fs::File::create_new(&path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(SCENARIO.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let folder = folder.to_string_lossy();
    let here = [
        "check",
        "--scenarios",
        &folder,
        "--scenario",
        name,
        "--scheme",
        "by-reference",
    ];
    println!(
        "{} is written. To run it:\n  {}",
        path.display(),
        command::line(here)
    );
    Ok(0)
}
