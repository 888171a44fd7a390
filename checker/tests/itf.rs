//! Traces as files: read back as written, by us and by the crate `itf`; replayed; named by content; any
//! other text refused, with the place and what is allowed.

mod support;

use foliocheck::itf::replay::{Catalogue, Stale, replay};
use foliocheck::itf::{BugCase, Document};
use foliocheck::report::export::{dot, html, markdown, mermaid};
use foliocheck::suite::{self, Options, Unit};
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::bugs::{self, Carried};
use foliocheck_specs::{Scenario, Scheme, invariants, schemes};
use proptest::prelude::*;

/// The counterexample of a unit that asks one invariant.
fn found(unit: &Unit, bug: Option<BugCase>) -> Document {
    let answer = suite::run(unit, &Options::default()).unwrap();
    let run = &answer.runs[0];
    Document::of_run(run, unit, bug)
        .unwrap()
        .expect("a violation")
}

fn unit(scheme: &str, scenario: &str, invariant: &str, ablations: Vec<Ablation>) -> Unit {
    Unit {
        scheme: schemes::by_id(scheme).unwrap(),
        scenario: support::scenario(scenario),
        ablations,
        ask: vec![invariants::by_id(invariant).unwrap()],
    }
}

fn known() -> (Vec<Scheme>, Vec<Scenario>) {
    (schemes::all(), Scenario::own().unwrap())
}

fn again(document: &Document) -> Result<foliocheck::itf::replay::Replayed, Stale> {
    let (schemes, scenarios) = known();
    let catalogue = Catalogue {
        schemes: &schemes,
        scenarios: &scenarios,
    };
    replay(document, catalogue)
}

fn small() -> Document {
    let unit = unit("stable-pin", "mmap-store-dirty-pte", "snapshot", vec![]);
    found(&unit, None)
}

/// Of every kind: a recorded violation, a deadlock, a lasso, something removed, a bug's own scheme.
fn samples() -> Vec<Document> {
    let wait = Ablation::Wait("W6".to_owned());
    let mut samples = vec![
        small(),
        found(
            &unit(
                "stable-pin-mkclean",
                "splice-then-write-same-thread",
                "deadlock-free",
                vec![],
            ),
            None,
        ),
        found(
            &unit(
                "confirm-i-version",
                "endless-writer-vs-splice",
                "splicer-progress",
                vec![],
            ),
            None,
        ),
        found(
            &unit(
                "by-reference",
                "stable-write-vs-writeback",
                "stable-under-writeback",
                vec![wait],
            ),
            None,
        ),
    ];
    let bug = bugs::by_id("H07").unwrap();
    let Carried::Cases(cases) = bug.carried else {
        panic!("H07 is carried");
    };
    let case = &cases[0];
    let unit = Unit {
        scheme: case.buggy.scheme.clone(),
        scenario: support::scenario(case.scenario),
        ablations: case.buggy.ablations.clone(),
        ask: vec![invariants::by_id(case.invariant).unwrap()],
    };
    let case = BugCase {
        id: "H07".to_owned(),
        case: 1,
    };
    samples.push(found(&unit, Some(case)));
    samples
}

#[test]
fn a_trace_as_a_file() {
    insta::assert_snapshot!("itf", small().text());
}

#[test]
fn a_trace_for_other_tools() {
    insta::assert_snapshot!("mermaid", mermaid::mermaid(&small()));
    insta::assert_snapshot!("markdown", markdown::markdown(&small(), "x.itf.json"));
    insta::assert_snapshot!("dot", dot::dot(&small()));
}

