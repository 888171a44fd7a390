//! A trace file that somebody opens: read, and replayed on the present model.

use axum::http::StatusCode;
use serde::Serialize;

use crate::itf::Document;
use crate::itf::replay::{Catalogue, replay};
use crate::web::error::{ApiError, chain};
use crate::web::library::Library;
use crate::web::pages::path::{Choice, name};
use crate::web::subject::Subject;

/// What the file is about, and its steps by name.
#[derive(Debug, Serialize)]
pub struct Opened {
    subject: Subject,
    choices: Vec<Choice>,
    loop_start: Option<usize>,
}

/// Reads a file.
///
/// # Errors
/// If it is no trace file, or its trace does not run on the present model.
pub fn open(library: &Library, text: &str) -> Result<Opened, ApiError> {
    let document = Document::parse(text)
        .map_err(|e| ApiError::refused(format!("not a trace file: {}", chain(&e))))?;
    let catalogue = Catalogue {
        schemes: &library.schemes,
        scenarios: &library.scenarios,
    };
    let stale = |why: String| {
        let text = format!("the trace does not run on this model: {why}");
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, text)
    };
    let replayed = replay(&document, catalogue).map_err(|e| stale(chain(&e)))?;
    let system = &replayed.system;
    let steps = replayed.path.iter().zip(&replayed.states);
    let steps = steps.zip(&replayed.seen);
    Ok(Opened {
        subject: Subject::of_file(&document.subject)?,
        choices: steps
            .map(|((action, state), seen)| name(system, state, *action, seen))
            .collect(),
        loop_start: replayed.trace.loop_start,
    })
}
