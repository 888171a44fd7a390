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
//!
//! Before all that, where rules count: whether each counter stays in its range (`holds-balanced`), on the
//! system in which one that does not saturates. If all do, everything else is asked of the system that takes
//! it for granted; else (or where it is not known) of the former. See `balance`.
//!
//! A step that errs all the same is an error of the model, of one unit: it comes with the shortest steps to
//! such an error, and is no business of other units. See `errors`.

mod answer;
mod ask;
mod balance;
mod conclude;
mod errors;
mod parallel;
mod unit;

use foliocheck_specs::Scenario;

pub use answer::{Answer, Options};
pub use conclude::ENGINES;
pub use parallel::{in_parallel, spread};
pub use unit::{Cause, Unit, UnitError, default_units, units};

/// Runs one unit.
///
/// # Errors
/// If it could not be run to an answer.
pub fn run(unit: &Unit, options: &Options) -> Result<Answer, UnitError> {
    ask::answer(unit, options).map_err(|source| unit.error(errors::explain(unit, source, options)))
}

/// Runs many units on `jobs` threads; `done` is called after each. Answers come in the order of the
/// units, whatever the number of threads.
pub fn run_all(
    units: &[Unit],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(&Unit) + Sync),
) -> Vec<Result<Answer, UnitError>> {
    run_each(units, options, jobs, &|unit, _| done(unit))
}

/// As [`run_all`], and `done` is told what came out.
pub fn run_each(
    units: &[Unit],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(&Unit, &Result<Answer, UnitError>) + Sync),
) -> Vec<Result<Answer, UnitError>> {
    spread(units, weight, jobs, &|unit| {
        let answer = run(unit, options);
        done(unit, &answer);
        answer
    })
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