/// Whatever a name or a text holds, it stays text.
#[test]
fn exports_escape() {
    let mut document = small();
    let evil = "a;b#<script>\"|`\\\n--&";
    document.trace.steps[0].task = evil.to_owned();
    document.trace.steps[1].text = evil.to_owned();
    document.trace.why = evil.to_owned();
    let page = html::html(&document);
    assert!(!page.contains("<script"));
    assert!(page.contains("a;b#&lt;script&gt;&quot;|`"));
    let diagram = mermaid::mermaid(&document);
    // One lane more: the first step is somebody else's now.
    assert_eq!(
        diagram.lines().count(),
        mermaid::mermaid(&small()).lines().count() + 1
    );
    assert!(diagram.contains("a#59;b#35;#60;script#62;"));
    assert!(!diagram.contains('"'));
    let graph = dot::dot(&document);
    assert!(graph.contains(r#"\"|`\\"#), "{graph}");
    let page = markdown::markdown(&document, "x.itf.json");
    let row = page.lines().find(|l| l.contains("| 2 |")).unwrap();
    assert!(row.contains(r"\|\`\\"), "{row}");
}

#[test]
fn an_endless_execution_is_drawn_as_one() {
    let document = samples()
        .into_iter()
        .find(|d| d.trace.loop_start.is_some())
        .unwrap();
    assert!(mermaid::mermaid(&document).contains("loop for ever"));
    assert!(dot::dot(&document).contains("for ever"));
    assert!(html::html(&document).contains("For ever again from step"));
    assert!(markdown::table(&document).contains("for ever"));
}

#[test]
fn what_is_written_is_read_and_runs() {
    for document in samples() {
        let read = Document::parse(&document.text()).unwrap();
        assert_eq!(read, document, "{}", document.stem());
        assert_eq!(read.text(), document.text());
        assert_eq!(read.address(), document.address());
        let replayed = again(&read).unwrap_or_else(|e| panic!("{}: {e}", document.stem()));
        assert_eq!(replayed.trace, document.trace);
        assert_eq!(replayed.states.len(), document.trace.length + 1);
        // The states of the file are those of the model.
        let vars = &replayed.system.vars;
        for (state, values) in replayed.states.iter().zip(document.values()) {
            for (variable, value) in document.variables.iter().zip(values) {
                let at = vars
                    .iter()
                    .position(|v| v.full_name() == variable.name)
                    .unwrap();
                assert_eq!(vars[at].show(state.0[at]), value, "{}", variable.name);
            }
        }
    }
}

#[test]
fn another_reader_reads_it() {
    for document in samples() {
        let trace: itf::Trace<itf::Value> = serde_json::from_str(&document.text()).unwrap();
        assert_eq!(trace.states.len(), document.trace.length + 1);
        assert_eq!(
            trace.loop_index.map(|at| usize::try_from(at).unwrap()),
            document.trace.loop_start
        );
        for (n, (state, values)) in trace.states.iter().zip(document.values()).enumerate() {
            assert_eq!(state.meta.index, Some(n as u64));
            let itf::Value::Record(fields) = &state.value else {
                panic!("{:?}", state.value);
            };
            for (variable, value) in document.variables.iter().zip(values) {
                let read = match fields.get(&variable.name).unwrap() {
                    itf::Value::BigInt(n) => n.get().to_string(),
                    itf::Value::String(name) => name.clone(),
                    other => panic!("{}: {other:?}", variable.name),
                };
                assert_eq!(read, value, "{}", variable.name);
            }
        }
    }
}

#[test]
fn the_address_is_of_the_steps_and_of_nothing_else() {
    let document = small();
    let address = document.address();
    assert_eq!(address.len(), 16);
    let mut same = document.clone();
    same.trace.why = "otherwise said".to_owned();
    same.engine = "another".to_owned();
    same.trace.steps[0].text.push_str(", in other words");
    assert_eq!(same.address(), address);
    let mut shorter = document.clone();
    shorter.trace.steps.pop();
    let mut other = document.clone();
    other.trace.steps[0].branch.push('x');
    let mut without = document.clone();
    without.subject.without.push("W6 does not wait".to_owned());
    let mut moved = document.clone();
    // The same characters, cut elsewhere.
    let step = &mut moved.trace.steps[0];
    let last = step.task.pop().unwrap();
    step.id.insert(0, last);
    for changed in [shorter, other, without, moved] {
        assert_ne!(changed.address(), address);
    }
}

/// A text with one thing changed, and what the error must say.
#[test]
fn wrong_files_are_refused_with_the_place() {
    let good = small().text();
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["line 1", "EOF"]),
        ("[1, 2]".to_owned(), &["line 1", "expected a sequence"]),
        (good[..good.len() / 2].to_owned(), &["line", "EOF"]),
        (
            change("\"schema\":\"1\"", "\"schema\":\"7\""),
            &["schema 7", "reads schema 1"],
        ),
        (change("\"schema\":\"1\",", ""), &["#meta", "`schema`"]),
        (
            change("\"scheme\":\"stable-pin\",", ""),
            &["#meta", "`scheme`"],
        ),
        (
            change("\"pipe0.mutex\":\"Str\"", "\"pipe0.mutex\":\"Set(Str)\""),
            &["pipe0.mutex", "Set(Str)", "one of Int, Str"],
        ),
        (
            change("\"pipe0.mutex\":\"Str\",", ""),
            &["pipe0.mutex", "varTypes"],
        ),
        (
            change("\"pipe0.mutex\":\"-\"", "\"pipe0.mutex\":3"),
            &["state 0", "pipe0.mutex", "found 3", "a string"],
        ),
        (
            change("\"pipe0.mutex\":\"-\"", "\"pipe0.colour\":\"-\""),
            &["state 0", "pipe0.colour", "unknown variable", "pipe0.mutex"],
        ),
        (
            change("\"pipe0.mutex\":\"-\"", "\"pipe0.mutxe\":\"-\""),
            &["unknown variable; did you mean `pipe0.mutex`?"],
        ),
        (
            change("\"pipe0.mutex\":\"Str\"", "\"pipe0.mutxe\":\"Str\""),
            &["`pipe0.mutex` is not in #meta.varTypes; did you mean `pipe0.mutxe`"],
        ),
        (
            change("\"pipe0.mutex\":\"splicer\",", ""),
            &["state 2", "pipe0.mutex", "missing"],
        ),
        (
            change("{\"#bigint\":\"1\"}", "{\"#bigint\":\"one\"}"),
            &["state", "one", "#bigint"],
        ),
        (
            change("\"function\":\"pipe_lock\",", ""),
            &["state 2", "#meta", "`function`"],
        ),
        (
            change("\n]}", "\n],\"loop\":99}"),
            &["loop", "99", "0 to 15"],
        ),
        (
            "{\"#meta\":{}, \"vars\":[], \"states\":[]}".to_owned(),
            &["#meta", "schema"],
        ),
    ];
    for (text, expected) in cases {
        let error = Document::parse(&text).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "`{error}` does not say `{part}`");
        }
    }
}

