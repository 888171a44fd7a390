//! What holds because somebody never comes to his end is told apart.

use foliocheck::expectation::Expectations;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::{Scenario, coverage, invariants, schemes, witness};

use crate::support;

fn unfinished(scenario: Scenario, full: bool) -> Vec<String> {
    let unit = Unit {
        scheme: schemes::by_id("by-reference").unwrap(),
        scenario,
        ablations: Vec::new(),
        ask: invariants::all(),
    };
    let options = Options {
        full,
        ..Options::default()
    };
    let answer = suite::run(&unit, &options).unwrap();
    for run in &answer.runs {
        let told = if run.verdict == Verdict::Holds {
            answer.unfinished.clone()
        } else {
            Vec::new()
        };
        assert_eq!(run.unfinished, told, "{}", run.invariant);
    }
    answer.unfinished
}

/// The second splice waits for room that nobody makes.
const FULL_PIPE: &str = r#"
title = "two splices into a pipe for one page that nobody reads"
groups = ["write"]
about = "The splicer never comes back from its second call."
pipes = [1]

[[folio]]

[[task]]
name = "splicer"
calls = [
    { call = "splice", folios = [0], pipe = 0 },
    { call = "splice", folios = [0], pipe = 0 },
]

[[task]]
name = "writer"
calls = [
    { call = "write", folios = [0] },
]
"#;

#[test]
fn who_never_comes_to_his_end_is_named() {
    for full in [false, true] {
        let scenario = Scenario::parse("full-pipe.toml".as_ref(), FULL_PIPE).unwrap();
        // On XFS the splicer waits with the inode's lock, so the writer may wait as well, and may have gone before.
        assert_eq!(unfinished(scenario, full), ["splicer"]);
        for id in [
            "write-vs-splice",
            "reader-stops-vs-write",
            "endless-writer-vs-splice",
        ] {
            assert_eq!(unfinished(support::scenario(id), full), [""; 0], "{id}");
        }
    }
}

/// Nobody writes.
const ONLY_READERS: &str = include_str!("../support/only-readers.toml");

#[test]
fn where_nothing_changes_it_is_said() {
    let scenario = Scenario::parse("only-readers.toml".as_ref(), ONLY_READERS).unwrap();
    let ask = || ["snapshot", "untorn", "deadlock-free"].map(|id| invariants::by_id(id).unwrap());
    let mut unit = Unit {
        scheme: schemes::by_id("by-reference").unwrap(),
        scenario,
        ablations: Vec::new(),
        ask: ask().to_vec(),
    };
    let said = |unit: &Unit| -> Vec<bool> {
        let runs = suite::run(unit, &Options::default()).unwrap().runs;
        runs.iter().map(|r| r.unchanged).collect()
    };
    // A deadlock needs no change.
    assert_eq!(said(&unit), [true, true, false]);
    unit.scenario = support::scenario("write-vs-splice");
    assert_eq!(said(&unit), [false, false, false]);
}

/// A change that the coverage overlooks would make the program say that nothing could violate what is violated.
#[test]
fn what_needs_a_change_is_violated_only_where_something_changes() {
    let results = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let scenarios = Scenario::own().unwrap();
    let needs = |id: &str| invariants::by_id(id).unwrap().needs_change;
    let changes = |id: &str| {
        let scenario = scenarios.iter().find(|s| s.id == id).unwrap();
        coverage::changes_bytes(&scenario.setup)
    };
    let committed = Expectations::read(&results).unwrap();
    let violated = committed.iter().filter(|e| e.verdict == Verdict::Violated);
    let violated = violated.map(|e| (e.scenario.as_str(), e.invariant.as_str()));
    // Kernels with a part removed as well.
    let bugs = bugs::all().into_iter().flat_map(|bug| match bug.carried {
        Carried::Cases(cases) => cases,
        Carried::No(_) => Vec::new(),
    });
    let witnesses = witness::all();
    let witnesses = witnesses.iter().map(|w| (w.scenario, w.invariant));
    let bugs = bugs.map(|case| (case.scenario, case.invariant));
    let mut asked = 0;
    for (scenario, invariant) in violated.chain(bugs).chain(witnesses) {
        if needs(invariant) {
            asked += 1;
            assert!(changes(scenario), "{invariant} in {scenario}");
        }
    }
    assert!(asked > 1000, "{asked}");
}
