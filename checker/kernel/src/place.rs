//! Scratch file systems: an image in a temporary folder, a loop device, a file system, a mount.
//!
//! A [`Scratch`] is a folder, a lock and a watchdog. The lock is one a user and machine: never is more than one of
//! them there. The watchdog is a shell that waits for the end of its standard input, which the kernel closes however
//! the program ends: by returning, by a panic, by Ctrl-C, by `kill -9`. Then it thaws and unmounts what is mounted in
//! the folder, detaches loop devices whose image lies there, and removes the folder. Dropping a [`Scratch`] is the
//! same: it closes that input and waits. The lock is held until the watchdog is done.
//!
//! Without root there is nothing to mount: a folder of the temporary folder or of `/dev/shm` has to do, if it lies
//! on the file system that is asked for.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;

/// A file system that can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileSystem {
    /// XFS, as `mkfs.xfs` makes it.
    Xfs,
    /// ext4, as `mkfs.ext4` makes it.
    Ext4,
    /// btrfs, as `mkfs.btrfs` makes it.
    Btrfs,
    /// tmpfs.
    Tmpfs,
}

impl FileSystem {
    /// All of them.
    pub const ALL: [FileSystem; 4] = [
        FileSystem::Xfs,
        FileSystem::Ext4,
        FileSystem::Btrfs,
        FileSystem::Tmpfs,
    ];

