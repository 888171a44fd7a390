//! What the engines that run threads found, in words.

use std::fmt::Write as _;

use super::text;
use crate::threads::agree::Agreement;
use crate::threads::orders::Audited;

/// The engines' outcomes of a unit, a line an engine; then what only weak memory has, with its execution.
pub fn agreement(a: &Agreement) -> String {
    let mut out = format!("{} in {}\n", a.scheme, a.scenario);
    for has in &a.engines {
        let _ = write!(out, "  {:20} {:>4} outcomes", has.engine, has.outcomes);
        if has.engine != "stateright" {
            let _ = write!(out, ", lacks {}, beyond {}", has.lacks, has.beyond);
        }
        let _ = writeln!(out, "  ({})", has.coverage);
    }
    for why in &a.passed {
        let _ = writeln!(out, "  not run as threads: {why}");
    }
    for why in &a.cut {
        let _ = writeln!(out, "  inconclusive: {why}");
    }
    for weak in &a.weak {
        let _ = writeln!(
            out,
            "  weak-memory outcome: {}",
            weak.observation.join(", ")
        );
        out.push_str(&text::lines(&weak.trace.steps, None));
    }
    for error in &a.errors {
        let _ = writeln!(out, "  DISAGREEMENT: {error}");
    }
    out
}

/// The orders of a scheme: what each is for.
pub fn orders(scheme: &str, audited: &[Audited], traces: bool) -> String {
    let needed = audited.iter().filter(|a| a.breaks.is_some()).count();
    let open = match audited.iter().filter(|a| a.cut).count() {
        0 => String::new(),
        open => format!(", {open} inconclusive (cut short)"),
    };
    let mut out = format!(
        "memory orders of {scheme}: {} orders, {needed} of them needed{open}\n",
        audited.len()
    );
    let width = |f: fn(&Audited) -> &str| audited.iter().map(|a| f(a).len()).max().unwrap_or(0);
    let (step, function, variable) = (
        width(|a| &a.step),
        width(|a| &a.function),
        width(|a| &a.variable),
    );
    for a in audited {
        let verdict = match &a.breaks {
            Some(b) => {
                let what = b.invariant.as_deref().unwrap_or("a new outcome");
                let enough = if a.enough == a.declared {
                    "needed".to_owned()
                } else {
                    format!("{} is enough", a.enough)
                };
                format!("{enough}; {}: {what} in {}", b.to, b.scenario)
            }
            None if a.cut => "inconclusive".to_owned(),
            None => "not needed within bounds".to_owned(),
        };
        let rule = a
            .rule
            .as_ref()
            .map(|r| format!("  <rule {r}>"))
            .unwrap_or_default();
        let cut = if a.cut { ", cut" } else { "" };
        let _ = writeln!(
            out,
            "  {:step$}  {:function$}  {:variable$}  {:14} {verdict}  ({} scenarios, {} executions{cut}){rule}",
            a.step, a.function, a.variable, a.declared, a.scenarios, a.executions
        );
        if let (true, Some(b)) = (traces, &a.breaks) {
            out.push_str(&text::lines(&b.trace.steps, None));
        }
    }
    out
}
