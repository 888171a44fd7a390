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
fn explore2() {
    use foliocheck_specs::schemes::cow_page_cache as cow;
    let own = Scenario::own().unwrap();
    let pick = |ids: &[&str]| -> Vec<Scenario> { own.iter().filter(|s| ids.contains(&s.id.as_str())).cloned().collect() };
    let g = ["replace-mapped"];
    let a = |i: &str, n: &str| Ablation::Assignment(i.into(), n.into());
    let abl = [a("Y4", "mapping"), a("Y4", "PG_dirty"), Ablation::Wait("Y1".into()), Ablation::After("M13".into(), "Y3".into()), Ablation::After("M13c".into(), "Y3".into()), Ablation::Effect("Y3".into())];
    for ab in abl {
        for (n, s) in [("cow", cow::counted()), ("cowref", cow::referenced()), ("tagfixed", spliced_tag::fixed())] {
            for id in g {
                let sc = pick(&[id]);
                let r = std::panic::catch_unwind(|| violations(&s, &[ab.clone()], &sc, false));
                match r { Ok(v) if v.is_empty() => (), Ok(v) => println!("{ab:?} {n} {v:?}"), Err(_) => println!("{ab:?} {n} {id} error") }
            }
        }
    }
    let mut disk = own.clone();
    disk.retain(|s| s.is_default() && s.setup.mapping == Mapping::Disk && !["everything"].contains(&s.id.as_str()) && s.setup.any_call(|c| matches!(c, foliocheck_model::kernel::setup::Call::SpliceRead{..})));
    let mut s = without(&["tag-under-i-mmap-lock", "mmap-replaces-when-linked"]);
    s.rules.push(spliced_tag::MKWRITE_REPLACES);
    println!("mkwrite instead, disk: {:?}", violations(&s, &[], &disk, false));
    let mut s3 = s.without("refuse-mmapped");
    s3.rules.push(spliced_tag::REFUSE_DIRTY);
    println!("mkwrite instead, mmapped allowed, dirty refused, disk: {:?}", violations(&s3, &[], &disk, false));
}
