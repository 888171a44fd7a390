//! A document from text, whoever wrote it: an error says which state, which field, and what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::write::{ACTION, PICKS, type_name};
use super::{BETWEEN, Document, Kind, SCHEMA, Subject, Variable};
use crate::blocked::Blocked;
use crate::near;
use crate::results::texts;
use crate::trace::{Change, Trace, TraceStep};

/// A text that is not a trace of this program.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ItfError {
    /// It is not JSON, or not of the shape of a trace, or a name or text in it could forge a line of a report.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// `#meta` is not ours, or is incomplete.
    #[error("#meta: {0}")]
    Meta(String),
    /// It was written by another version.
    #[error("#meta: schema {found}, but this program reads schema {SCHEMA}")]
    Schema {
        /// Its schema.
        found: String,
    },
    /// A variable is declared twice, or has no type.
    #[error("vars: `{name}` {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A state is not as declared.
    #[error("state {state}, {field}: {message}")]
    State {
        /// Which, from 0.
        state: usize,
        /// The field.
        field: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// There is no state.
    #[error("states: a trace has at least its first state")]
    Empty,
    /// The loop does not begin at a step.
    #[error("loop: {found} is not a state that a step leaves (0 to {last})")]
    Loop {
        /// What it says.
        found: usize,
        /// The last state but one.
        last: usize,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "#meta")]
    meta: Value,
    vars: Vec<String>,
    states: Vec<Map<String, Value>>,
    #[serde(rename = "loop")]
    loop_start: Option<usize>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "varTypes")]
    var_types: BTreeMap<String, String>,
    scheme: String,
    scenario: String,
    invariant: String,
    without: String,
    bug: Option<String>,
    engine: String,
    why: String,
    blocked: String,
    ghosts: String,
    unchanged: String,
}

#[derive(Deserialize)]
struct StepMeta {
    task: String,
    function: String,
    file: String,
    id: String,
    text: String,
    branch: String,
    rule: Option<String>,
    #[serde(default)]
    stale: String,
}

impl Document {
    /// Reads a document. What a step changed is taken from the states.
    ///
    /// # Errors
    /// If the text is not a trace that this program wrote, or could have written.
    pub fn parse(text: &str) -> Result<Document, ItfError> {
        let wrong = |e: serde_json::Error| ItfError::Json {
            line: e.line(),
            column: e.column(),
            message: e.to_string(),
        };
        texts::check(text).map_err(wrong)?;
        let file: File = serde_json::from_str(text).map_err(wrong)?;
        let meta = meta(file.meta)?;
        let mut variables = variables(&file.vars, &meta)?;
        let (first, rest) = file.states.split_first().ok_or(ItfError::Empty)?;
        let mut before = values(0, first, &variables)?;
        for (variable, value) in variables.iter_mut().zip(&before) {
            variable.init.clone_from(value);
        }
        let unchanged = named(&meta.unchanged, "unchanged").map_err(ItfError::Meta)?;
        let mut steps = Vec::new();
        for (n, state) in rest.iter().enumerate() {
            let after = values(n + 1, state, &variables)?;
            let mut step = step(n + 1, state, &variables, &before, &after)?;
            for read in &mut step.stale {
                let at = variables.iter().position(|v| v.name == read.variable);
                let held = at.map(|at| &before[at]);
                let held = held.or_else(|| unchanged.get(&read.variable));
                read.from = held.cloned().unwrap_or_default();
            }
            steps.push(step);
            before = after;
        }
        if let Some(found) = file.loop_start.filter(|at| *at >= steps.len()) {
            let last = steps.len().saturating_sub(1);
            return Err(ItfError::Loop { found, last });
        }
        let bug = meta.bug.as_deref().map(str::parse);
        // JSON within a text: what is escaped in it is a character only now.
        let blocked = texts::check(&meta.blocked);
        let blocked = blocked.and_then(|()| serde_json::from_str::<Vec<Blocked>>(&meta.blocked));
        let blocked = blocked.map_err(|e| ItfError::Meta(format!("blocked: {e}")))?;
        Ok(Document {
            subject: Subject {
                scheme: meta.scheme,
                scenario: meta.scenario,
                invariant: meta.invariant,
                without: items(&meta.without).map(str::to_owned).collect(),
                bug: bug.transpose().map_err(ItfError::Meta)?,
            },
            engine: meta.engine,
            variables,
            unchanged,
            trace: Trace {
                length: steps.len(),
                steps,
                loop_start: file.loop_start,
                why: meta.why,
                blocked,
            },
        })
    }
}

fn meta(value: Value) -> Result<Meta, ItfError> {
    match value.get("schema").and_then(Value::as_str) {
        Some(found) if found == SCHEMA.to_string() => {}
        Some(found) => {
            let found = found.to_owned();
            return Err(ItfError::Schema { found });
        }
        None => {
            let message = format!("missing field `schema`, expected \"{SCHEMA}\"");
            return Err(ItfError::Meta(message));
        }
    }
    serde_json::from_value(value).map_err(|e| ItfError::Meta(e.to_string()))
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(BETWEEN).filter(|item| !item.is_empty())
}

