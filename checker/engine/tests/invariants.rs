//! Committed verdicts, without the suite that wrote them: each invariant, asked in each scenario under some
//! schemes, by exploration without reduction. A scenario with many states is left out.

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::lasso::Fairness;
use foliocheck_engine::limits::Limits;
use foliocheck_engine::progress::progress;
use foliocheck_model::machine::System;
use foliocheck_model::machine::optimize::optimize;
use foliocheck_model::machine::system::Scope;
use foliocheck_specs::{Instance, Scenario, instance, invariants, schemes, witness};
use serde_json::Value;

/// Scenarios with more states are left out.
const STATES_MAX: usize = 8_000;

const LIMITS: Limits = Limits {
    max_states: Some(STATES_MAX),
    timeout: None,
    max_memory: None,
};

/// Of one invariant: the shortest way to break it, if there is one. None for an endless execution.
type Found = Option<Option<usize>>;

/// By invariant; nothing if there are too many states.
fn ask(system: &System) -> Option<BTreeMap<String, Found>> {
    let mut all: BTreeMap<String, Found> = BTreeMap::new();
    for predicate in &system.predicates {
        all.insert(predicate.invariant.clone(), None);
    }
    let about_states: Vec<usize> = (0..system.predicates.len())
        .filter(|p| !matches!(system.predicates[*p].scope, Scope::Progress(_)))
        .collect();
    let found = explore(system, Mode::Full, &about_states, &LIMITS).expect("explored");
    if found.cut.is_some() {
        return None;
    }
    let endless = progress(&instance::control(system), Fairness::Handover, &LIMITS);
    let endless = endless.expect("explored");
    if endless.cut.is_some() {
        return None;
    }
    let questions: Vec<&String> = system
        .predicates
        .iter()
        .filter(|p| matches!(p.scope, Scope::Progress(_)))
        .map(|p| &p.invariant)
        .collect();
    for (p, _) in endless.violations {
        all.insert(questions[p].clone(), Some(None));
    }
    for (p, path) in found.violations {
        let known = all
            .get_mut(&system.predicates[p].invariant)
            .expect("every predicate is of an invariant");
        let length = path.len();
        let shorter = known.flatten().is_none_or(|k| length < k);
        // Who never finishes does so in one way or the other: which is shorter is not asked here.
        if shorter && *known != Some(None) {
            *known = Some(Some(length));
        }
    }
    Some(all)
}

/// Committed, by scenario and invariant: as [`Found`].
fn committed(scheme: &str) -> BTreeMap<(String, String), Found> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../results/verdicts.json");
    let text = std::fs::read_to_string(path).expect("verdicts are committed");
    let json: Value = serde_json::from_str(&text).expect("they are JSON");
    let of = |row: &Value, field: &str| row[field].as_str().expect("a string").to_owned();
    let rows = json["verdicts"].as_array().expect("a list of verdicts");
    rows.iter()
        .filter(|row| row["scheme"] == scheme)
        .map(|row| {
            let length = row["length"].as_u64().map(|l| usize::try_from(l).unwrap());
            let violated = match row["verdict"].as_str() {
                Some("violated") => Some(length),
                Some("holds") => None,
                other => panic!("{other:?}"),
            };
            ((of(row, "scenario"), of(row, "invariant")), violated)
        })
        .collect()
}

/// Whether what was found is what is committed. The length of an endless execution is not compared.
fn same(found: Found, committed: Found) -> bool {
    match (found, committed) {
        (Some(None), Some(_)) => true,
        (found, committed) => found == committed,
    }
}

fn verdicts_are_those_committed(scheme: &str, least: usize) {
    let committed = committed(scheme);
    let scheme = schemes::by_id(scheme).expect("a scheme of that name");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for scenario in Scenario::own().unwrap() {
        let expected: BTreeMap<&String, Found> = committed
            .iter()
            .filter(|((s, _), _)| *s == scenario.id)
            .map(|((_, invariant), found)| (invariant, *found))
            .collect();
        if expected.is_empty() {
            continue;
        }
        let asked = instance::applicable(&scenario.setup);
        let built = Instance::build(&scenario.setup, &scheme, &[], &asked).unwrap();
        let predicates = built.full.predicates.iter();
        let names: BTreeSet<&str> = predicates.map(|p| p.invariant.as_str()).collect();
        if !names.iter().eq(expected.keys()) {
            wrong.push(format!("{}: asked {names:?}", scenario.id));
            continue;
        }
        let Some(found) = ask(&optimize(&built.full)) else {
            continue;
        };
        for (invariant, found) in found {
            if !same(found, expected[&invariant]) {
                wrong.push(format!(
                    "{}, {invariant}: {found:?}, committed {:?}",
                    scenario.id, expected[&invariant]
                ));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared >= least, "only {compared} verdicts were compared");
}

macro_rules! schemes {
    ($($name:ident: $scheme:literal, $least:literal;)*) => { $(
        #[test]
        fn $name() {
            verdicts_are_those_committed($scheme, $least);
        }
    )* };
}

schemes! {
    as_it_is: "by-reference", 900;
    copied: "copy-locked", 700;
    held: "stable-pin-mkclean", 700;
    retried: "recheck-folio-version", 600;
    replaced: "cow-page-cache", 600;
    tagged: "spliced-tag-fixed", 600;
    validated: "writeback-both-sequences", 50;
}

/// What is known to break each invariant does, and where something was removed for that, without the removal
/// it holds.
#[test]
fn witnesses() {
    let mut out = String::new();
    for witness in witness::all() {
        let scenarios = Scenario::own().unwrap();
        let mut scenarios = scenarios.into_iter();
        let scenario = scenarios.find(|s| s.id == witness.scenario).unwrap();
        let scheme = schemes::by_id(witness.scheme).unwrap();
        let asked = [invariants::by_id(witness.invariant).unwrap()];
        let ablations: Vec<_> = witness.ablation.into_iter().collect();
        let found = |ablations| {
            let built = Instance::build(&scenario.setup, &scheme, ablations, &asked).unwrap();
            ask(&optimize(&built.full)).expect("few states")[witness.invariant]
        };
        let broken = found(&ablations);
        assert!(broken.is_some(), "{}: {}", witness.invariant, witness.title);
        if !ablations.is_empty() {
            assert_eq!(found(&[]), None, "{}: {}", witness.invariant, witness.title);
        }
        let line = format!("{}, {}: {broken:?}\n", witness.invariant, witness.title);
        out.push_str(&line);
    }
    insta::assert_snapshot!(out);
}
