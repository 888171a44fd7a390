//! `foliocheck check`.

use foliocheck_specs::invariants;

use super::args::{CheckArgs, Engine, FairnessArg, Format};
use super::bounds::options;
use super::exit::INCONCLUSIVE;
use super::gate::{self, Committed};
use super::job::{self, Scope, What};
use super::out::{eprint, println};
use super::print::{self, Said};
use super::select::{self, Place, default_scenarios};
use super::threads;
use crate::expectation::{Difference, Expected, Kind};
use crate::report::terminal::fit;
use crate::report::{self, json, markdown, summary};
use crate::suite::Options;
use crate::without::Parts;

/// Runs the check. The exit code.
pub fn check(place: &Place, args: &CheckArgs) -> anyhow::Result<u8> {
    match args.engine {
        Some(engine) if engine != Engine::Stateright => {
            return threads::check(place, args, engine);
        }
        _ => {}
    }
    let everything = args.scheme.is_empty()
        && args.scenario.is_empty()
        && args.invariant.is_empty()
        && args.group.is_empty()
        && args.without.is_empty()
        && args.engine.is_none();
    let what = What {
        schemes: select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?,
        scenarios: default_scenarios(place, &args.group, &args.scenario)?,
        ask: select::matching(invariants::all(), &args.invariant, "invariant", |i| i.id)?,
        without: Parts::parse(&args.without)?,
        scope: if everything {
            Scope::Whole
        } else {
            Scope::Part
        },
    };
    if !what.without.is_empty() || args.fairness != FairnessArg::default() {
        return check_apart(place, args, what);
    }
    let committed = Committed::read(place, args.bless)?;
    let options = options(&args.bounds, args.full);
    let job = job::run(place, what, &options, &args.bounds)?;
    let (mut outcome, plan) =
        gate::hold(place, &committed, &job, &options, &args.bounds, args.bless)?;
    // Only the gate requires that everything be committed.
    let is_new = |d: &Difference| d.kind == Kind::New;
    let new = outcome.differences.iter().filter(|d| is_new(d)).count();
    if !args.bless {
        outcome.differences.retain(|d| !is_new(d));
        if new > 0 {
            // Files of results differ, of course: they are written with what is new.
            outcome.sections.retain(|s| s.title != gate::FILES);
        }
    }
    let runs: Vec<Expected> = job.runs.iter().map(Expected::of).collect();
    let invariants = invariants::all();
    let tables = summary::tables(&place.schemes, &invariants, &job.what.scenarios, &runs);
    match args.format {
        Format::Json => println!("{}", json::runs(&job.runs)),
        Format::Markdown => {
            for (environment, matrix) in &tables {
                println!("## {}\n\n{}", environment.title, markdown::matrix(matrix));
            }
        }
        Format::Table => {
            let said = Said {
                job: &job,
                runs: &runs,
                tables: &tables,
                fairness: args.fairness,
                new,
            };
            if everything {
                print::whole(place, &said, &outcome);
            } else {
                print::part(place, &said, &outcome);
            }
        }
    }
    print::errors(&job.errors);
    if args.format != Format::Table {
        eprint!("{}", report::gate::plain(&outcome));
    }
    if args.bless {
        return gate::bless(&job, &options, plan, &place.results());
    }
    Ok(gate::code(&job, &outcome))
}

/// Runs schemes without some parts, or with another fairness. That is not what is committed, and is not held to it.
/// The exit code.
fn check_apart(place: &Place, args: &CheckArgs, what: What) -> anyhow::Result<u8> {
    let why = if what.without.is_empty() {
        "committed verdicts take it that locks are handed over; leave out --fairness to compare"
    } else {
        "a scheme without a part is not what is committed; leave out --without to compare"
    };
    anyhow::ensure!(!args.bless, "nothing blessed: {why}");
    let options = Options {
        fairness: args.fairness.into(),
        ..options(&args.bounds, args.full)
    };
    let job = job::run(place, what, &options, &args.bounds)?;
    let parts = &job.what.without;
    let runs: Vec<Expected> = job.runs.iter().map(Expected::of).collect();
    let invariants = invariants::all();
    let tables = summary::tables(&place.schemes, &invariants, &job.what.scenarios, &runs);
    let removed = if parts.is_empty() {
        String::new()
    } else {
        format!("Without: {}.\n", parts.in_words().join("; "))
    };
    match args.format {
        Format::Json => println!("{}", json::runs_without(&job.runs, parts.named())),
        Format::Markdown => {
            print!("{removed}");
            for (environment, matrix) in &tables {
                println!("## {}\n\n{}", environment.title, markdown::matrix(matrix));
            }
        }
        Format::Table => {
            println!("{}", fit(&removed));
            let said = Said {
                job: &job,
                runs: &runs,
                tables: &tables,
                fairness: args.fairness,
                new: 0,
            };
            print::apart(place, &said, why);
        }
    }
    Ok(if job.open().is_some() {
        INCONCLUSIVE
    } else {
        0
    })
}
