//! The committed verdicts are those of this model, to the state; every real bug shows, and every fix holds.

use std::path::Path;

use foliocheck::expectation::Expectations;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::invariants;

use crate::support;

#[test]
fn committed_verdicts_are_reproduced() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let expected = Expectations::read(&results).unwrap();
    let units = suite::default_units().unwrap();
    let mut count = 0;
    for answer in suite::run_all(&units, &Options::default(), 2, &|_| {}) {
        for run in answer.unwrap().runs {
            count += 1;
            let name = format!("{} in {}, {}", run.scheme, run.scenario, run.invariant);
            let e = expected
                .get(&run.scheme, &run.scenario, &run.invariant)
                .expect(&name);
            assert_eq!(run.verdict, e.verdict, "{name}");
            assert_eq!(run.trace.map(|t| t.length), e.length, "{name}: length");
            let counts = (run.states, run.transitions, run.depth);
            assert_eq!(counts, (e.states, e.transitions, e.depth), "{name}: counts");
        }
    }
    assert_eq!(
        count,
        expected.len(),
        "verdicts are committed that nothing produces"
    );
}

#[test]
fn every_bug_shows_and_every_fix_holds() {
    for bug in bugs::all() {
        let Carried::Cases(cases) = bug.carried else {
            continue;
        };
        for case in cases {
            for (twin, expected) in [
                (case.buggy, Verdict::Violated),
                (case.fixed, Verdict::Holds),
            ] {
                let unit = Unit {
                    scheme: twin.scheme,
                    scenario: support::scenario(case.scenario),
                    ablations: twin.ablations,
                    ask: vec![invariants::by_id(case.invariant).unwrap()],
                };
                let answer = suite::run(&unit, &Options::default()).unwrap();
                assert_eq!(
                    answer.runs[0].verdict, expected,
                    "{}: {}",
                    bug.id, case.title
                );
            }
        }
    }
}
