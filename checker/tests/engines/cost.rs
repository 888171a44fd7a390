//! Costs of schemes in a scenario.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use foliocheck::cost::bill;
use foliocheck::engine::cost::Metric;
use foliocheck::engine::limits::Limits;
use foliocheck::report::cost::{Committed, SCHEMA};
use foliocheck::results;
use foliocheck_model::machine::step::Step;
use foliocheck_specs::{Scenario, instance, schemes};

use crate::support;

#[test]
fn costs_in_one_scenario() {
    let scenario = support::scenario("mmap-store-clean-pte");
    let mut out = String::new();
    for id in [
        "by-reference",
        "copy-locked",
        "stable-pin-mkclean",
        "recheck-folio-version",
    ] {
        let bill = bill(&schemes::by_id(id).unwrap(), &scenario, &Limits::default()).unwrap();
        let figures: Vec<String> = bill
            .figures
            .iter()
            .map(|f| format!("{}: {}", f.metric.name(), f.text()))
            .collect();
        writeln!(out, "{id}: {}", figures.join("; ")).unwrap();
    }
    insta::assert_snapshot!(out);
}

/// What is not explored to the end is not answered.
#[test]
fn a_graph_that_is_cut_says_nothing() {
    let scenario = support::scenario("mmap-store-clean-pte");
    let limits = Limits {
        max_states: Some(50),
        ..Limits::default()
    };
    let bill = bill(&schemes::by_id("copy").unwrap(), &scenario, &limits).unwrap();
    assert!(bill.figures.is_empty());
    assert_eq!(bill.inconclusive.as_deref(), Some("stopped at 50 states"));
}

/// Which steps cost what, in any scheme and scenario: a mark that is taken off a step changes this list.
#[test]
fn marks_of_costs() {
    let scenarios = Scenario::own().unwrap();
    let mut marks = BTreeSet::new();
    for scheme in schemes::all() {
        for scenario in &scenarios {
            if scheme.family.left_out(&scenario.setup).is_some() {
                continue;
            }
            let (system, _) = instance::system(&scenario.setup, &scheme, &[], &[]).unwrap();
            for (_, _, step) in system.steps() {
                for branch in &step.branches {
                    for cost in &branch.costs {
                        let Step { id, function, .. } = step;
                        let line = format!("{cost:?}: {id} {function} {}", branch.label);
                        marks.insert(line.trim_end().to_owned());
                    }
                }
            }
        }
    }
    let marks: Vec<String> = marks.into_iter().collect();
    insta::assert_snapshot!(marks.join("\n"));
}

/// A metric of which all figures are 0 would not be held to anything.
#[test]
fn every_metric_is_counted_somewhere() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/cost.json");
    let committed: Committed = results::read(&path, SCHEMA).unwrap().unwrap();
    for metric in Metric::ALL {
        let figures = committed.costs.iter().map(|entry| entry.figures[&metric]);
        let counted =
            figures.filter(|(least, most)| least.is_some_and(|n| n > 0) && most.is_some());
        assert!(counted.count() > 0, "{metric:?}");
    }
}
