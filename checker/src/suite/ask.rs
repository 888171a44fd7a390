//! The explorations that answer a unit.

use foliocheck_model::machine::System;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_specs::{coverage, instance, invariants};

use super::answer::{Answer, Options};
use super::balance::{self, Asked};
use super::conclude::{Finding, conclude};
use super::unit::{Cause, Unit};
use crate::engine::explore::{Mode, explore, lasts};
use crate::engine::lasso::Fairness;
use crate::engine::limits::Limits;
use crate::engine::progress::progress;
use crate::verdict::Verdict;

/// What explorations say of a unit.
pub(super) fn answer(unit: &Unit, options: &Options) -> Result<Answer, Cause> {
    let instance = unit.instance()?;
    let mut limits = options.limits;
    limits.max_states = match (limits.max_states, unit.scenario.max_states) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let mut answer = Answer::default();
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    let system = if unit
        .ask
        .iter()
        .all(|i| i.id == invariants::errors::INVARIANT.id)
    {
        // Errors of the kernel's own, whatever rules count.
        Asked::Saturating(&instance)
    } else {
        balance::ask(&instance, options, &limits, &mut answer, &mut findings)?
    };
    let is_asked = |p: &usize| {
        let name = &instance.full.predicates[*p].invariant;
        unit.ask.iter().any(|i| i.id == *name)
    };
    let (endless, asked): (Vec<usize>, Vec<usize>) = (0..instance.full.predicates.len())
        .filter(|p| is_asked(p) && findings.iter().all(|(known, _)| known != p))
        .partition(|p| about_progress(&instance.full.predicates[*p]));
    // Else only endless executions are asked about.
    if !asked.is_empty() {
        let explore = if options.full {
            explore_full
        } else {
            explore_reduced
        };
        let optimized = &system.optimized();
        explore(optimized, &asked, &limits, &mut answer, &mut findings)?;
    }
    if !endless.is_empty() {
        ask_progress(
            system.written(),
            &endless,
            options.fairness,
            &limits,
            &mut answer,
            &mut findings,
        )?;
    }
    let setup = &unit.scenario.setup;
    for invariant in &unit.ask {
        let mine: Vec<&(usize, Finding)> = findings
            .iter()
            .filter(|(p, _)| instance.full.predicates[*p].invariant == invariant.id)
            .collect();
        if !mine.is_empty() {
            let mut run = conclude(unit, invariant, &instance, &mine, options)?;
            if run.verdict == Verdict::Holds {
                run.unfinished.clone_from(&answer.unfinished);
                run.unchanged = invariant.needs_change && !coverage::changes_bytes(setup);
            }
            answer.runs.push(run);
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
    answer.observe(exploration, system);
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
        answer.observe(exploration, system);
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
    let progress = progress(&instance::question(full, asked), fairness, limits)?;
    answer.states += progress.states;
    answer.transitions += progress.transitions;
    for (n, p) in asked.iter().enumerate() {
        findings.push((*p, Finding::of_progress(&progress, n, limits)));
    }
    Ok(())
}
