//! Counterexamples in whole calls, found on the model.

mod support;

use std::collections::BTreeMap;

use foliocheck_kernel::plan::{self, NotReplayable};
use foliocheck_specs::{instance, invariants};

#[test]
fn many_of_the_counterexamples_of_today_can_be_played_as_whole_calls() {
    let scheme = support::today();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut played = 0;
    let all = support::violations();
    for (scenario, invariant) in &all {
        let ask = [invariants::by_id(invariant).expect("there")];
        let (system, world) =
            instance::system(&scenario.setup, &scheme, &[], &ask).expect("it builds");
        match plan::plan(&system, &world) {
            Ok(_) => played += 1,
            Err(why) => {
                let model = matches!(why, NotReplayable::Model(_));
                assert!(!model, "{}: {why}", scenario.id);
                *counts.entry(why.to_string()).or_default() += 1;
            }
        }
    }
    println!("{played} of {}: {counts:#?}", all.len());
    assert!(played >= 280);
}
