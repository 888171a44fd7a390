//! Every real bug shows, and every fix holds.

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::invariants;

use crate::support;

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
