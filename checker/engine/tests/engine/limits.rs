//! Bounds: when they are reached, what is said then, and who else may stop an exploration.

use std::sync::Arc;
use std::time::Duration;

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::limits::{Cut, Limits, Meter, Watch, metered};

use crate::support;

/// How many states may be expanded, up to ten, and why no more.
fn expands(limits: Limits) -> (usize, Option<Cut>) {
    let watch = Watch::new(limits);
    let n = (0..10).take_while(|_| watch.go_on()).count();
    assert_eq!(watch.go_on(), watch.cut().is_none(), "it stays stopped");
    (n, watch.cut())
}

#[test]
fn bounds_are_reached_where_they_are() {
    let none = Limits::default();
    let states = |n| Limits {
        max_states: Some(n),
        ..none
    };
    let memory = |n| Limits {
        max_memory: Some(n),
        ..none
    };
    let time = |t| Limits {
        timeout: Some(t),
        ..none
    };
    assert_eq!(expands(none), (10, None));
    assert_eq!(expands(states(0)), (0, Some(Cut::States)));
    assert_eq!(expands(states(7)), (7, Some(Cut::States)));
    assert_eq!(expands(states(100)), (10, None));
    assert_eq!(expands(memory(1)), (0, Some(Cut::Memory)));
    assert_eq!(expands(memory(usize::MAX)), (10, None));
    assert_eq!(expands(time(Duration::ZERO)), (0, Some(Cut::Time)));
    assert_eq!(expands(time(Duration::from_secs(3600))), (10, None));
}

#[test]
fn the_first_reason_stands() {
    for cut in [Cut::States, Cut::Time, Cut::Memory, Cut::Cancelled] {
        let watch = Watch::new(Limits::default());
        assert!(!watch.stop(cut));
        assert!(!watch.stop(Cut::States));
        assert!(!watch.stop(Cut::Cancelled));
        assert_eq!(watch.cut(), Some(cut));
    }
}

#[test]
fn reasons_name_their_bounds() {
    let limits = Limits {
        max_states: Some(70),
        timeout: Some(Duration::from_millis(1500)),
        max_memory: Some(5 << 20),
    };
    let said = [Cut::States, Cut::Time, Cut::Memory, Cut::Cancelled].map(|c| c.reason(&limits));
    assert_eq!(
        said,
        [
            "stopped at 70 states",
            "stopped after 1.5s",
            "stopped at 5 MiB of memory",
            "stopped on request"
        ]
    );
}

#[test]
fn a_meter_counts_what_is_explored_under_it_and_stops_it() {
    let system = support::build("by-reference", &support::scenario("write-after-splice")).optimized;
    let run = || explore(&system, Mode::Full, &[], &Limits::default()).expect("explored");
    let meter = Arc::new(Meter::default());
    assert_eq!((meter.expanded(), meter.is_cancelled()), (0, false));
    let found = metered(&meter, run);
    assert_eq!(found.cut, None);
    assert_eq!(meter.expanded(), found.states);
    // Neither what runs outside, nor what runs under another meter, counts.
    run();
    let other = Arc::new(Meter::default());
    metered(&meter, || metered(&other, run));
    assert_eq!(meter.expanded(), found.states);
    assert_eq!(other.expanded(), found.states);
    // The one before is in force again.
    metered(&meter, || {
        metered(&other, || ());
        run();
    });
    assert_eq!(meter.expanded(), 2 * found.states);
    meter.cancel();
    assert!(meter.is_cancelled());
    assert_eq!(metered(&meter, run).cut, Some(Cut::Cancelled));
    assert_eq!(run().cut, None);
}

/// Three quarters of what is free, beyond what is in use: other processes may take or give back a little
/// between two looks.
#[test]
fn the_default_leaves_a_quarter_of_what_is_free() {
    let free = || {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        let group = system.cgroup_limits().map_or(u64::MAX, |g| g.free_memory);
        usize::try_from(group.min(system.available_memory())).expect("64 bits")
    };
    let Some(default) = Limits::default_memory() else {
        assert_eq!(free(), 0);
        return;
    };
    let used = memory_stats::memory_stats().map_or(0, |m| m.physical_mem);
    let share = (default - used) * 100 / free();
    assert!((65..=85).contains(&share), "{share} %");
}
