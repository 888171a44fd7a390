//! What each part of a scheme, and of the kernel below it, is for: remove it, and see what breaks.
//!
//! Removed one at a time: each rule of the scheme, by name; each step by which a lock is taken; each
//! wait that is not a lock's; each flush that every CPU acknowledges; each assignment of a flag of the
//! kernel. Steps of hardware (`mov`) and waits for work (a reader of an empty pipe) protect nothing,
//! and stay.
//!
//! A removal is run in the scenarios of group `quick` in which the whole scheme takes at most
//! [`WHOLE_STATES_MAX`] states (or, if it changes nothing in these, in others that run steps which these
//! do not) in which it changes the system that is explored, the
//! smallest first (by the states that the whole scheme takes there), and asked every invariant that the whole
//! scheme keeps there and that has not been seen to break yet. So the length given with an invariant
//! is that of the shortest trace in the smallest scenario that shows it. A removal may also make the
//! model itself err: a kernel assertion (`VM_BUG_ON`) fails, a variable of the kernel leaves its range. That, too, is
//! what the part was for. A counter of a rule that leaves its range breaks `holds-balanced`.
//!
//! Where nothing breaks, it is said why: see [`Conclusion`], and [`asked`] for which questions a part could
//! have answered.

pub mod asked;
mod outcome;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_model::machine::{BuildError, System};
use foliocheck_specs::{Instance, Invariant, Scenario, Scheme, invariants};

pub use outcome::{Asked, Broken, Conclusion, Erred, Outcome};
pub use parts::{Kind, Removal, removals};

use asked::{Cones, Touched};

use crate::engine::limits::{Cut, Limits};
use crate::suite::{self, Cause, Options, Unit, UnitError, in_parallel};
use crate::verdict::Verdict;

/// Without another bound, an exploration without a part is cut short at this many states,
const STATES_MIN: usize = 10_000;
/// and this many times the states of all explorations of the whole scheme in that scenario.
const STATES_FACTOR: usize = 2;

/// Scenarios in which the whole scheme takes more states than this are left for parts that no smaller one
/// has: there are a hundred parts to be removed.
pub const WHOLE_STATES_MAX: usize = 16_000;

/// A scenario under the whole scheme.
struct Whole {
    scenario: Scenario,
    instance: Instance,
    keeps: Vec<Invariant>,
    /// Violated all the same.
    violates: Vec<Invariant>,
    /// What is neither, and why.
    open: Vec<String>,
    /// By invariant: what can change its answer.
    cones: BTreeMap<&'static str, Cones>,
    states: usize,
}

/// What came of a scheme's parts.
#[derive(Debug, Default)]
pub struct Ablated {
    /// One for each part.
    pub outcomes: Vec<Outcome>,
    /// What a bound that was not set here (time, memory, states of a scenario) cut short, a line each. Then
    /// this is not to be taken as committed.
    pub cut: Vec<String>,
    /// What could not be run.
    pub errors: Vec<UnitError>,
}

/// Where parts are removed.
#[derive(Clone, Debug)]
pub struct Scenarios {
    /// Here.
    pub first: Vec<Scenario>,
    /// Here only those parts whose removal changes nothing in the former.
    pub then: Vec<Scenario>,
}

