//! What each part of the mail's proposal is for.

use foliocheck::ablation::{self, Conclusion, Kind, Scenarios};
use foliocheck::report::ablation::{Document, SCHEMA, json, text};
use foliocheck::suite::Options;
use foliocheck_specs::{Scenario, schemes};

fn ablate(scheme: &str, scenarios: &Scenarios, jobs: usize) -> Document {
    let scheme = schemes::by_id(scheme).unwrap();
    let ablated = ablation::ablate(&scheme, scenarios, &Options::default(), jobs, &|_| {}).unwrap();
    assert!(ablated.errors.is_empty());
    Document {
        schema: SCHEMA,
        scheme: scheme.id.to_owned(),
        outcomes: ablated.outcomes,
    }
}

fn named(ids: &[&str]) -> Scenarios {
    let mut first = Scenario::own().unwrap();
    first.retain(|s| ids.contains(&s.id.as_str()));
    Scenarios {
        first,
        then: Vec::new(),
    }
}

#[test]
fn ablation_of_the_proposal() {
    let scenarios = Scenarios::default_of(&Scenario::own().unwrap());
    let document = ablate("stable-pin-mkclean", &scenarios, 2);
    insta::assert_snapshot!("ablation", text(&document));
}

#[test]
fn ablation_is_the_same_from_one_thread_or_two() {
    let scenarios = named(&["mmap-store-dirty-pte", "write-vs-splice", "tee-twins"]);
    let [one, two] = [1, 2].map(|jobs| json(&ablate("stable-pin", &scenarios, jobs)));
    assert_eq!(one, two);
}

#[test]
fn what_shows_is_what_was_removed() {
    let document = ablate("stable-pin-mkclean", &named(&["mmap-store-dirty-pte"]), 1);
    let find = |kind, id: &str| {
        let mut all = document.outcomes.iter();
        all.find(|o| o.removal.kind == kind && o.removal.id == id)
    };
    let broken = |kind, id: &str| -> Vec<&str> {
        let outcome = find(kind, id).expect(id);
        outcome
            .breaks
            .iter()
            .map(|b| b.invariant.as_str())
            .collect()
    };
    assert!(broken(Kind::Rule, "wait-for-holds").contains(&"snapshot"));
    assert!(broken(Kind::Flush, "P3").contains(&"snapshot"));
    assert!(broken(Kind::Wait, "M8").contains(&"snapshot"));
    let lock = find(Kind::Lock, "S0").expect("the pipe's mutex is at play");
    assert_eq!(lock.conclusion, Conclusion::Redundant);
    // Nothing tees here, and nobody writes back: parts that change nothing are not listed.
    assert!(find(Kind::Rule, "hold-tee").is_none());
    assert!(find(Kind::Flush, "B3").is_none());
}
