//! The gate: each kind of difference is reported and fails, what is blessed passes, the same bytes come
//! from any number of threads, and nothing that goes wrong loses what is there.

mod differences;
mod falsified;
mod parsers;
mod place;
mod reports;
mod robust;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use place::{Place, in_line, said};

#[test]
fn what_is_blessed_passes_and_is_the_same_every_time() {
    let place = Place::empty();
    let output = place.gate(&[]);
    assert_eq!(output.status.code(), Some(1), "nothing is committed yet");
    assert!(said(&output).contains("nothing committed"));
    assert!(place.files().is_empty(), "the gate only reads");

    let output = place.gate(&["--bless", "--jobs", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("nothing committed"), "the same list");
    let one = place.files();
    for part in ["verdicts.json", "README.md", "traces"] {
        assert!(one.keys().any(|p| p.starts_with(part)), "{part}");
    }
    let output = place.gate(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("gate: complete:"));
    let sources = format!(
        "everything is as committed (results of {0}/results, scenarios of {0}/scenarios)",
        place.dir.path().display()
    );
    assert!(said(&output).contains(&sources), "{}", said(&output));

    let again = Place::empty();
    let output = again.gate(&["--bless", "--jobs", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        again.files() == one,
        "two threads write other bytes than one"
    );

    let output = place.gate(&["--bless"]);
    assert!(
        said(&output).contains("Accepted: 0 files"),
        "{}",
        said(&output)
    );
    assert!(place.files() == one);
}

#[test]
fn results_have_no_paths_and_no_time() {
    let place = Place::blessed();
    for (path, bytes) in place.files() {
        let text = String::from_utf8(bytes).unwrap();
        let here = place.dir.path().to_string_lossy().into_owned();
        assert!(!text.contains(&here), "{}", path.display());
        assert!(
            !text.contains(env!("CARGO_MANIFEST_DIR")),
            "{}",
            path.display()
        );
    }
}

#[test]
fn inconclusive_never_passes_and_changes_nothing() {
    let place = Place::blessed();
    let good = place.files();
    for bound in [["--max-states", "5"], ["--max-memory", "1"]] {
        let output = place.gate(&bound);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("NOT complete"), "{}", said(&output));
        let output = place.gate(&[&["--bless"], &bound[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).contains("nothing blessed"),
            "{}",
            said(&output)
        );
        assert!(place.files() == good);
    }
}

#[test]
fn quick_says_that_it_is_not_everything() {
    let place = Place::empty();
    let path = place.dir.path().join("scenarios/write-after-splice.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"quick\"", "\"slow\"")).unwrap();
    assert_eq!(place.gate(&["--bless"]).status.code(), Some(0));
    let output = place.gate(&["--quick"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("NOT complete (group quick only: "),
        "{}",
        said(&output)
    );
    assert_eq!(place.gate(&["--quick", "--bless"]).status.code(), Some(2));
    // What is not in the group is not looked at; what is, is.
    place.tamper("verdicts.json", |text| {
        in_line(text, &["\"write-after-splice\"", "\"snapshot\""], |l| {
            Some(l.replace("\"depth\":", "\"depth\":9"))
        })
    });
    assert_eq!(place.gate(&["--quick"]).status.code(), Some(0));
    place.tamper("verdicts.json", |text| {
        in_line(
            text,
            &["\"splice-then-write-same-thread\"", "\"snapshot\""],
            |l| Some(l.replace("\"depth\":", "\"depth\":9")),
        )
    });
    assert_eq!(place.gate(&["--quick"]).status.code(), Some(1));
}
