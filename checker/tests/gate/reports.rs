//! Reports for CI servers, job summaries and code hosts.

use std::fs;
use std::path::Path;
use std::process::Command;

use foliocheck::expectation::{Difference, Expectations, Expected, Kind};

use crate::place::{CELL, Place, in_line, said};

/// Reports of a run in which something differs.
struct Reports {
    place: Place,
}

impl Reports {
    fn of(change: impl Fn(&Place)) -> Reports {
        let place = Place::blessed();
        change(&place);
        let file = |name: &str| place.dir.path().join(name).display().to_string();
        let output = place.gate(&[
            "--junit",
            &file("junit.xml"),
            "--markdown",
            &file("summary.md"),
            "--sarif",
            &file("log.sarif"),
            "--json",
            &file("gate.json"),
        ]);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{}",
            said(&output)
        );
        Reports { place }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.place.dir.path().join(name)).unwrap()
    }
}

fn flipped(place: &Place) {
    place.tamper("verdicts.json", |text| {
        in_line(text, &CELL, |l| {
            Some(
                l.replace("violated", "holds")
                    .replace("\"length\":17", "\"length\":null"),
            )
        })
    });
}

/// The elements and attributes that CI servers read.
#[test]
fn junit_is_valid() {
    let reports = Reports::of(flipped);
    let text = reports.read("junit.xml");
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let allowed: &[(&str, &[&str], &[&str])] = &[
        (
            "testsuites",
            &["name", "tests", "failures", "errors", "skipped"],
            &["testsuite"],
        ),
        (
            "testsuite",
            &["name", "tests", "disabled", "errors", "failures", "skipped"],
            &["testcase"],
        ),
        (
            "testcase",
            &["name", "classname"],
            &["failure", "error", "skipped"],
        ),
        ("failure", &["message", "type"], &[]),
        ("error", &["message", "type"], &[]),
        ("skipped", &["message", "type"], &[]),
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let (_, attributes, children) = allowed.iter().find(|a| a.0 == name).expect(name);
        for attribute in node.attributes() {
            assert!(
                attributes.contains(&attribute.name()),
                "{name}: {}",
                attribute.name()
            );
        }
        for child in node.children().filter(roxmltree::Node::is_element) {
            assert!(
                children.contains(&child.tag_name().name()),
                "{name}: {child:?}"
            );
        }
        if name == "testsuite" {
            let number = |what: &str| node.attribute(what).unwrap().parse::<usize>().unwrap();
            let cases: Vec<_> = node
                .children()
                .filter(|n| n.has_tag_name("testcase"))
                .collect();
            assert_eq!(number("tests"), cases.len());
            let with = |what: &str| {
                let has = |c: &&roxmltree::Node<'_, '_>| c.children().any(|n| n.has_tag_name(what));
                cases.iter().filter(has).count()
            };
            assert_eq!(number("failures"), with("failure"));
            assert_eq!(number("errors"), with("error"));
        }
    }
    let failure = document
        .descendants()
        .find(|n| {
            n.has_tag_name("failure") && n.text().is_some_and(|t| t.contains("copy_page_to_iter"))
        })
        .expect("the counterexample");
    assert_eq!(
        failure.parent().unwrap().attribute("name"),
        Some("snapshot")
    );
    assert!(!text.contains('\u{1b}'), "colours");
    assert!(!text.contains("timestamp"));
    let verdicts = Expectations::read(&reports.place.results()).unwrap();
    let cases = document
        .descendants()
        .filter(|n| n.has_tag_name("testcase"));
    let of_runs = cases.filter(|n| n.attribute("classname").is_some_and(|c| c.contains('.')));
    assert_eq!(of_runs.count(), verdicts.len());
}

/// Against the schema that the crate `serde-sarif` carries, and read into its types.
#[test]
fn sarif_is_valid() {
    let reports = Reports::of(flipped);
    let log: serde_json::Value = serde_json::from_str(&reports.read("log.sarif")).unwrap();
    let cargo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        let output = command
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        output.stdout
    };
    let about = String::from_utf8(cargo(&["-vV"])).unwrap();
    let host = about
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .unwrap();
    let metadata = cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--locked",
        "--filter-platform",
        host,
    ]);
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|p| p["name"] == "serde-sarif").unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let schema = fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    // A slip of the schema: these patterns are no regular expressions.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let typed: serde_sarif::sarif::Sarif = serde_json::from_value(log.clone()).unwrap();
    assert_eq!(typed.runs.len(), 1);

    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |level: &str| {
        results
            .iter()
            .filter(|r| r["level"] == level)
            .collect::<Vec<_>>()
    };
    let errors = of("error");
    assert_eq!(errors.len(), 1, "the flip");
    assert_eq!(errors[0]["properties"]["scheme"], "by-reference");
    assert!(!of("note").is_empty());
    // Each is at a line of the model that writes a step.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        let file = root.join(place["artifactLocation"]["uri"].as_str().unwrap());
        let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let line = text.lines().nth(line - 1).unwrap();
        assert!(
            line.contains(".step(") || line.contains(".push(") || line.contains(".again("),
            "{line}"
        );
    }
}

#[test]
fn the_job_summary_fits() {
    let reports = Reports::of(flipped);
    let text = reports.read("summary.md");
    assert!(text.starts_with("# gate: complete"), "{text}");
    assert!(
        text.contains("## Verdicts\n\n- by-reference in write-after-splice, snapshot"),
        "{text}"
    );
    assert!(text.contains("```text") && text.contains("| scheme |"));
    assert!(!text.contains('\u{1b}'));
    // More differences than fit.
    let one: Expected = serde_json::from_str(
        r#"{"scheme":"a","scenario":"b","invariant":"c","verdict":"holds","states":1,"transitions":1,
            "depth":1,"length":null,"engine":"x"}"#,
    )
    .unwrap();
    let difference = Difference {
        kind: Kind::New,
        committed: None,
        now: Some(one),
    };
    let outcome = foliocheck::gate::outcome::Outcome {
        differences: vec![difference; 50_000],
        ..Default::default()
    };
    let text = foliocheck::report::gate::job_summary(&outcome, &[]);
    assert!(text.len() <= foliocheck::report::gate::MARKDOWN_MAX);
    assert!(
        text.contains("Cut short: "),
        "{}",
        &text[text.len() - 200..]
    );
}

#[test]
fn json_says_what_differs() {
    let reports = Reports::of(flipped);
    let document: serde_json::Value = serde_json::from_str(&reports.read("gate.json")).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["complete"], true);
    let first = &document["differences"][0];
    assert_eq!(first["kind"], "verdict");
    assert_eq!(first["committed"]["verdict"], "holds");
    assert_eq!(first["now"]["verdict"], "violated");
    let clean = Reports::of(|_| {});
    let document: serde_json::Value = serde_json::from_str(&clean.read("gate.json")).unwrap();
    assert_eq!(document["differences"].as_array().unwrap().len(), 0);
}