/// A document with one thing changed, and what the error must say.
type Wrong<'a> = (&'a dyn Fn(&mut Document), &'a [&'a str]);

/// Each change makes the trace stale, and the error says all of its parts.
fn stale(cases: &[Wrong<'_>]) {
    let good = small();
    for (change, expected) in cases {
        let mut document = good.clone();
        change(&mut document);
        let error = again(&document).unwrap_err().to_string();
        for part in *expected {
            assert!(error.contains(part), "`{error}` does not say `{part}`");
        }
    }
}

#[test]
fn a_trace_that_no_longer_runs_says_where_it_stops() {
    stale(&[
        (
            &|d| d.subject.scheme = "pin".into(),
            &["no scheme `pin`", "stable-pin"],
        ),
        (
            &|d| d.subject.scenario = "x".into(),
            &["no scenario `x`", "write-vs-splice"],
        ),
        (
            &|d| d.subject.invariant = "x".into(),
            &["no invariant `x`", "snapshot"],
        ),
        (
            &|d| d.subject.without = vec!["x".into()],
            &["`x` removes nothing"],
        ),
        (
            &|d| d.subject.without = vec!["without rule x".into()],
            &["no rule `x`", "take-hold"],
        ),
        (
            &|d| {
                d.subject.bug = Some(BugCase {
                    id: "H99".into(),
                    case: 1,
                });
            },
            &["no bug `H99`", "H01"],
        ),
        (
            &|d| d.variables[0].name = "inode.colour".into(),
            &["no variable `inode.colour`"],
        ),
        (
            &|d| d.trace.steps[1].task = "x".into(),
            &["no task `x`", "splicer"],
        ),
        (
            &|d| {
                d.trace.steps.remove(4);
            },
            &[
                "step 5",
                "splicer is at",
                "folio_lock",
                "enabled there: splicer",
            ],
        ),
        (
            &|d| d.trace.steps[3].branch = "hole".into(),
            &["step 4", "another branch", "found"],
        ),
        (
            &|d| d.trace.steps[1].changes[0].to = "mapper".into(),
            &["step 2", "it changes pipe0.mutex: - → splicer, not"],
        ),
        (
            &|d| {
                d.trace.steps.pop();
            },
            &["snapshot is not violated"],
        ),
    ]);
}

#[test]
fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
    stale(&[
        (
            &|d| d.subject.scheme = "stable-pni".into(),
            &["no scheme `stable-pni`; did you mean `stable-pin`"],
        ),
        (
            &|d| d.subject.scenario = "mmap-store-drity-pte".into(),
            &["; did you mean `mmap-store-dirty-pte`"],
        ),
        (
            &|d| d.subject.invariant = "snapshto".into(),
            &["no invariant `snapshto`; did you mean `snapshot`?"],
        ),
        (
            &|d| d.subject.without = vec!["without rule take-hodl".into()],
            &["no rule `take-hodl`; did you mean `take-hold`?"],
        ),
        (
            &|d| d.subject.without = vec!["S44 does nothing".into()],
            &["no step S44", "; did you mean `S4`"],
        ),
        (
            &|d| d.trace.steps[1].id = "S00".into(),
            &["step 2", "splicer is at S0 pipe_lock; did you mean `S0`"],
        ),
        (
            &|d| d.trace.steps[1].function = "pipe_lokc".into(),
            &[
                "step 2",
                "splicer is at S0 pipe_lock; did you mean `pipe_lock`?",
            ],
        ),
        (
            &|d| d.trace.steps[3].branch = "fuond".into(),
            &[
                "step 4",
                "another branch there: found; did you mean `found`?",
            ],
        ),
        (
            &|d| d.trace.steps[1].changes[0].to = "splicre".into(),
            &[
                "step 2",
                "pipe0.mutex is never `splicre`; did you mean `splicer`?",
            ],
        ),
        (
            &|d| d.trace.steps[1].task = "splicre".into(),
            &["no task `splicre`; did you mean `splicer`?"],
        ),
        (
            &|d| d.variables[0].name = "tlb(cpu-mapper,0).DW".into(),
            &["no variable `tlb(cpu-mapper,0).DW`; did you mean `tlb(cpu-mapper,0).WD`"],
        ),
    ]);
}

