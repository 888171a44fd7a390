//! A document as text: a state a line, the same bytes for the same trace.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{BETWEEN, Document, Kind, SCHEMA, Variable};
use crate::trace::TraceStep;

/// The C function of the step.
pub(super) const ACTION: &str = "mbt::actionTaken";
/// The task and branch of the step.
pub(super) const PICKS: &str = "mbt::nondetPicks";

/// `#meta` of the whole. Every field but the types is a string: readers of the format ask for that.
#[derive(Serialize)]
struct Meta<'a> {
    format: &'static str,
    #[serde(rename = "format-description")]
    format_description: &'static str,
    #[serde(rename = "varTypes")]
    var_types: Pairs<'a>,
    schema: String,
    scheme: &'a str,
    scenario: &'a str,
    invariant: &'a str,
    without: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bug: Option<String>,
    engine: &'a str,
    why: &'a str,
    blocked: String,
    ghosts: String,
    unchanged: String,
}

/// An object whose fields come in this order.
struct Pairs<'a>(Vec<(&'a str, Value)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A state.
#[derive(Serialize)]
struct State<'a> {
    #[serde(rename = "#meta")]
    meta: StateMeta<'a>,
    #[serde(flatten)]
    values: Pairs<'a>,
}

#[derive(Serialize)]
struct StateMeta<'a> {
    index: usize,
    #[serde(flatten)]
    step: Option<StepMeta<'a>>,
}

/// The step that led to a state.
#[derive(Serialize)]
struct StepMeta<'a> {
    task: &'a str,
    function: &'a str,
    file: &'a str,
    id: &'a str,
    text: &'a str,
    branch: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    changed: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    stale: String,
}

impl Document {
    /// The document as text.
    pub fn text(&self) -> String {
        let plain = "plain data";
        let vars: Vec<&str> = self
            .variables
            .iter()
            .map(|v| v.name.as_str())
            .chain([ACTION, PICKS])
            .collect();
        let steps = std::iter::once(None).chain(self.trace.steps.iter().map(Some));
        let states = steps
            .zip(self.values())
            .enumerate()
            .map(|(index, (step, values))| self.state(index, step, &values));
        let end = match self.trace.loop_start {
            Some(at) => format!(",\n\"loop\":{at}}}\n"),
            None => "}\n".to_owned(),
        };
        format!(
            "{{\"#meta\":{},\n\"vars\":{},\n\"states\":[\n{}\n]{end}",
            serde_json::to_string(&self.meta()).expect(plain),
            serde_json::to_string(&vars).expect(plain),
            crate::results::lines(states),
        )
    }

    fn meta(&self) -> Meta<'_> {
        let mut types: Vec<(&str, Value)> = self
            .variables
            .iter()
            .map(|v| (v.name.as_str(), json!(type_name(v.kind))))
            .collect();
        types.push((ACTION, json!("Str")));
        types.push((PICKS, json!("{ branch: Str, task: Str }")));
        let subject = &self.subject;
        Meta {
            format: "ITF",
            format_description: "https://apalache-mc.org/docs/adr/015adr-trace.html",
            var_types: Pairs(types),
            schema: SCHEMA.to_string(),
            scheme: &subject.scheme,
            scenario: &subject.scenario,
            invariant: &subject.invariant,
            without: list(subject.without.iter().map(String::as_str)),
            bug: subject.bug.as_ref().map(ToString::to_string),
            engine: &self.engine,
            why: &self.trace.why,
            blocked: serde_json::to_string(&self.trace.blocked).expect("plain data"),
            ghosts: list(
                self.variables
                    .iter()
                    .filter(|v| v.ghost)
                    .map(|v| v.name.as_str()),
            ),
            unchanged: pairs(self.unchanged.iter()),
        }
    }

    fn state<'a>(
        &'a self,
        index: usize,
        step: Option<&'a TraceStep>,
        values: &[String],
    ) -> State<'a> {
        let mut all: Vec<(&str, Value)> = self
            .variables
            .iter()
            .zip(values)
            .map(|(variable, value)| (variable.name.as_str(), itf(variable, value)))
            .collect();
        let action = step.map_or("init", |s| s.function.as_str());
        all.push((ACTION, json!(action)));
        let picks = json!({
            "branch": step.map_or("", |s| &s.branch),
            "task": step.map_or("", |s| &s.task),
        });
        all.push((PICKS, picks));
        State {
            meta: StateMeta {
                index,
                step: step.map(step_meta),
            },
            values: Pairs(all),
        }
    }
}

fn step_meta(step: &TraceStep) -> StepMeta<'_> {
    StepMeta {
        task: &step.task,
        function: &step.function,
        file: &step.file,
        id: &step.id,
        text: &step.text,
        branch: &step.branch,
        rule: step.rule.as_deref(),
        changed: list(step.changes.iter().map(|c| c.variable.as_str())),
        stale: pairs(step.stale.iter().map(|c| (&c.variable, &c.to))),
    }
}

/// `name = value; name = value`.
fn pairs<'a>(all: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let each: Vec<String> = all
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    each.join(BETWEEN)
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(BETWEEN)
}

pub(super) fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "Int",
        Kind::Str => "Str",
    }
}

fn itf(variable: &Variable, value: &str) -> Value {
    match variable.kind {
        Kind::Int => json!({ "#bigint": value }),
        Kind::Str => json!(value),
    }
}
