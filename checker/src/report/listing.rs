//! What there is: schemes, scenarios, invariants, steps.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use foliocheck_specs::{Instance, Scenario, Scheme, invariants, schemes};
use serde::Serialize;

use crate::without::Part;

/// A scheme.
#[derive(Serialize)]
pub struct SchemeItem {
    id: &'static str,
    title: &'static str,
    family: &'static str,
    source: &'static str,
    rules: Vec<RuleItem>,
}

/// A rule, where it attaches.
#[derive(Clone, Debug, Serialize)]
pub struct RuleItem {
    name: &'static str,
    hook: &'static str,
    purpose: &'static str,
}

/// A scenario.
#[derive(Serialize)]
pub struct ScenarioItem {
    id: String,
    title: String,
    groups: Vec<String>,
    tasks: Vec<String>,
}

/// An invariant.
#[derive(Serialize)]
pub struct InvariantItem {
    id: &'static str,
    title: &'static str,
    guarantee: &'static str,
}

/// A step of some program.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepItem {
    id: String,
    title: String,
    function: String,
    file: String,
    rule: Option<String>,
    hook: Option<String>,
}

/// One line of a listing: id, then what it is.
pub trait Line {
    /// The id.
    fn id(&self) -> &str;
    /// The rest.
    fn rest(&self) -> String;
}

impl Line for SchemeItem {
    fn id(&self) -> &str {
        self.id
    }
    fn rest(&self) -> String {
        let mut text = format!("[{}] {}", self.family, self.title);
        for rule in &self.rules {
            let _ = write!(
                text,
                "\n      {} @ {}: {}",
                rule.name, rule.hook, rule.purpose
            );
        }
        text
    }
}

impl Line for ScenarioItem {
    fn id(&self) -> &str {
        &self.id
    }
    fn rest(&self) -> String {
        format!("{}  [{}]", self.title, self.groups.join(", "))
    }
}

impl Line for InvariantItem {
    fn id(&self) -> &str {
        self.id
    }
    fn rest(&self) -> String {
        format!("[{}] {}", self.guarantee, self.title)
    }
}

impl Line for StepItem {
    fn id(&self) -> &str {
        &self.id
    }
    fn rest(&self) -> String {
        let rule = self
            .rule
            .as_ref()
            .map(|r| format!("  <rule {r}>"))
            .unwrap_or_default();
        format!("{} ({}): {}{rule}", self.function, self.file, self.title)
    }
}

impl Line for Part {
    fn id(&self) -> &str {
        &self.name
    }
    fn rest(&self) -> String {
        self.what.clone()
    }
}

/// All schemes.
pub fn schemes(all: &[Scheme]) -> Vec<SchemeItem> {
    all.iter()
        .map(|s| SchemeItem {
            id: s.id,
            title: s.title,
            family: s.family.name(),
            source: s.source,
            rules: rules(s),
        })
        .collect()
}

/// The rules of a scheme.
pub fn rules(scheme: &Scheme) -> Vec<RuleItem> {
    let item = |r: &foliocheck_specs::Rule| RuleItem {
        name: r.name,
        hook: r.hook.name(),
        purpose: r.purpose,
    };
    scheme.rules.iter().map(item).collect()
}

/// The given scenarios.
pub fn scenarios(scenarios: &[Scenario]) -> Vec<ScenarioItem> {
    scenarios
        .iter()
        .map(|s| ScenarioItem {
            id: s.id.clone(),
            title: s.title.clone(),
            groups: s.groups.clone(),
            tasks: s.setup.tasks.iter().map(|t| t.name.clone()).collect(),
        })
        .collect()
}

/// All invariants.
pub fn invariants() -> Vec<InvariantItem> {
    invariants::all()
        .into_iter()
        .map(|i| InvariantItem {
            id: i.id,
            title: i.title,
            guarantee: i.guarantee,
        })
        .collect()
}

/// Every step that the programs of the given scenarios have under any scheme.
///
/// # Errors
/// If a scheme cannot be built in a scenario.
pub fn steps(
    scenarios: &[Scenario],
) -> Result<Vec<StepItem>, foliocheck_model::machine::BuildError> {
    let mut items = BTreeMap::new();
    for scheme in schemes::all() {
        for scenario in scenarios {
            let instance = Instance::build(&scenario.setup, &scheme, &[], &[])?;
            for (_, _, step) in instance.full.steps() {
                let item = StepItem {
                    id: step.id.clone(),
                    title: step.text.clone(),
                    function: step.function.clone(),
                    file: step.file.clone(),
                    rule: step.rule.as_ref().map(|r| r.rule.clone()),
                    hook: step.rule.as_ref().map(|r| r.hook.clone()),
                };
                items
                    .entry((item.id.clone(), item.function.clone(), item.rule.clone()))
                    .or_insert(item);
            }
        }
    }
    Ok(items.into_values().collect())
}
