//! The gate's outcome for CI servers: JUnit XML, a test case for each scheme, scenario and invariant. A
//! case fails if it is not as committed, with the counterexample as its text; what is inconclusive is an
//! error, never a success. No times, no machine names.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::gate::plain_text;
use super::text;
use crate::expectation::{Difference, Expected, Key};
use crate::gate::outcome::Outcome;
use crate::verdict::{Run, Verdict};

/// The report: a suite for each scheme, one for what has vanished, one for everything else.
///
/// # Errors
/// If the XML cannot be written.
pub fn junit(outcome: &Outcome) -> Result<String, quick_junit::SerializeError> {
    let differences: BTreeMap<Key, &Difference> =
        outcome.differences.iter().map(|d| (d.of(), d)).collect();
    let mut by_scheme: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
    for run in &outcome.runs {
        by_scheme.entry(&run.scheme).or_default().push(run);
    }
    let mut report = Report::new("foliocheck");
    for (scheme, mut runs) in by_scheme {
        runs.sort_by(|a, b| (&a.scenario, &a.invariant).cmp(&(&b.scenario, &b.invariant)));
        let mut suite = TestSuite::new(scheme);
        for run in runs {
            let difference = differences.get(&Expected::of(run).key()).copied();
            suite.add_test_case(case(run, difference));
        }
        report.add_test_suite(suite);
    }
    let mut gone = TestSuite::new("no longer run");
    for difference in outcome.differences.iter().filter(|d| d.now.is_none()) {
        let (scheme, scenario, invariant) = difference.of();
        gone.add_test_case(named(
            format!("{scheme}.{scenario}"),
            invariant,
            failed(difference.to_string(), ""),
        ));
    }
    report.add_test_suite(gone);
    let mut others = TestSuite::new("results");
    for section in &outcome.sections {
        let status = match section.lines.first() {
            None => TestCaseStatus::success(),
            Some(first) => failed(
                format!(
                    "{} not as committed, the first: {first}",
                    section.lines.len()
                ),
                &section.lines.join("\n"),
            ),
        };
        others.add_test_case(named(
            "results".to_owned(),
            section.title.to_owned(),
            status,
        ));
    }
    for missing in &outcome.missing {
        others.add_test_case(named(
            "complete".to_owned(),
            missing.clone(),
            TestCaseStatus::skipped(),
        ));
    }
    report.add_test_suite(others);
    report.to_string()
}

fn named(class: String, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn failed(message: String, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_type("not as committed");
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}

fn case(run: &Run, difference: Option<&Difference>) -> TestCase {
    let printed = || plain_text(&text::run(run, ""));
    let status = match (difference, run.verdict) {
        (_, Verdict::Inconclusive) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let reason = run.reason.as_deref().unwrap_or("no reason given");
            status.set_message(reason).set_type("inconclusive");
            status
        }
        (Some(difference), _) => failed(difference.to_string(), &printed()),
        (None, _) => TestCaseStatus::success(),
    };
    named(
        format!("{}.{}", run.scheme, run.scenario),
        run.invariant.clone(),
        status,
    )
}
