//! `foliocheck explain`: what a name stands for, whatever kind of thing bears it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use foliocheck_model::kernel::hooks::Hook;
use foliocheck_specs::bugs::{self, Bug, Carried};
use foliocheck_specs::claims::{self, Claim};
use foliocheck_specs::scenario::calls;
use foliocheck_specs::{Invariant, Scenario, Scheme, docs, invariants};

use super::out::{print, println};
use super::select::Place;
use crate::command;
use crate::expectation::{Expectations, Expected};
use crate::near;
use crate::report::listing;
use crate::report::terminal::fit;

/// Prints what the name stands for; each of them, if several things bear it.
pub fn explain(place: &Place, name: &str) -> anyhow::Result<u8> {
    let all = Catalogue::of(place)?;
    let found = all.sections(place, name)?;
    if found.is_empty() {
        let names = all.names();
        let meant = near::meant(name, names.iter().map(String::as_str));
        let end = if meant.is_empty() { "." } else { "" };
        anyhow::bail!(
            "nothing is called `{name}`{meant}{end} Schemes, invariants, scenarios, groups, calls, hooks, steps, bugs and \
             claims can be explained (`{}` says how to list them)",
            command::line(["list", "--help"])
        );
    }
    for (n, section) in found.iter().enumerate() {
        if n > 0 {
            println!();
        }
        print!("{}", fit(section));
    }
    Ok(0)
}

/// What can be explained.
struct Catalogue {
    schemes: Vec<Scheme>,
    scenarios: Vec<Scenario>,
    claims: Vec<Claim>,
}

impl Catalogue {
    fn of(place: &Place) -> anyhow::Result<Catalogue> {
        Ok(Catalogue {
            schemes: place.schemes.clone(),
            scenarios: place.scenarios()?,
            claims: claims::own()?,
        })
    }

    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        names.extend(self.schemes.iter().map(|s| s.id.to_owned()));
        names.extend(invariants::all().iter().map(|i| i.id.to_owned()));
        names.extend(self.scenarios.iter().map(|s| s.id.clone()));
        names.extend(self.scenarios.iter().flat_map(|s| s.groups.clone()));
        names.extend(calls::names().into_iter().map(str::to_owned));
        names.extend(Hook::ALL.iter().map(|h| h.name().to_owned()));
        names.extend(bugs::all().iter().map(|b| b.id.to_owned()));
        names.extend(self.claims.iter().map(|c| c.id.clone()));
        names
    }

    fn sections(&self, place: &Place, name: &str) -> anyhow::Result<Vec<String>> {
        let mut out = Vec::new();
        let committed = Expectations::read(&place.results())?;
        if let Some(found) = self.schemes.iter().find(|s| s.id == name) {
            out.push(scheme(place, found, &committed));
        }
        if let Some(found) = invariants::all().iter().find(|i| i.id == name) {
            out.push(invariant(place, found, &committed));
        }
        if let Some(found) = self.scenarios.iter().find(|s| s.id == name) {
            out.push(scenario(found, &committed));
        }
        let members = self.scenarios.iter().filter(|s| s.in_group(name));
        let members: Vec<&str> = members.map(|s| s.id.as_str()).collect();
        if !members.is_empty() {
            out.push(format!(
                "{name} is a group of {} scenarios:\n  {}\n",
                members.len(),
                members.join(", ")
            ));
        }
        if calls::names().contains(&name) {
            out.push(call(name, &self.scenarios));
        }
        if let Some(found) = Hook::ALL.iter().find(|h| h.name() == name) {
            out.push(hook(*found, &self.schemes));
        }
        if let Some(found) = bugs::all().iter().find(|b| b.id == name) {
            out.push(bug(found));
        }
        if let Some(found) = self.claims.iter().find(|c| c.id == name) {
            out.push(claim(found));
        }
        if out.is_empty() {
            out.extend(self.steps(name)?);
        }
        Ok(out)
    }

    /// Steps are asked last: all programs have to be written for that.
    fn steps(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let items = listing::steps(&self.scenarios)?;
        let lines = items.iter().filter(|s| s.is(name));
        let lines: Vec<String> = lines
            .map(|s| format!("  {}\n", listing::Line::rest(s)))
            .collect();
        Ok(if lines.is_empty() {
            Vec::new()
        } else {
            vec![format!(
                "{name} is a step of the model:\n{}",
                lines.concat()
            )]
        })
    }
}

fn scheme(place: &Place, scheme: &Scheme, committed: &Expectations) -> String {
    let mut out = format!(
        "{} is a scheme of family {}: {}\n",
        scheme.id,
        scheme.family.name(),
        scheme.title
    );
    let _ = writeln!(out, "  source: {}", scheme.source);
    if scheme.rules.is_empty() {
        let _ = writeln!(out, "  It has no rules: it is the kernel as it is.");
    }
    for rule in listing::rules(scheme) {
        let _ = writeln!(out, "  rule {}", rule.in_words());
    }
    let runs: Vec<&Expected> = committed.iter().filter(|e| e.scheme == scheme.id).collect();
    out.push_str(&verdicts(&runs, |e| &e.invariant));
    let program = place.command(["show", "program", "splice", "--scheme", scheme.id]);
    let _ = writeln!(out, "  its steps among the kernel's: {program}");
    out
}

