//! Results that somebody has changed by hand: what is committed beside the verdicts is recomputed, or said not to be;
//! a check of a part and the quick gate see what they look at.

use std::fs;
use std::process::{Command, Output};

use crate::place::{Place, in_cell, said};

/// Another command of the same place.
fn run(place: &Place, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foliocheck"))
        .arg("--scenarios")
        .arg(place.dir.path().join("scenarios"))
        .arg("--results")
        .arg(place.results())
        .args(args)
        .output()
        .expect("it starts")
}

fn refuses(output: &Output, why: &str) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(why), "{why}: {text}");
}

fn passes(output: &Output, word: &str) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(word), "{word}: {text}");
}

#[test]
fn costs_are_recomputed() {
    let place = Place::blessed();
    passes(&run(&place, &["cost", "--bless"]), "graphs");
    passes(
        &place.gate(&[]),
        "costs recomputed; everything is as committed",
    );
    place.tamper("cost.json", |t| {
        t.replacen("\"page-copies\":[0,", "\"page-copies\":[7,", 1)
    });
    refuses(&place.gate(&[]), "other figures");
}

#[test]
fn ablations_are_of_schemes_that_there_are_and_some_are_recomputed() {
    let place = Place::blessed();
    passes(
        &run(&place, &["ablate", "copy", "--bless"]),
        "without one rule",
    );
    let all = ["--ablations", "all"];
    passes(
        &place.gate(&all),
        "recomputed of 1 of 1 schemes (copy; seed ",
    );
    passes(
        &place.gate(&[]),
        "1 ablations recomputed; everything is as committed",
    );
    passes(
        &place.gate(&["--ablations", "0"]),
        "recomputed of 0 of 1 schemes",
    );
    let path = place.results().join("ablation/copy.json");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(place.results().join("ablation/by-magic.json"), &good).unwrap();
    refuses(
        &place.gate(&["--ablations", "0"]),
        "there is no scheme `by-magic`",
    );
    fs::rename(
        place.results().join("ablation/by-magic.json"),
        place.results().join("ablation/stable-pin.json"),
    )
    .unwrap();
    refuses(
        &place.gate(&["--ablations", "0"]),
        "ablation/stable-pin.json is of copy",
    );
    fs::remove_file(place.results().join("ablation/stable-pin.json")).unwrap();
    fs::write(&path, good.replacen("\"needed\"", "\"redundant\"", 1)).unwrap();
    refuses(&place.gate(&all), "copy: without");
    for bad in ["some", "-1", ""] {
        assert_eq!(
            place.gate(&["--ablations", bad]).status.code(),
            Some(2),
            "{bad}"
        );
    }
}

#[test]
fn a_check_of_a_part_sees_counts_and_traces() {
    let place = Place::blessed();
    let check = [
        "check",
        "--scheme",
        "by-reference",
        "--scenario",
        "write-after-splice",
    ];
    passes(&run(&place, &check), "runs:");
    place.tamper("verdicts.json", |t| {
        in_cell(t, |l| Some(l.replace("\"states\":", "\"states\":9")))
    });
    refuses(&run(&place, &check), "(committed: 9");
    let everything = ["check", "--scheme", "*"];
    refuses(&run(&place, &everything), "(committed: 9");
    // In full, counts are others: that they are not compared is said.
    let full = [&check[..], &["--full"]].concat();
    passes(
        &run(&place, &full),
        "Not everything was compared: counts and counterexamples",
    );
    // With a format for scripts the reason is beside it.
    let json = run(&place, &[&check[..], &["--format", "json"]].concat());
    assert_eq!(json.status.code(), Some(1));
    let error = String::from_utf8_lossy(&json.stderr);
    assert!(error.contains("(committed: 9"), "{error}");
    assert!(serde_json::from_slice::<serde_json::Value>(&json.stdout).is_ok());
}

/// The files of two stored counterexamples.
fn two_traces(place: &Place) -> [std::path::PathBuf; 2] {
    let files = place.files();
    let mut all = files
        .into_keys()
        .filter(|p| p.to_string_lossy().ends_with(".itf.json"));
    [(); 2].map(|()| place.results().join(all.next().expect("two traces")))
}

#[test]
fn the_quick_gate_sees_traces_that_are_swapped_missing_or_more() {
    let quick = ["--quick"];
    let swapped = Place::blessed();
    passes(&swapped.gate(&quick), "files of counterexamples");
    let [a, b] = two_traces(&swapped);
    let (of_a, of_b) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
    fs::write(&a, of_b).unwrap();
    fs::write(&b, of_a).unwrap();
    refuses(&swapped.gate(&quick), "is of another run");

    let missing = Place::blessed();
    let [a, b] = two_traces(&missing);
    fs::remove_file(&a).unwrap();
    refuses(&missing.gate(&quick), "is not there");

    let more = Place::blessed();
    let path = a.file_name().unwrap().to_string_lossy().into_owned();
    let (stem, _) = path.split_once('.').unwrap();
    let extra = format!("{stem}.snapshot.0123456789abcdef.itf.json");
    let [first, _] = two_traces(&more);
    fs::copy(first, more.results().join("traces").join(extra)).unwrap();
    refuses(&more.gate(&quick), "belongs to no verdict");
    drop(b);
}
