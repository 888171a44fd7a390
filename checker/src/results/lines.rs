//! JSON of which a change is a change of few lines.

use serde::Serialize;

/// Items of a JSON array, one a line, so that a change of one is a change of one line.
pub fn lines<T: Serialize>(items: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<String> = items
        .into_iter()
        .map(|item| serde_json::to_string(&item).expect("plain data"))
        .collect();
    lines.join(",\n")
}
