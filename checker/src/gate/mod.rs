//! What a folder of results must hold after a run. The gate compares it with what is there; `--bless`
//! puts it there: one plan, so that what one accepts the other does.

mod means;
pub mod outcome;
pub mod traces;

use std::collections::BTreeMap;
use std::path::Path;

use foliocheck_specs::invariants;

use crate::expectation::{Expectations, Key};
use crate::itf::Document;
use crate::itf::replay::Catalogue;
use crate::report::page;
use crate::results::{Batch, ResultsError};
use crate::verdict::Run;
pub use means::{Means, PlanError};

/// The counterexamples of the violated cells, by run.
pub type Counterexamples = BTreeMap<Key, Document>;

/// Adds the verdicts of `runs`, and the counterexamples that go with them. With `only`, what is committed
/// and was not run is dropped.
///
/// # Errors
/// If what is there cannot be read, or a counterexample that is needed cannot be found.
pub fn verdicts(
    batch: &mut Batch,
    results: &Path,
    mut expected: Expectations,
    runs: &[Run],
    only: bool,
    catalogue: Catalogue<'_>,
    means: Means<'_>,
) -> Result<Counterexamples, PlanError> {
    expected.accept(runs, catalogue.scenarios, only);
    let folder = results.join(traces::FOLDER);
    let stored = traces::stored(batch, &folder)?;
    let chosen = traces::chosen(&expected, catalogue);
    let documents = traces::documents(&chosen, runs, &stored, catalogue, means)?;
    let address = |(key, document): (&Key, &Document)| (key.clone(), document.address());
    expected.name_traces(&documents.iter().map(address).collect());
    let files = documents.values().map(|d| (d.stem(), d));
    traces::put(batch, &folder, files, true)?;
    batch.write(Expectations::path(results), expected.text());
    Ok(documents)
}

/// Adds the page that shows the folder. Comes after everything else: it is made from the other files.
///
/// # Errors
/// If one of them cannot be read.
pub fn page(
    batch: &mut Batch,
    results: &Path,
    catalogue: Catalogue<'_>,
) -> Result<(), ResultsError> {
    let text = page::render(batch, results, catalogue, &invariants::all())?;
    batch.write(results.join(page::NAME), text);
    Ok(())
}
