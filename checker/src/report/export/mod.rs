//! A trace for other tools and for pages: [`mermaid`], [`dot`], [`html`], [`markdown`]. All are drawn
//! from the same [`Document`], which is itself the ITF export.

pub mod dot;
pub mod html;
pub mod markdown;
pub mod mermaid;

use foliocheck_specs::invariants;

use crate::itf::Document;
use crate::trace::{Change, TraceStep};

/// `stable-pin in mmap-store-dirty-pte: snapshot violated in 14 steps`.
fn title(document: &Document) -> String {
    let subject = &document.subject;
    let mut title = format!(
        "{} in {}: {} violated in {} steps",
        subject.scheme, subject.scenario, subject.invariant, document.trace.length
    );
    if let Some(bug) = &subject.bug {
        title = format!("{bug}, {title}");
    }
    if !subject.without.is_empty() {
        title = format!("{title} ({})", subject.without.join(", "));
    }
    title
}

/// What the invariant says; nothing if there is none of that name any more.
fn says(document: &Document) -> String {
    invariants::by_id(&document.subject.invariant)
        .map(|i| i.title.to_owned())
        .unwrap_or_default()
}

/// The object that a variable belongs to: what its name begins with.
fn object(variable: &str) -> &str {
    variable.split('.').next().unwrap_or(variable)
}

/// What a kernel could show.
fn shown(step: &TraceStep) -> impl Iterator<Item = &Change> {
    step.changes.iter().filter(|c| !c.ghost)
}

/// What the step broke.
fn broken(step: &TraceStep) -> impl Iterator<Item = &str> {
    step.changes
        .iter()
        .filter_map(|c| c.variable.strip_prefix("broken."))
}

/// `folio0.refs: 0 → 1, ...`.
fn changes(step: &TraceStep) -> String {
    let texts: Vec<String> = shown(step)
        .map(|c| format!("{}: {} → {}", c.variable, c.from, c.to))
        .chain(broken(step).map(|b| format!("[{b}]")))
        .collect();
    texts.join(", ")
}

/// Everybody who takes a step, in the order in which they first do.
fn tasks(document: &Document) -> Vec<&str> {
    let mut tasks: Vec<&str> = Vec::new();
    for step in &document.trace.steps {
        if !tasks.contains(&step.task.as_str()) {
            tasks.push(&step.task);
        }
    }
    tasks
}

/// Why it is wrong, who is blocked: the lines under a trace.
fn conclusion(document: &Document) -> Vec<String> {
    let trace = &document.trace;
    let mut lines = vec![format!("{}.", trace.why)];
    lines.extend(trace.blocked.iter().map(crate::blocked::Blocked::line));
    lines
}
