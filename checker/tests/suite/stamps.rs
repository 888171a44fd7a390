//! Stamps and clocks have no end: retries and ticks without number give verdicts.

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_model::kernel::setup::{Call, TaskSetup};
use foliocheck_specs::{Scenario, invariants, schemes};

use crate::support;

const STAMPS: [&str; 3] = ["i-version", "ctime", "ctime-multigrain"];

/// A thread splices, writes and reads what it has spliced, again and again if the stamp says so.
const ONE_TICK: &str = r#"
title = "splice, write, read, one tick"
about = "a test"
groups = ["test"]
filesystem = "ext4"
pipes = [1]
[[folio]]
[[task]]
name = "thread"
calls = [
    { call = "splice", folios = [0], pipe = 0 },
    { call = "write", folios = [0], words = [0] },
    { call = "pipe-read", pipe = 0 },
]
[[task]]
name = "timer"
calls = [{ call = "tick" }]
"#;

fn verdicts(scheme: &str, scenario: Scenario) -> Vec<(String, Verdict)> {
    let unit = Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario,
        ablations: Vec::new(),
        ask: invariants::all(),
    };
    let answer = suite::run(&unit, &Options::default()).unwrap();
    let runs = answer.runs.into_iter();
    runs.map(|r| (r.invariant, r.verdict)).collect()
}

#[test]
fn a_tick_and_retries_without_end_are_verdicts() {
    for how in ["confirm", "recheck"] {
        for stamp in STAMPS {
            let scenario = Scenario::parse("one-tick.toml".as_ref(), ONE_TICK).unwrap();
            let verdicts = verdicts(&format!("{how}-{stamp}"), scenario);
            assert!(verdicts.iter().all(|(_, v)| *v != Verdict::Inconclusive));
            let snapshot = verdicts.iter().find(|(i, _)| i == "snapshot").unwrap();
            // The coarse stamp is the one that does not see the write.
            let expected = if stamp == "ctime" {
                Verdict::Violated
            } else {
                Verdict::Holds
            };
            assert_eq!(snapshot.1, expected, "{how}-{stamp}");
        }
    }
}

/// A ctime cookie lets a splicer finish only as long as the clock stands still.
#[test]
fn a_clock_that_ticks_for_ever_starves_a_splicer() {
    for (ticks, expected) in [(false, Verdict::Holds), (true, Verdict::Violated)] {
        let mut scenario = support::scenario("endless-writer-vs-splice");
        if ticks {
            scenario.setup.tasks.push(TaskSetup {
                name: "timer".to_owned(),
                calls: vec![Call::Tick],
                forever: true,
            });
        }
        let verdicts = verdicts("confirm-ctime", scenario);
        let progress = verdicts.iter().find(|(i, _)| i == "splicer-progress");
        assert_eq!(progress.unwrap().1, expected);
    }
}
