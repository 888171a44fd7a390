//! Schedules at random: what is met is a path, is made short, and is met again.

use std::sync::Arc;
use std::time::Duration;

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::limits::Limits;
use foliocheck_engine::minimize::minimize;
use foliocheck_engine::shuttle::{Bounds, Chooser, Sample, ShuttleError, sample};
use foliocheck_model::executor::execution::Prepared;
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarDecl;
use foliocheck_model::machine::{RunError, System};

use crate::support;
use crate::systems::{F, chooses, overflows, sooner_or_later};

const BOUNDS: Bounds = Bounds {
    schedules: 100,
    time: None,
    memory: None,
    seed: 3,
    stop_at_violation: false,
};

fn full(scheme: &str, scenario: &str) -> System {
    support::build(scheme, &support::scenario(scenario)).full
}

fn sampled(system: &System, bounds: &Bounds) -> Sample {
    let prepared = Prepared::of(system).expect("its steps are one action each");
    sample(&prepared, bounds).expect("sampled")
}

/// Whether the path can be taken and violates the predicate at its end.
fn violates(system: &System, predicate: usize, path: &[Action]) -> bool {
    let mut state = Valuation::init(system);
    for action in path {
        if !interp::enabled(system, &state).contains(action) {
            return false;
        }
        state = interp::apply(system, &state, *action).expect("no error");
    }
    let predicate = &system.predicates[predicate];
    let asked = predicate.scope == Scope::Always || interp::enabled(system, &state).is_empty();
    asked && state.holds(&predicate.bad)
}

/// Two tasks that each count up what they have seen of the other.
fn races() -> System {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 7).observed());
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let seen = b.register("seen", 7);
        b.step("R", F, |s| s.set(seen, x));
        b.step("W", F, |s| {
            s.set(x, foliocheck_model::machine::expr::add(seen, 1))
        });
        b.finish().unwrap();
    }
    system.predicates = vec![
        Predicate {
            invariant: "no update is lost".to_owned(),
            scope: Scope::Terminal,
            bad: eq(x, 1),
        },
        Predicate {
            invariant: "it stays below three".to_owned(),
            scope: Scope::Always,
            bad: eq(x, 3),
        },
    ];
    system
}

#[test]
fn enough_schedules_meet_every_outcome() {
    let system = races();
    let states = explore(&system, Mode::Full, &[0, 1], &Limits::default()).unwrap();
    let sample = sampled(&system, &BOUNDS);
    assert_eq!(sample.schedules, 300, "each chooser in turn");
    assert_eq!(sample.unfinished, 0);
    assert_eq!(sample.outcomes, states.observations);
    assert_eq!((sample.longest, sample.steps), (4, 1200));
    assert_eq!(sample.violations.keys().collect::<Vec<_>>(), [&0]);
    let met = &sample.violations[&0];
    assert_eq!(met.path.len(), 4, "asked at the end only");
    assert!(violates(&system, 0, &met.path));
    assert_eq!(met.chooser, Chooser::Random);
    // It is met again at the same schedule of the same chooser.
    let until = |schedules| Bounds {
        schedules,
        ..BOUNDS
    };
    let random = |bounds: &Bounds| {
        let met = sampled(&system, bounds).violations.remove(&0);
        met.filter(|m| m.chooser == Chooser::Random)
    };
    assert_eq!(random(&until(met.schedule)).as_ref(), Some(met));
    if met.schedule > 1 {
        assert_eq!(random(&until(met.schedule - 1)), None);
    }
}

#[test]
fn every_chooser_samples() {
    assert_eq!(Chooser::ALL.map(Chooser::name), ["random", "pct", "urw"]);
    // A single task has nobody to compete with: one chooser less.
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 1).observed());
    let task = system.add_task("alone");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S", F, |s| s.set(x, 1));
    b.finish().unwrap();
    let sample = sampled(&system, &BOUNDS);
    assert_eq!((sample.schedules, sample.steps), (200, 200));
}

#[test]
fn either_way_is_gone() {
    let system = chooses(false);
    let states = explore(&system, Mode::Full, &[0], &Limits::default()).unwrap();
    assert_eq!(sampled(&system, &BOUNDS).outcomes, states.observations);
    // Of several violations the shortest is kept.
    for (ways, first) in [([0, 2], 0), ([2, 0], 1)] {
        let met = &sampled(&sooner_or_later(ways), &BOUNDS).violations[&0];
        assert_eq!((met.path[0].branch, met.path.len()), (first, 3), "{ways:?}");
    }
}

