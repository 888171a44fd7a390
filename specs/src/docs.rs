//! The pages of `specs/docs` that say what things are, where a program needs a line of them.

/// What invariants say.
pub const INVARIANTS: &str = include_str!("../docs/invariants.md");
/// Keys and calls of scenario files.
pub const SCENARIOS: &str = include_str!("../docs/scenarios.md");

/// The row of a table whose first cell is `` `name` ``: its other cells. Of Markdown only code is marked in them.
pub fn row(page: &'static str, name: &str) -> Option<Vec<&'static str>> {
    let first = format!("| `{name}` |");
    let line = page.lines().find_map(|line| line.strip_prefix(&first))?;
    let cells = line.trim().trim_end_matches('|');
    Some(cells.split('|').map(str::trim).collect())
}

/// The same, for readers without Markdown.
pub fn plain_row(page: &'static str, name: &str) -> Option<Vec<String>> {
    let cells = row(page, name)?;
    Some(cells.iter().map(|cell| cell.replace('`', "")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants;
    use crate::scenario::calls;

    #[test]
    fn every_invariant_and_call_has_a_row() {
        for invariant in invariants::all() {
            let row = row(INVARIANTS, invariant.id);
            let row = row.unwrap_or_else(|| panic!("{} is not in the page", invariant.id));
            assert!(row.len() == 1 && row[0].len() > 20, "{row:?}");
        }
        for call in calls::names() {
            let row = row(SCENARIOS, call).unwrap_or_else(|| panic!("{call} is not in the page"));
            assert_eq!(row.len(), 2, "{row:?}");
        }
    }
}
