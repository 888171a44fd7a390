//! `foliocheck cost`.

use std::io::IsTerminal as _;
use std::time::Instant;

use anstream::{print, println};
use foliocheck_specs::{Scenario, Scheme, schemes};

use super::check::{default_scenarios, options};
use super::select::{self, Place};
use super::{CostArgs, Format, INCONCLUSIVE};
use crate::cost::{Bill, bill};
use crate::report::cost as report;
use crate::suite;

/// The scheme that every other is compared with.
const BASE: &str = "by-reference";

/// Counts and prints.
pub fn cost(place: &Place, args: &CostArgs) -> anyhow::Result<u8> {
    let mut chosen = select::matching(schemes::all(), &args.scheme, "scheme", |s| s.id)?;
    if !chosen.iter().any(|s| s.id == BASE) {
        chosen.insert(0, select::scheme(BASE)?);
    }
    let scenarios = default_scenarios(place, &args.group, &args.scenario)?;
    let pairs: Vec<(&Scenario, &Scheme)> = scenarios
        .iter()
        .flat_map(|scenario| chosen.iter().map(move |scheme| (scenario, scheme)))
        .filter(|(scenario, scheme)| scheme.family.concerns(&scenario.setup))
        .collect();
    let limits = options(&args.bounds, true).limits;
    let started = Instant::now();
    let bills: Vec<Bill> = suite::spread(
        &pairs,
        |(scenario, _)| suite::size(scenario),
        args.bounds.jobs(),
        &|(scenario, scheme)| bill(scheme, scenario, &limits),
    )
    .into_iter()
    .collect::<Result<_, _>>()?;
    let elapsed = started.elapsed();
    match args.format {
        Format::Json => println!("{}", report::json(&bills)),
        Format::Markdown => {
            for id in report::scenarios(&bills) {
                println!("## {id}\n\n{}", report::markdown(&bills, id));
            }
        }
        Format::Table => {
            let width = (!std::io::stdout().is_terminal()).then_some(u16::MAX);
            for id in report::scenarios(&bills) {
                println!("{id}\n{}\n", report::table(&bills, id, width));
            }
            if args.cycle {
                for bill in &bills {
                    print!("{}", report::cycles(bill));
                }
            }
            summary(&bills, elapsed.as_secs_f64());
        }
    }
    Ok(if bills.iter().any(|b| b.inconclusive.is_some()) {
        INCONCLUSIVE
    } else {
        0
    })
}

fn summary(bills: &[Bill], seconds: f64) {
    for bill in bills {
        if let Some(reason) = &bill.inconclusive {
            println!(
                "inconclusive: {} in {}: {reason}",
                bill.scheme, bill.scenario
            );
        }
    }
    let states: usize = bills.iter().map(|b| b.states).sum();
    println!(
        "Least to most, over all executions. unbounded: as often as others make it so (--cycle prints how). \
         n/a: no execution is ever complete.\n{} graphs, {states} states, {seconds:.1} s",
        bills.len()
    );
}
