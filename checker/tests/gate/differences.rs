//! Each kind of difference.

use std::fs;

use crate::place::{Place, in_cell, in_line, said};

/// What is tampered with, its file, how, and what the gate must say.
type Case<'a> = (&'a str, &'a str, &'a dyn Fn(&str) -> String, &'a [&'a str]);

/// A file called `trace` is a stored counterexample.
const CASES: &[Case<'static>] = &[
    (
        "a verdict",
        "verdicts.json",
        &|t| {
            in_cell(t, |l| {
                let line = l.replace("violated", "holds");
                Some(line.replace("\"length\":19", "\"length\":null"))
            })
        },
        &[
            "Verdicts:",
            "violated in 19 steps (committed: holds)",
            "copy_page_to_iter",
            "[snapshot]",
        ],
    ),
    (
        "a length",
        "verdicts.json",
        &|t| in_cell(t, |l| Some(l.replace("\"length\":19", "\"length\":18"))),
        &[
            "Lengths",
            "violated in 19 steps (committed: violated in 18 steps)",
        ],
    ),
    (
        "a count",
        "verdicts.json",
        &|t| in_cell(t, |l| Some(l.replace("\"states\":", "\"states\":9"))),
        &["What was visited:", "states", "(committed: 9"],
    ),
    (
        "an engine",
        "verdicts.json",
        &|t| in_cell(t, |l| Some(l.replace("stateright", "guesswork"))),
        &["What was visited:", "by guesswork"],
    ),
    (
        "a new one",
        "verdicts.json",
        &|t| in_cell(t, |_| None),
        &[
            "New, not gated yet:",
            "violated in 19 steps (nothing committed)",
        ],
    ),
    (
        "a vanished one",
        "verdicts.json",
        &|t| {
            in_cell(t, |l| {
                let more = l.replace("\"by-reference\"", "\"by-magic\"");
                Some(format!("{l}\n{more}"))
            })
        },
        &[
            "No longer run:",
            "by-magic in",
            "no longer run (committed: violated in 19 steps)",
        ],
    ),
    (
        "a trace's step",
        "trace",
        &|t| t.replace("\"id\":\"S1\"", "\"id\":\"S99\""),
        &[
            "no longer runs: step",
            "is at S1",
            "enabled there:",
            "is not what would be written",
        ],
    ),
    (
        "a trace's variable",
        "trace",
        &|t| t.replace("pipe0.mutex", "pipe0.color"),
        &["no longer runs: no variable `pipe0.color`; there are:"],
    ),
    (
        "a trace's text",
        "trace",
        &|t| t.replace("\"engine\":\"", "\"engine\":\"other "),
        &["is not what would be written"],
    ),
    (
        "the page",
        "README.md",
        &|t| t.replace("violated 19", "holds"),
        &["README.md is not what would be written"],
    ),
];

#[test]
fn each_fails_and_is_mended_by_blessing() {
    let place = Place::blessed();
    let good = place.files();
    let fails = |what: &str, expected: &[&str]| {
        let output = place.gate(&[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{what}: {text}");
        for part in expected {
            assert!(text.contains(part), "{what}: no `{part}` in: {text}");
        }
        let output = place.gate(&["--bless"]);
        assert_eq!(output.status.code(), Some(0), "{what}: {}", said(&output));
        assert!(place.files() == good, "{what}: blessing mends it");
        assert_eq!(place.gate(&[]).status.code(), Some(0), "{what}");
    };
    for (what, file, change, expected) in CASES {
        let file = match *file {
            "trace" => place.a_trace(),
            file => file.to_owned(),
        };
        place.tamper(&file, change);
        fails(what, expected);
    }
    let from = place.results().join(place.a_trace());
    fs::copy(from, place.results().join("traces/more.itf.json")).unwrap();
    fails(
        "a trace too many",
        &["traces/more.itf.json belongs to nothing that was run"],
    );
}

/// Flips come first, then lengths, counts, new and vanished ones.
#[test]
fn the_gravest_comes_first() {
    let place = Place::blessed();
    place.tamper("verdicts.json", |text| {
        let text = in_line(text, &["\"copy\"", "\"snapshot\""], |l| {
            Some(l.replace("holds", "violated"))
        });
        let text = in_line(&text, &["\"copy\"", "\"detected\""], |_| None);
        let text = in_line(&text, &["\"copy-locked\"", "\"snapshot\""], |l| {
            Some(format!("{l}\n{}", l.replace("copy-locked", "gone")))
        });
        in_line(&text, &["\"copy-locked\"", "\"detected\""], |l| {
            Some(l.replace("\"depth\":", "\"depth\":9"))
        })
    });
    let text = said(&place.gate(&[]));
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no `{part}` in: {text}"))
    };
    let order = [
        "Verdicts:",
        "What was visited:",
        "New, not gated yet:",
        "No longer run:",
        "files of results:",
    ]
    .map(at);
    assert!(order.is_sorted(), "{text}");
}
