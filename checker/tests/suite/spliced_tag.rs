//! The spliced tag: which rules it takes to hold, that each of them is needed, and what each race costs
//! that the proposal leaves open.

use std::collections::BTreeMap;

use foliocheck::suite::{self, Options, Unit};
use foliocheck::verdict::Verdict;
use foliocheck_model::kernel::setup::Mapping;
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::schemes::spliced_tag;
use foliocheck_specs::{Invariant, Scenario, Scheme, invariants};

use crate::support;

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

fn named(id: &str) -> Vec<Scenario> {
    vec![support::scenario(id)]
}

#[test]
fn the_fixed_scheme_holds() {
    let found = violations(&spliced_tag::fixed(), &[], &scenarios(), false);
    assert!(found.is_empty(), "{found:?}");
}

/// No strict subset of the added rules will do, so that the set is minimal.
#[test]
fn every_added_rule_is_needed() {
    let scenarios = scenarios();
    for kept in 0..(1_u32 << ADDED.len()) - 1 {
        let dropped: Vec<&str> = ADDED
            .iter()
            .enumerate()
            .filter(|(n, _)| kept >> n & 1 == 0)
            .map(|(_, name)| *name)
            .collect();
        let found = violations(&without(&dropped), &[], &scenarios, true);
        assert!(!found.is_empty(), "holds without {dropped:?}");
    }
}

/// Nor is anything else in it idle.
#[test]
fn every_rule_is_needed() {
    let scenarios = scenarios();
    for name in spliced_tag::fixed().rule_names() {
        // Without it there is nothing to be done with a page that is refused: no program.
        if name != "copy-otherwise" {
            let found = violations(&without(&[name]), &[], &scenarios, true);
            assert!(!found.is_empty(), "holds without {name}");
        }
    }
}

/// Each race, with everything else in order: the rule that it is about is left out.
#[test]
fn each_race_shows_alone() {
    let races = [
        ("tag-under-i-mmap-lock", "tag-a-mmap"),
        ("tag-under-i-mmap-lock", "tag-a-mmap-tmpfs"),
        ("tag-under-i-mmap-lock", "tag-a-mmap-ext4-order"),
        ("mmap-replaces-when-linked", "tag-a-mmap"),
        ("tag-under-folio-lock", "tag-b-writer"),
        ("write-replaces-under-lock", "tag-b-writer"),
        ("refuse-pinned", "tag-c-pin"),
        ("zeroing-replaces-under-lock", "tag-d-punch"),
    ];
    for (rule, scenario) in races {
        let found = violations(&without(&[rule]), &[], &named(scenario), false);
        let key = (scenario.to_owned(), "snapshot".to_owned());
        assert!(found.contains_key(&key), "{scenario} without {rule}");
    }
}

/// Race f: the tag may go only under the folio lock. A tee cannot take part in it, and a tag that
/// stays until the page is replaced costs a copy and nothing else.
#[test]
fn the_tag_goes_under_the_lock_or_not_at_all() {
    let with = |rules: [foliocheck_specs::Rule; 2]| {
        let mut scheme = spliced_tag::fixed();
        scheme.rules.extend(rules);
        scheme
    };
    let unlocked = with(spliced_tag::untag_at_one());
    assert!(!violations(&unlocked, &[], &named("tag-f-second-splice"), true).is_empty());
    assert!(violations(&unlocked, &[], &named("tag-f-tee"), true).is_empty());
    let locked = with(spliced_tag::untag_under_lock());
    let found = violations(&locked, &[], &scenarios(), false);
    assert!(found.is_empty(), "{found:?}");
}

/// Race g: what the replacement itself must do.
#[test]
fn the_replacement_keeps_what_is_written() {
    let scheme = spliced_tag::fixed();
    let key = ("tag-g-replacement".to_owned(), "no-lost-write".to_owned());
    for ablation in [
        // The old folio does not say that it has left the file.
        Ablation::Assignment("Y4".to_owned(), "mapping".to_owned()),
        // The dirty mark stays behind.
        Ablation::Assignment("Y4".to_owned(), "PG_dirty".to_owned()),
        // Writeback of the old folio and of the new one meet on the same block.
        Ablation::Wait("Y1".to_owned()),
    ] {
        let found = violations(
            &scheme,
            std::slice::from_ref(&ablation),
            &named("tag-g-replacement"),
            false,
        );
        assert!(found.contains_key(&key), "{ablation:?}");
    }
}

/// Race h: the slot changes hands at once, in the proposal as well.
#[test]
fn a_second_splice_sees_what_was_written() {
    for scheme in [spliced_tag::proposed(), spliced_tag::fixed()] {
        let found = violations(&scheme, &[], &named("tag-h-splice-again"), false);
        assert!(found.is_empty(), "{found:?}");
    }
}

/// Where every store through a page table comes by way of `page_mkwrite`, asking for the tag there
/// makes mmap(2) and i_mmap_rwsem unnecessary; with dirty pages refused, so is the test for a mapping.
/// tmpfs has no `page_mkwrite`.
#[test]
fn page_mkwrite_can_stand_in_for_mmap_on_a_disk() {
    let mut scheme = without(&["tag-under-i-mmap-lock", "mmap-replaces-when-linked"]);
    scheme.rules.push(spliced_tag::MKWRITE_REPLACES);
    let mut mapped = scheme.without("refuse-mmapped");
    mapped.rules.push(spliced_tag::REFUSE_DIRTY);
    let (disk, tmpfs): (Vec<_>, Vec<_>) = scenarios()
        .into_iter()
        .partition(|s| s.setup.mapping == Mapping::Disk);
    for scheme in [&scheme, &mapped] {
        let found = violations(scheme, &[], &disk, false);
        assert!(found.is_empty(), "{found:?}");
        assert!(!violations(scheme, &[], &tmpfs, true).is_empty());
    }
}
