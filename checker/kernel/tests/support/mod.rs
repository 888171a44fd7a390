//! Committed counterexamples of the kernel as it is.

use std::path::PathBuf;

use foliocheck_specs::{Scenario, Scheme, schemes};

/// The scheme `by-reference`.
pub fn today() -> Scheme {
    let mut all = schemes::all().into_iter();
    all.find(|s| s.id == "by-reference").expect("today")
}

/// Scenario and invariant of every committed violation under `by-reference`.
pub fn violations() -> Vec<(Scenario, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../results/verdicts.json");
    let text = std::fs::read_to_string(path).expect("committed verdicts");
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let scenarios = Scenario::own().expect("scenarios");
    let verdicts = all["verdicts"].as_array().expect("verdicts");
    verdicts
        .iter()
        .filter(|v| v["scheme"] == "by-reference" && v["verdict"] == "violated")
        .map(|v| {
            let scenario = scenarios.iter().find(|s| v["scenario"] == s.id.as_str());
            let invariant = v["invariant"].as_str().expect("a word").to_owned();
            (scenario.expect("there").clone(), invariant)
        })
        .collect()
}
