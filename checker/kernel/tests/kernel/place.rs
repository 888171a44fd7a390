//! Nothing stays behind, however the program ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foliocheck_kernel::place::{FileSystem, PlaceError, Scratch};

use crate::{WAIT, allowed};

const ALL: [&str; 5] = ["root", "xfs", "ext4", "btrfs", "tmpfs"];

/// What of a folder is still mounted, looped or there.
fn left(dir: &Path) -> Vec<String> {
    let name = dir.to_str().expect("UTF-8");
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    let mut left: Vec<String> = mounts
        .lines()
        .filter(|line| line.contains(name))
        .map(|line| format!("mounted: {line}"))
        .collect();
    for entry in std::fs::read_dir("/sys/block").expect("block devices") {
        let file = entry.expect("an entry").path().join("loop/backing_file");
        if let Ok(image) = std::fs::read_to_string(file)
            && image.contains(name)
        {
            left.push(format!("looped: {image}"));
        }
    }
    if dir.exists() {
        left.push(format!("there: {name}"));
    }
    left
}

fn all_places(scratch: &mut Scratch) {
    for fs in FileSystem::ALL {
        let place = scratch.place(fs).expect("a file system");
        std::fs::write(place.dir().join("file"), b"bytes").expect("it takes files");
        let type_of = Command::new("stat")
            .args(["-f", "-c", "%T"])
            .arg(place.dir())
            .output()
            .expect("stat");
        let name = String::from_utf8(type_of.stdout).expect("UTF-8");
        let expected = match fs {
            FileSystem::Ext4 => "ext2/ext3",
            other => other.name(),
        };
        assert_eq!(name.trim(), expected);
    }
}

#[test]
fn dropping_leaves_nothing() {
    if !allowed("dropping_leaves_nothing", &ALL) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let dir = scratch.dir().to_owned();
    all_places(&mut scratch);
    assert_eq!(
        left(&dir)
            .iter()
            .filter(|l| l.starts_with("mounted"))
            .count(),
        4
    );
    drop(scratch);
    assert_eq!(left(&dir), Vec::<String>::new());
}

#[test]
fn a_panic_leaves_nothing() {
    if !allowed("a_panic_leaves_nothing", &ALL) {
        return;
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
        sender
            .send(scratch.dir().to_owned())
            .expect("somebody listens");
        all_places(&mut scratch);
        panic!("on purpose");
    });
    let dir = receiver.recv().expect("a folder");
    assert!(thread.join().is_err());
    assert_eq!(left(&dir), Vec::<String>::new());
}

#[test]
fn what_a_freeze_or_an_open_file_holds_is_undone_as_well() {
    if !allowed(
        "what_a_freeze_or_an_open_file_holds_is_undone_as_well",
        &["root", "ext4", "freeze"],
    ) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let dir = scratch.dir().to_owned();
    let place = scratch.place(FileSystem::Ext4).expect("a file system");
    std::fs::write(place.dir().join("file"), b"bytes").expect("it takes files");
    let frozen = Command::new("fsfreeze").arg("-f").arg(place.dir()).status();
    assert!(frozen.expect("fsfreeze").success());
    drop(scratch);
    assert_eq!(left(&dir), Vec::<String>::new());
}

/// Not a test: what the next two kill. Makes everything, says where, and waits.
#[test]
#[ignore = "started by other tests, to be killed"]
fn victim() {
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let dir = scratch.dir().to_owned();
    all_places(&mut scratch);
    println!("\nmade {}", dir.display());
    std::thread::sleep(Duration::from_secs(60));
}

/// Starts the victim, and waits until it has made everything.
fn start() -> (Child, PathBuf) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "place::victim", "--ignored", "--nocapture"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let dir = out
        .lines()
        .map(|line| line.expect("UTF-8"))
        .find_map(|line| Some(PathBuf::from(line.strip_prefix("made ")?)))
        .expect("the victim says where");
    (child, dir)
}

fn killed(signal: &str) {
    let (mut child, dir) = start();
    assert!(left(&dir).len() > 4);
    let kill = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    child.wait().expect("it ends");
    let begun = Instant::now();
    while !left(&dir).is_empty() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(left(&dir), Vec::<String>::new());
    // The lock is free again: the watchdog is done.
    drop(Scratch::begin(WAIT).expect("the lock"));
}

#[test]
fn sigkill_leaves_nothing() {
    if allowed("sigkill_leaves_nothing", &ALL) {
        killed("KILL");
    }
}

#[test]
fn sigint_leaves_nothing() {
    if allowed("sigint_leaves_nothing", &ALL) {
        killed("INT");
    }
}

#[test]
fn there_is_never_more_than_one() {
    let scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let second = Scratch::begin(Duration::from_millis(50));
    let Err(PlaceError::Busy(who)) = second else {
        panic!("a second one: {second:?}");
    };
    assert_eq!(who, std::process::id().to_string());
    scratch.end().expect("nothing is left");
}
