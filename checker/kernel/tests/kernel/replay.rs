//! Counterexamples played on the kernel.

use std::collections::BTreeSet;

use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_kernel::plan;
use foliocheck_kernel::replay::{self, Agreement, Replay};
use foliocheck_specs::{Scenario, instance, invariants, schemes};

use crate::support::{today, violations};
use crate::{WAIT, allowed};

fn differences(replay: &Replay) -> Vec<String> {
    let mut all = Vec::new();
    for (n, played) in replay.played.iter().enumerate() {
        for c in &played.compared {
            if c.agreement == Agreement::Differs {
                all.push(format!(
                    "{n} {} {}: {}: model {}, kernel {}",
                    played.task, played.call, c.what, c.model, c.kernel
                ));
            }
        }
    }
    all.extend(replay.stopped.clone());
    all
}

#[test]
fn every_counterexample_in_whole_calls_is_what_the_kernel_does() {
    let needs = [
        "root",
        "xfs",
        "ext4",
        "tmpfs",
        "kpageflags",
        "pagemap",
        "userfaultfd",
    ];
    if !allowed(
        "every_counterexample_in_whole_calls_is_what_the_kernel_does",
        &needs,
    ) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let places = [FileSystem::Xfs, FileSystem::Ext4, FileSystem::Tmpfs]
        .map(|fs| scratch.place(fs).expect("a file system"));
    let scheme = today();
    let (mut equal, mut values, mut unseen) = (0, 0, 0);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (Scenario { id, setup, .. }, invariant) in violations() {
        let ask = [invariants::by_id(&invariant).expect("there")];
        let (system, world) = instance::system(&setup, &scheme, &[], &ask).expect("it builds");
        let Ok(plan) = plan::plan(&system, &world) else {
            continue;
        };
        // Two invariants are often broken by the same calls.
        let calls: Vec<_> = plan.units.iter().map(plan::Unit::key).collect();
        if !seen.insert((id.clone(), calls)) {
            continue;
        }
        let place = places
            .iter()
            .find(|p| p.file_system() == replay::own(&setup))
            .expect("one of three");
        let name = format!("{id} {invariant} on {}", place.file_system());
        match replay::replay(&system, &world, &plan, place) {
            Ok(replay) => {
                values += replay.count(Agreement::Equal);
                unseen += replay.count(Agreement::Unseen);
                if replay.agrees() {
                    equal += 1;
                } else {
                    wrong.push(format!("{name}: {}", differences(&replay).join("; ")));
                }
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    println!(
        "equal: {equal}, with {values} values, {unseen} not seen; different: {}",
        wrong.len()
    );
    for line in &wrong {
        println!("  {line}");
    }
    assert!(wrong.is_empty());
    assert!(equal >= 40);
}

/// The same calls, under a model that is wrong about the kernel: the difference is seen.
#[test]
fn a_model_in_which_splice_copies_is_told_from_the_kernel() {
    let needs = ["root", "xfs", "kpageflags", "pagemap"];
    if !allowed(
        "a_model_in_which_splice_copies_is_told_from_the_kernel",
        &needs,
    ) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let place = scratch.place(FileSystem::Xfs).expect("a file system");
    let all = violations();
    let told = |id: &str, scheme: &str| {
        let setup = &all
            .iter()
            .find(|(s, _)| s.id == id)
            .expect("violated")
            .0
            .setup;
        let ask = [invariants::by_id("snapshot").expect("there")];
        let (system, world) = instance::system(setup, &today(), &[], &ask).expect("it builds");
        let plan = plan::plan(&system, &world).expect("whole calls");
        let order: Vec<_> = plan.units.iter().map(plan::Unit::key).collect();
        let wrong = schemes::all()
            .into_iter()
            .find(|s| s.id == scheme)
            .expect("there");
        let (system, world) = instance::system(setup, &wrong, &[], &ask).expect("it builds");
        let plan = plan::follow(&system, &world, &order).expect("the same calls");
        differences(&replay::replay(&system, &world, &plan, &place).expect("it plays"))
    };
    for id in ["write-vs-splice", "mmap-store-dirty-pte", "tee-twins"] {
        assert_eq!(told(id, "by-reference"), Vec::<String>::new());
        let differences = told(id, "copy");
        assert!(
            differences
                .iter()
                .any(|d| d.contains("bytes of page 0 that it was given")),
            "{id}: {differences:?}"
        );
    }
}

#[test]
fn a_file_system_of_another_kind_is_held_against_its_own_paths() {
    let needs = [
        "root",
        "xfs",
        "ext4",
        "btrfs",
        "tmpfs",
        "kpageflags",
        "pagemap",
    ];
    if !allowed(
        "a_file_system_of_another_kind_is_held_against_its_own_paths",
        &needs,
    ) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let places = FileSystem::ALL.map(|fs| scratch.place(fs).expect("a file system"));
    let all = violations();
    for id in [
        "write-vs-splice",
        "mmap-store-absent-pte",
        "tee-twins",
        "splice-vs-writeback",
    ] {
        let setup = &all
            .iter()
            .find(|(s, _)| s.id == id)
            .expect("violated")
            .0
            .setup;
        for place in &places {
            let fs = place.file_system();
            let Some(setup) = replay::on(setup, fs) else {
                assert_eq!(fs, FileSystem::Tmpfs, "{id}");
                continue;
            };
            let ask = [invariants::by_id("snapshot").expect("there")];
            let (system, world) = instance::system(&setup, &today(), &[], &ask).expect("it builds");
            let plan = plan::plan(&system, &world).expect("whole calls");
            let replay = replay::replay(&system, &world, &plan, place).expect("it plays");
            assert_eq!(differences(&replay), Vec::<String>::new(), "{id} on {fs}");
            // btrfs tells less: its dirty pages cannot be compared with the disk.
            assert!(replay.count(Agreement::Equal) > 10, "{id} on {fs}");
        }
    }
}