fn invariant(place: &Place, invariant: &Invariant, committed: &Expectations) -> String {
    let mut out = format!("{} is an invariant: {}\n", invariant.id, invariant.title);
    if let Some(says) = docs::plain_row(docs::INVARIANTS, invariant.id) {
        let _ = writeln!(out, "  {}.", says.join(" ").trim_end_matches('.'));
    }
    let _ = writeln!(out, "  Violated, it says: {}.", invariant.why);
    let _ = writeln!(out, "  source: {}", invariant.source);
    let runs: Vec<&Expected> = committed
        .iter()
        .filter(|e| e.invariant == invariant.id)
        .collect();
    out.push_str(&verdicts(&runs, |e| &e.scheme));
    let shortest = runs
        .iter()
        .filter(|e| e.length.is_some())
        .min_by_key(|e| (e.length, &e.scheme, &e.scenario));
    if let Some(run) = shortest {
        let command = place.command(["trace", &run.scheme, &run.scenario, &run.invariant]);
        let _ = writeln!(out, "  its shortest counterexample: {command}");
    }
    out
}

/// What is committed, by what `of` says.
fn verdicts<'e>(runs: &[&'e Expected], of: impl Fn(&'e Expected) -> &'e String) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let violated = runs.iter().filter(|e| e.length.is_some());
    let mut shortest: BTreeMap<&str, usize> = BTreeMap::new();
    for run in violated {
        let length = run.length.unwrap_or_default();
        let least = shortest.entry(of(run)).or_insert(length);
        *least = length.min(*least);
    }
    let all: BTreeSet<&str> = runs.iter().map(|r| of(r).as_str()).collect();
    let holds: Vec<&str> = all
        .into_iter()
        .filter(|n| !shortest.contains_key(n))
        .collect();
    let violated: Vec<String> = shortest.iter().map(|(n, l)| format!("{n} ({l})")).collect();
    let mut out = format!("  committed: {} verdicts\n", runs.len());
    let line = |what: &str, list: String| {
        if list.is_empty() {
            String::new()
        } else {
            format!("  {what}  {list}\n")
        }
    };
    out.push_str(&line("violated (steps):", violated.join(", ")));
    out.push_str(&line("holds everywhere:", holds.join(", ")));
    out
}

fn scenario(scenario: &Scenario, committed: &Expectations) -> String {
    let mut out = format!("{} is a scenario: {}\n", scenario.id, scenario.title);
    let _ = writeln!(out, "  {}", scenario.about.trim().replace('\n', " "));
    let _ = writeln!(out, "  groups: {}", scenario.groups.join(", "));
    for task in &scenario.setup.tasks {
        let list: Vec<&str> = task.calls.iter().map(calls::name).collect();
        let forever = if task.forever {
            ", again and again"
        } else {
            ""
        };
        let _ = writeln!(out, "  task {}: {}{forever}", task.name, list.join(", "));
    }
    let runs: Vec<&Expected> = committed
        .iter()
        .filter(|e| e.scenario == scenario.id)
        .collect();
    let today: Vec<&Expected> = runs
        .into_iter()
        .filter(|e| e.scheme == "by-reference")
        .collect();
    let said = verdicts(&today, |e| &e.invariant);
    out.push_str(&said.replace("committed:", "committed, of the kernel as it is:"));
    out
}

fn call(name: &str, scenarios: &[Scenario]) -> String {
    let mut out = format!("{name} is a call of scenario files\n");
    if let Some(row) = docs::plain_row(docs::SCENARIOS, name) {
        let _ = writeln!(out, "  stands for: {}", row[1]);
        let _ = writeln!(
            out,
            "  fields, in brackets if they may be left out: {}",
            row[0]
        );
    }
    let makes = scenarios
        .iter()
        .filter(|s| s.setup.any_call(|c| calls::name(c) == name));
    let _ = writeln!(out, "  {} scenarios make it", makes.count());
    let _ = writeln!(
        out,
        "  its program: {}",
        command::line(["show", "program", name])
    );
    out
}

fn hook(hook: Hook, schemes: &[Scheme]) -> String {
    let mut out = format!(
        "{} is a hook, where rules attach\n  {}\n",
        hook.name(),
        hook.about().replace('`', "")
    );
    for scheme in schemes {
        for rule in scheme.rules.iter().filter(|r| r.hook == hook) {
            let _ = writeln!(out, "  {}: {}, {}", scheme.id, rule.name, rule.purpose);
        }
    }
    out
}

fn bug(bug: &Bug) -> String {
    let mut out = format!("{} is a real bug: {}\n", bug.id, bug.title);
    let _ = writeln!(out, "  {}", bug.story.replace('\n', " "));
    let _ = writeln!(out, "  kernel: {}\n  fix: {}", bug.kernel, bug.fix);
    if let Some(test) = bug.test {
        let _ = writeln!(out, "  test: {test}");
    }
    match &bug.carried {
        Carried::No(why) => {
            let _ = writeln!(out, "  The model does not carry it: {why}");
        }
        Carried::Cases(cases) => {
            for case in cases {
                let _ = writeln!(
                    out,
                    "  case: {} ({}, {})",
                    case.title, case.scenario, case.invariant
                );
            }
            let _ = writeln!(
                out,
                "  run it: {}",
                command::line(["check", "--bug", bug.id])
            );
        }
    }
    out
}

fn claim(claim: &Claim) -> String {
    format!(
        "{} is a claim: {}\n  {}, {}\n  what the runs say of it: {}\n",
        claim.id,
        claim.text.trim().replace('\n', " "),
        claim.author,
        claim.place,
        command::line(["claims", &claim.id])
    )
}
