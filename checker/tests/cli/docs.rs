//! README and the pages of `specs/docs`: what they say is so.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// README, the findings, the map, and every page of `specs/docs`.
fn pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages: Vec<PathBuf> = ["README.md", "model/FINDINGS.md", "model/MAP.md"]
        .iter()
        .map(|page| root.join(page))
        .collect();
    let docs = std::fs::read_dir(root.join("specs/docs")).expect("a folder of pages");
    pages.extend(docs.map(|entry| entry.expect("an entry").path()));
    pages
}

/// The cells of a row of a Markdown table.
fn cells(row: &str) -> Vec<&str> {
    row.trim()
        .trim_matches('|')
        .split('|')
        .map(str::trim)
        .collect()
}

/// The table that follows a heading: its rows, the head first.
fn table<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, after) = page
        .split_once(&format!("\n{heading}"))
        .unwrap_or_else(|| panic!("no heading `{heading}`"));
    after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = text(&page);
        // Odd parts are code.
        let prose = text.split("```").step_by(2);
        for link in prose.flat_map(|part| part.split("](").skip(1)) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !page.with_file_name(target).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn the_table_of_the_readme_is_that_of_the_results() {
    const DISK: &str = "### Files on disk";
    /// The columns, each with the table and the invariant that it is taken from.
    const COLUMNS: [(&str, &str, &str); 8] = [
        ("data", DISK, "snapshot"),
        ("whole", DISK, "untorn"),
        ("report", DISK, "frozen-at-completion"),
        ("writer", DISK, "writer-progress"),
        ("reader", DISK, "splicer-progress"),
        ("lock", DISK, "deadlock-free"),
        ("tmpfs", "### tmpfs", "snapshot"),
        ("pin", "### With a writer through a pin", "snapshot"),
    ];
    let readme = text(&root().join("README.md"));
    let results = text(&root().join("results/README.md"));
    let stated = table(&readme, "## The result");
    let head: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(stated[0][1..], head);
    assert!(stated.len() > 10, "few schemes");
    let mut wrong = Vec::new();
    for row in &stated[2..] {
        let scheme = row[0].split('`').nth(1).expect("a scheme in backticks");
        for ((name, heading, invariant), cell) in COLUMNS.iter().zip(&row[1..]) {
            let table = table(&results, heading);
            let column = table[0].iter().position(|head| head == invariant);
            let column = column.unwrap_or_else(|| panic!("no column {invariant}"));
            let verdict = table
                .iter()
                .find(|row| row[0] == scheme)
                .map_or("", |row| row[column]);
            let sign = match verdict {
                "" => "",
                holds if holds.starts_with("holds") => "✓",
                _ => "✗",
            };
            if sign != *cell {
                wrong.push(format!(
                    "{scheme}, {name}: `{cell}`, and results say `{verdict}`"
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_readme_is_short() {
    assert!(text(&root().join("README.md")).lines().count() <= 200);
}