#[test]
fn a_deadlock_that_is_none_any_more_is_not_passed() {
    let mut document = found(
        &unit(
            "stable-pin-mkclean",
            "splice-then-write-same-thread",
            "deadlock-free",
            vec![],
        ),
        None,
    );
    document.trace.steps.pop();
    let error = again(&document).unwrap_err().to_string();
    assert!(
        error.contains("not final") || error.contains("not violated"),
        "{error}"
    );
}

#[test]
fn removals_are_read_as_they_are_printed() {
    let id = || "W6".to_owned();
    for ablation in [
        Ablation::Effect(id()),
        Ablation::Wait(id()),
        Ablation::Test(id()),
        Ablation::Lock(id()),
        Ablation::Assignment(id(), "CAN_MERGE".to_owned()),
        Ablation::Branch(id(), "clean: skip".to_owned()),
        Ablation::Before(id(), "B2".to_owned()),
        Ablation::After(id(), "B2".to_owned()),
    ] {
        assert_eq!(ablation.to_string().parse(), Ok(ablation));
    }
}

proptest! {
    #![proptest_config(support::cases(512))]

    /// Any text: an error or a document, never a panic.
    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        let _ = Document::parse(&text);
    }

    /// A good file with bytes changed: an error, or a document that can be written and run or is refused.
    #[test]
    fn any_damage_is_answered(cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        static GOOD: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| small().text());
        let mut bytes = GOOD.clone().into_bytes();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(document) = Document::parse(&String::from_utf8_lossy(&bytes)) {
            let _ = document.text();
            let _ = document.address();
            let _ = again(&document);
        }
    }
}