impl Scenarios {
    /// What is taken unless told otherwise: first group `quick`, then the others that are not `large`.
    pub fn default_of(scenarios: &[Scenario]) -> Scenarios {
        let (first, then) = scenarios
            .iter()
            .filter(|s| s.is_default())
            .cloned()
            .partition(|s| s.in_group("quick"));
        Scenarios { first, then }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Scenario> {
        self.first.iter().chain(&self.then)
    }
}

/// Removes each part of `scheme` in turn, in `scenarios`. `done` is told how many parts there are, and
/// called after each.
///
/// Where the whole scheme cannot be run no part is removed, and what cannot be built without a part is left out:
/// the errors say which.
///
/// # Errors
/// If it cannot be built in a scenario.
pub fn ablate(
    scheme: &Scheme,
    scenarios: &Scenarios,
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(usize) + Sync),
) -> Result<Ablated, UnitError> {
    let mut errors = Vec::new();
    let (first, large): (Vec<Whole>, Vec<Whole>) =
        wholes(scheme, &scenarios.first, options, &mut errors)
            .into_iter()
            .partition(|w| w.states <= WHOLE_STATES_MAX);
    let larger = large.into_iter().map(|w| w.scenario);
    let others: Vec<Scenario> = larger.chain(scenarios.then.iter().cloned()).collect();
    let then = needed(scheme, &first, &others)?;
    let then = wholes(scheme, &then, options, &mut errors);
    let removals = parts::removals(scheme, first.iter().chain(&then).map(|w| &w.instance.full));
    let mut cut: Vec<String> = first
        .iter()
        .chain(&then)
        .flat_map(|w| w.open.clone())
        .collect();
    let results = in_parallel(&removals, jobs, |removal| {
        let result = match remove(scheme, removal, &first, options) {
            Ok((outcome, _)) if outcome.scenarios == 0 => remove(scheme, removal, &then, options),
            result => result,
        };
        done(removals.len());
        result
    });
    let mut ablated = Ablated {
        outcomes: Vec::new(),
        cut: Vec::new(),
        errors,
    };
    for result in results {
        match result {
            Ok((outcome, _)) if outcome.scenarios == 0 => {}
            Ok((outcome, short)) => {
                ablated.outcomes.push(outcome);
                cut.extend(short);
            }
            Err(error) => ablated.errors.push(error),
        }
    }
    ablated.cut = cut;
    Ok(ablated)
}

fn wholes(
    scheme: &Scheme,
    scenarios: &[Scenario],
    options: &Options,
    errors: &mut Vec<UnitError>,
) -> Vec<Whole> {
    let mut wholes = Vec::new();
    for scenario in scenarios {
        if scheme.family.concerns(&scenario.setup) {
            match whole(scheme, scenario, options) {
                Ok(whole) => wholes.push(whole),
                Err(error) => errors.push(error),
            }
        }
    }
    wholes.sort_by(|a, b| (a.states, &a.scenario.id).cmp(&(b.states, &b.scenario.id)));
    wholes
}

/// Of `others`, those with a step that neither `wholes` nor an earlier one has; those with the fewest
/// tasks first.
fn needed(
    scheme: &Scheme,
    wholes: &[Whole],
    others: &[Scenario],
) -> Result<Vec<Scenario>, UnitError> {
    let ids = |i: &Instance| -> BTreeSet<String> {
        i.full.steps().map(|(_, _, s)| s.id.clone()).collect()
    };
    let mut seen: BTreeSet<String> = wholes.iter().flat_map(|w| ids(&w.instance)).collect();
    let mut others: Vec<&Scenario> = others.iter().collect();
    others.sort_by_key(|s| s.setup.tasks.len());
    let mut chosen = Vec::new();
    for scenario in others {
        if !scheme.family.concerns(&scenario.setup) {
            continue;
        }
        let unit = unit(scheme, scenario);
        let ids = ids(&build(&unit).map_err(|e| unit.error(e))?);
        if !ids.is_subset(&seen) {
            seen.extend(ids);
            chosen.push(scenario.clone());
        }
    }
    Ok(chosen)
}

fn unit(scheme: &Scheme, scenario: &Scenario) -> Unit {
    Unit {
        scheme: scheme.clone(),
        scenario: scenario.clone(),
        ablations: Vec::new(),
        ask: invariants::all(),
    }
}

