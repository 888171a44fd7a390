//! Reduced equals full, on random systems and on small scenarios: distances of violations, final
//! observations. And both equal a plain search on the reference interpreter.

use std::collections::HashSet;

use foliocheck_engine::explore::{Exploration, Mode, explore, lasts};
use foliocheck_engine::limits::Limits;
use foliocheck_model::machine::System;
use foliocheck_model::machine::expr::{Expr, eq};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::Assign;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarDecl;
use proptest::prelude::*;

use crate::build::{Style, build};
use crate::plan::{self, SystemPlan};
use crate::support::{self, Plain};

/// A plan of which no step fails: some branch always applies, and nothing is required.
fn calm(mut plan: SystemPlan) -> SystemPlan {
    for step in plan.tasks.iter_mut().flat_map(|t| &mut t.steps) {
        step.total = true;
        step.requires = None;
    }
    plan
}

fn run(system: &System, mode: Mode, watched: &[usize]) -> Exploration {
    let found = explore(system, mode, watched, &Limits::default()).expect("explored");
    assert_eq!(found.cut, None);
    found
}

/// The path is one of the system, and its last state, and no earlier one, is what the predicate is about.
fn check_path(system: &System, predicate: &Predicate, path: &[Action]) {
    let mut state = Valuation::init(system);
    let met = |state: &Valuation| {
        let asked = predicate.scope == Scope::Always || interp::enabled(system, state).is_empty();
        asked && state.holds(&predicate.bad)
    };
    for action in path {
        assert!(!met(&state), "the path goes on after the violation");
        assert!(interp::enabled(system, &state).contains(action));
        state = interp::apply(system, &state, *action).expect("no error");
    }
    assert!(met(&state), "the path ends in a violation");
}

/// Every engine mode against the plain search.
fn agrees(system: &System, plain: &Plain) {
    let all: Vec<usize> = (0..system.predicates.len()).collect();
    let lengths = |found: &Exploration, asked: &[usize]| {
        let violated = |p: &usize| found.violations.iter().find(|(v, _)| v == p);
        for (p, path) in &found.violations {
            check_path(system, &system.predicates[*p], path);
        }
        asked
            .iter()
            .map(|p| violated(p).map(|(_, path)| path.len()))
            .collect::<Vec<_>>()
    };
    let full = run(system, Mode::Full, &all);
    assert_eq!(full.states, plain.states);
    assert_eq!(full.observations, plain.observations);
    assert_eq!(lengths(&full, &all), plain.nearest);

    // What is asked at the end only, what is recorded, and every end.
    let lasting: Vec<usize> = all
        .iter()
        .copied()
        .filter(|p| lasts(system, &system.predicates[*p]))
        .collect();
    let last = run(system, Mode::Final, &lasting);
    assert!(last.states <= full.states);
    assert_eq!(last.observations, plain.observations);
    for (p, found) in lasting.iter().zip(lengths(&last, &lasting)) {
        let expected = plain.nearest[*p];
        match system.predicates[*p].scope {
            Scope::Terminal => assert_eq!(found, expected, "predicate {p}"),
            _ => assert_eq!(found.is_some(), expected.is_some(), "predicate {p}"),
        }
    }

    for p in all {
        if system.predicates[p].scope == Scope::Always {
            let one = run(system, Mode::Question(p), &[p]);
            assert!(one.states <= full.states);
            // It is no one's business which ends it happened to come to.
            assert!(one.observations.is_empty());
            assert_eq!(lengths(&one, &[p]), [plain.nearest[p]], "predicate {p}");
        }
    }
}

