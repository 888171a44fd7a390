//! Real bugs: the list, both twins, the stored trace.

use std::fmt::Write as _;

use foliocheck_specs::bugs::{self, Bug, Carried};
use serde::Serialize;

use super::listing::Line;
use super::text;
use crate::bugs::Tried;
use crate::verdict::Verdict;

/// Version of the format of `check --bug --format json`.
pub const SCHEMA: u32 = 1;

/// A bug.
#[derive(Serialize)]
pub struct BugItem {
    id: &'static str,
    title: &'static str,
    kernel: &'static str,
    fix: &'static str,
    story: String,
    test: Option<&'static str>,
    carried: bool,
    reason: Option<&'static str>,
    cases: Vec<CaseItem>,
}

#[derive(Serialize)]
struct CaseItem {
    title: &'static str,
    scenario: &'static str,
    invariant: &'static str,
}

/// All bugs.
pub fn list() -> Vec<BugItem> {
    bugs::all().into_iter().map(item).collect()
}

fn item(bug: Bug) -> BugItem {
    let (cases, reason) = match bug.carried {
        Carried::Cases(cases) => (cases, None),
        Carried::No(reason) => (Vec::new(), Some(reason)),
    };
    BugItem {
        id: bug.id,
        title: bug.title,
        kernel: bug.kernel,
        fix: bug.fix,
        story: bug.story.replace('\n', " "),
        test: bug.test,
        carried: reason.is_none(),
        reason,
        cases: cases
            .into_iter()
            .map(|c| CaseItem {
                title: c.title,
                scenario: c.scenario,
                invariant: c.invariant,
            })
            .collect(),
    }
}

impl Line for BugItem {
    fn id(&self) -> &str {
        self.id
    }

    fn rest(&self) -> String {
        let mut out = self.title.to_owned();
        let mut line = |what: &str, text: &str| {
            let _ = write!(out, "\n      {what}: {text}");
        };
        line("kernel", self.kernel);
        line("fix", self.fix);
        line("story", &self.story);
        if let Some(test) = self.test {
            line("test", test);
        }
        if let Some(reason) = self.reason {
            line("not carried", reason);
        }
        for case in &self.cases {
            let text = format!("{}: {} in {}", case.title, case.invariant, case.scenario);
            line("case", &text);
        }
        out
    }
}

/// The buggy twin's trace, the fixed twin's coverage.
pub fn text(tried: &Tried, bug: &Bug) -> String {
    let mut out = format!("{}: {}\n", bug.id, bug.title);
    for line in bug.story.lines() {
        let _ = writeln!(out, "  {}", line.trim());
    }
    let _ = writeln!(out, "  fix: {}\n", bug.fix);
    let mut title = tried.case.to_owned();
    if !tried.removed.is_empty() {
        let _ = write!(title, " ({})", tried.removed.join(", "));
    }
    let _ = writeln!(out, "buggy: {}", text::run(&tried.buggy, &title));
    let _ = writeln!(out, "fixed: {}", text::run(&tried.fixed, "without the bug"));
    if !tried.as_it_must() {
        let _ = writeln!(out, "{}\n", wrong(tried));
    }
    out
}

fn wrong(tried: &Tried) -> String {
    let verdict = |v: Verdict| v.name();
    format!(
        "{}, {}: the buggy twin must violate {} in {} ({}), the fixed one keep it ({})",
        tried.bug,
        tried.case,
        tried.buggy.invariant,
        tried.buggy.scenario,
        verdict(tried.buggy.verdict),
        verdict(tried.fixed.verdict)
    )
}

/// `Bugs: 21 of 21 show, and their fixes hold.`, and those that do not.
pub fn summary(tried: &[Tried]) -> String {
    let mut ids: Vec<&str> = tried.iter().map(|t| t.bug).collect();
    ids.dedup();
    let good = |id: &&&str| tried.iter().all(|t| t.bug != **id || t.as_it_must());
    let mut out = format!(
        "Bugs: {} of {} show, and their fixes hold.\n",
        ids.iter().filter(good).count(),
        ids.len()
    );
    for tried in tried.iter().filter(|t| !t.as_it_must()) {
        let _ = writeln!(out, "  {}", wrong(tried));
    }
    out
}
