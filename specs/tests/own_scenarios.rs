//! The project's own scenarios: complete, buildable under every scheme, and small.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use foliocheck_model::machine::compile::words_needed;
use foliocheck_model::machine::{BuildError, System, Var};
use foliocheck_specs::instance::applicable;
use foliocheck_specs::invariants::{holds_balanced, no_stale_translation};
use foliocheck_specs::{Instance, Scenario, Scheme, invariants, schemes, witness};

/// Most 64-bit words that a state may need: 48 bytes.
const WORDS_MAX: usize = 6;
/// The same for the scenarios of group `quick`: 32 bytes.
const WORDS_MAX_QUICK: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn own() -> Vec<Scenario> {
    Scenario::own().unwrap_or_else(|e| panic!("{e}"))
}

fn build(scenario: &Scenario, scheme: &Scheme) -> Result<Instance, BuildError> {
    Instance::build(&scenario.setup, scheme, &[], &applicable(&scenario.setup))
}

fn assert_none(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn there_are_at_least_thirty() {
    assert!(own().len() >= 30);
}

#[test]
fn ids_are_unique_and_are_file_names() {
    let scenarios = own();
    let ids: BTreeSet<_> = scenarios.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids.len(), scenarios.len());
    for id in ids {
        assert!(folder().join(format!("{id}.toml")).is_file(), "{id}");
        assert!(
            id.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{id}"
        );
    }
}

