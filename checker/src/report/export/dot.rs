//! A graph for Graphviz: a node a state, with what the step to it changed; an edge a step.

use std::fmt::Write as _;

use super::{changes, conclusion, title};
use crate::itf::Document;

/// The graph.
pub fn dot(document: &Document) -> String {
    let trace = &document.trace;
    let mut out = String::from("digraph trace {\n");
    let _ = writeln!(out, "  label={};", quoted(&title(document)));
    out.push_str(
        "  labelloc=t;\n  node [shape=box, fontname=monospace];\n  edge [fontname=monospace];\n",
    );
    let _ = writeln!(out, "  s0 [label=\"start\"];");
    let begin = trace.loop_start.unwrap_or(trace.length + 1);
    for (n, step) in trace.steps.iter().enumerate() {
        let mut label = format!("{} {}", n + 1, changes(step).replace(", ", "\n"));
        let last = n + 1 == trace.length;
        let back = last && begin <= n;
        if last {
            label = format!("{label}\n{}", conclusion(document).join("\n"));
        }
        let mark = if last { ", color=red" } else { "" };
        let _ = writeln!(out, "  s{} [label={}{mark}];", n + 1, quoted(label.trim()));
        let rule = step
            .rule
            .as_ref()
            .map(|r| format!(" [{r}]"))
            .unwrap_or_default();
        let label = format!("{}: {}{rule}\n{}", step.task, step.function, step.text);
        let _ = writeln!(
            out,
            "  s{n} -> s{} [label={}];",
            n + 1,
            quoted(label.trim())
        );
        if back {
            let _ = writeln!(
                out,
                "  s{} -> s{begin} [label=\"for ever\", style=dashed];",
                n + 1
            );
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\l"))
}
