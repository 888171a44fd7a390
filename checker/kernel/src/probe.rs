//! What this machine allows.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Serialize;

use crate::observe;
use crate::place::{self, FileSystem, Scratch};
use crate::sys::{self, Mapping, PAGE};

/// One thing that is asked of the machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ability {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether it works here.
    pub works: bool,
    /// What was found, or why it does not work.
    pub reason: String,
}

/// Everything that was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Probe {
    /// `uname -r`.
    pub kernel: String,
    /// Processors.
    pub cpus: usize,
    /// The abilities.
    pub abilities: Vec<Ability>,
}

impl Probe {
    /// The ability of that name.
    pub fn ability(&self, id: &str) -> Option<&Ability> {
        self.abilities.iter().find(|a| a.id == id)
    }

    /// Whether that works here.
    pub fn allows(&self, id: &str) -> bool {
        self.ability(id).is_some_and(|a| a.works)
    }
}

/// The release of the running kernel.
pub fn kernel() -> String {
    rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned()
}

/// Processors that this process may use.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Asks everything. Makes each file system once, in a folder of its own, and removes it. Waits as long as `wait`
/// for another run to end.
pub fn probe(wait: Duration) -> Probe {
    let mut abilities = Vec::new();
    let mut add = |id: &str, purpose, found: Result<String, String>| {
        let (works, reason) = match found {
            Ok(reason) => (true, reason),
            Err(reason) => (false, reason),
        };
        let id = id.to_owned();
        abilities.push(Ability {
            id,
            purpose,
            works,
            reason,
        });
    };
    add("root", "to mount, and to be told frame numbers", root());
    add("cc", "to build the programs of `reproduce`", compiler());
    let scratch = Scratch::begin(wait);
    match scratch {
        Err(error) => {
            for fs in FileSystem::ALL {
                add(fs.name(), MAKE, Err(error.to_string()));
            }
            add("freeze", FREEZE, Err(error.to_string()));
        }
        Ok(mut scratch) => {
            for fs in FileSystem::ALL {
                add(fs.name(), MAKE, file_system(&mut scratch, fs));
            }
            add("freeze", FREEZE, freeze(&mut scratch));
            let found = scratch.end().map(|()| "nothing is left".to_owned());
            add("undo", "to leave nothing behind", found.map_err(text));
        }
    }
    add("pagemap", "to find the frame of a page", pagemap());
    add(
        "kpageflags",
        "to see the flags of a folio",
        readable("/proc/kpageflags"),
    );
    add(
        "userfaultfd",
        "to hold a system call at its source buffer",
        sys::userfaultfd()
            .map(|_| "faults of the kernel included".to_owned())
            .map_err(text),
    );
    add("stack", "to see where a thread is blocked", stack());
    add(
        "btf",
        "to know the layout of the kernel's structures",
        readable("/sys/kernel/btf/vmlinux"),
    );
    add(
        "bpf",
        "to read the kernel's structures",
        sys::Reader::load()
            .and_then(|reader| reader.word(0))
            .map(|_| "a program of type SYSCALL was loaded and run".to_owned())
            .map_err(text),
    );
    Probe {
        kernel: kernel(),
        cpus: cpus(),
        abilities,
    }
}

const MAKE: &str = "to make and mount it";
const FREEZE: &str = "to hold writeback in flight (nothing here does yet)";

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn root() -> Result<String, String> {
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        Ok("uid 0".to_owned())
    } else {
        Err(format!("uid {}", uid.as_raw()))
    }
}

fn compiler() -> Result<String, String> {
    let output = Command::new("cc").arg("-dumpfullversion").output();
    match output {
        Ok(output) if output.status.success() => Ok(format!(
            "version {}",
            String::from_utf8_lossy(&output.stdout).trim()
        )),
        Ok(output) => Err(format!("cc ends with {}", output.status)),
        Err(error) => Err(format!("cc: {error}")),
    }
}

fn file_system(scratch: &mut Scratch, fs: FileSystem) -> Result<String, String> {
    let place = scratch.place(fs).map_err(text)?;
    std::fs::write(place.dir().join("probe"), b"probe").map_err(text)?;
    Ok(match place.image() {
        Some(_) => "image, loop device, mkfs, mount".to_owned(),
        None => format!("a folder: {}", place.dir().display()),
    })
}

/// Freezes a file system that was made for it, and thaws it.
fn freeze(scratch: &mut Scratch) -> Result<String, String> {
    if !rustix::process::geteuid().is_root() {
        return Err("needs root".to_owned());
    }
    let place = scratch.place(FileSystem::Ext4).map_err(text)?;
    for flag in ["-f", "-u"] {
        let status = Command::new("fsfreeze")
            .env("PATH", place::path())
            .arg(flag)
            .arg(place.dir())
            .stderr(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("fsfreeze {flag} ends with {status}")),
            Err(error) => return Err(format!("fsfreeze: {error}")),
        }
    }
    Ok("frozen and thawed".to_owned())
}

fn readable(path: &str) -> Result<String, String> {
    File::open(Path::new(path))
        .map(|_| "readable".to_owned())
        .map_err(|error| format!("{path}: {error}"))
}

fn pagemap() -> Result<String, String> {
    let pagemap = File::open("/proc/self/pagemap").map_err(text)?;
    let memory = Mapping::anonymous(PAGE).map_err(text)?;
    memory.store(0, b"x");
    match observe::frame(&pagemap, memory.address()).map_err(text)? {
        Some(_) => Ok("frame numbers are told".to_owned()),
        None => Err("frame numbers are not told (needs root)".to_owned()),
    }
}

fn stack() -> Result<String, String> {
    let tid = rustix::thread::gettid();
    let path = format!("/proc/self/task/{tid}/stack");
    match std::fs::read_to_string(&path) {
        Ok(_) => Ok("readable".to_owned()),
        Err(error) => Err(format!("{path}: {error}")),
    }
}