fn whole(scheme: &Scheme, scenario: &Scenario, options: &Options) -> Result<Whole, UnitError> {
    let unit = unit(scheme, scenario);
    let answer = suite::run(&unit, options)?;
    let with = |verdict: Verdict| -> Vec<Invariant> {
        let mut all = invariants::all();
        all.retain(|i| {
            let mut runs = answer.runs.iter();
            runs.any(|r| r.invariant == i.id && r.verdict == verdict)
        });
        all
    };
    let open = answer
        .runs
        .iter()
        .filter(|r| r.verdict == Verdict::Inconclusive);
    let open = open.map(|r| {
        let reason = r.reason.as_deref().unwrap_or("no reason given");
        format!("{} in {}, {}: {reason}", r.scheme, r.scenario, r.invariant)
    });
    let instance = build(&unit).map_err(|e| unit.error(e))?;
    let (keeps, violates) = (with(Verdict::Holds), with(Verdict::Violated));
    let asked = keeps.iter().chain(&violates);
    let cones = asked.map(|i| (i.id, Cones::of(&instance.full, i.id)));
    Ok(Whole {
        cones: cones.collect(),
        keeps,
        violates,
        open: open.collect(),
        states: answer.states,
        instance,
        scenario: unit.scenario,
    })
}

fn build(unit: &Unit) -> Result<Instance, BuildError> {
    let setup = &unit.scenario.setup;
    let applicable = foliocheck_specs::instance::applicable(setup);
    Instance::build(setup, &unit.scheme, &unit.ablations, &applicable)
}

/// Whether an engine sees any difference.
fn same(a: &System, b: &System) -> bool {
    let programs =
        |s: &System| -> Vec<_> { s.tasks.iter().map(|t| t.program.steps.clone()).collect() };
    a.vars.len() == b.vars.len()
        && programs(a) == programs(b)
        && a.predicates
            .iter()
            .map(|p| &p.bad)
            .eq(b.predicates.iter().map(|p| &p.bad))
}

/// The outcome, and what was cut short by a bound that was not set here.
fn remove(
    whole_scheme: &Scheme,
    removal: &Removal,
    wholes: &[Whole],
    options: &Options,
) -> Result<(Outcome, Vec<String>), UnitError> {
    let (scheme, ablations) = removal.apply(whole_scheme);
    let mut outcome = Outcome {
        removal: removal.clone(),
        conclusion: Conclusion::Inconclusive,
        breaks: Vec::new(),
        errs: None,
        asked: None,
        scenarios: 0,
        states: 0,
    };
    let (mut changed, mut open, mut cut) = (Vec::new(), false, Vec::new());
    for whole in wholes {
        let broken = |i: &&Invariant| outcome.breaks.iter().all(|b| b.invariant != i.id);
        let unit = Unit {
            scheme: scheme.clone(),
            scenario: whole.scenario.clone(),
            ablations: ablations.clone(),
            ask: whole.keeps.iter().filter(broken).copied().collect(),
        };
        match build(&unit) {
            Err(BuildError::NothingToAblate(_)) => continue,
            // What the rule was to do next is nowhere: without it there is no program to run.
            Err(error @ BuildError::UnboundLabel { .. }) => {
                outcome.scenarios += 1;
                outcome.errs.get_or_insert_with(|| Erred {
                    error: error.to_string(),
                    scenario: unit.scenario.id.clone(),
                    length: None,
                });
                continue;
            }
            Err(error) => return Err(unit.error(error)),
            Ok(instance) if same(&instance.optimized, &whole.instance.optimized) => continue,
            Ok(_) => outcome.scenarios += 1,
        }
        changed.push(whole);
        open |= !whole.open.is_empty();
        if unit.ask.is_empty() {
            continue;
        }
        match suite::run(&unit, &bounded(options, whole)) {
            Ok(answer) => {
                outcome.states += answer.states;
                for run in answer.runs {
                    let reason = run.reason.as_deref().unwrap_or_default();
                    if !reason.is_empty() && !stopped_here(reason, options) {
                        cut.push(format!(
                            "{} without {} in {}, {}: {reason}",
                            run.scheme,
                            removal.name(),
                            run.scenario,
                            run.invariant
                        ));
                    }
                    match (run.verdict, run.trace) {
                        (Verdict::Violated, Some(trace)) => {
                            outcome.breaks.push(Broken {
                                invariant: run.invariant,
                                scenario: run.scenario,
                                length: trace.length,
                                exact: run.reason.is_none(),
                            });
                        }
                        (Verdict::Holds, _) => {}
                        _ => open = true,
                    }
                }
            }
            Err(error) => match Erred::of(&error) {
                Some(erred) => {
                    outcome.errs.get_or_insert(erred);
                }
                None => return Err(error),
            },
        }
    }
    outcome.conclusion = if !outcome.breaks.is_empty() || outcome.errs.is_some() {
        Conclusion::Needed
    } else if open {
        Conclusion::Inconclusive
    } else {
        let (conclusion, asked) = ask(whole_scheme, removal, &changed, options)?;
        outcome.asked = asked;
        conclusion
    };
    let order = |b: &Broken| invariants::all().iter().position(|i| i.id == b.invariant);
    outcome.breaks.sort_by_key(order);
    Ok((outcome, cut))
}

