//! The spliced tag: which rules it takes to hold, that each of them is needed, and what each race costs
//! that the proposal leaves open.

mod support;

use std::collections::BTreeMap;

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_model::kernel::setup::Mapping;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::schemes::spliced_tag;
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants};

/// The rules that [`spliced_tag::fixed`] adds to tests, tag and copy.
const ADDED: [&str; 6] = [
    "tag-under-folio-lock",
    "tag-under-i-mmap-lock",
    "refuse-pinned",
    "write-replaces-under-lock",
    "zeroing-replaces-under-lock",
    "mmap-replaces-when-linked",
];

/// What the scheme claims. A copy made without the folio lock may be a mixture, as `copy` shows.
fn claimed() -> Vec<Invariant> {
    let mut ask = invariants::all();
    ask.retain(|i| i.id != "untorn");
    ask
}

fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Scenario::own().unwrap();
    scenarios.retain(|s| s.in_group("tag"));
    scenarios.sort_by_key(|s| s.setup.tasks.len());
    scenarios
}

/// Violations of what is claimed: scenario and invariant, and length of the shortest counterexample.
fn violations(
    scheme: &Scheme,
    ablations: &[Ablation],
    scenarios: &[Scenario],
    stop_at_first: bool,
) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for scenario in scenarios {
        let unit = Unit {
            scheme: scheme.clone(),
            scenario: scenario.clone(),
            ablations: ablations.to_vec(),
            ask: claimed(),
        };
        for run in suite::run(&unit, &Options::default()).unwrap().runs {
            assert_ne!(run.verdict, Verdict::Inconclusive);
            if let Some(trace) = run.trace {
                found.insert((run.scenario, run.invariant), trace.length);
                if stop_at_first {
                    return found;
                }
            }
        }
    }
    found
}

fn without(names: &[&str]) -> Scheme {
    names
        .iter()
        .fold(spliced_tag::fixed(), |scheme, name| scheme.without(name))
}

#[test]
fn explore() {
    let all = scenarios();
    let disk: Vec<_> = all.iter().filter(|s| s.setup.mapping == Mapping::Disk).cloned().collect();
    println!("fixed {:?}", violations(&spliced_tag::fixed(), &[], &all, false));
    for name in spliced_tag::fixed().rule_names() {
        if name == "copy-otherwise" { continue; }
        println!("without {name}: {:#?}", violations(&without(&[name]), &[], &all, false));
    }
    let mut s = spliced_tag::fixed();
    s.rules.extend(spliced_tag::untag_at_one());
    println!("untag: {:#?}", violations(&s, &[], &all, false));
    let mut s = spliced_tag::fixed();
    s.rules.extend(spliced_tag::untag_under_lock());
    println!("untag locked: {:#?}", violations(&s, &[], &all, false));
    let mut s = without(&["tag-under-i-mmap-lock", "mmap-replaces-when-linked"]);
    s.rules.push(spliced_tag::MKWRITE_REPLACES);
    println!("mkwrite instead, disk: {:#?}", violations(&s, &[], &disk, false));
    println!("mkwrite instead, all: {:#?}", violations(&s, &[], &all, false));
    let s2 = s.without("refuse-mmapped");
    println!("mkwrite instead, mmapped allowed, disk: {:#?}", violations(&s2, &[], &disk, false));
    let mut s3 = s2.clone();
    s3.rules.push(spliced_tag::REFUSE_DIRTY);
    println!("mkwrite instead, mmapped allowed, dirty refused, disk: {:#?}", violations(&s3, &[], &disk, false));
    for lock in ["Y5l"] {
        for (n, s) in [("fixed", spliced_tag::fixed()), ("proposed", spliced_tag::proposed())] {
            let g: Vec<_> = all.iter().filter(|s| s.id == "tag-g-replacement").cloned().collect();
            println!("no {lock} {n}: {:#?}", violations(&s, &[Ablation::Lock(lock.into())], &g, false));
        }
    }
}
