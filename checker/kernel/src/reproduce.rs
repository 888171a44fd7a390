//! The programs that show what was found in Linux: written by hand, in C, each one file that stands by itself.
//!
//! A program's exit code: 0 not seen, 10 seen, 2 could not run. Its head says what it shows, where it was seen, and
//! what its controls are. [`Reproducer::write`] also writes a case for fstests around it.
//!
//! Finding 1 has no program here: see [`WITHHELD`].

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::place::FileSystem;
use crate::sys;

/// A finding with a program.
#[derive(Clone, Copy, Debug)]
pub struct Reproducer {
    /// Its name: `finding-3`.
    pub id: &'static str,
    /// What it shows, in a line.
    pub title: &'static str,
    /// The program.
    pub source: &'static str,
    /// Rounds, if nobody says otherwise.
    pub rounds: u32,
    /// Processors that it needs.
    pub cpus: usize,
    /// Groups of its fstests case.
    groups: &'static str,
    /// File systems on which every round shows it, by the kernels that were tried. Elsewhere it is a matter of luck, or
    /// does not happen.
    pub certain_on: &'static [FileSystem],
}

/// Every finding with a program.
pub const ALL: [Reproducer; 2] = [
    Reproducer {
        id: "finding-2",
        title: "reclaim unlocks a dirty folio before it flushes the TLB: fsync returns 0, and a store is lost",
        source: include_str!("../reproducers/finding-2.c"),
        rounds: 200,
        cpus: 2,
        groups: "auto rw mmap",
        certain_on: &[],
    },
    Reproducer {
        id: "finding-3",
        title: "unpinning a page trusts PG_dirty: fsync returns 0, and bytes are lost",
        source: include_str!("../reproducers/finding-3.c"),
        rounds: 20,
        cpus: 1,
        groups: "auto quick rw mmap",
        certain_on: &[FileSystem::Xfs, FileSystem::Ext4],
    },
];

/// Why finding 1 has no program.
pub const WITHHELD: &str = "finding-1 has no program here: a variant of it shows old contents of the disk, and belongs \
     to the kernel's security list first. model/FINDINGS.md says which calls show the rest";

/// The finding of that name.
///
/// # Errors
/// What there is, if there is none of that name.
pub fn by_id(id: &str) -> Result<Reproducer, ReproduceError> {
    if id == "finding-1" {
        return Err(ReproduceError::Withheld);
    }
    ALL.into_iter().find(|r| r.id == id).ok_or_else(|| {
        let known = ALL.map(|r| r.id).join(", ");
        ReproduceError::Unknown(id.to_owned(), known)
    })
}

/// What goes wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReproduceError {
    /// There is no such finding.
    #[error("no finding `{0}` with a program; there are: {1}")]
    Unknown(String, String),
    /// There is, and no program.
    #[error("{WITHHELD}")]
    Withheld,
    /// The compiler fails.
    #[error("cc: {0}")]
    Compiler(String),
    /// A file or a program.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What a program's exit code says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// 0.
    NotSeen,
    /// 10.
    Seen,
    /// 2, any other, or the limit.
    CouldNotRun,
}

/// A program that ran to its end, or was ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ran {
    /// What it found.
    pub shown: Shown,
    /// What it printed.
    pub output: String,
}

impl Reproducer {
    /// The name of its file, without the folder.
    pub fn file(&self) -> String {
        format!("{}.c", self.id)
    }

    /// Writes the program, and a case for fstests around it, into a folder. The files that are written.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, dir: &Path) -> Result<Vec<PathBuf>, ReproduceError> {
        let name = format!("foliocheck-{}", self.id);
        let files = [
            (dir.join(self.file()), self.source.to_owned()),
            (
                dir.join(format!("fstests/src/{name}.c")),
                self.source.to_owned(),
            ),
            (dir.join("fstests/tests/generic/999"), self.case(&name)),
            (
                dir.join("fstests/tests/generic/999.out"),
                "QA output created by 999\nSilence is golden\n".to_owned(),
            ),
        ];
        let mut written = Vec::new();
        for (path, text) in files {
            let io = |source| ReproduceError::Io {
                path: path.clone(),
                source,
            };
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(io)?;
            }
            std::fs::write(&path, text).map_err(io)?;
            if path.ends_with("generic/999") {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(&path, mode).map_err(io)?;
            }
            written.push(path);
        }
        Ok(written)
    }

    /// The case for fstests.
    fn case(&self, name: &str) -> String {
        let Reproducer {
            title,
            groups,
            rounds,
            ..
        } = self;
        format!(
            r#"#! /bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# FS QA Test 999
#
# {title}.
# The program says how. To add the case: give it a free number, and put {name} into
# LINUX_TARGETS of src/Makefile (it needs -lpthread).
#
. ./common/preamble
_begin_fstest {groups}

_require_scratch
_require_odirect
_require_test_program {name}

_scratch_mkfs >>$seqres.full 2>&1
_scratch_mount

$here/src/{name} $SCRATCH_MNT {rounds} >>$seqres.full 2>&1
case $? in
0)	;;
10)	echo "bytes are lost although fsync returned 0, see $seqres.full" ;;
*)	_notrun "{name} could not run, see $seqres.full" ;;
esac

echo "Silence is golden"
status=0
exit
"#
        )
    }

    /// Builds the program in a folder. Warnings are errors.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn build(&self, dir: &Path) -> Result<PathBuf, ReproduceError> {
        let source = dir.join(self.file());
        let program = dir.join(self.id);
        std::fs::write(&source, self.source).map_err(|error| ReproduceError::Io {
            path: source.clone(),
            source: error,
        })?;
        let output = Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([&program, &source])
            .output()
            .map_err(|error| ReproduceError::Compiler(error.to_string()))?;
        if output.status.success() {
            return Ok(program);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(ReproduceError::Compiler(said.into_owned()))
    }

    /// Runs the program that was built, in a folder. It is ended at the limit, and when this program ends.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(
        &self,
        program: &Path,
        dir: &Path,
        rounds: u32,
        limit: Duration,
    ) -> Result<Ran, ReproduceError> {
        let io = |source| ReproduceError::Io {
            path: program.to_owned(),
            source,
        };
        let (mut reader, writer) = std::io::pipe().map_err(io)?;
        let mut command = Command::new(program);
        command
            .arg(dir)
            .arg(rounds.to_string())
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(io)?)
            .stderr(writer);
        sys::die_with_parent(&mut command);
        let mut child = command.spawn().map_err(io)?;
        // The ends that the command still holds: without this, the pipe would never end.
        drop(command);
        let printed = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = reader.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let code = wait(&mut child, limit).map_err(io)?;
        let mut output = printed.join().unwrap_or_default();
        let shown = match code {
            Some(0) => Shown::NotSeen,
            Some(10) => Shown::Seen,
            Some(_) => Shown::CouldNotRun,
            None => {
                output.push_str("ended: it did not finish in time, or was ended by a signal\n");
                Shown::CouldNotRun
            }
        };
        Ok(Ran { shown, output })
    }
}

/// Waits for the end, at most as long as `limit`, and then ends it; its exit code if it came to its end.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<i32>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