/// A list of `variable = value`; `field` is where it stands.
fn named(list: &str, field: &str) -> Result<BTreeMap<String, String>, String> {
    items(list)
        .map(|item| {
            let (name, value) = item
                .split_once(" = ")
                .ok_or_else(|| format!("{field}: `{item}`, expected `variable = value`"))?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn variables(names: &[String], meta: &Meta) -> Result<Vec<Variable>, ItfError> {
    let mut seen = BTreeSet::new();
    let mut variables = Vec::new();
    for name in names {
        let wrong = |message: String| ItfError::Variable {
            name: name.clone(),
            message,
        };
        if !seen.insert(name) {
            return Err(wrong("is there twice".to_owned()));
        }
        if name == ACTION || name == PICKS {
            continue;
        }
        let given = meta.var_types.get(name).ok_or_else(|| {
            let typed = meta.var_types.keys().map(String::as_str);
            let meant = near::meant(name, typed);
            wrong(format!("is not in #meta.varTypes{meant}"))
        })?;
        let kind = [Kind::Int, Kind::Str]
            .into_iter()
            .find(|k| type_name(*k) == given)
            .ok_or_else(|| wrong(format!("has type `{given}`, expected one of Int, Str")))?;
        variables.push(Variable {
            name: name.clone(),
            kind,
            ghost: items(&meta.ghosts).any(|ghost| ghost == name),
            init: String::new(),
        });
    }
    Ok(variables)
}

/// The value of each variable, as printed.
fn values(
    number: usize,
    state: &Map<String, Value>,
    variables: &[Variable],
) -> Result<Vec<String>, ItfError> {
    let wrong = |field: &str, message: String| ItfError::State {
        state: number,
        field: field.to_owned(),
        message,
    };
    let known = |name: &str| {
        name == "#meta"
            || name == ACTION
            || name == PICKS
            || variables.iter().any(|v| v.name == name)
    };
    if let Some(name) = state.keys().find(|name| !known(name)) {
        let names: Vec<&str> = variables.iter().map(|v| v.name.as_str()).collect();
        let meant = near::meant(name, names.iter().copied());
        let message = format!("unknown variable{meant}; vars are: {}", names.join(", "));
        return Err(wrong(name, message));
    }
    variables
        .iter()
        .map(|variable| {
            let value = state
                .get(&variable.name)
                .ok_or_else(|| wrong(&variable.name, "the variable is missing".to_owned()))?;
            shown(variable.kind, value).map_err(|message| wrong(&variable.name, message))
        })
        .collect()
}

fn shown(kind: Kind, value: &Value) -> Result<String, String> {
    let expected = match kind {
        Kind::Int => r##"{"#bigint": "<digits>"}"##,
        Kind::Str => "a string",
    };
    let read = match (kind, value) {
        (Kind::Str, Value::String(name)) => Some(name.clone()),
        (Kind::Int, Value::Number(n)) => n.as_u64().map(|n| n.to_string()),
        (Kind::Int, Value::Object(object)) if object.len() == 1 => object
            .get("#bigint")
            .and_then(Value::as_str)
            .and_then(|digits| digits.parse::<u64>().ok())
            .map(|n| n.to_string()),
        _ => None,
    };
    read.ok_or_else(|| format!("found {value}, expected {expected}"))
}

fn step(
    number: usize,
    state: &Map<String, Value>,
    variables: &[Variable],
    before: &[String],
    after: &[String],
) -> Result<TraceStep, ItfError> {
    let wrong = |message: String| ItfError::State {
        state: number,
        field: "#meta".to_owned(),
        message,
    };
    let meta = state
        .get("#meta")
        .ok_or_else(|| wrong("it is missing".to_owned()))?;
    let meta: StepMeta = serde_json::from_value(meta.clone()).map_err(|e| wrong(e.to_string()))?;
    let changes = variables
        .iter()
        .zip(before.iter().zip(after))
        .filter(|(_, (from, to))| from != to)
        .map(|(variable, (from, to))| Change {
            variable: variable.name.clone(),
            from: from.clone(),
            to: to.clone(),
            ghost: variable.ghost,
        })
        .collect();
    Ok(TraceStep {
        task: meta.task,
        function: meta.function,
        changes,
        id: meta.id,
        file: meta.file,
        text: meta.text,
        branch: meta.branch,
        rule: meta.rule,
        stale: named(&meta.stale, "stale")
            .map_err(wrong)?
            .into_iter()
            .map(|(variable, to)| Change {
                variable,
                from: String::new(),
                to,
                ghost: false,
            })
            .collect(),
    })
}
