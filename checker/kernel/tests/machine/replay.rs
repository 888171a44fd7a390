//! Counterexamples played on the kernel.

use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_kernel::plan;
use foliocheck_kernel::replay::{self, Agreement, Replay};
use foliocheck_specs::{Scenario, instance, invariants};

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
    let needs = ["root", "xfs", "ext4", "tmpfs", "kpageflags", "pagemap", "userfaultfd"];
    if !allowed("every_counterexample_in_whole_calls_is_what_the_kernel_does", &needs) {
        return;
    }
    let mut scratch = Scratch::begin(WAIT).expect("a scratch folder");
    let places = [FileSystem::Xfs, FileSystem::Ext4, FileSystem::Tmpfs]
        .map(|fs| scratch.place(fs).expect("a file system"));
    let scheme = today();
    let (mut equal, mut values, mut unseen) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (Scenario { id, setup, .. }, invariant) in violations() {
        let ask = [invariants::by_id(&invariant).expect("there")];
        let (system, world) = instance::system(&setup, &scheme, &[], &ask).expect("it builds");
        let Ok(plan) = plan::plan(&system, &world) else {
            continue;
        };
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
    println!("equal: {equal}, with {values} values, {unseen} not seen; different: {}", wrong.len());
    for line in &wrong {
        println!("  {line}");
    }
    assert!(wrong.is_empty());
    assert!(equal >= 40);
}
