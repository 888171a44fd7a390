//! JSON on standard output: what scripts read.

use serde::Serialize;

use crate::verdict::Run;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// What is removed from the schemes.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    without: &'a [String],
    runs: &'a [Run],
}

/// `{"schema":1,"runs":[...]}`.
pub fn runs(runs: &[Run]) -> String {
    runs_without(runs, &[])
}

/// The same, of schemes without these parts: `"without":["lock:B1"]` as well.
pub fn runs_without(runs: &[Run], without: &[String]) -> String {
    let document = Document {
        schema: 1,
        without,
        runs,
    };
    serde_json::to_string(&document).expect("plain data")
}