/// A ghost that some branches set, never to be unset, and a predicate about it.
fn record(system: &mut System, which: &[usize]) {
    let ghost = system.declare(VarDecl::ghost("", "recorded", 1));
    let mut branches: Vec<_> = system
        .tasks
        .iter_mut()
        .flat_map(|t| &mut t.program.steps)
        .flat_map(|s| &mut s.branches)
        .collect();
    let n = branches.len();
    for w in which {
        let assigns = &mut branches[w % n].assigns;
        if assigns.iter().all(|a| a.var != ghost) {
            assigns.push(Assign {
                when: Expr::TRUE,
                var: ghost,
                value: Expr::TRUE,
            });
        }
    }
    system.predicates.push(Predicate {
        invariant: "recorded".to_owned(),
        scope: Scope::Always,
        bad: eq(ghost, 1),
    });
}

proptest! {
    #![proptest_config(support::cases(600))]

    #[test]
    fn reduced_and_full_are_a_plain_search(
        plan in plan::system().prop_map(calm),
        which in prop::collection::vec(any::<usize>(), 1..3)
    ) {
        let mut system = build(&plan, Style::Bounded);
        record(&mut system, &which);
        let Some(plain) = support::search_up_to(&system, 3000) else {
            return Err(TestCaseError::reject("too many states"));
        };
        agrees(&system, &plain);
    }
}

/// Whether some execution comes to a step that does what a step must not do; none if there are too many states.
fn fails(system: &System, most: usize) -> Option<bool> {
    let mut known = HashSet::from([Valuation::init(system)]);
    let mut work: Vec<Valuation> = known.iter().cloned().collect();
    while let Some(state) = work.pop() {
        let actions = interp::enabled(system, &state);
        let stuck = system.task_ids().any(|task| {
            let at = interp::current(system, &state, task);
            at.is_some_and(|s| state.holds(&s.guard)) && actions.iter().all(|a| a.task != task)
        });
        if stuck {
            return Some(true);
        }
        for action in actions {
            match interp::apply(system, &state, action) {
                Err(_) => return Some(true),
                Ok(next) if known.insert(next.clone()) => work.push(next),
                Ok(_) => {}
            }
        }
        if known.len() > most {
            return None;
        }
    }
    Some(false)
}

proptest! {
    #![proptest_config(support::cases(400))]

    /// The reduction hides no assertion that another order of steps would keep, nor a step without a branch.
    #[test]
    fn errors_of_the_model_are_not_reduced_away(plan in plan::system()) {
        let system = build(&plan, Style::Bounded);
        let Some(fails) = fails(&system, 3000) else {
            return Err(TestCaseError::reject("too many states"));
        };
        for mode in [Mode::Full, Mode::Final] {
            let found = explore(&system, mode, &[], &Limits::default());
            prop_assert_eq!(found.is_err(), fails, "{:?}", mode);
        }
    }

    /// Of counters that leave their range, one that does so in some orders only may be missed by a reduced run,
    /// never by a full one; and none is made up.
    #[test]
    fn counters_that_leave_their_range_are_seen_in_full(plan in plan::system()) {
        let system = build(&plan, Style::Raw);
        let Some(fails) = fails(&system, 3000) else {
            return Err(TestCaseError::reject("too many states"));
        };
        let found = |mode| explore(&system, mode, &[], &Limits::default());
        prop_assert_eq!(found(Mode::Full).is_err(), fails);
        prop_assert!(fails || found(Mode::Final).is_ok());
    }
}

/// Small units of each kind.
#[test]
fn reduced_and_full_are_a_plain_search_in_small_scenarios() {
    for (scheme, id) in [
        ("by-reference", "write-vs-splice"),
        ("by-reference", "mmap-store-dirty-pte"),
        ("stable-pin", "reader-stops-vs-mmap"),
        ("stable-pin-mkclean", "mmap-store-dirty-pte"),
        ("block-or-refuse", "write-vs-splice"),
        ("confirm-ctime", "tick-between-writes"),
    ] {
        let mut system = support::build(scheme, &support::scenario(id)).optimized;
        system
            .predicates
            .retain(|p| !matches!(p.scope, Scope::Progress(_)));
        let plain = support::search(&system);
        agrees(&system, &plain);
    }
}
