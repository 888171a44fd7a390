//! Random walks, on the model and on the kernel.

use foliocheck_kernel::conform::{self, Counts};
use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::machine::System;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::{instance, schemes};

use crate::{WAIT, allowed};

const NEEDS: [&str; 7] = [
    "root",
    "xfs",
    "ext4",
    "tmpfs",
    "kpageflags",
    "pagemap",
    "userfaultfd",
];

/// The model of a scheme without a part, if the scenario has the part.
fn model(
    scheme: &str,
    without: Option<&str>,
) -> impl Fn(&Setup) -> Result<(System, World), String> {
    let scheme = schemes::by_id(scheme).expect("a scheme");
    let part: Option<Ablation> = without.map(|part| part.parse().expect("a part"));
    move |setup| {
        let without = part.as_slice();
        instance::system(setup, &scheme, without, &[])
            .or_else(|_| instance::system(setup, &scheme, &[], &[]))
            .map_err(|e| e.to_string())
    }
}

#[test]
fn random_walks_agree() {
    if !allowed("random_walks_agree", &NEEDS) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let build = model("by-reference", None);
    for fs in [FileSystem::Xfs, FileSystem::Ext4, FileSystem::Tmpfs] {
        let place = scratch.place(fs).expect("a file system");
        let mut counts = Counts::default();
        for number in 0..500 {
            let (walk, replay) = conform::one(&build, &place, 7, number).expect("a walk");
            counts.add(&replay);
            assert!(
                replay.agrees(),
                "{fs}, walk {number}:\n{}\n{replay:#?}",
                walk.text()
            );
        }
        println!("{fs}: {counts:?}");
        assert!(counts.calls > 1000 && counts.equal > 10_000, "{counts:?}");
    }
    scratch.end().expect("undone");
}

/// An error that is put into the model is found, and the walk that shows it is made short.
#[test]
fn errors_of_the_model_are_found() {
    if !allowed("errors_of_the_model_are_found", &NEEDS) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let places = [FileSystem::Xfs, FileSystem::Ext4, FileSystem::Tmpfs]
        .map(|fs| (fs, scratch.place(fs).expect("a file system")));
    for (what, fs, scheme, without) in [
        ("splice copies", FileSystem::Xfs, "copy", None),
        ("splice copies", FileSystem::Tmpfs, "copy", None),
        (
            "a flush leaves page tables writable",
            FileSystem::Xfs,
            "by-reference",
            Some("B2 does not assign W"),
        ),
        (
            "a flush leaves the page dirty",
            FileSystem::Ext4,
            "by-reference",
            Some("B6 does not assign PG_dirty"),
        ),
        (
            "removal leaves the entry",
            FileSystem::Xfs,
            "by-reference",
            Some("M12 does not assign present"),
        ),
        (
            "mprotect and back never gives W back",
            FileSystem::Ext4,
            "by-reference",
            Some("M11w does not assign W"),
        ),
        (
            "unpinning does not mark the page dirty",
            FileSystem::Ext4,
            "by-reference",
            Some("G2 does not assign PG_dirty"),
        ),
        (
            "a punch inside of a page does not mark it dirty",
            FileSystem::Ext4,
            "by-reference",
            Some("T7d does not assign PG_dirty"),
        ),
    ] {
        let (_, place) = places.iter().find(|(of, _)| *of == fs).expect("made");
        let build = model(scheme, without);
        let found = (0..500).find_map(|number| {
            let (walk, replay) = conform::one(&build, place, 0, number).expect("a walk");
            (!replay.agrees()).then_some((number, walk, replay))
        });
        let (number, walk, replay) = found.unwrap_or_else(|| panic!("{what}: not found"));
        let (short, replay) = conform::shrink(&build, place, walk.clone(), replay);
        assert!(!replay.agrees() && short.calls() <= walk.calls());
        assert!(short.calls() <= 4, "{what}: {}", short.text());
        println!("{what}: walk {number}, {} calls", short.calls());
        // The same walk, on the model as it is.
        let right = conform::again(&model("by-reference", None), place, &short);
        assert!(
            right.expect("it plays").agrees(),
            "{what}: {}",
            short.text()
        );
    }
    scratch.end().expect("undone");
}
