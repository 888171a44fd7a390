//! Which explorations answer which questions, and running them.
//!
//! Reduced, an instance takes one exploration that preserves final states. It answers the invariants
//! about final states, and those whose violation a ghost records for good; if such a violation exists,
//! a second exploration, led by that question, finds a shortest way to it. Each predicate over passing
//! states takes an exploration of its own, led by it. In full mode one exploration answers everything.
//! Why this preserves verdicts and lengths: [`stubborn`](crate::engine::stubborn).
//!
//! Whether tasks finish in endless executions is answered on the state graph, in either mode:
//! [`lasso`](crate::engine::lasso).

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foliocheck_model::machine::ablate::Ablation;
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{BuildError, System};
use foliocheck_specs::scenario::ScenarioError;
use foliocheck_specs::{Instance, Invariant, Scenario, Scheme, invariants, schemes};

use crate::engine::explore::{Exploration, ExploreError, Mode, explore, lasts};
use crate::engine::lasso::Fairness;
use crate::engine::limits::Limits;
use crate::engine::loom::LoomError;
use crate::engine::progress::{progress, unrolled};
use crate::engine::shuttle::ShuttleError;
use crate::trace::{ReplayError, Trace};
use crate::verdict::{Run, Verdict};

/// One scenario under one scheme.
#[derive(Clone)]
pub struct Unit {
    /// The scheme.
    pub scheme: Scheme,
    /// The scenario.
    pub scenario: Scenario,
    /// What is removed.
    pub ablations: Vec<Ablation>,
    /// The invariants to answer; those that do not apply are passed over.
    pub ask: Vec<Invariant>,
}

/// Every scheme in every scenario that it concerns.
pub fn units(schemes: &[Scheme], scenarios: &[Scenario], ask: &[Invariant]) -> Vec<Unit> {
    let mut units = Vec::new();
    for scheme in schemes {
        for scenario in scenarios {
            if scheme.family.concerns(&scenario.setup) {
                units.push(Unit {
                    scheme: scheme.clone(),
                    scenario: scenario.clone(),
                    ablations: Vec::new(),
                    ask: ask.to_vec(),
                });
            }
        }
    }
    units
}

/// What a check without arguments runs, the scenarios of group `large` left out.
///
/// # Errors
/// If the project's own scenarios cannot be read.
pub fn default_units() -> Result<Vec<Unit>, ScenarioError> {
    let mut scenarios = Scenario::own()?;
    scenarios.retain(Scenario::is_default);
    Ok(units(&schemes::all(), &scenarios, &invariants::all()))
}

/// How to run it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Without reduction.
    pub full: bool,
    /// What is taken for granted of endless executions.
    pub fairness: Fairness,
    /// Bounds of each exploration.
    pub limits: Limits,
}

/// A unit's answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One run for each invariant asked that applies.
    pub runs: Vec<Run>,
    /// States over all explorations.
    pub states: usize,
    /// Transitions over all explorations.
    pub transitions: usize,
    /// Final observations, if an exploration collected them to the end.
    pub observations: Option<BTreeSet<Vec<u64>>>,
    /// Expected number of states lost to equal fingerprints.
    pub expected_omissions: f64,
}

/// A unit that could not be run: an error of the model or of a scheme, never a verdict.
#[derive(Debug, thiserror::Error)]
#[error("{scheme} in {scenario}")]
pub struct UnitError {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// What went wrong.
    pub source: Box<Cause>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// It could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It could not be explored.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// A path found by exploration could not be replayed on the system as written.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Its executions could not be explored.
    #[error(transparent)]
    Loom(#[from] LoomError),
    /// Its executions could not be sampled.
    #[error(transparent)]
    Shuttle(#[from] ShuttleError),
    /// An interleaving that threads have run violates what exploration by states says holds: one of the
    /// engines is wrong.
    #[error(
        "the engines disagree: by states {invariant} holds, loom has an interleaving of {steps} steps that violates it\n{trace}"
    )]
    Disagree {
        /// The invariant.
        invariant: String,
        /// Steps of the interleaving.
        steps: usize,
        /// They.
        trace: String,
    },
}

/// Runs one unit.
///
/// # Errors
/// If it could not be run to an answer.
pub fn run(unit: &Unit, options: &Options) -> Result<Answer, UnitError> {
    answer(unit, options).map_err(|source| unit.error(source))
}

impl Unit {
    /// The system, with every invariant that applies to it as a predicate.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn instance(&self) -> Result<Instance, BuildError> {
        let setup = &self.scenario.setup;
        let mut applicable = foliocheck_specs::instance::applicable(setup);
        // What is no guarantee, and asked all the same.
        let known: Vec<&str> = invariants::all().iter().map(|i| i.id).collect();
        applicable.extend(self.ask.iter().filter(|i| !known.contains(&i.id)));
        Instance::build(setup, &self.scheme, &self.ablations, &applicable)
    }

    /// Names the unit in an error.
    pub fn error(&self, source: impl Into<Cause>) -> UnitError {
        UnitError {
            scheme: self.scheme.id.to_owned(),
            scenario: self.scenario.id.clone(),
            source: Box::new(source.into()),
        }
    }
}

/// Runs many units on `jobs` threads; `done` is called after each. Answers come in the order of the
/// units, whatever the number of threads.
pub fn run_all(
    units: &[Unit],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(&Unit) + Sync),
) -> Vec<Result<Answer, UnitError>> {
    spread(units, weight, jobs, &|unit| {
        let answer = run(unit, options);
        done(unit);
        answer
    })
}

