//! Nothing to run is an error: a verdict about nothing must not look like one that everything is well.

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_specs::{Invariant, Scenario, Scheme};

use crate::suite::Unit;

/// Some unit is there that is asked something.
///
/// # Errors
/// If not: which schemes are not run in the scenarios, or which invariants do not apply there, and why.
pub fn ensure_something(
    schemes: &[Scheme],
    scenarios: &[Scenario],
    ask: &[Invariant],
    units: &[Unit],
) -> anyhow::Result<()> {
    anyhow::ensure!(
        !units.is_empty(),
        "nothing to run\n{}",
        not_run(schemes, scenarios)
    );
    if units.iter().any(Unit::asks_something) {
        return Ok(());
    }
    let of_units: BTreeSet<&str> = units.iter().map(|u| u.scenario.id.as_str()).collect();
    anyhow::bail!(
        "nothing to run: {} does not apply to scenario {}",
        names(ask.iter().map(|i| i.id)),
        names(of_units)
    )
}

/// Some unit could be run as threads.
///
/// # Errors
/// If not, with the reasons.
pub fn ensure_threads(ran: bool, passed: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(ran, "nothing was run as threads\n{}", passed.join("\n"));
    Ok(())
}

/// At most a few names, and how many more.
fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let all: Vec<&str> = all.into_iter().collect();
    let shown = all[..all.len().min(SHOWN)].join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Which schemes are not run in the scenarios, and why not.
pub fn not_run(schemes: &[Scheme], scenarios: &[Scenario]) -> String {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scheme in schemes {
        for scenario in scenarios {
            if let Some(why) = scheme.family.left_out(&scenario.setup) {
                reasons.entry(why).or_default().insert(scheme.id);
            }
        }
    }
    let lines = reasons.into_iter().map(|(why, schemes)| {
        let schemes: Vec<&str> = schemes.into_iter().collect();
        format!("{}: not run, because {why}", schemes.join(", "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
