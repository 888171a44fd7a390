//! Looking at a file, holding a call, and calls that do not return.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use foliocheck_kernel::act::{Outcome, Worker};
use foliocheck_kernel::observe::Eyes;
use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_kernel::probe::{self};

use crate::{WAIT, allowed};

#[test]
fn a_call_that_does_not_return_is_blocked_and_it_is_said_where() {
    let (read, write) = std::io::pipe().expect("a pipe");
    let worker = Worker::start("reader").expect("a thread");
    let begun = worker.begin(move || {
        let mut byte = [0];
        std::io::Read::read_exact(&mut { read }, &mut byte).map(|()| byte[0])
    });
    let Outcome::Blocked(at) = begun.wait(Duration::from_millis(200)) else {
        panic!("nobody wrote");
    };
    if allowed("where a call is blocked", &["stack"]) {
        assert!(at.to_string().contains("pipe_read"), "{at}");
    }
    (&write).write_all(b"x").expect("a write");
    let Outcome::Done(Ok(b'x')) = begun.wait(WAIT) else {
        panic!("it was written");
    };
}

#[test]
fn what_is_seen_of_a_file_follows_what_is_done_to_it() {
    let needs = ["root", "xfs", "ext4", "btrfs", "kpageflags", "pagemap"];
    if !allowed("what_is_seen_of_a_file_follows_what_is_done_to_it", &needs) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    for fs in [FileSystem::Xfs, FileSystem::Ext4, FileSystem::Btrfs] {
        let place = scratch.place(fs).expect("a file system");
        let path = place.dir().join("file");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        let file = file.expect("a file");
        let image = place.image().filter(|_| fs != FileSystem::Btrfs);
        let look = || {
            let eyes = Eyes::of(&path, 0..1, image).expect("a file");
            eyes.look().expect("it can be seen").remove(0)
        };
        file.write_all_at(&[b'a'; 4096], 0).expect("a write");
        let seen = look();
        assert!(seen.cached && seen.flags.expect("flags").dirty(), "{fs}");
        assert_eq!(seen.memory, Some(vec![b'a'; 4096]), "{fs}");
        // Looking wrote nothing: the disk has no block of it yet.
        assert!(look().flags.expect("flags").dirty(), "{fs}");
        assert_eq!(seen.disk, image.map(|_| vec![0; 4096]), "{fs}");

        file.sync_all().expect("fsync");
        let seen = look();
        let flags = seen.flags.expect("flags");
        assert!(
            seen.cached && !flags.dirty() && !flags.writeback() && !flags.locked(),
            "{fs}"
        );
        assert_eq!(seen.disk, Some(vec![b'a'; 4096]), "{fs}");

        file.write_all_at(b"b", 0).expect("a write");
        let seen = look();
        assert_eq!(seen.memory.expect("memory")[..2], *b"ba", "{fs}");
        if let Some(disk) = seen.disk {
            assert_eq!(disk[..2], *b"aa", "{fs}");
        }
    }
}

#[test]
fn a_probe_gives_each_answer_with_its_reason() {
    let probe = probe::probe(WAIT);
    assert!(!probe.kernel.is_empty() && probe.cpus > 0);
    for ability in &probe.abilities {
        assert!(!ability.reason.is_empty(), "{}", ability.id);
    }
    for id in [
        "root",
        "cc",
        "xfs",
        "ext4",
        "btrfs",
        "tmpfs",
        "freeze",
        "pagemap",
        "kpageflags",
        "userfaultfd",
        "stack",
        "btf",
        "bpf",
    ] {
        assert!(probe.ability(id).is_some(), "{id}");
    }
    assert!(probe.ability("undo").is_none_or(|a| a.works));
}