/// Does work on many items on `jobs` threads. Results come in the order of the items.
pub fn spread<T: Sync, R: Send>(
    items: &[T],
    weight: impl Fn(&T) -> usize,
    jobs: usize,
    work: &(dyn Fn(&T) -> R + Sync),
) -> Vec<R> {
    // The largest first, so that none is left running alone at the end.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(weight(&items[*i])));
    let mut results = in_parallel(&order, jobs, |i| (*i, work(&items[*i])));
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Applies `work` to each item, on `jobs` threads. Results come in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(n) else { break };
                    let result = work(item);
                    results.lock().expect("no panic while held")[n] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no panic while held");
    results
        .into_iter()
        .map(|r| r.expect("every item was worked on"))
        .collect()
}

fn weight(unit: &Unit) -> usize {
    size(&unit.scenario) + unit.scheme.rules.len()
}

/// Roughly how large the scenario's state space is: good enough to order by.
pub fn size(scenario: &Scenario) -> usize {
    let setup = &scenario.setup;
    let calls: usize = setup.tasks.iter().map(|t| t.calls.len()).sum();
    setup.tasks.len() * 100 + calls * 10
}

/// What is known of one predicate after the explorations.
struct Finding {
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
    fn of(exploration: &Exploration, predicate: usize, limits: &Limits) -> Finding {
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
}

fn answer(unit: &Unit, options: &Options) -> Result<Answer, Cause> {
    let instance = unit.instance()?;
    let mut limits = options.limits;
    limits.max_states = match (limits.max_states, unit.scenario.max_states) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let asked: Vec<usize> = (0..instance.optimized.predicates.len())
        .filter(|p| {
            unit.ask
                .iter()
                .any(|i| i.id == instance.optimized.predicates[*p].invariant)
        })
        .collect();
    let (endless, asked): (Vec<usize>, Vec<usize>) = asked
        .iter()
        .partition(|p| about_progress(&instance.full.predicates[**p]));
    let mut answer = Answer::default();
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    if asked.is_empty() {
        // Only endless executions are asked about.
    } else if options.full {
        explore_full(
            &instance.optimized,
            &asked,
            &limits,
            &mut answer,
            &mut findings,
        )?;
    } else {
        explore_reduced(
            &instance.optimized,
            &asked,
            &limits,
            &mut answer,
            &mut findings,
        )?;
    }
    if !endless.is_empty() {
        ask_progress(
            &instance.full,
            &endless,
            options.fairness,
            &limits,
            &mut answer,
            &mut findings,
        )?;
    }
    for invariant in &unit.ask {
        let mine: Vec<&(usize, Finding)> = findings
            .iter()
            .filter(|(p, _)| instance.optimized.predicates[*p].invariant == invariant.id)
            .collect();
        if !mine.is_empty() {
            answer
                .runs
                .push(conclude(unit, invariant, &instance, &mine, options)?);
        }
    }
    Ok(answer)
}

fn explore_full(
    system: &System,
    asked: &[usize],
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let exploration = explore(system, Mode::Full, asked, limits)?;
    answer.add(&exploration);
    for p in asked {
        findings.push((*p, Finding::of(&exploration, *p, limits)));
    }
    answer.observe(exploration);
    Ok(())
}

fn explore_reduced(
    system: &System,
    asked: &[usize],
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let (lasting, passing): (Vec<usize>, Vec<usize>) = asked
        .iter()
        .partition(|p| lasts(system, &system.predicates[**p]));
    if !lasting.is_empty() {
        let exploration = explore(system, Mode::Final, &lasting, limits)?;
        answer.add(&exploration);
        for p in lasting {
            let found = exploration.violations.iter().any(|v| v.0 == p);
            if found && system.predicates[p].scope == Scope::Always {
                findings.push((p, ask(system, p, limits, answer)?));
            } else {
                findings.push((p, Finding::of(&exploration, p, limits)));
            }
        }
        answer.observe(exploration);
    }
    for p in passing {
        findings.push((p, ask(system, p, limits, answer)?));
    }
    findings.sort_by_key(|(p, _)| *p);
    Ok(())
}

fn ask(system: &System, p: usize, limits: &Limits, answer: &mut Answer) -> Result<Finding, Cause> {
    let exploration = explore(system, Mode::Question(p), &[p], limits)?;
    answer.add(&exploration);
    Ok(Finding::of(&exploration, p, limits))
}

fn about_progress(predicate: &Predicate) -> bool {
    matches!(predicate.scope, Scope::Progress(_))
}

/// One graph answers all questions about endless executions.
fn ask_progress(
    full: &System,
    asked: &[usize],
    fairness: Fairness,
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<(), Cause> {
    let mut system = full.clone();
    system.predicates = asked.iter().map(|p| full.predicates[*p].clone()).collect();
    let progress = progress(
        &foliocheck_specs::instance::control(&system),
        fairness,
        limits,
    )?;
    answer.states += progress.states;
    answer.transitions += progress.transitions;
    for (n, p) in asked.iter().enumerate() {
        let lasso = progress.violations.iter().find(|v| v.0 == n);
        let path = lasso.map(|(_, lasso)| unrolled(lasso));
        let finding = Finding {
            loop_start: path.as_ref().map(|p| p.1),
            path: path.map(|p| p.0),
            graph: true,
            states: progress.states,
            transitions: progress.transitions,
            depth: progress.depth,
            cut: progress
                .cut
                .map(|c| c.reason(&crate::engine::progress::bounded(limits))),
        };
        findings.push((*p, finding));
    }
    Ok(())
}

impl Answer {
    fn add(&mut self, exploration: &Exploration) {
        self.states += exploration.states;
        self.transitions += exploration.transitions;
        self.expected_omissions += exploration.expected_omissions();
    }

    fn observe(&mut self, exploration: Exploration) {
        if exploration.cut.is_none() {
            self.observations = Some(exploration.observations);
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

fn conclude(
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
