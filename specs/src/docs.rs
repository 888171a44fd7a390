//! The pages of `specs/docs` that say what things are, where a program needs a line of them.

/// What invariants say.
pub const INVARIANTS: &str = include_str!("../docs/invariants.md");
/// Keys and calls of scenario files.
pub const SCENARIOS: &str = include_str!("../docs/scenarios.md");

/// The row of a table whose first cell is `` `name` ``: its other cells, without marks of code and links.
pub fn row(page: &str, name: &str) -> Option<Vec<String>> {
    let first = format!("| `{name}` |");
    let line = page.lines().find(|line| line.starts_with(&first))?;
    let cells = line[first.len()..].trim().trim_end_matches('|');
    Some(
        cells
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect(),
    )
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
