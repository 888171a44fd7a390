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
    assert_ne!(lock.conclusion, Conclusion::Needed);
    // Nothing tees here, and nobody writes back: parts that change nothing are not listed.
    assert!(find(Kind::Rule, "hold-tee").is_none());
    assert!(find(Kind::Flush, "B3").is_none());
}

/// Redundant is said only where a question was asked that the part could have answered.
#[test]
fn why_nothing_breaks() {
    let conclusion = |scheme: &str, scenarios: &[&str], kind: Kind, id: &str| {
        let document = ablate(scheme, &named(scenarios), 2);
        let mut all = document.outcomes.into_iter();
        let part = all.find(|o| o.removal.kind == kind && o.removal.id == id);
        part.unwrap_or_else(|| panic!("{scheme}: {id}"))
    };
    let writers = ["two-writers-vs-splice"];
    // Where pages are copied it keeps the copy from being torn. Where nothing is kept anyway, nothing is lost.
    let lock = conclusion("copy", &writers, Kind::Lock, "W1");
    assert_eq!(lock.conclusion, Conclusion::Needed, "{lock:?}");
    let lock = conclusion("by-reference", &writers, Kind::Lock, "W1");
    assert_eq!(lock.conclusion, Conclusion::NothingLeft, "{lock:?}");
    assert_eq!(lock.asked.expect("the question").invariant, "snapshot");
    let flag = conclusion("by-reference", &writers, Kind::Flag, "W10");
    assert_eq!(flag.conclusion, Conclusion::Redundant, "{flag:?}");
    assert_eq!(flag.asked.expect("the question").scenario, writers[0]);
    // One writer alone has nobody to keep out.
    let lock = conclusion("copy", &["write-after-splice"], Kind::Lock, "W3i");
    assert_eq!(lock.conclusion, Conclusion::Unasked, "{lock:?}");
}
