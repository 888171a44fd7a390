//! A folder of scenarios and one of results, to be gated and tampered with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Scenarios of one's own, and a folder for their results.
pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    /// With what one run of the gate has blessed.
    pub fn blessed() -> Place {
        let place = Place::empty();
        let output = place.gate(&["--bless"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        place
    }

    pub fn empty() -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("scenarios")).unwrap();
        for name in [
            "write-after-splice.toml",
            "splice-then-write-same-thread.toml",
        ] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../specs/scenarios")
                .join(name);
            fs::copy(from, dir.path().join("scenarios").join(name)).unwrap();
        }
        Place { dir }
    }

    pub fn results(&self) -> PathBuf {
        self.dir.path().join("results")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foliocheck"));
        command
            .arg("gate")
            .arg("--scenarios")
            .arg(self.dir.path().join("scenarios"))
            .arg("--results")
            .arg(self.results())
            .args(args);
        command
    }

    pub fn gate(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("it starts")
    }

    /// Every file of the results, by path.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.results(), &mut files);
        let strip = |(path, bytes): (PathBuf, _)| {
            let path = path.strip_prefix(self.results()).unwrap().to_owned();
            (path, bytes)
        };
        files.into_iter().map(strip).collect()
    }

    /// Changes a file of the results.
    pub fn tamper(&self, name: &str, change: impl Fn(&str) -> String) {
        let path = self.results().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{name}: nothing was tampered with");
        fs::write(path, changed).unwrap();
    }

    pub fn a_trace(&self) -> String {
        let is = |path: &&PathBuf| path.to_string_lossy().contains("stable-pin.deadlock-free");
        let files = self.files();
        let mut traces = files.keys().filter(is);
        let trace = traces.find(|p| p.to_string_lossy().ends_with(".itf.json"));
        trace.expect("a stored trace").display().to_string()
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// All that it printed.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Replaces the first line that contains all of `marks`.
pub fn in_line(text: &str, marks: &[&str], change: impl Fn(&str) -> Option<String>) -> String {
    let mut done = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if !done && marks.iter().all(|m| line.contains(m)) {
            done = true;
            lines.extend(change(line));
        } else {
            lines.push(line.to_owned());
        }
    }
    assert!(done, "no line with {marks:?}");
    lines.join("\n") + "\n"
}

/// The last line of an array has no comma.
pub fn mended(text: &str) -> String {
    text.replace(",\n]}", "\n]}")
}

/// What marks the line of a verdict that is *violated*, in 19 steps.
pub const CELL: [&str; 3] = ["\"by-reference\"", "\"write-after-splice\"", "\"snapshot\""];

/// Changes that line.
pub fn in_cell(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    mended(&in_line(text, &CELL, change))
}
