//! A step bears the C function that runs there, on the filesystem of its scenario.

use foliocheck_model::kernel;
use foliocheck_model::kernel::program::NoRules;
use foliocheck_model::kernel::setup::{Filesystem, Mapping};
use foliocheck_specs::Scenario;

/// Folders and files whose functions do not run on the filesystem.
fn foreign(mapping: Mapping, filesystem: Filesystem) -> &'static [&'static str] {
    match (mapping, filesystem) {
        (Mapping::Tmpfs, _) => &["fs/xfs/", "fs/ext4/", "fs/iomap/", "fs/jbd2/"],
        (_, Filesystem::Xfs) => &["fs/ext4/", "fs/jbd2/", "fs/buffer.c", "mm/shmem.c"],
        (_, Filesystem::Ext4) => &["fs/xfs/", "fs/iomap/", "mm/shmem.c"],
    }
}

#[test]
fn names_follow_the_filesystem() {
    let mut wrong = Vec::new();
    for scenario in Scenario::own().unwrap() {
        let setup = &scenario.setup;
        let (system, _) = kernel::build(setup, &NoRules).unwrap();
        for (_, _, step) in system.steps() {
            let files = foreign(setup.mapping, setup.filesystem);
            if files.iter().any(|f| step.file.starts_with(f)) {
                wrong.push(format!("{} {}: {}", step.id, step.function, scenario.id));
            }
        }
    }
    wrong.sort();
    wrong.dedup_by(|a, b| a.split(':').next() == b.split(':').next());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
