//! `foliocheck cost`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Instant;

use foliocheck_specs::{Scenario, Scheme};

use super::args::{CostArgs, Format};
use super::bounds::options;
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::nothing::not_run;
use super::out::{eprintln, print, println};
use super::select::{self, Place, default_scenarios};
use crate::cost::{Bill, bill};
use crate::engine::limits::Limits;
use crate::gate;
use crate::report::cost as report;
use crate::results::{self, Batch, Lock};
use crate::suite::{self, UnitError};

/// The scheme that every other is compared with.
const BASE: &str = "by-reference";

/// More scenarios than this are printed only when everything is asked for.
const SHOWN: usize = 3;

/// Counts and prints.
pub fn cost(place: &Place, args: &CostArgs) -> anyhow::Result<u8> {
    let everything = args.scheme.is_empty() && args.scenario.is_empty() && args.group.is_empty();
    if args.bless && !(everything && args.bounds.is_none()) {
        anyhow::bail!(
            "nothing blessed: what is committed is of all schemes, default scenarios and bounds; name none"
        );
    }
    let mut chosen = select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?;
    let base_is_named = chosen.iter().any(|s| s.id == BASE);
    if !base_is_named {
        chosen.insert(0, place.scheme(BASE)?);
    }
    let scenarios = default_scenarios(place, &args.group, &args.scenario)?;
    let pairs = pairs(&chosen, &scenarios);
    let named = |scheme: &&Scheme| args.scheme.is_empty() || scheme.id != BASE || base_is_named;
    anyhow::ensure!(
        pairs.iter().any(|(_, scheme)| named(scheme)),
        "nothing to run\n{}",
        not_run(&chosen, &scenarios)
    );
    let limits = options(&args.bounds, true).limits;
    let started = Instant::now();
    let bills = bills(&pairs, &limits, args.bounds.jobs())?;
    let elapsed = started.elapsed();
    match args.format {
        Format::Json => println!("{}", report::json(&bills)),
        Format::Markdown => {
            for id in report::scenarios(&bills) {
                println!(
                    "## {id}\n\n{}",
                    report::markdown(report::of_scenario(&bills, id))
                );
            }
        }
        Format::Table => {
            let width = (!std::io::stdout().is_terminal()).then_some(u16::MAX);
            let scenarios = report::scenarios(&bills);
            if scenarios.len() > 1 {
                let schemes: Vec<&str> = chosen.iter().map(|s| s.id).collect();
                let rows = report::beyond(&report::entries(&bills), BASE, &schemes);
                println!(
                    "The most that a scheme costs beyond {BASE} in any of {} scenarios",
                    scenarios.len()
                );
                println!("{}\n", report::table(rows, width));
            }
            if scenarios.len() <= SHOWN || place.verbose {
                for id in scenarios {
                    println!(
                        "{id}\n{}\n",
                        report::table(report::of_scenario(&bills, id), width)
                    );
                }
            } else {
                println!("-v prints each scenario.\n");
            }
            if args.cycle {
                for bill in &bills {
                    print!("{}", report::cycles(bill));
                }
            }
            summary(&bills, elapsed.as_secs_f64());
        }
    }
    let open = bills.iter().any(|b| b.inconclusive.is_some());
    if everything && !open && !as_committed(place, args.bless, &report::entries(&bills))? {
        return Ok(UNEXPECTED);
    }
    Ok(if open { INCONCLUSIVE } else { 0 })
}

/// A scheme in a scenario that it concerns.
pub type Pair<'a> = (&'a Scenario, &'a Scheme);

/// Every scheme in every scenario that it concerns.
pub fn pairs<'a>(schemes: &'a [Scheme], scenarios: &'a [Scenario]) -> Vec<Pair<'a>> {
    scenarios
        .iter()
        .flat_map(|scenario| schemes.iter().map(move |scheme| (scenario, scheme)))
        .filter(|(scenario, scheme)| scheme.family.concerns(&scenario.setup))
        .collect()
}

/// Counts, on `jobs` threads.
pub fn bills(pairs: &[Pair<'_>], limits: &Limits, jobs: usize) -> Result<Vec<Bill>, UnitError> {
    let size = |(scenario, _): &Pair<'_>| suite::size(scenario);
    suite::spread(pairs, size, jobs, &|(scenario, scheme)| {
        bill(scheme, scenario, limits)
    })
    .into_iter()
    .collect()
}

/// Compares with what is committed, or takes it as committed.
fn as_committed(place: &Place, bless: bool, now: &[report::Entry]) -> anyhow::Result<bool> {
    if bless {
        let path = path(place);
        let _lock = Lock::exclusive(&place.results())?;
        let scenarios = place.scenarios()?;
        let mut batch = Batch::default();
        batch.write(path, report::committed(now));
        gate::page(&mut batch, &place.results(), place.catalogue(&scenarios))?;
        batch.commit(&place.results())?;
        return Ok(true);
    }
    let lines = differences(place, now)?;
    if !lines.is_empty() {
        eprintln!("Not as committed (accept with --bless):");
    }
    for line in &lines {
        eprintln!("  {line}");
    }
    Ok(lines.is_empty())
}

fn path(place: &Place) -> PathBuf {
    place.results().join("cost.json")
}

/// A line for each bill of which something else is committed, or that is there no longer.
pub fn differences(place: &Place, now: &[report::Entry]) -> anyhow::Result<Vec<String>> {
    let committed: Option<report::Committed> = results::read(&path(place), report::SCHEMA)?;
    let before = committed.map(|c| c.costs).unwrap_or_default();
    let name = |e: &report::Entry| format!("{} in {}", e.scheme, e.scenario);
    let is = |list: &[report::Entry], e: &report::Entry| {
        let found = list.iter().find(|o| name(o) == name(e));
        found.map(|o| o == e)
    };
    let mut lines = Vec::new();
    for entry in now {
        match is(&before, entry) {
            Some(true) => {}
            Some(false) => lines.push(format!("{}: other figures", name(entry))),
            None => lines.push(format!("{}: nothing is committed", name(entry))),
        }
    }
    for entry in before.iter().filter(|e| is(now, e).is_none()) {
        lines.push(format!("{}: committed, and no longer there", name(entry)));
    }
    Ok(lines)
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