/// Why nothing breaks where the removal changes something.
fn ask(
    scheme: &Scheme,
    removal: &Removal,
    changed: &[&Whole],
    options: &Options,
) -> Result<(Conclusion, Option<Asked>), UnitError> {
    let touched: Vec<Touched> = changed
        .iter()
        .map(|whole| Touched::by(removal, &whole.instance))
        .collect();
    let mut exercised: Vec<Option<Option<bool>>> = vec![None; changed.len()];
    let (mut idle, mut open) = (None, false);
    for near in [true, false] {
        let mut violated = None;
        for (n, whole) in changed.iter().enumerate() {
            let first = |all: &[Invariant]| {
                let lies = |i: &&Invariant| touched[n].lies_in(&whole.cones[i.id], near);
                all.iter().find(lies).map(|i| Asked {
                    invariant: i.id.to_owned(),
                    scenario: whole.scenario.id.clone(),
                })
            };
            let kept = first(&whole.keeps);
            let broken = first(&whole.violates);
            if kept.is_none() && (broken.is_none() || violated.is_some()) {
                continue;
            }
            let known = match exercised[n] {
                Some(known) => known,
                None => touched[n]
                    .is_exercised(&whole.instance, &bounded(options, whole).limits)
                    .map_err(|e| unit(scheme, &whole.scenario).error(e))?,
            };
            exercised[n] = Some(known);
            match known {
                Some(true) if kept.is_some() => return Ok((Conclusion::Redundant, kept)),
                Some(true) => violated = broken,
                Some(false) => idle = idle.or(kept).or(broken),
                None => open = true,
            }
        }
        if !open && violated.is_some() {
            return Ok((Conclusion::NothingLeft, violated));
        }
    }
    Ok(if open {
        (Conclusion::Inconclusive, None)
    } else {
        (Conclusion::Unasked, idle)
    })
}

/// Whether an exploration stopped at the number of states that is set here ([`STATES_MIN`]).
fn stopped_here(reason: &str, options: &Options) -> bool {
    let others = Limits {
        max_states: None,
        ..options.limits
    };
    options.limits.max_states.is_none()
        && ![Cut::Time, Cut::Memory, Cut::Cancelled]
            .iter()
            .any(|cut| reason.starts_with(&cut.reason(&others)))
}

/// A removal may be of what kept the state space finite (a fault that never succeeds moves a version
/// for ever): an exploration stops at a multiple of what the whole scheme takes.
fn bounded(options: &Options, whole: &Whole) -> Options {
    let mut options = *options;
    options
        .limits
        .max_states
        .get_or_insert(STATES_MIN + STATES_FACTOR * whole.states);
    options
}

impl Erred {
    /// If that is what went wrong.
    fn of(error: &UnitError) -> Option<Erred> {
        let Cause::Erred { error: what, .. } = &*error.source else {
            return None;
        };
        Some(Erred {
            error: what.clone(),
            scenario: error.scenario.clone(),
            length: error.steps().map(|t| t.length),
        })
    }
}