/// A violation says which schedule of which chooser met it.
#[test]
fn schedules_are_counted_from_one_by_each_chooser() {
    let system = races();
    let mut met = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let bounds = Bounds {
            schedules: 2,
            seed,
            ..BOUNDS
        };
        let violations = sampled(&system, &bounds).violations;
        met.extend(violations.values().map(|m| (m.chooser, m.schedule)));
    }
    let choosers: std::collections::BTreeSet<_> = met.iter().map(|(chooser, _)| *chooser).collect();
    assert_eq!(choosers, Chooser::ALL.into());
    assert!(
        met.iter().all(|(_, schedule)| (1..=2).contains(schedule)),
        "{met:?}"
    );
}

#[test]
fn sampling_stops_where_it_is_told() {
    let system = races();
    let late = Bounds {
        time: Some(Duration::ZERO),
        ..BOUNDS
    };
    assert_eq!(sampled(&system, &late).schedules, 0);
    let early = Bounds {
        time: Some(Duration::from_secs(3600)),
        ..BOUNDS
    };
    assert_eq!(sampled(&system, &early).schedules, 300);
    let first = Bounds {
        stop_at_violation: true,
        ..BOUNDS
    };
    let sample = sampled(&system, &first);
    assert_eq!(sample.schedules, sample.violations[&0].schedule);
    assert!(sample.schedules < 100);
}

#[test]
fn what_goes_on_for_ever_is_cut() {
    let sample = sampled(
        &full("by-reference", "endless-writer-vs-splice"),
        &Bounds {
            schedules: 2,
            ..BOUNDS
        },
    );
    assert_eq!((sample.schedules, sample.unfinished), (6, 6));
    assert!(sample.outcomes.is_empty());
    assert!(sample.longest <= 2_000);
    assert!(sample.steps > sample.longest);
}

#[test]
fn an_error_of_the_model_ends_a_sampling() {
    let prepared = Prepared::of(&overflows()).unwrap();
    match sample(&prepared, &BOUNDS) {
        Err(ShuttleError::Run(RunError::OutOfRange { var, .. })) => assert_eq!(var, "o.x"),
        other => panic!("{other:?}"),
    }
}

/// What is met in a sample of something large is a path of the system as written; made short, nothing can
/// be left out of it.
#[test]
fn what_is_met_is_made_short() {
    let system = full("by-reference", "crowd");
    let snapshot = |p: &Predicate| p.invariant == "snapshot";
    let predicate = system.predicates.iter().position(snapshot).unwrap();
    let bounds = Bounds {
        schedules: 40,
        ..BOUNDS
    };
    let sample = sampled(&system, &bounds);
    assert_eq!(sample.schedules, 120);
    let met = &sample.violations[&predicate];
    assert_eq!(sampled(&system, &bounds).violations[&predicate], *met);
    assert!(violates(&system, predicate, &met.path));

    let prepared: Arc<Prepared> = Prepared::of(&system).unwrap();
    let short = minimize(&prepared.leader, &met.path, predicate);
    assert!(short.len() < met.path.len());
    assert!(violates(&system, predicate, &short));
    for left_out in 0..short.len() {
        let mut less = short.clone();
        less.remove(left_out);
        assert!(!violates(&system, predicate, &less));
    }
    let tasks: std::collections::BTreeSet<_> = short.iter().map(|a| a.task).collect();
    assert!(
        tasks.len() < 8,
        "tasks that have nothing to do with it are gone"
    );
    // What is short stays as it is; a path that shows nothing is given back.
    assert_eq!(minimize(&prepared.leader, &short, predicate), short);
    let nothing = &short[..short.len() - 1];
    assert_eq!(minimize(&prepared.leader, nothing, predicate), nothing);
}

/// What is asked at the end only is made short as well: the rest has to come to the end.
#[test]
fn a_violation_at_the_end_is_made_short() {
    let system = races();
    let met = sampled(&system, &BOUNDS).violations.remove(&0).unwrap();
    let prepared = Prepared::of(&system).unwrap();
    assert_eq!(minimize(&prepared.leader, &met.path, 0), met.path);
}
