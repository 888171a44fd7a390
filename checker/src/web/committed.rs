//! Verdicts and counterexamples as they are committed: a trace that is stored need not be searched for.

use std::path::PathBuf;

use crate::expectation::Expectations;
use crate::gate::traces::FOLDER;
use crate::itf::replay::{Catalogue, replay};
use crate::itf::{Document, ENDING};
use crate::suite::ENGINES;
use crate::verdict::{Run, Verdict};
use crate::web::subject::Subject;

/// What is committed in a folder of results.
#[derive(Default)]
pub struct Committed {
    folder: PathBuf,
    verdicts: Expectations,
}

impl Committed {
    /// Verdicts, and the folder that they are from.
    pub fn new(folder: PathBuf, verdicts: Expectations) -> Committed {
        Committed { folder, verdicts }
    }

    /// The run of a subject whose counterexample is stored, and still is one on the present model. A run
    /// that was cut short is not committed, so the counterexample was the shortest.
    pub fn counterexample(&self, subject: &Subject, catalogue: Catalogue<'_>) -> Option<Run> {
        let Committed { folder, verdicts } = self;
        let place = &subject.place;
        if !place.without.is_empty() {
            return None;
        }
        let committed = verdicts.get(&place.scheme, &place.scenario, &subject.invariant)?;
        let name = committed.trace.as_ref()?;
        let file = format!("{}.{}.{name}{ENDING}", place.scheme, subject.invariant);
        let text = std::fs::read_to_string(folder.join(FOLDER).join(file)).ok()?;
        let document = Document::parse(&text).ok()?;
        if Subject::of_file(&document.subject).ok()? != *subject {
            return None;
        }
        let replayed = replay(&document, catalogue).ok()?;
        Some(Run {
            scheme: committed.scheme.clone(),
            scenario: committed.scenario.clone(),
            invariant: committed.invariant.clone(),
            verdict: Verdict::Violated,
            states: committed.states,
            transitions: committed.transitions,
            depth: committed.depth,
            reduced: true,
            engine: ENGINES.into_iter().find(|e| *e == committed.engine)?,
            reason: None,
            coverage: None,
            unfinished: Vec::new(),
            unchanged: false,
            trace: Some(replayed.trace),
        })
    }
}
