//! The programs of the findings.

use std::time::Duration;

use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_kernel::reproduce::{self, Reproducer, Shown};

use crate::{WAIT, allowed};

const LIMIT: Duration = Duration::from_secs(120);

fn by_id(id: &str) -> Reproducer {
    reproduce::by_id(id).expect("a program")
}

#[test]
fn finding_3_is_seen_in_every_round_and_in_no_control() {
    let needs = ["root", "cc", "xfs", "ext4", "userfaultfd"];
    if !allowed("finding_3_is_seen_in_every_round_and_in_no_control", &needs) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let finding = by_id("finding-3");
    let program = finding
        .build(scratch.dir())
        .expect("it builds without a warning");
    let small = ["-b", "1024"];
    let places = [
        scratch.place(FileSystem::Xfs),
        scratch.place(FileSystem::Ext4),
        scratch.place_with(FileSystem::Ext4, &small),
    ];
    for place in places {
        let place = place.expect("a file system");
        let ran = finding
            .run(&program, place.dir(), 20, LIMIT)
            .expect("it runs");
        assert_eq!(ran.shown, Shown::Seen, "{}", ran.output);
        let (test, controls) = ran.output.split_once('\n').expect("lines");
        assert_eq!(
            test,
            "test: lost in 20 of 20 rounds, gone after eviction in 20"
        );
        for control in controls.lines() {
            assert!(control.contains(": lost in 0 of 20 rounds"), "{control}");
        }
        let one_block = place.dir().ends_with("ext4-3");
        assert_eq!(controls.lines().count(), if one_block { 2 } else { 3 });
    }
}

#[test]
fn finding_3_does_not_happen_where_nothing_is_written_back() {
    let needs = ["root", "cc", "tmpfs", "userfaultfd"];
    if !allowed(
        "finding_3_does_not_happen_where_nothing_is_written_back",
        &needs,
    ) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let finding = by_id("finding-3");
    let program = finding.build(scratch.dir()).expect("it builds");
    let place = scratch.place(FileSystem::Tmpfs).expect("a file system");
    let ran = finding
        .run(&program, place.dir(), 5, LIMIT)
        .expect("it runs");
    assert_eq!(ran.shown, Shown::NotSeen, "{}", ran.output);
}

/// Whether finding 2 is seen is a matter of luck; that no control loses anything is not.
#[test]
fn finding_2_runs_and_no_control_loses_anything() {
    let needs = ["root", "cc", "ext4"];
    if !allowed("finding_2_runs_and_no_control_loses_anything", &needs) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let finding = by_id("finding-2");
    if foliocheck_kernel::probe::cpus() < finding.cpus {
        println!("skipped: finding 2 needs {} processors", finding.cpus);
        return;
    }
    let program = finding.build(scratch.dir()).expect("it builds");
    let place = scratch.place(FileSystem::Ext4).expect("a file system");
    let ran = finding
        .run(&program, place.dir(), 40, LIMIT)
        .expect("it runs");
    assert_ne!(ran.shown, Shown::CouldNotRun, "{}", ran.output);
}

#[test]
fn a_program_that_cannot_run_says_so() {
    if !allowed("a_program_that_cannot_run_says_so", &["cc"]) {
        return;
    }
    let scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let finding = by_id("finding-3");
    let program = finding.build(scratch.dir()).expect("it builds");
    let ran = finding.run(&program, &scratch.dir().join("nowhere"), 1, LIMIT);
    let ran = ran.expect("it starts");
    assert_eq!(ran.shown, Shown::CouldNotRun);
    assert!(ran.output.contains("could not run"), "{}", ran.output);
}

#[test]
fn a_program_is_a_file_of_its_own_with_a_case_for_fstests() {
    let dir = tempfile::tempdir().expect("a folder");
    for finding in reproduce::ALL {
        assert!(finding.source.lines().count() <= 200, "{}", finding.id);
        let written = finding.write(dir.path()).expect("files");
        assert_eq!(written.len(), 4);
        let case = std::fs::read_to_string(dir.path().join("fstests/tests/generic/999"));
        let case = case.expect("a case");
        for line in [
            "_begin_fstest auto",
            "_require_scratch",
            "_require_odirect",
            "_require_test_program",
        ] {
            assert!(case.contains(line), "{line}");
        }
    }
    let error = reproduce::by_id("finding-1")
        .expect_err("withheld")
        .to_string();
    assert!(error.contains("security list"), "{error}");
    let error = reproduce::by_id("finding-4").expect_err("none").to_string();
    assert!(error.contains("there are: finding-2, finding-3"), "{error}");
}
