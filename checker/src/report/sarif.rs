//! Counterexamples for code hosts: SARIF 2.1.0. Each result is at the step of the model that violates
//! the invariant, in the source file that writes it; its code flow is the whole trace. A violation that is
//! committed is a note, one that is not an error.

use std::collections::BTreeSet;

use foliocheck_model::machine::Step;
use foliocheck_model::machine::interp;
use foliocheck_specs::{Invariant, invariants};
use serde_json::{Value, json};

use super::export;
use crate::expectation::{Difference, Key, Kind};
use crate::gate::outcome::Outcome;
use crate::itf::Document;
use crate::itf::replay::{Catalogue, Stale, replay};

/// The log.
///
/// # Errors
/// If a counterexample does not run, which is an error of the model.
pub fn sarif(outcome: &Outcome, catalogue: Catalogue<'_>) -> Result<String, Stale> {
    let all = outcome.counterexamples.iter().chain(&outcome.changed);
    let violated: BTreeSet<&str> = all.clone().map(|(key, _)| key.2.as_str()).collect();
    let rules: Vec<Invariant> = invariants::all()
        .into_iter()
        .filter(|i| violated.contains(i.id))
        .collect();
    let mut results = Vec::new();
    let mut seen = BTreeSet::new();
    for (key, document) in all.filter(|(key, _)| seen.insert(*key)) {
        let rule = rules.iter().position(|r| r.id == key.2).unwrap_or_default();
        let difference = outcome.differences.iter().find(|d| d.of() == *key);
        results.push(result(key, document, difference, rule, catalogue)?);
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "foliocheck",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("plain data");
    text.push('\n');
    Ok(text)
}

fn rule(invariant: &Invariant) -> Value {
    json!({
        "id": invariant.id,
        "shortDescription": {"text": invariant.title},
        "fullDescription": {"text": format!("Where it is violated, {}.", invariant.why)},
    })
}

fn result(
    key: &Key,
    document: &Document,
    difference: Option<&Difference>,
    rule: usize,
    catalogue: Catalogue<'_>,
) -> Result<Value, Stale> {
    let replayed = replay(document, catalogue)?;
    let steps = replayed
        .path
        .iter()
        .zip(&replayed.states)
        .filter_map(|(action, state)| interp::current(&replayed.system, state, action.task));
    let flow: Vec<Value> = steps
        .zip(&document.trace.steps)
        .enumerate()
        .map(|(n, (step, taken))| {
            let text = format!("{}: {} {}", taken.task, taken.text, export::changes(taken));
            json!({"executionOrder": n + 1, "location": location(step, text.trim())})
        })
        .collect();
    let last = flow.last().map(|f| f["location"].clone());
    let (level, state) = match difference.map(|d| d.kind) {
        None => ("note", "unchanged"),
        Some(Kind::New) => ("error", "new"),
        Some(_) => ("error", "updated"),
    };
    Ok(json!({
        "ruleId": key.2,
        "ruleIndex": rule,
        "level": level,
        "baselineState": state,
        "message": {"text": format!("{}: {}.", export::title(document), document.trace.why)},
        "locations": last.into_iter().collect::<Vec<_>>(),
        "codeFlows": [{"threadFlows": [{"locations": flow}]}],
        "partialFingerprints": {"trace/v1": document.address()},
        "properties": {"scheme": key.0, "scenario": key.1},
    }))
}

fn location(step: &Step, text: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(step.source.file())},
            "region": {"startLine": step.source.line(), "startColumn": step.source.column()},
        },
        "logicalLocations": [{"name": step.function, "kind": "function"}],
        "message": {"text": text},
    })
}

/// A path as part of a URI.
fn uri(path: &str) -> String {
    path.replace('\\', "/")
        .replace('%', "%25")
        .replace(' ', "%20")
}
