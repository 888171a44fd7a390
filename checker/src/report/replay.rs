//! Replays as text: a call at a time, and many in a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use foliocheck_kernel::replay::{Agreement, Compared, Played, Replay};
use serde::Serialize;

/// One counterexample on one file system.
#[derive(Serialize)]
pub struct Line {
    /// The scenario.
    pub scenario: String,
    /// The invariant.
    pub invariant: String,
    /// The file system.
    pub fs: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a counterexample.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It was played.
    Played(Box<Replay>),
    /// It was not.
    NotReplayable {
        /// Why not.
        why: String,
    },
}

const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// A counterexample, call by call.
pub fn lines(scheme: &str, line: &Line) -> String {
    let Line {
        scenario,
        invariant,
        fs,
        outcome,
    } = line;
    let mut out = String::new();
    let head = format!("{scheme} in {scenario}, {invariant}, on {fs}");
    let replay = match outcome {
        Outcome::NotReplayable { why } => {
            let _ = writeln!(out, "{head}: not replayable\n  {why}");
            return out;
        }
        Outcome::Played(replay) => replay,
    };
    let verdict = if replay.agrees() { "equal" } else { "differs" };
    let _ = writeln!(out, "{head}, Linux {}: {verdict}", replay.kernel);
    for (number, played) in replay.played.iter().enumerate() {
        call(&mut out, number, played);
    }
    if let Some(why) = &replay.stopped {
        let _ = writeln!(out, "  {BAD}ended there: {why}{BAD:#}");
    }
    let [equal, differ, unseen] = counts(replay);
    let calls = replay.played.len() - 1;
    let _ = writeln!(
        out,
        "\n  calls: {calls}; values: {equal} equal, {differ} different, {unseen} that cannot be seen; variables of the \
         model that were\n  looked at: {} of {}.",
        replay.looked_at, replay.variables
    );
    out
}

fn call(out: &mut String, number: usize, played: &Played) {
    let Played {
        task,
        call,
        did,
        compared,
        ..
    } = played;
    let _ = writeln!(out, "\n{number:>4}  {task:10} {call:14} {did}");
    let of = |agreement| compared.iter().filter(move |c| c.agreement == agreement);
    let equal: Vec<String> = of(Agreement::Equal)
        .map(|c| format!("{} = {}", c.what, c.model))
        .collect();
    if !equal.is_empty() {
        for text in folded(&equal) {
            let _ = writeln!(out, "        equal    {text}");
        }
    }
    for Compared {
        what,
        model,
        kernel,
        ..
    } in of(Agreement::Differs)
    {
        let _ = writeln!(
            out,
            "        {BAD}differs{BAD:#}  {what}: model {model}, kernel {kernel}"
        );
    }
    for Compared {
        what,
        model,
        kernel,
        ..
    } in of(Agreement::Unseen)
    {
        let _ = writeln!(
            out,
            "        {DIM}unseen   {what} (model {model}): {kernel}{DIM:#}"
        );
    }
}

/// Items, as many as fit on a line.
fn folded(items: &[String]) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(last) if last.len() + item.len() + 2 <= WIDTH => {
                last.push_str("; ");
                last.push_str(item);
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

/// Many counterexamples: how many were played, which differ, and why others were not.
pub fn summary(scheme: &str, kernel: &str, all: &[Line]) -> String {
    let mut out = format!("Linux {kernel}\n");
    let mut equal_values = 0;
    let mut unseen_values = 0;
    let mut agrees = Vec::new();
    for line in all {
        if let Outcome::Played(replay) = &line.outcome {
            let [equal, _, unseen] = counts(replay);
            equal_values += equal;
            unseen_values += unseen;
            if replay.agrees() {
                agrees.push(line);
            } else {
                out.push_str(&lines(scheme, line));
            }
        }
    }
    let not: usize = reasons(all).iter().map(|(_, n)| n).sum();
    let _ = writeln!(
        out,
        "{} counterexamples: {} played and equal ({} scenarios; {equal_values} values equal, {unseen_values} that \
         cannot be seen), {} different, {not} not replayable:",
        all.len(),
        agrees.len(),
        scenarios(agrees.iter().copied()),
        all.len() - agrees.len() - not,
    );
    for (why, n) in reasons(all) {
        let _ = writeln!(out, "{n:>6}  {why}");
    }
    out
}

/// What is kept of a counterexample on a file system.
#[derive(Serialize)]
struct Kept<'a> {
    scenario: &'a str,
    invariant: &'a str,
    fs: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(flatten)]
    counts: Option<Counts>,
}

/// Of one that was played: its calls, values that are equal, differ, cannot be seen, and the variables of the model
/// that were looked at, of how many.
#[derive(Serialize)]
struct Counts {
    calls: usize,
    equal: usize,
    differs: usize,
    unseen: usize,
    looked_at: usize,
    variables: usize,
}

fn kept(line: &Line) -> Kept<'_> {
    let (outcome, why, counts) = match &line.outcome {
        Outcome::NotReplayable { why } => ("not-replayable", Some(why.as_str()), None),
        Outcome::Played(replay) => {
            let [equal, differs, unseen] = counts(replay);
            let counts = Counts {
                calls: replay.played.len() - 1,
                equal,
                differs,
                unseen,
                looked_at: replay.looked_at,
                variables: replay.variables,
            };
            let outcome = if replay.agrees() { "equal" } else { "differs" };
            (outcome, replay.stopped.as_deref(), Some(counts))
        }
    };
    Kept {
        scenario: &line.scenario,
        invariant: &line.invariant,
        fs: line.fs,
        outcome,
        why,
        counts,
    }
}

/// The committed file: what came of every counterexample, and where.
pub fn file(scheme: &str, kernel: &str, cpus: usize, all: &[Line]) -> String {
    // The version, without what a distribution or a builder adds.
    let version = kernel.split('-').next().unwrap_or(kernel);
    let head = format!(
        r#"{{"schema":1,"scheme":"{scheme}","kernel":"{version}","cpus":{cpus},"folios":"one page each","mkfs":"default options","replays":["#
    );
    format!(
        "{head}\n{}\n]}}\n",
        crate::results::lines(all.iter().map(kept))
    )
}

/// How many of each agreement.
fn counts(replay: &Replay) -> [usize; 3] {
    [Agreement::Equal, Agreement::Differs, Agreement::Unseen].map(|a| replay.count(a))
}

/// The reasons why counterexamples were not played, each with their number.
fn reasons(all: &[Line]) -> Vec<(String, usize)> {
    let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
    for line in all {
        if let Outcome::NotReplayable { why } = &line.outcome {
            *by_reason.entry(why.clone()).or_default() += 1;
        }
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    reasons
}

/// The scenarios among some lines.
fn scenarios<'a>(lines: impl Iterator<Item = &'a Line>) -> usize {
    lines
        .map(|l| l.scenario.as_str())
        .collect::<BTreeSet<_>>()
        .len()
}