    /// Its name, as `mount -t` takes it.
    pub fn name(self) -> &'static str {
        match self {
            FileSystem::Xfs => "xfs",
            FileSystem::Ext4 => "ext4",
            FileSystem::Btrfs => "btrfs",
            FileSystem::Tmpfs => "tmpfs",
        }
    }

    /// The program that makes it and its options; none for tmpfs.
    pub fn mkfs(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            FileSystem::Xfs => Some(("mkfs.xfs", &["-q", "-f"])),
            FileSystem::Ext4 => Some(("mkfs.ext4", &["-q", "-F"])),
            FileSystem::Btrfs => Some(("mkfs.btrfs", &["-q", "-f"])),
            FileSystem::Tmpfs => None,
        }
    }

    /// `f_type` of statfs(2).
    fn magic(self) -> i64 {
        match self {
            FileSystem::Xfs => 0x5846_5342,
            FileSystem::Ext4 => 0xEF53,
            FileSystem::Btrfs => 0x9123_683E,
            FileSystem::Tmpfs => 0x0102_1994,
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FileSystem {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = FileSystem::ALL.into_iter().find(|fs| fs.name() == text);
        found.ok_or_else(|| {
            let all = FileSystem::ALL.map(FileSystem::name).join(", ");
            format!("no file system `{text}`; there are: {all}")
        })
    }
}

/// Why there is no scratch file system.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Another program holds the lock.
    #[error("another run is under way (process {0}): there is never more than one at a time")]
    Busy(String),
    /// A program that is needed is not installed.
    #[error("{program} cannot be started ({source}); it is in the Debian package {package}")]
    Missing {
        /// The program.
        program: &'static str,
        /// Where it comes from.
        package: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program fails.
    #[error("{command}: {message}")]
    Failed {
        /// What was run.
        command: String,
        /// What it said.
        message: String,
    },
    /// Not root, and no folder is on that file system.
    #[error("{0} has to be mounted, which needs root; neither {1} nor /dev/shm is on it")]
    NotRoot(FileSystem, String),
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Undoes everything in the folder `$1`. `$2` is empty, or a folder outside of it that goes as well.
const UNDO: &str = r#"
trap '' INT TERM HUP QUIT PIPE
dir=$1
cat >/dev/null
left=0
while read -r device mount rest; do
    mount=$(printf '%b' "$mount")
    case $mount in
    "$dir"/*)
        fsfreeze -u "$mount" 2>/dev/null
        tries=0
        until umount "$mount" 2>/dev/null; do
            tries=$((tries + 1))
            if [ "$tries" -gt 50 ]; then umount -l "$mount" || left=1; break; fi
            sleep 0.1
        done
        ;;
    esac
done </proc/self/mounts
losetup -n -O NAME,BACK-FILE 2>/dev/null | while read -r loop image; do
    case $image in "$dir"/*) losetup -d "$loop" ;; esac
done
rm -rf --one-file-system "$dir"
if [ -n "$2" ]; then rm -rf --one-file-system "$2"; fi
exit $left
"#;

/// How long dropping waits for the watchdog before it says that something is left.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder for scratch file systems; everything in it is undone when it is dropped, and when the program ends.
#[derive(Debug)]
pub struct Scratch {
    dir: PathBuf,
    watchdog: Child,
    root: bool,
    made: usize,
}

impl Scratch {
    /// Takes the lock, for which it waits as long as `wait`, and starts the watchdog.
    ///
    /// # Errors
    /// If another run holds the lock, or the folder or the watchdog cannot be made.
    pub fn begin(wait: Duration) -> Result<Scratch, PlaceError> {
        let lock = lock(wait)?;
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| PlaceError::Io { path, source }
        };
        let parent = std::env::temp_dir();
        let dir = tempfile::Builder::new()
            .prefix("foliocheck-")
            .tempdir_in(&parent)
            .and_then(|dir| dir.keep().canonicalize())
            .map_err(io(&parent))?;
        let root = rustix::process::geteuid().is_root();
        let beside = PathBuf::from("/dev/shm").join(dir.file_name().unwrap_or_default());
        let started = Command::new("/bin/sh")
            .args(["-c", UNDO, "foliocheck-watchdog"])
            .arg(&dir)
            .arg(if root { Path::new("") } else { &beside })
            .stdin(Stdio::piped())
            // The lock goes with its last copy, which is this one.
            .stdout(lock)
            .stderr(Stdio::null())
            .current_dir("/")
            .env("PATH", path())
            // A Ctrl-C is sent to the group of the terminal: it must not reach the watchdog.
            .process_group(0)
            .spawn();
        match started {
            Ok(watchdog) => Ok(Scratch {
                dir,
                watchdog,
                root,
                made: 0,
            }),
            Err(source) => {
                let _ = std::fs::remove_dir(&dir);
                Err(io(Path::new("/bin/sh"))(source))
            }
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A fresh file system.
    ///
    /// # Errors
    /// If a program is missing or fails, or without root if no folder is on that file system.
    pub fn place(&mut self, fs: FileSystem) -> Result<Place, PlaceError> {
        self.place_with(fs, &[])
    }

    /// The same, with more options for mkfs.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn place_with(&mut self, fs: FileSystem, options: &[&str]) -> Result<Place, PlaceError> {
        self.made += 1;
        if !self.root {
            return self.folder(fs);
        }
        let dir = self.dir.join(format!("{fs}-{}", self.made));
        std::fs::create_dir(&dir).map_err(|source| PlaceError::Io {
            path: dir.clone(),
            source,
        })?;
        let Some((mkfs, default)) = fs.mkfs() else {
            run("mount", "mount", |c| {
                c.args(["-t", "tmpfs", "-o", "size=64m", "foliocheck"])
                    .arg(&dir)
            })?;
            return Ok(Place {
                fs,
                dir,
                image: None,
            });
        };
        let image = dir.with_extension("img");
        File::create(&image)
            .and_then(|file| file.set_len(IMAGE))
            .map_err(|source| PlaceError::Io {
                path: image.clone(),
                source,
            })?;
        let package = match fs {
            FileSystem::Xfs => "xfsprogs",
            FileSystem::Btrfs => "btrfs-progs",
            _ => "e2fsprogs",
        };
        run(mkfs, package, |c| c.args(default).args(options).arg(&image))?;
        let device = run("losetup", "mount", |c| {
            c.args(["--find", "--show"]).arg(&image)
        })?;
        let device = device.trim();
        run("mount", "mount", |c| {
            c.args(["-t", fs.name(), device]).arg(&dir)
        })?;
        // From now on the device goes with the mount.
        run("losetup", "mount", |c| c.args(["-d", device]))?;
        Ok(Place {
            fs,
            dir,
            image: Some(image),
        })
    }

    fn folder(&self, fs: FileSystem) -> Result<Place, PlaceError> {
        let name = self.dir.file_name().unwrap_or_default();
        let sub = format!("{fs}-{}", self.made);
        for base in [self.dir.clone(), Path::new("/dev/shm").join(name)] {
            let Some(parent) = base.parent() else {
                continue;
            };
            let here = rustix::fs::statfs(parent).map(|s| s.f_type);
            if here != Ok(fs.magic()) {
                continue;
            }
            let dir = base.join(&sub);
            std::fs::create_dir_all(&dir).map_err(|source| PlaceError::Io {
                path: dir.clone(),
                source,
            })?;
            return Ok(Place {
                fs,
                dir,
                image: None,
            });
        }
        let parent = self.dir.parent().unwrap_or(&self.dir);
        Err(PlaceError::NotRoot(fs, parent.display().to_string()))
    }

    /// Undoes everything and says whether nothing is left.
    ///
    /// # Errors
    /// If something stays mounted or looped.
    pub fn end(mut self) -> Result<(), PlaceError> {
        self.undo()
    }

    fn undo(&mut self) -> Result<(), PlaceError> {
        let failed = |message: String| PlaceError::Failed {
            command: format!("cleaning {}", self.dir.display()),
            message,
        };
        drop(self.watchdog.stdin.take());
        let begun = Instant::now();
        loop {
            match self.watchdog.try_wait() {
                Ok(Some(status)) if status.success() && !self.dir.exists() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(failed(format!("the watchdog ended with {status}")));
                }
                Err(error) => return Err(failed(error.to_string())),
                Ok(None) if begun.elapsed() > PATIENCE => {
                    return Err(failed("the watchdog is not done yet".to_owned()));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.watchdog.stdin.is_some()
            && let Err(error) = self.undo()
        {
            eprintln!("foliocheck: {error}");
        }
    }
}

/// Size of an image; sparse. mkfs.xfs refuses less than 300 MiB, and mkfs.ext4 takes blocks of 1 KiB below 512 MiB.
const IMAGE: u64 = 640 << 20;

/// A fresh file system, mounted; or a folder on one.
#[derive(Clone, Debug)]
pub struct Place {
    fs: FileSystem,
    dir: PathBuf,
    image: Option<PathBuf>,
}

impl Place {
    /// Which file system.
    pub fn file_system(&self) -> FileSystem {
        self.fs
    }

    /// Where it is mounted.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file below it, if it was made here.
    pub fn image(&self) -> Option<&Path> {
        self.image.as_deref()
    }
}

/// Where the lock is: one a user.
pub fn lock_file() -> PathBuf {
    let uid = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("foliocheck-kernel-{uid}.lock"))
}

fn lock(wait: Duration) -> Result<File, PlaceError> {
    let path = lock_file();
    let io = |source| PlaceError::Io {
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .map_err(io)?;
    let begun = Instant::now();
    while let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(io(error.into()));
        }
        if begun.elapsed() >= wait {
            let mut who = String::new();
            let _ = file.read_to_string(&mut who);
            return Err(PlaceError::Busy(who.trim().to_owned()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(io)?;
    Ok(file)
}

/// Runs a program to its end; what it printed.
fn run(
    program: &'static str,
    package: &'static str,
    arguments: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<String, PlaceError> {
    let mut command = Command::new(program);
    command.env("PATH", path()).stdin(Stdio::null());
    let output = arguments(&mut command).output();
    let output = output.map_err(|source| PlaceError::Missing {
        program,
        package,
        source,
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(PlaceError::Failed {
        command: program.to_owned(),
        message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// PATH, with the folders in which mkfs and losetup are.
pub(crate) fn path() -> String {
    let own = std::env::var("PATH").unwrap_or_default();
    format!("{own}:/usr/sbin:/sbin:/usr/bin:/bin")
}
