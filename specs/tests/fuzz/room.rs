//! Variables have room for whatever a scenario file may say, or the file is refused.

use std::fmt::Write as _;
use std::panic::catch_unwind;

use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::optimize::optimize;
use foliocheck_specs::{Instance, Scenario, Scheme, schemes};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{config, parse, scenario, try_out};

/// Steps of one walk: a retry comes back to where it was after twenty or thirty.
const STEPS: usize = 2_000;
/// Walks through one scenario.
const WALKS: usize = 10;

/// Walks at random, and looks that no step errs and no counter of a rule leaves its range. How far it came.
fn walk(setup: &Setup, scheme: &Scheme, mut seed: u64) -> usize {
    let Ok(instance) = Instance::build(setup, scheme, &[], &[]) else {
        return 0;
    };
    // Nothing is asked: what nobody looks at would be left out, and counts are what this is about.
    let mut system = instance.in_range;
    for var in system.vars.iter_mut().filter(|v| v.memory.count) {
        var.observed = true;
    }
    let Ok(machine) = Machine::<10>::new(optimize(&system)) else {
        return 0;
    };
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % below
    };
    let mut taken = 0;
    for _ in 0..WALKS {
        let mut state = machine.init();
        for _ in 0..STEPS {
            let mut actions = Vec::new();
            for task in 0..machine.task_count() {
                let found = machine.actions_of(&state, task, &mut actions);
                found.unwrap_or_else(|e| panic!("{} in {setup:?}: {e}", scheme.id));
            }
            if actions.is_empty() {
                break;
            }
            let next = machine.apply(&state, actions[random(actions.len())]);
            state = next.unwrap_or_else(|e| panic!("{} in {setup:?}: {e}", scheme.id));
            taken += 1;
        }
    }
    taken
}

proptest! {
    #![proptest_config(config(2_000))]

    /// No step errs, whatever is called, however often a call is tried again.
    #[test]
    fn no_step_errs(text in scenario(), scheme: Index, seed: u64) {
        if let Some(Scenario { setup, .. }) = parse(&text) {
            let scheme = scheme.get(&schemes::all()).clone();
            if scheme.family.concerns(&setup) {
                walk(&setup, &scheme, seed);
            }
        }
    }
}

/// A clock that ticks, and retries, for as long as they like.
#[test]
fn three_calls_and_a_tick() {
    let text = |forever| {
        format!(
            "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\nfilesystem = \"ext4\"\npipes = [1]\n[[folio]]\n\
             [[task]]\nname = \"thread\"\ncalls = [{{ call = \"splice\", folios = [0], pipe = 0 }}, \
             {{ call = \"write\", folios = [0], words = [0] }}, {{ call = \"pipe-read\", pipe = 0 }}]\n\
             [[task]]\nname = \"timer\"\nforever = {forever}\ncalls = [{{ call = \"tick\" }}]\n"
        )
    };
    for forever in [false, true] {
        let Scenario { setup, .. } = parse(&text(forever)).expect("it is a scenario");
        for scheme in schemes::all() {
            assert!(walk(&setup, &scheme, 1) > 100, "{}", scheme.id);
        }
    }
}

/// As many pipes, tasks and calls as a file may have, and more; of every kind of call.
#[test]
fn the_most_of_everything() {
    let kinds = [
        "call = \"write\", folios = [0, 1, 2, 3]",
        "call = \"mmap-store\", mm = T, folio = 0",
        "call = \"writeback\", folios = [0, 1, 2, 3], sync = \"all\"",
        "call = \"splice\", folios = [0, 1, 2, 3], pipe = T",
        "call = \"pipe-write\", pipe = T",
        "call = \"pipe-read\", pipe = T, buffers = 4",
        "call = \"tee\", from = 0, to = 1, buffers = 4",
        "call = \"splice-socket\", pipe = T, socket = 0, buffers = 4",
        "call = \"truncate\", folio = 0",
        "call = \"reclaim\", folio = 0",
        "call = \"pin-store\", folio = 0",
    ];
    let some = ["by-reference", "stable-sink-io", "notify-at-last-use"]
        .map(|id| schemes::by_id(id).expect("it is a scheme"));
    for kind in kinds {
        for (pipes, tasks, calls) in [(4, 8, 1), (4, 2, 8), (5, 1, 1), (300, 8, 2)] {
            let mut text = format!(
                "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\nfilesystem = \"ext4\"\npipes = {:?}\n\
                 sockets = 1\n[[folio]]\n[[folio]]\n[[folio]]\n[[folio]]\n",
                vec![4; pipes]
            );
            for task in 0..tasks {
                let feeds = "call = \"splice\", folios = [0], pipe = T";
                let call = if task % 2 == 0 { kind } else { feeds };
                let call = call.replace('T', &(task % 4).to_string());
                let calls = format!("    {{ {call} }},\n").repeat(calls);
                let _ = write!(text, "[[task]]\nname = \"t{task}\"\ncalls = [\n{calls}]\n");
            }
            let outcome = catch_unwind(|| try_out(&text, &some));
            let said = outcome.unwrap_or_else(|_| panic!("panics on {text}"));
            assert!(!(said && pipes > 4), "{text}");
        }
    }
}
