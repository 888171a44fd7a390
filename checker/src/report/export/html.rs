//! A page that stands by itself: no script, no other file.

use std::fmt::Write as _;

use super::{changes, conclusion, says, tasks, title};
use crate::itf::Document;

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2em;color:#222;background:#fff}\
table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:left;vertical-align:top;\
border-bottom:1px solid #ddd}code{font-family:monospace}.rule{color:#067}.changes{color:#850}\
.why{color:#b00;font-weight:bold}.loop td{border-top:2px solid #222}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}\
.rule{color:#5cc}.changes{color:#db6}.why{color:#f77}.loop td{border-color:#ddd}}";

/// The page: a column for each task, a row for each step.
pub fn html(document: &Document) -> String {
    let title = escape(&title(document));
    let tasks = tasks(document);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n<table>\n<tr><th></th>",
        escape(&says(document))
    );
    for task in &tasks {
        let _ = write!(out, "<th>{}</th>", escape(task));
    }
    out.push_str("<th>what happens</th><th>what changes</th></tr>\n");
    for (n, step) in document.trace.steps.iter().enumerate() {
        let begins = document.trace.loop_start == Some(n);
        let class = if begins { " class=\"loop\"" } else { "" };
        let _ = write!(out, "<tr{class} id=\"step{0}\"><td>{0}</td>", n + 1);
        for task in &tasks {
            let function = if *task == step.task {
                escape(&step.function)
            } else {
                String::new()
            };
            let file = escape(&step.file);
            let _ = write!(out, "<td title=\"{file}\"><code>{function}</code></td>");
        }
        let rule = step
            .rule
            .as_ref()
            .map(|r| format!("<span class=\"rule\">rule {}</span> ", escape(r)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<td>{rule}{}</td><td class=\"changes\">{}</td></tr>",
            escape(&step.text),
            escape(&changes(step))
        );
    }
    out.push_str("</table>\n");
    if let Some(start) = document.trace.loop_start {
        let _ = writeln!(out, "<p>For ever again from step {}.</p>", start + 1);
    }
    for line in conclusion(document) {
        let _ = writeln!(out, "<p class=\"why\">{}</p>", escape(&line));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
