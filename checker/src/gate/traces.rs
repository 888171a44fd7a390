//! Stored counterexamples: which runs have theirs in `results/traces`, and whether those that are there
//! still run.
//!
//! A *cell* is a scheme, an invariant and a part of the world (files on disk, tmpfs, a writer through a
//! pin, ...), as the tables have it. Of each violated cell the shortest counterexample over its scenarios is
//! stored; of those with the same length the one whose scenario comes first by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use foliocheck_specs::{Invariant, invariants};

use super::means::{Means, PlanError};
use crate::causes::chain;
use crate::expectation::{Expectations, Expected, Key};
use crate::itf::replay::{Catalogue, replay};
use crate::itf::{Document, ENDING};
use crate::report::export::markdown::markdown;
use crate::report::summary;
use crate::results::{Batch, ResultsError};
use crate::suite::{self, Unit, UnitError};
use crate::verdict::Run;

/// The folder within `results`.
pub const FOLDER: &str = "traces";

/// A stored counterexample.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its file.
    pub path: PathBuf,
    /// What is in it.
    pub document: Document,
}

/// Reads every trace of a folder, in order of the files' names.
///
/// # Errors
/// If one cannot be read.
pub fn stored(batch: &Batch, folder: &Path) -> Result<Vec<Stored>, ResultsError> {
    let mut stored = Vec::new();
    for path in batch.list(folder, ENDING)? {
        let text = batch.read(&path)?.unwrap_or_default();
        let document = Document::parse(&text).map_err(|error| ResultsError::Trace {
            path: path.clone(),
            error,
        })?;
        stored.push(Stored { path, document });
    }
    Ok(stored)
}

/// A line for each stored trace that does not run any more.
pub fn stale(stored: &[Stored], catalogue: Catalogue<'_>) -> Vec<String> {
    stored
        .iter()
        .filter_map(|s| {
            let name = s.path.file_name()?.to_string_lossy();
            let error = replay(&s.document, catalogue).err()?;
            Some(format!("{name} no longer runs: {}", chain(&error)))
        })
        .collect()
}

/// A line for each run whose stored counterexample, of that name, is not there or is another than the run's.
///
/// # Errors
/// If a file cannot be read, or a run's system cannot be built.
pub fn differing(
    named: &[(&Run, &str)],
    results: &Path,
    catalogue: Catalogue<'_>,
) -> Result<Vec<String>, PlanError> {
    let folder = results.join(FOLDER);
    let mut lines = Vec::new();
    for (run, name) in named {
        let cell = format!("{} in {}, {}", run.scheme, run.scenario, run.invariant);
        let Some(unit) = unit(&Expected::of(run).key(), catalogue) else {
            continue;
        };
        let document = Document::of_run(run, &unit, None).map_err(|e| unit.error(e))?;
        let Some(document) = document else {
            continue;
        };
        let stem = format!("{}.{}.{name}", run.scheme, run.invariant);
        if document.stem() != stem {
            lines.push(format!(
                "{cell}: the counterexample is {}, committed: {name}",
                document.address()
            ));
            continue;
        }
        let mut batch = Batch::default();
        put(&mut batch, &folder, [(stem, &document)], false)?;
        for path in batch.differing()? {
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            lines.push(format!("{cell}: {file} is not what would be written"));
        }
    }
    Ok(lines)
}

/// A line for each file of counterexamples that no verdict names, or that is not what its name says; and for each that
/// a verdict names and that is not there.
///
/// # Errors
/// If a file cannot be read.
pub fn inconsistent(expected: &Expectations, results: &Path) -> Result<Vec<String>, ResultsError> {
    let folder = results.join(FOLDER);
    let named: BTreeMap<String, Key> = expected
        .iter()
        .filter_map(|e| {
            let name = e.trace.as_ref()?;
            Some((format!("{}.{}.{name}", e.scheme, e.invariant), e.key()))
        })
        .collect();
    let mut lines = Vec::new();
    let mut there = BTreeSet::new();
    for stored in stored(&Batch::default(), &folder)? {
        let file = stored
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stem = file.strip_suffix(ENDING).unwrap_or(&file).to_owned();
        let wrong = match named.get(&stem) {
            None => Some("belongs to no verdict"),
            Some(key) if *key != subject(&stored.document) => Some("is of another run"),
            Some(_) if stored.document.stem() != stem => Some("is not what its name says"),
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            lines.push(format!("{file} {wrong}"));
        } else {
            let mut batch = Batch::default();
            put(
                &mut batch,
                &folder,
                [(stem.clone(), &stored.document)],
                false,
            )?;
            let differing = batch.differing()?;
            lines.extend(differing.into_iter().map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                format!("{name} is not what would be written")
            }));
        }
        there.insert(stem);
    }
    for stem in named.keys().filter(|stem| !there.contains(*stem)) {
        lines.push(format!("{stem}{ENDING} is not there"));
    }
    for path in Batch::default().list(&folder, ".md")? {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !named.contains_key(&stem) {
            lines.push(format!("{stem}.md belongs to no verdict"));
        }
    }
    Ok(lines)
}

