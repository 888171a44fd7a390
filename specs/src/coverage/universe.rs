//! Which triples can exist, and which of them a scheme is run in at all.

use std::collections::BTreeMap;
use std::path::Path;

use foliocheck_model::kernel::setup::Setup;

use super::smallest::{Variant, text};
use super::{Changer, Kind, Reader, Triple, under};
use crate::file::FileError;
use crate::scenario::Scenario;
use crate::scheme::{Family, Scheme};

/// Why no scenario needs to run a triple.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// The smallest scenario with it is refused, for this reason.
    Refused(String),
    /// The change and the reading cannot meet.
    Apart,
    /// Others stand for it, for this reason.
    StoodFor(&'static str),
    /// The scheme is not run in such scenarios, for this reason.
    LeftOut(&'static str),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Refused(message) => f.write_str(message),
            Why::Apart => f.write_str("change and reading are one call, or cannot overlap"),
            Why::StoodFor(why) | Why::LeftOut(why) => f.write_str(why),
        }
    }
}

/// The smallest scenario with the triple, if it is accepted.
fn smallest(triple: Triple, variant: Variant) -> Result<Setup, Why> {
    let read = Scenario::parse(Path::new("smallest.toml"), &text(triple, variant));
    match read {
        Ok(scenario) => Ok(scenario.setup),
        Err(FileError::Invalid { message, .. }) => Err(Why::Refused(message)),
        Err(other) => Err(Why::Refused(other.to_string())),
    }
}

/// Every triple with its smallest scenarios: what coverage is measured against.
pub struct Universe {
    triples: Vec<(Triple, Vec<Result<Setup, Why>>)>,
}

impl Universe {
    /// Reads the smallest scenarios.
    pub fn new() -> Universe {
        let setups = |t| Variant::ALL.map(|v| smallest(t, v)).into();
        Universe {
            triples: Triple::all().map(|t| (t, setups(t))).collect(),
        }
    }

    /// For every triple, whether some scenario should run it under the scheme; if not, why not.
    pub fn under(&self, scheme: &Scheme) -> BTreeMap<Triple, Result<(), Why>> {
        self.triples
            .iter()
            .map(|(triple, setups)| (*triple, runs(scheme, *triple, setups)))
            .collect()
    }
}

impl Default for Universe {
    fn default() -> Self {
        Universe::new()
    }
}

fn runs(scheme: &Scheme, triple: Triple, setups: &[Result<Setup, Why>]) -> Result<(), Why> {
    if let Some(why) = triple.stood_for() {
        return Err(Why::StoodFor(why));
    }
    if scheme.family == Family::Mapping && !matches!(triple.reader, Reader::Device | Reader::Clone)
    {
        return Err(Why::StoodFor(
            "a cached mapping says where bytes go on disk, not what a reference shows, nor how often the device reads: \
             device and clone stand for all",
        ));
    }
    if let (Family::Notify, Some(why)) = (scheme.family, reported(triple)) {
        return Err(Why::StoodFor(why));
    }
    let mut reason = None;
    for setup in setups {
        let why = match setup {
            Err(why) => why.clone(),
            Ok(setup) if !under(scheme, setup).contains(&triple) => Why::Apart,
            Ok(setup) => match scheme.family.left_out(setup) {
                None => return Ok(()),
                Some(why) => Why::LeftOut(why),
            },
        };
        reason.get_or_insert(why);
    }
    Err(reason.unwrap_or(Why::Apart))
}

/// Why a triple need not be run under schemes that report completion.
///
/// They change nothing on the way of a change, but for the wait before it. A change that waited finds the reference
/// gone or not, whatever change it is.
fn reported(triple: Triple) -> Option<&'static str> {
    let one = triple.changer == Changer::WritePart && triple.kind == Kind::Xfs;
    match triple.reader {
        Reader::Own => Some(
            "who waits for the completion of a page in a pipe that it drains itself waits for ever, or is told too \
             early, as the reader of a pipe that another drains shows",
        ),
        Reader::Pipe | Reader::Twin | Reader::CopyingSend if !one => Some(
            "a report of completion says when a reference ends, whoever changes the page then; pipes are read and \
             copies made alike in every file: of these a write to part of a page on XFS stands for all",
        ),
        _ => None,
    }
}
