//! JSON on standard output: what scripts read.

use serde::Serialize;

use crate::verdict::Run;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    runs: &'a [Run],
}

/// `{"schema":1,"runs":[...]}`.
pub fn runs(runs: &[Run]) -> String {
    serde_json::to_string(&Document { schema: 1, runs }).expect("plain data")
}
