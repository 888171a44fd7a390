//! From what explorations found to a verdict.

use foliocheck_model::machine::interp::Action;
use foliocheck_specs::{Instance, Invariant};

use super::answer::Options;
use super::unit::{Cause, Unit};
use crate::engine::explore::Exploration;
use crate::engine::limits::Limits;
use crate::engine::progress::{Progress, bounded, unrolled};
use crate::trace::Trace;
use crate::verdict::{Run, Verdict};

/// What is known of one predicate after the explorations.
pub(super) struct Finding {
    path: Option<Vec<Action>>,
    /// Where the part of the path begins that is repeated for ever.
    loop_start: Option<usize>,
    /// It was answered on the state graph.
    graph: bool,
    states: usize,
    transitions: usize,
    depth: usize,
    cut: Option<String>,
}

impl Finding {
    pub(super) fn of(exploration: &Exploration, predicate: usize, limits: &Limits) -> Finding {
        Finding {
            path: exploration
                .violations
                .iter()
                .find(|v| v.0 == predicate)
                .map(|v| v.1.clone()),
            loop_start: None,
            graph: false,
            states: exploration.states,
            transitions: exploration.transitions,
            depth: exploration.depth,
            cut: exploration.cut.map(|c| c.reason(limits)),
        }
    }

    /// The `asked`-th predicate of those asked of a state graph.
    pub(super) fn of_progress(progress: &Progress, asked: usize, limits: &Limits) -> Finding {
        let lasso = progress.violations.iter().find(|v| v.0 == asked);
        let path = lasso.map(|(_, lasso)| unrolled(lasso));
        Finding {
            loop_start: path.as_ref().map(|p| p.1),
            path: path.map(|p| p.0),
            graph: true,
            states: progress.states,
            transitions: progress.transitions,
            depth: progress.depth,
            cut: progress.cut.map(|c| c.reason(&bounded(limits))),
        }
    }
}

/// What answers by states: explorations, the state graph, both; or no state had to be visited.
pub const ENGINES: [&str; 4] = [
    "stateright",
    "stateright, state graph",
    "state graph",
    "control flow",
];

/// What answered.
fn engine(findings: &[&(usize, Finding)]) -> &'static str {
    let graph = findings.iter().any(|(_, f)| f.graph && f.states != 0);
    let explored = findings.iter().any(|(_, f)| !f.graph);
    ENGINES[match (explored, graph) {
        (true, false) => 0,
        (true, true) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }]
}

/// The run that answers `invariant`: the shortest of what its predicates found.
pub(super) fn conclude(
    unit: &Unit,
    invariant: &Invariant,
    instance: &Instance,
    findings: &[&(usize, Finding)],
    options: &Options,
) -> Result<Run, Cause> {
    let shortest = findings
        .iter()
        .filter_map(|(p, f)| f.path.as_ref().map(|path| (path.len(), *p, path, f)))
        .min_by_key(|(length, p, _, _)| (*length, *p));
    let mut run = Run {
        scheme: unit.scheme.id.to_owned(),
        scenario: unit.scenario.id.clone(),
        invariant: invariant.id.to_owned(),
        verdict: Verdict::Holds,
        states: 0,
        transitions: 0,
        depth: findings.iter().map(|(_, f)| f.depth).max().unwrap_or(0),
        reduced: !options.full,
        engine: engine(findings),
        reason: None,
        coverage: None,
        unfinished: Vec::new(),
        unchanged: false,
        trace: None,
    };
    let (graphs, explorations): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().map(|(_, f)| f).partition(|f| f.graph);
    // One graph answered every question about progress; in full, one exploration every other.
    let all = if options.full { 1 } else { usize::MAX };
    for finding in explorations.iter().take(all).chain(graphs.first()) {
        run.states += finding.states;
        run.transitions += finding.transitions;
    }
    let cut = findings.iter().find_map(|(_, f)| f.cut.clone());
    if let Some((_, predicate, path, finding)) = shortest {
        run.verdict = Verdict::Violated;
        (run.states, run.transitions) = (finding.states, finding.transitions);
        run.depth = finding.depth;
        run.trace = Some(Trace::replay(
            &instance.full,
            path,
            finding.loop_start,
            predicate,
            invariant.why,
        )?);
        // A shorter one may lie where the exploration did not go.
        run.reason = cut.map(|c| format!("{c}: the counterexample may not be the shortest"));
    } else if let Some(cut) = cut {
        run.verdict = Verdict::Inconclusive;
        run.reason = Some(format!(
            "{cut}; no violation in the {} states visited, to depth {}",
            run.states, run.depth
        ));
    }
    Ok(run)
}
