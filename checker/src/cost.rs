//! What schemes cost, scenario by scenario.

use foliocheck_model::kernel::setup::Call;
use foliocheck_specs::{Instance, Scenario, Scheme, instance};
use serde::Serialize;

use crate::engine::cost::{self, Metric, Most};
use crate::engine::limits::Limits;
use crate::engine::progress::{bounded, unrolled};
use crate::suite::{Cause, UnitError};
use crate::trace::{self, TraceStep};

/// One metric of one scheme in one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What is counted.
    pub metric: Metric,
    /// Over complete executions; none if no execution is ever complete.
    pub least: Option<u32>,
    /// Over all executions; none if unbounded.
    pub most: Option<u32>,
    /// If unbounded: a way to a cycle that costs something, and the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Cycle>,
}

/// A cycle of the state graph.
#[derive(Clone, Debug, Serialize)]
pub struct Cycle {
    /// Number of steps before it.
    pub loop_start: usize,
    /// All steps.
    pub steps: Vec<TraceStep>,
}

impl Figure {
    /// `0`, `1 to 3`, `0 to unbounded`; `n/a` for the least if no execution is ever complete.
    pub fn text(&self) -> String {
        let least = self.least.map_or("n/a".to_owned(), |l| l.to_string());
        match self.most {
            Some(most) if self.least == Some(most) => least,
            Some(most) => format!("{least} to {most}"),
            None => format!("{least} to unbounded"),
        }
    }
}

/// What one scheme costs in one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Bill {
    /// The scheme.
    pub scheme: String,
    /// The scenario.
    pub scenario: String,
    /// States of the graph.
    pub states: usize,
    /// Its edges.
    pub transitions: usize,
    /// Why nothing is known.
    pub inconclusive: Option<String>,
    /// By metric; empty if nothing is known.
    pub figures: Vec<Figure>,
}

/// Counts.
///
/// # Errors
/// If the scheme cannot be built in the scenario, or an error of the model shows.
pub fn bill(scheme: &Scheme, scenario: &Scenario, limits: &Limits) -> Result<Bill, UnitError> {
    count(scheme, scenario, limits).map_err(|source| UnitError {
        scheme: scheme.id.to_owned(),
        scenario: scenario.id.clone(),
        source: Box::new(source),
    })
}

fn count(scheme: &Scheme, scenario: &Scenario, limits: &Limits) -> Result<Bill, Cause> {
    let instance = Instance::build(&scenario.setup, scheme, &[], &[])?;
    let writers: Vec<bool> = scenario
        .setup
        .tasks
        .iter()
        .map(|t| t.calls.iter().any(Call::is_writer))
        .collect();
    let costs = cost::costs(&instance::control(&instance.full), &writers, limits)?;
    let mut bill = Bill {
        scheme: scheme.id.to_owned(),
        scenario: scenario.id.clone(),
        states: costs.states,
        transitions: costs.transitions,
        inconclusive: costs.cut.map(|c| c.reason(&bounded(limits))),
        figures: Vec::new(),
    };
    for (metric, range) in costs.ranges {
        let (most, cycle) = match range.most {
            Most::Times(n) => (Some(n), None),
            Most::Unbounded(lasso) => {
                let (path, loop_start) = unrolled(&lasso);
                let steps = trace::steps(&instance.full, &path)?;
                (None, Some(Cycle { loop_start, steps }))
            }
        };
        bill.figures.push(Figure {
            metric,
            least: range.least,
            most,
            cycle,
        });
    }
    Ok(bill)
}
