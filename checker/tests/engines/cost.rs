//! Costs of schemes in a scenario.

use std::fmt::Write as _;

use foliocheck::cost::bill;
use foliocheck::engine::limits::Limits;
use foliocheck_specs::schemes;

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
