//! Whether the counters that rules keep stay in their ranges, and so which system everything else is asked of.

use std::borrow::Cow;

use foliocheck_model::machine::System;
use foliocheck_model::machine::optimize::optimize;
use foliocheck_specs::invariants::holds_balanced;
use foliocheck_specs::{Instance, instance};

use super::answer::{Answer, Options};
use super::conclude::Finding;
use super::unit::Cause;
use crate::engine::explore::{Mode, explore};
use crate::engine::limits::Limits;

/// The system that everything else is asked of.
pub(super) enum Asked<'i> {
    /// Counters stay in their ranges.
    InRange(&'i Instance),
    /// They may leave them, and saturate.
    Saturating(&'i Instance),
}

impl<'i> Asked<'i> {
    /// As written.
    pub fn written(&self) -> &'i System {
        match self {
            Asked::InRange(instance) => &instance.in_range,
            Asked::Saturating(instance) => &instance.full,
        }
    }

    /// Optimised.
    pub fn optimized(&self) -> Cow<'i, System> {
        match self {
            Asked::InRange(instance) => Cow::Borrowed(&instance.optimized),
            Asked::Saturating(instance) => Cow::Owned(optimize(&instance.full)),
        }
    }
}

/// Asks it, of a system with nothing in it but what decides it. Added to `findings` if the instance asks.
pub(super) fn ask<'i>(
    instance: &'i Instance,
    options: &Options,
    limits: &Limits,
    answer: &mut Answer,
    findings: &mut Vec<(usize, Finding)>,
) -> Result<Asked<'i>, Cause> {
    let full = &instance.full;
    let mut predicates = full.predicates.iter();
    let Some(p) = predicates.position(|p| p.invariant == holds_balanced::INVARIANT.id) else {
        return Ok(Asked::InRange(instance));
    };
    let system = instance::question(full, &[p]);
    let mode = if options.full {
        Mode::Full
    } else {
        Mode::Question(0)
    };
    let exploration = explore(&system, mode, &[0], limits)?;
    answer.add(&exploration);
    let holds = exploration.violations.is_empty() && exploration.cut.is_none();
    findings.push((p, Finding::of(&exploration, 0, limits)));
    Ok(if holds {
        Asked::InRange(instance)
    } else {
        Asked::Saturating(instance)
    })
}
