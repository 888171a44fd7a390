//! Printed traces: a step a line.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::trace::{Change, Trace, TraceStep};
use crate::verdict::{Run, Verdict};

const RULE: Style = AnsiColor::Cyan.on_default();
const CHANGE: Style = AnsiColor::Yellow.on_default();
const STALE: Style = AnsiColor::Magenta.on_default();
const ID: Style = Style::new().dimmed();
/// Each task has a colour.
const TASKS: [AnsiColor; 6] = [
    AnsiColor::BrightBlue,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightYellow,
    AnsiColor::BrightCyan,
    AnsiColor::BrightRed,
];
const GHOST: Style = Style::new().dimmed();
const WHY: Style = AnsiColor::Red.on_default().bold();

/// A run's counterexample, or what its verdict rests on.
pub fn run(run: &Run, title: &str) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} in {}, {}: {}",
        run.scheme,
        run.scenario,
        run.invariant,
        run.verdict.name()
    );
    let _ = writeln!(out, "  {title}");
    match (&run.trace, run.verdict) {
        (Some(trace), _) => out.push_str(&steps(trace)),
        (None, Verdict::Holds) => {
            if run.states == 0 {
                let _ = writeln!(
                    out,
                    "  no counterexample: no task can repeat a step, so every execution ends"
                );
                return out;
            }
            let how = if run.reduced { "reduced" } else { "in full" };
            let _ = writeln!(
                out,
                "  no counterexample: explored {how} to the end, {} states, depth {}",
                run.states, run.depth
            );
        }
        (None, _) => {}
    }
    if let Some(reason) = &run.reason {
        let _ = writeln!(out, "  {reason}");
    }
    if let Some(caution) = run.caution() {
        let _ = writeln!(out, "  {caution}");
    }
    out
}

/// The steps, why the last state is wrong, who is blocked there.
pub fn steps(trace: &Trace) -> String {
    let mut out = String::from("\n");
    out.push_str(&lines(&trace.steps, trace.loop_start));
    let _ = writeln!(out, "\n  {WHY}{}.{WHY:#}", trace.why);
    for blocked in &trace.blocked {
        let _ = writeln!(out, "    {}", blocked.line());
    }
    out
}

/// Number, task, the step's id, function; what happens; what changed. What is repeated for ever is set apart.
pub fn lines(steps: &[TraceStep], loop_start: Option<usize>) -> String {
    let mut out = String::new();
    // In the order in which they first move.
    let mut tasks: Vec<&str> = Vec::new();
    for step in steps {
        if !tasks.contains(&step.task.as_str()) {
            tasks.push(&step.task);
        }
    }
    let task = steps.iter().map(|s| s.task.len()).max().unwrap_or(0);
    let id = steps.iter().map(|s| s.id.len()).max().unwrap_or(0);
    let function = steps.iter().map(|s| s.function.len()).max().unwrap_or(0);
    for (n, step) in steps.iter().enumerate() {
        if loop_start == Some(n) {
            let _ = writeln!(out, "\n      for ever:");
        }
        let number = tasks.iter().position(|t| *t == step.task).unwrap_or(0);
        let style = TASKS[number % TASKS.len()].on_default();
        let _ = writeln!(
            out,
            "{:>4}  {style}{:task$}{style:#}  {ID}{:id$}{ID:#}  {:function$}  {}",
            n + 1,
            step.task,
            step.id,
            step.function,
            what(step)
        );
    }
    if let Some(start) = loop_start {
        let _ = writeln!(out, "      again from step {}", start + 1);
    }
    out
}

fn what(step: &TraceStep) -> String {
    let mut parts = Vec::new();
    let (kernel, ghosts): (Vec<&Change>, Vec<&Change>) =
        step.changes.iter().partition(|c| !c.ghost);
    parts.extend(
        kernel
            .iter()
            .map(|c| format!("{CHANGE}{}{CHANGE:#}", change(c))),
    );
    // Of the ghosts, only what a reader must know: that something broke.
    parts.extend(
        ghosts
            .iter()
            .filter(|c| c.variable.starts_with("broken."))
            .map(|c| {
                format!(
                    "{GHOST}[{}]{GHOST:#}",
                    c.variable.trim_start_matches("broken.")
                )
            }),
    );
    parts.extend(step.stale.iter().map(|c| {
        format!(
            "{STALE}read {} = {}, memory holds {}{STALE:#}",
            c.variable, c.to, c.from
        )
    }));
    let changes = parts.join(", ");
    let rule = step
        .rule
        .as_ref()
        .map(|r| format!("{RULE}<rule {r}>{RULE:#} "))
        .unwrap_or_default();
    match (step.text.as_str(), changes.as_str()) {
        ("", changes) => format!("{rule}{changes}"),
        (text, "") => format!("{rule}{text}"),
        (text, changes) => format!("{rule}{text}; {changes}"),
    }
}

fn change(change: &Change) -> String {
    format!("{}: {} → {}", change.variable, change.from, change.to)
}
