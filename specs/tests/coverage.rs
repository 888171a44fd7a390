//! What counts as covered: read off small scenarios.

use std::collections::BTreeSet;
use std::path::Path;

use foliocheck_specs::coverage::{self, Changer, Kind, Reader, Triple, Universe};
use foliocheck_specs::{Scenario, schemes};

fn pairs(tasks: &str) -> BTreeSet<(Changer, Reader)> {
    let text = format!(
        "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\nfilesystem = \"ext4\"\npipes = [1, 1]\nsockets = 1\n\
         [[folio]]\n[[folio]]\n{tasks}"
    );
    let scenario = Scenario::parse(Path::new("t.toml"), &text).expect("a scenario");
    let triples = coverage::of(&scenario.setup);
    assert!(triples.iter().all(|t| t.kind == Kind::Ext4));
    triples.iter().map(|t| (t.changer, t.reader)).collect()
}

fn task(name: &str, calls: &[&str]) -> String {
    format!(
        "[[task]]\nname = \"{name}\"\ncalls = [{}]\n",
        calls.join(", ")
    )
}

const SPLICE: &str = "{ call = \"splice\", folios = [0], pipe = 0 }";
const READ: &str = "{ call = \"pipe-read\", pipe = 0 }";
const WRITE: &str = "{ call = \"write\", folios = [0] }";
const ELSEWHERE: &str = "{ call = \"write\", folios = [1] }";
const TEE: &str = "{ call = \"tee\", from = 0, to = 1 }";
const TWIN: &str = "{ call = \"pipe-read\", pipe = 1 }";
const SEND: &str = "{ call = \"splice-socket\", pipe = 0, socket = 0 }";

#[test]
fn a_change_meets_a_reading_that_it_can_come_into() {
    let none = BTreeSet::new();
    let one = |r| BTreeSet::from([(Changer::WriteWhole, r)]);
    // By another task, of the same page.
    let two = |write| task("a", &[write]) + &task("b", &[SPLICE, READ]);
    assert_eq!(pairs(&two(WRITE)), one(Reader::Pipe));
    assert_eq!(pairs(&two(ELSEWHERE)), none);
    // By the reader: between splice and read, and not before or after both.
    assert_eq!(pairs(&task("a", &[SPLICE, WRITE, READ])), one(Reader::Own));
    assert_eq!(pairs(&task("a", &[WRITE, SPLICE, READ])), none);
    assert_eq!(pairs(&task("a", &[SPLICE, READ, WRITE])), none);
    // By who splices, where another reads.
    let spliced = task("a", &[SPLICE, WRITE]) + &task("b", &[READ]);
    assert_eq!(pairs(&spliced), one(Reader::Pipe));
}

#[test]
fn bytes_are_followed_through_pipes_and_sockets() {
    let twins = task("w", &[WRITE]) + &task("s", &[SPLICE, TEE, TWIN]);
    assert_eq!(
        pairs(&twins),
        BTreeSet::from([(Changer::WriteWhole, Reader::Twin)])
    );
    let sent = |nic: &str| task("w", &[WRITE]) + &task("s", &[SPLICE, SEND]) + nic;
    let nic = task(
        "n",
        &["{ call = \"transmit\", socket = 0, checksum = true, retransmit = true }"],
    );
    let readers = [Reader::Transmit, Reader::Retransmit, Reader::Checksum];
    let expected = readers.map(|r| (Changer::WriteWhole, r));
    assert_eq!(pairs(&sent(&nic)), BTreeSet::from(expected));
    // Loopback hands on the fragment: nothing reads it on the way.
    let local = task("n", &["{ call = \"transmit\", socket = 0 }"])
        + &task("r", &["{ call = \"receive\", socket = 0 }"]);
    assert_eq!(
        pairs(&sent(&local)),
        BTreeSet::from([(Changer::WriteWhole, Reader::Receiver)])
    );
}

#[test]
fn what_a_scheme_copies_is_read_there() {
    let text = "title = \"t\"\nabout = \"a\"\ngroups = [\"g\"]\npipes = [1]\n[[folio]]\n"
        .to_owned()
        + &task("w", &[WRITE])
        + &task("s", &[SPLICE, READ]);
    let setup = Scenario::parse(Path::new("t.toml"), &text)
        .expect("a scenario")
        .setup;
    let copying = |id| {
        let scheme = schemes::by_id(id).expect("a scheme");
        let triples = coverage::under(&scheme, &setup);
        triples.iter().any(|t| t.reader == Reader::CopyingSplice)
    };
    assert!(copying("copy") && copying("steal-or-copy"));
    assert!(!copying("by-reference") && !copying("stable-pin"));
}

#[test]
fn what_is_run_can_exist_and_has_no_reason_against_it() {
    let universe = Universe::new();
    let wanted = universe.under(&schemes::by_id("by-reference").expect("there"));
    let scenarios = Scenario::own().expect("scenarios");
    let run: BTreeSet<Triple> = scenarios
        .iter()
        .flat_map(|s| coverage::of(&s.setup))
        .collect();
    for triple in &run {
        assert!(
            wanted[triple].is_ok() || triple.stood_for().is_some(),
            "{triple}: {:?}",
            wanted[triple]
        );
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(t, w)| w.is_ok() && !run.contains(t))
        .map(|(t, _)| t.to_string())
        .collect();
    assert!(missing.is_empty(), "run by no scenario: {missing:#?}");
}
