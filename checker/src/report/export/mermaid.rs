//! A sequence diagram for Mermaid, which code hosts draw: a lane for each task, and for each object that
//! a step changes.

use std::fmt::Write as _;

use super::{broken, conclusion, object, shown, tasks};
use crate::itf::Document;
use crate::trace::TraceStep;

/// The diagram.
pub fn mermaid(document: &Document) -> String {
    let tasks = tasks(document);
    let mut objects: Vec<&str> = Vec::new();
    for change in document.trace.steps.iter().flat_map(shown) {
        let object = object(&change.variable);
        if !tasks.contains(&object) && !objects.contains(&object) {
            objects.push(object);
        }
    }
    let mut out = String::from("sequenceDiagram\n");
    for (n, task) in tasks.iter().enumerate() {
        let _ = writeln!(out, "  actor t{n} as {}", escape(task));
    }
    for (n, object) in objects.iter().enumerate() {
        let _ = writeln!(out, "  participant o{n} as {}", escape(object));
    }
    let lane = |name: &str| {
        let task = tasks
            .iter()
            .position(|t| *t == name)
            .map(|n| format!("t{n}"));
        let object = || {
            objects
                .iter()
                .position(|o| *o == name)
                .map(|n| format!("o{n}"))
        };
        task.or_else(object)
    };
    for (n, step) in document.trace.steps.iter().enumerate() {
        if document.trace.loop_start == Some(n) {
            out.push_str("  loop for ever\n");
        }
        let from = lane(&step.task).unwrap_or_default();
        let to = shown(step)
            .find_map(|c| lane(object(&c.variable)).filter(|to| to.starts_with('o')))
            .unwrap_or_else(|| from.clone());
        let _ = writeln!(out, "  {from}->>{to}: {}", escape(&message(n + 1, step)));
        for invariant in broken(step) {
            let _ = writeln!(out, "  Note over {from}: {} is broken", escape(invariant));
        }
    }
    if document.trace.loop_start.is_some() {
        out.push_str("  end\n");
    }
    let over = match tasks.len() {
        0 => return out,
        1 => "t0".to_owned(),
        n => format!("t0,t{}", n - 1),
    };
    for line in conclusion(document) {
        let _ = writeln!(out, "  Note over {over}: {}", escape(&line));
    }
    out
}

/// `5 folio_lock [take-hold] PG_locked: - → splicer`.
fn message(number: usize, step: &TraceStep) -> String {
    let mut text = format!("{number} {}", step.function);
    if let Some(rule) = &step.rule {
        let _ = write!(text, " [{rule}]");
    }
    let changes: Vec<String> = shown(step)
        .map(|c| {
            let name = c
                .variable
                .split_once('.')
                .map_or(c.variable.as_str(), |n| n.1);
            format!("{name}: {} → {}", c.from, c.to)
        })
        .collect();
    if changes.is_empty() && !step.text.is_empty() {
        let _ = write!(text, ": {}", step.text);
    } else if !changes.is_empty() {
        let _ = write!(text, ": {}", changes.join(", "));
    }
    text
}

/// What Mermaid would take for its own.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '"' | '&' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
