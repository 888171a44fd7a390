//! What there is: schemes, scenarios, invariants, steps.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use foliocheck_model::kernel::hooks::Hook;
use foliocheck_specs::claims::Claim;
use foliocheck_specs::scenario::calls;
use foliocheck_specs::{Instance, Scenario, Scheme, docs, invariants, schemes};
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

impl RuleItem {
    /// `take-hold @ splice_folio_into_pipe: the folio counts one more hold`.
    pub fn in_words(&self) -> String {
        format!("{} @ {}: {}", self.name, self.hook, self.purpose)
    }
}

/// Anything that has a name and a line.
#[derive(Serialize)]
pub struct NamedItem {
    id: String,
    title: String,
}

impl Line for NamedItem {
    fn id(&self) -> &str {
        &self.id
    }
    fn rest(&self) -> String {
        self.title.clone()
    }
}

/// The groups of scenarios, with how many are in each.
pub fn groups(scenarios: &[Scenario]) -> Vec<NamedItem> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in scenarios.iter().flat_map(|s| &s.groups) {
        *counts.entry(group).or_default() += 1;
    }
    let item = |(group, count): (&str, usize)| NamedItem {
        id: group.to_owned(),
        title: format!("{count} scenarios"),
    };
    counts.into_iter().map(item).collect()
}

/// The calls that tasks can make.
pub fn calls() -> Vec<NamedItem> {
    let item = |name: &str| NamedItem {
        id: name.to_owned(),
        title: docs::plain_row(docs::SCENARIOS, name)
            .map_or_else(String::new, |row| row.join("  ")),
    };
    calls::names().into_iter().map(item).collect()
}

/// Where rules can attach.
pub fn hooks() -> Vec<NamedItem> {
    let item = |hook: &Hook| NamedItem {
        id: hook.name().to_owned(),
        title: hook.about().replace('`', ""),
    };
    Hook::ALL.iter().map(item).collect()
}

/// What was said on the lists.
pub fn claims(all: &[Claim]) -> Vec<NamedItem> {
    let item = |claim: &Claim| NamedItem {
        id: claim.id.clone(),
        title: format!(
            "{} ({})",
            claim.text.trim().replace('\n', " "),
            claim.author
        ),
    };
    all.iter().map(item).collect()
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
            let _ = write!(text, "\n      {}", rule.in_words());
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

impl StepItem {
    /// Whether that is its id, or the function that runs there.
    pub fn is(&self, name: &str) -> bool {
        self.id == name || self.function == name
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