/// The runs whose counterexample is stored: one of each violated cell.
pub fn chosen(expected: &Expectations, catalogue: Catalogue<'_>) -> BTreeSet<Key> {
    let runs: Vec<Expected> = expected.iter().cloned().collect();
    let invariants = invariants::all();
    let tables = summary::tables(catalogue.schemes, &invariants, catalogue.scenarios, &runs);
    let cells = tables.iter().flat_map(|(_, matrix)| matrix.violated());
    cells.filter_map(|c| Some(c.shortest?.key())).collect()
}

/// The counterexample of each of `keys`: from `runs`, or else from what is stored, or else run anew.
///
/// # Errors
/// If a scheme cannot be built or run.
pub fn documents(
    keys: &BTreeSet<Key>,
    runs: &[Run],
    stored: &[Stored],
    catalogue: Catalogue<'_>,
    means: Means<'_>,
) -> Result<BTreeMap<Key, Document>, UnitError> {
    let known: BTreeMap<Key, &Run> = runs.iter().map(|r| (Expected::of(r).key(), r)).collect();
    let keys: Vec<&Key> = keys.iter().collect();
    let found = suite::spread(&keys, |_| 1, means.jobs, &|key| {
        let Some(unit) = unit(key, catalogue) else {
            return Ok(None);
        };
        let put_down =
            |run: &Run| Document::of_run(run, &unit, None).map_err(|source| unit.error(source));
        if let Some(run) = known.get(*key) {
            return put_down(run);
        }
        let same =
            |s: &&Stored| subject(&s.document) == **key && replay(&s.document, catalogue).is_ok();
        if let Some(stored) = stored.iter().find(same) {
            return Ok(Some(stored.document.clone()));
        }
        match suite::run(&unit, means.options)?.runs.first() {
            Some(run) => put_down(run),
            None => Ok(None),
        }
    });
    let mut documents = BTreeMap::new();
    for (key, document) in keys.into_iter().zip(found) {
        if let Some(document) = document? {
            documents.insert(key.clone(), document);
        }
    }
    Ok(documents)
}

fn subject(document: &Document) -> Key {
    let subject = &document.subject;
    (
        subject.scheme.clone(),
        subject.scenario.clone(),
        subject.invariant.clone(),
    )
}

fn unit(key: &Key, catalogue: Catalogue<'_>) -> Option<Unit> {
    let (scheme, scenario, invariant) = key;
    let invariant: Invariant = invariants::by_id(invariant)?;
    Some(Unit {
        scheme: catalogue.schemes.iter().find(|s| s.id == *scheme)?.clone(),
        scenario: catalogue
            .scenarios
            .iter()
            .find(|s| s.id == *scenario)?
            .clone(),
        ablations: Vec::new(),
        ask: vec![invariant],
    })
}

/// The traces of a folder are to be these, by the names of their files, and no others: each as ITF, and
/// as a page.
///
/// # Errors
/// If the folder cannot be read.
pub fn put<'d>(
    batch: &mut Batch,
    folder: &Path,
    documents: impl IntoIterator<Item = (String, &'d Document)>,
    only: bool,
) -> Result<(), ResultsError> {
    if only {
        for ending in [ENDING, ".md"] {
            for path in batch.list(folder, ending)? {
                batch.remove(path);
            }
        }
    }
    for (stem, document) in documents {
        let itf = format!("{stem}{ENDING}");
        batch.write(folder.join(format!("{stem}.md")), markdown(document, &itf));
        batch.write(folder.join(itf), document.text());
    }
    Ok(())
}
