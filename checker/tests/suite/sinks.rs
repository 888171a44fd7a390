//! What a gate on write permission is for, and what not: it keeps sinks that write away from pages of
//! those who may not write them, and nothing else.

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_model::kernel::objects::SHARED_FRAG;
use foliocheck_model::kernel::setup::Call;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::{invariants, schemes};

use crate::support;

/// The verdict on `source-untouched` with that part missing.
fn source_untouched(scheme: &str, scenario: &str, writable: bool, missing: &Ablation) -> Verdict {
    let mut scenario = support::scenario(scenario);
    for call in scenario.setup.tasks.iter_mut().flat_map(|t| &mut t.calls) {
        if let Call::SpliceRead { writable: w, .. } = call {
            *w = writable;
        }
    }
    let unit = Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario,
        ablations: vec![missing.clone()],
        ask: vec![invariants::by_id("source-untouched").unwrap()],
    };
    suite::run(&unit, &Options::default()).unwrap().runs[0].verdict
}

#[test]
fn a_permission_gate_contains_sinks_that_write() {
    let marker = Ablation::Assignment("S6".to_owned(), SHARED_FRAG.to_owned());
    let flags = Ablation::Assignment("S2".to_owned(), "CAN_MERGE".to_owned());
    for (scheme, scenario, writable, missing, expected) in [
        (
            "by-reference",
            "esp-in-place",
            false,
            &marker,
            Verdict::Violated,
        ),
        (
            "sink-decides",
            "esp-in-place",
            false,
            &marker,
            Verdict::Violated,
        ),
        (
            "permission-gate",
            "esp-in-place",
            false,
            &marker,
            Verdict::Holds,
        ),
        (
            "permission-gate",
            "esp-in-place",
            true,
            &marker,
            Verdict::Violated,
        ),
        (
            "permission-gate",
            "pipe-write-after-splice",
            false,
            &flags,
            Verdict::Holds,
        ),
        (
            "permission-gate",
            "pipe-write-after-splice",
            true,
            &flags,
            Verdict::Violated,
        ),
    ] {
        assert_eq!(
            source_untouched(scheme, scenario, writable, missing),
            expected,
            "{scheme} in {scenario}, writable: {writable}"
        );
    }
}
