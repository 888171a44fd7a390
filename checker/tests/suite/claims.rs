//! How outcomes follow from verdicts; what the runs say of each claim.

use std::path::Path;

use foliocheck::claims::{Outcome, judge};
use foliocheck::suite::Options;
use foliocheck::verdict::{Run, Verdict};
use foliocheck_specs::{Scenario, claims};

const FILE: &str = r#"
[[claim]]
id = "one"
text = "text"
author = "author"
place = "place"
control = [{ scheme = "by-reference", invariant = "snapshot", scenarios = ["write-vs-splice"], expect = "violated" }]
test = [
    { scheme = "copy", invariant = "snapshot", scenarios = ["write-vs-splice", "two-splicers"], expect = "holds" },
]

[[claim.only-if]]
condition = "this"
test = [{ scheme = "copy", invariant = "snapshot", scenarios = ["two-splicers"], expect = "holds" }]

[[claim.only-if]]
condition = "that"
test = [{ scheme = "copy", invariant = "snapshot", scenarios = ["write-vs-splice"], expect = "holds" }]
"#;

fn made_up(scheme: &str, scenario: &str, verdict: Verdict) -> Run {
    Run {
        scheme: scheme.to_owned(),
        scenario: scenario.to_owned(),
        invariant: "snapshot".to_owned(),
        verdict,
        states: 1,
        transitions: 1,
        depth: 1,
        reduced: true,
        engine: "none",
        reason: None,
        coverage: None,
        unfinished: Vec::new(),
        unchanged: false,
        trace: None,
    }
}

#[test]
fn outcomes_follow_from_verdicts() {
    use Verdict::{Holds, Inconclusive as Open, Violated};
    let claims = claims::parse(Path::new("claims.toml"), FILE).unwrap();
    let scenarios: Vec<Scenario> = Scenario::own().unwrap();
    let only_if = |c: &str| Outcome::ConfirmedOnlyIf(c.to_owned());
    // Verdicts of the control, of the test's two scenarios; the outcome.
    for (control, write, two, outcome) in [
        (Violated, Holds, Holds, Outcome::Confirmed),
        (Holds, Holds, Holds, Outcome::Untested),
        (Holds, Violated, Violated, Outcome::Untested),
        (Open, Holds, Holds, Outcome::Open),
        (Violated, Holds, Open, Outcome::Open),
        (Violated, Violated, Holds, only_if("this")),
        (Violated, Holds, Violated, only_if("that")),
        (Violated, Violated, Violated, Outcome::Refuted),
        (Violated, Violated, Open, Outcome::Open),
    ] {
        let known = [
            made_up("by-reference", "write-vs-splice", control),
            made_up("copy", "write-vs-splice", write),
            made_up("copy", "two-splicers", two),
        ];
        let options = Options::default();
        let judged = judge(&claims, &scenarios, &known, &options, 1, &|_, _| {
            panic!("everything is known");
        });
        let case = format!("{control:?} {write:?} {two:?}");
        assert_eq!(judged.unwrap()[0].outcome, outcome, "{case}");
    }
}

#[test]
fn a_check_that_picks_nothing_is_refused() {
    let scenarios: Vec<Scenario> = Scenario::own().unwrap();
    for (from, to, message) in [
        (
            "\"write-vs-splice\"",
            "\"nothing-*\"",
            "no scenario for snapshot",
        ),
        ("\"write-vs-splice\"", "\"[\"", "bad pattern"),
    ] {
        let text = FILE.replacen(from, to, 1);
        let claims = claims::parse(Path::new("claims.toml"), &text).unwrap();
        let judged = judge(&claims, &scenarios, &[], &Options::default(), 1, &|_, _| {});
        let error = judged.expect_err(to).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn outcome_of_each_claim() {
    let claims = claims::own().unwrap();
    let scenarios = Scenario::own().unwrap();
    let judged = judge(&claims, &scenarios, &[], &Options::default(), 2, &|_, _| {}).unwrap();
    let lines: Vec<String> = judged
        .iter()
        .map(|j| format!("{}: {}", j.claim.id, j.outcome.text()))
        .collect();
    insta::assert_snapshot!("claims", lines.join("\n"));
}
