//! Which memory orders a scheme rests on: each is weakened, one level at a time, and loom run.
//!
//! An order is *needed* if without it a weak execution violates an invariant that held, or has an outcome
//! that was not there before. Barriers that come with reference counts which nobody looks at are left out, so
//! that they do not stand in for what a scheme rests on. Else it is not needed, within the scenarios and bounds that were run: another
//! order may do the same, or nothing that was run may notice.

use std::collections::BTreeSet;

use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::weaken::{Ordered, ordered, weakened, weaker};
use foliocheck_specs::Instance;
use serde::Serialize;

use super::loomed::{self, Loomed, Reach};
use crate::engine::loom::LoomError;
use crate::suite::{self, Cause, Unit, UnitError};
use crate::trace::Trace;
use foliocheck_model::machine::BuildError;

/// What an order turned out to be for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Audited {
    /// The step's id.
    pub step: String,
    /// Its C function.
    pub function: String,
    /// The rule of the scheme that put it there.
    pub rule: Option<String>,
    /// The variable.
    pub variable: String,
    /// What is declared.
    pub declared: &'static str,
    /// The weakest that does, in what was run.
    pub enough: &'static str,
    /// What breaks one level below that.
    pub breaks: Option<Broken>,
    /// Scenarios in which it was weakened.
    pub scenarios: usize,
    /// Executions explored for it.
    pub executions: usize,
    /// Not every exploration reached its bound: that the order is not needed is not known then, and what breaks
    /// without it may be there with it.
    pub cut: bool,
}

/// What breaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Broken {
    /// Weakened to this.
    pub to: &'static str,
    /// In that scenario.
    pub scenario: String,
    /// The invariant; none if only the outcome is new.
    pub invariant: Option<String>,
    /// The execution.
    pub trace: Trace,
}

/// A unit, with what loom finds in it as it is.
struct Base {
    unit: Unit,
    instance: Instance,
    ordered: BTreeSet<Ordered>,
    loomed: Loomed,
}

/// Audits a scheme in units of it, on `jobs` threads. `done` is called after each order.
///
/// # Errors
/// If a unit shows an error of the model or of the executor.
pub fn audit(
    units: &[Unit],
    reach: &Reach,
    jobs: usize,
    done: &(dyn Fn(usize, &Ordered) + Sync),
) -> Result<Vec<Audited>, UnitError> {
    let bases = suite::in_parallel(units, jobs, |unit| base(unit, reach));
    let bases: Vec<Base> = bases
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let all: BTreeSet<&Ordered> = bases.iter().flat_map(|b| &b.ordered).collect();
    let all: Vec<&Ordered> = all.into_iter().collect();
    let audited = suite::in_parallel(&all, jobs, |which| {
        let audited = one(&bases, which, reach);
        done(all.len(), which);
        audited
    });
    audited.into_iter().collect()
}

fn base(unit: &Unit, reach: &Reach) -> Result<Option<Base>, UnitError> {
    let tried = || -> Result<Base, Cause> {
        let instance = unit.instance()?;
        let loomed = loomed::explore(&instance, Orders::Essential, reach)?;
        Ok(Base {
            unit: unit.clone(),
            ordered: ordered(&instance.full),
            instance,
            loomed,
        })
    };
    match tried() {
        Ok(base) => Ok(Some(base)),
        Err(
            Cause::Build(BuildError::TwoObjects { .. })
            | Cause::Loom(LoomError::TooManyTasks(_) | LoomError::Endless(_)),
        ) => Ok(None),
        Err(cause) => Err(unit.error(cause)),
    }
}

/// Goes down from what is declared, as long as nothing breaks.
fn one(bases: &[Base], which: &Ordered, reach: &Reach) -> Result<Audited, UnitError> {
    let mut audited = Audited {
        step: which.id.clone(),
        function: which.function.clone(),
        rule: which.rule.clone(),
        variable: which.variable.clone(),
        declared: which.order.name(),
        enough: which.order.name(),
        breaks: None,
        scenarios: bases.iter().filter(|b| b.ordered.contains(which)).count(),
        executions: 0,
        cut: bases
            .iter()
            .any(|b| b.ordered.contains(which) && b.loomed.cut_short().is_some()),
    };
    let mut at = which.order;
    loop {
        let mut broken = None;
        let mut next = None;
        for order in weaker(at) {
            match breaks(bases, which, *order, reach, &mut audited)? {
                None => {
                    next = Some(*order);
                    break;
                }
                Some(b) => {
                    broken.get_or_insert(b);
                }
            }
        }
        let Some(order) = next else {
            audited.breaks = broken;
            return Ok(audited);
        };
        at = order;
        audited.enough = order.name();
    }
}

/// The first scenario in which something breaks with that order.
fn breaks(
    bases: &[Base],
    which: &Ordered,
    order: Order,
    reach: &Reach,
    audited: &mut Audited,
) -> Result<Option<Broken>, UnitError> {
    for base in bases.iter().filter(|b| b.ordered.contains(which)) {
        let mut instance = base.instance.clone();
        instance.in_range = weakened(&instance.in_range, which, order);
        let found = loomed::explore(&instance, Orders::Essential, reach)
            .and_then(|loomed| {
                audited.executions += loomed.found.executions;
                audited.cut |= loomed.cut_short().is_some();
                difference(base, &instance, &loomed)
            })
            .map_err(|cause| base.unit.error(cause))?;
        if let Some((invariant, trace)) = found {
            return Ok(Some(Broken {
                to: order.name(),
                scenario: base.unit.scenario.id.clone(),
                invariant,
                trace,
            }));
        }
    }
    Ok(None)
}

/// What is there that was not before.
fn difference(
    base: &Base,
    instance: &Instance,
    loomed: &Loomed,
) -> Result<Option<(Option<String>, Trace)>, Cause> {
    let before = &base.loomed.found;
    let known =
        |p: &usize| before.violations.contains_key(p) || before.weak_violations.contains_key(p);
    let weak = &loomed.found.weak_violations;
    if let Some(p) = weak.keys().find(|p| !known(p)) {
        let name = &instance.full.predicates[*p].invariant;
        let invariant = base.unit.ask.iter().find(|i| i.id == *name);
        if let Some(invariant) = invariant
            && let Some(trace) = loomed.weak_trace(instance, invariant)?
        {
            return Ok(Some((Some(name.clone()), trace)));
        }
    }
    let new = loomed.found.only_weak().find(|(outcome, _)| {
        !before.outcomes.contains(*outcome) && !before.weak_outcomes.contains_key(*outcome)
    });
    let Some((_, execution)) = new else {
        return Ok(None);
    };
    let prepared = Prepared::of(&instance.in_range)?;
    let why = "an outcome that is not there with the declared orders".to_owned();
    let trace = Trace::weak(&prepared.system, execution, execution.steps.len(), why);
    Ok(Some((None, trace)))
}