#[test]
fn every_one_says_what_it_is() {
    let mut wrong = Vec::new();
    for Scenario {
        id,
        title,
        about,
        groups,
        ..
    } in own()
    {
        let one_line = !title.is_empty() && title.trim() == title && !title.contains('\n');
        if !one_line || title.ends_with('.') {
            wrong.push(format!("{id}: title {title:?}"));
        }
        if about.is_empty() {
            wrong.push(format!("{id}: no about"));
        }
        let different: BTreeSet<_> = groups.iter().collect();
        if groups.is_empty() || different.len() != groups.len() {
            wrong.push(format!("{id}: groups {groups:?}"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn titles_are_unique() {
    let scenarios = own();
    let titles: BTreeSet<_> = scenarios.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(titles.len(), scenarios.len());
}

/// What is built in is the folder as it is: cargo builds again when a file changes, comes or goes (`build.rs`).
#[test]
fn the_built_in_scenarios_are_those_of_the_folder() {
    let there = Scenario::read_dir(&folder()).unwrap_or_else(|e| panic!("{e}"));
    let built_in = own();
    let ids = |all: &[Scenario]| -> Vec<String> { all.iter().map(|s| s.id.clone()).collect() };
    assert_eq!(ids(&built_in), ids(&there));
    for (built_in, there) in built_in.iter().zip(&there) {
        assert_eq!(format!("{built_in:?}"), format!("{there:?}"));
    }
}

#[test]
fn every_invariant_applies_somewhere() {
    let scenarios = own();
    for invariant in invariants::all() {
        assert!(
            scenarios.iter().any(|s| (invariant.applies)(&s.setup)),
            "{}",
            invariant.id
        );
    }
}

/// Whether a scheme's own rules decide that there is something to ask: `holds-balanced` asks schemes that count, and
/// `no-stale-translation` those under which a folio can leave the page cache.
fn asked_of_some_schemes(invariant: &str) -> bool {
    [
        holds_balanced::INVARIANT.id,
        no_stale_translation::INVARIANT.id,
    ]
    .contains(&invariant)
}

/// What is wrong with a scenario under a scheme, as it is built.
fn complaints(scenario: &Scenario, scheme: &Scheme, instance: &Instance) -> Vec<String> {
    let Instance {
        full, optimized, ..
    } = instance;
    let mut out = Vec::new();
    for system in [full, optimized] {
        out.extend(system.validate().err().map(|e| e.to_string()));
    }
    if full.predicates.is_empty() || optimized.predicates.len() != full.predicates.len() {
        out.push("predicates are missing".to_owned());
    }
    let steps =
        |s: &System| -> Vec<usize> { s.tasks.iter().map(|t| t.program.steps.len()).collect() };
    if steps(full) != steps(optimized) {
        out.push("tasks or steps are missing".to_owned());
    }
    // Traces tell variables apart by their names.
    let mut names: Vec<String> = full.vars.iter().map(Var::full_name).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    out.extend(twice.map(|pair| format!("two variables are called {}", pair[0])));
    // Where the scheme is run at all.
    if scheme.family.concerns(&scenario.setup) {
        let quick = scenario.groups.iter().any(|g| g == "quick");
        let most = if quick { WORDS_MAX_QUICK } else { WORDS_MAX };
        let words = words_needed(optimized);
        if words > most {
            out.push(format!("{words} words, at most {most}"));
        }
    }
    out
}

/// What one scenario shows under all schemes: the complaints, and the invariants that some scheme was asked.
fn built(scenario: &Scenario, schemes: &[Scheme]) -> (Vec<String>, BTreeSet<&'static str>) {
    let (mut wrong, mut asked_of_some) = (Vec::new(), BTreeSet::new());
    for scheme in schemes {
        let mut of_scheme = match build(scenario, scheme) {
            Err(error) => vec![error.to_string()],
            Ok(instance) => {
                let predicates = &instance.full.predicates;
                let asked: BTreeSet<_> = predicates.iter().map(|p| p.invariant.as_str()).collect();
                let (asking, mut silent): (Vec<_>, Vec<_>) = applicable(&scenario.setup)
                    .iter()
                    .map(|i| i.id)
                    .partition(|id| asked.contains(id));
                asked_of_some.extend(asking);
                silent.retain(|id| !asked_of_some_schemes(id));
                let mut out = complaints(scenario, scheme, &instance);
                if !silent.is_empty() {
                    out.push(format!("no predicate for {}", silent.join(", ")));
                }
                out
            }
        };
        for complaint in &mut of_scheme {
            *complaint = format!("{} under {}: {complaint}", scenario.id, scheme.id);
        }
        wrong.append(&mut of_scheme);
    }
    (wrong, asked_of_some)
}

/// Every scenario builds under every scheme, is small, and each invariant that is said to apply has something to ask.
#[test]
fn every_one_is_complete_under_every_scheme() {
    let (scenarios, schemes) = (own(), schemes::all());
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (mut complaints, asked) = built(scenario, &schemes);
                    for invariant in applicable(&scenario.setup) {
                        // Any scenario can be asked of a scheme that counts, but not every one takes a hold.
                        let counts = invariant.id == holds_balanced::INVARIANT.id;
                        if !counts && !asked.contains(invariant.id) {
                            complaints.push(format!(
                                "{}: no scheme is asked {}",
                                scenario.id, invariant.id
                            ));
                        }
                    }
                    wrong.lock().expect("no thread panicked").extend(complaints);
                }
            });
        }
    });
    assert_none(&wrong.into_inner().expect("no thread panicked"));
}

#[test]
fn every_invariant_has_a_witness() {
    let witnesses = witness::all();
    for invariant in invariants::all() {
        assert!(
            witnesses.iter().any(|w| w.invariant == invariant.id),
            "{}",
            invariant.id
        );
    }
}

#[test]
fn every_witness_names_what_exists_and_builds() {
    let scenarios = own();
    let mut wrong = Vec::new();
    for w in witness::all() {
        let what = format!("{} by {} in {}", w.invariant, w.scheme, w.scenario);
        let (invariant, scheme) = (invariants::by_id(w.invariant), schemes::by_id(w.scheme));
        let scenario = scenarios.iter().find(|s| s.id == w.scenario);
        let (Some(invariant), Some(scheme), Some(scenario)) = (invariant, scheme, scenario) else {
            wrong.push(format!("{what}: no such invariant, scheme or scenario"));
            continue;
        };
        if !(invariant.applies)(&scenario.setup) {
            wrong.push(format!("{what}: the invariant does not apply"));
        }
        if let Err(error) = Instance::build(
            &scenario.setup,
            &scheme,
            w.ablation.as_slice(),
            &[invariant],
        ) {
            wrong.push(format!("{what}: {error}"));
        }
    }
    assert_none(&wrong);
}
