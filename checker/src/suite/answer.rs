//! What is asked for, and what comes back.

use std::collections::BTreeSet;

use foliocheck_model::machine::System;
use foliocheck_model::machine::program::Program;
use foliocheck_model::machine::step::END;

use crate::engine::explore::Exploration;
use crate::engine::lasso::Fairness;
use crate::engine::limits::Limits;
use crate::verdict::Run;

/// How to run it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Without reduction.
    pub full: bool,
    /// What is taken for granted of endless executions.
    pub fairness: Fairness,
    /// Bounds of each exploration.
    pub limits: Limits,
}

/// A unit's answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One run for each invariant asked that applies.
    pub runs: Vec<Run>,
    /// States over all explorations.
    pub states: usize,
    /// Transitions over all explorations.
    pub transitions: usize,
    /// Final observations, if an exploration collected them to the end.
    pub observations: Option<BTreeSet<Vec<u64>>>,
    /// Tasks that come to their end in no execution, though their calls are finite in number; as far as an
    /// exploration of final states went to its end.
    pub unfinished: Vec<String>,
    /// Expected number of states lost to equal fingerprints.
    pub expected_omissions: f64,
}

impl Answer {
    pub(super) fn add(&mut self, exploration: &Exploration) {
        self.states += exploration.states;
        self.transitions += exploration.transitions;
        self.expected_omissions += exploration.expected_omissions();
    }

    pub(super) fn observe(&mut self, exploration: Exploration, system: &System) {
        if exploration.cut.is_some() {
            return;
        }
        // Without a final state nothing is known of ends: then everybody goes on for ever.
        if !exploration.observations.is_empty() {
            let ends = |program: &Program| {
                let branches = program.steps.iter().flat_map(|s| &s.branches);
                branches.clone().next().is_none() || branches.into_iter().any(|b| b.next == END)
            };
            let tasks = system.tasks.iter().zip(&exploration.finished);
            self.unfinished = tasks
                .filter(|(task, finished)| !**finished && ends(&task.program))
                .map(|(task, _)| task.name.clone())
                .collect();
        }
        self.observations = Some(exploration.observations);
    }
}
