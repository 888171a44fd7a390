//! Costs, held against an enumeration of the executions of small programs by the reference interpreter,
//! on the system as written.

use foliocheck_engine::cost::{Metric, Most, costs};
use foliocheck_engine::limits::{Cut, Limits};
use foliocheck_model::machine::System;
use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::Cost;
use foliocheck_model::machine::var::VarDecl;
use foliocheck_specs::instance;
use proptest::prelude::*;

use crate::support;
use crate::systems::F;

/// A step of a random program.
#[derive(Clone, Debug)]
struct Plan {
    /// Variable and value that it waits for.
    waits: Option<(usize, u64)>,
    /// Variable and value that decide between the two ways.
    tests: (usize, u64),
    /// What each way assigns, where it goes (by step), what it costs.
    ways: [((usize, u64), usize, Vec<Cost>); 2],
}

const SHARED: usize = 2;
const VALUES: u64 = 3;

fn plan() -> impl Strategy<Value = Plan> {
    let place = || (0..SHARED, 0..VALUES);
    let mark = prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::sample::select(Cost::ALL.to_vec()).prop_map(|c| vec![c]),
        1 => Just(vec![Cost::Retry, Cost::Retry]),
    ];
    let way = (place(), 0..6_usize, mark);
    (
        prop::option::weighted(0.4, place()),
        place(),
        [way.clone(), way],
    )
        .prop_map(|(waits, tests, ways)| Plan { waits, tests, ways })
}

fn build(programs: &[Vec<Plan>]) -> System {
    let mut system = System::default();
    let vars: Vec<_> = (0..SHARED)
        .map(|n| system.declare(VarDecl::shared("shared", format!("v{n}"), VALUES - 1)))
        .collect();
    let tasks: Vec<_> = (0..programs.len())
        .map(|n| system.add_task(format!("t{n}")))
        .collect();
    for (task, program) in tasks.into_iter().zip(programs) {
        let mut b = ProgramBuilder::new(&mut system, task);
        let labels: Vec<_> = (0..program.len())
            .map(|n| b.label(&format!("l{n}")))
            .collect();
        for (n, plan) in program.iter().enumerate() {
            b.bind(labels[n]);
            b.step("S", F, |s| {
                if let Some((var, value)) = plan.waits {
                    s.wait(eq(vars[var], value));
                }
                let conditions = [eq(vars[plan.tests.0], plan.tests.1), 1.into()];
                for (condition, ((var, value), next, marks)) in
                    conditions.into_iter().zip(&plan.ways)
                {
                    s.when(condition, "", |w| {
                        w.set(vars[*var], *value);
                        for mark in marks {
                            w.costs(*mark);
                        }
                        // Mostly on, sometimes back.
                        match labels.get(if *next < 2 { n * *next } else { n + next - 1 }) {
                            Some(label) => w.goto(*label),
                            None => w.end(),
                        }
                    });
                }
                s
            });
        }
        b.finish().unwrap();
    }
    system
}

/// Every path without a repeated state, and every cycle that closes one.
struct Enumeration<'a> {
    system: &'a System,
    path: Vec<(Valuation, u32)>,
    weight: &'a dyn Fn(&Valuation, Action, &Valuation) -> u32,
    least: Option<u32>,
    most: u32,
    unbounded: bool,
    left: usize,
}

impl Enumeration<'_> {
    /// False if there are too many paths.
    fn go(&mut self, state: &Valuation, so_far: u32) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.most = self.most.max(so_far);
        let actions = interp::enabled(self.system, state);
        if actions.is_empty() {
            self.least = Some(self.least.map_or(so_far, |l| l.min(so_far)));
        }
        self.path.push((state.clone(), so_far));
        for action in actions {
            let next = interp::apply(self.system, state, action).unwrap();
            let total = so_far + (self.weight)(state, action, &next);
            if let Some((_, before)) = self.path.iter().find(|(s, _)| *s == next) {
                self.unbounded |= total > *before;
            } else if !self.go(&next, total) {
                return false;
            }
        }
        self.path.pop();
        true
    }
}

fn weight(
    system: &System,
    metric: Metric,
    before: &Valuation,
    action: Action,
    after: &Valuation,
) -> u32 {
    let mark = match metric {
        Metric::PageCopies => Cost::PageCopy,
        Metric::TlbFlushes => Cost::TlbFlush,
        Metric::Faults => Cost::Fault,
        Metric::Retries => Cost::Retry,
        // The first task is the writer.
        Metric::WriterWaits => {
            let sleeps = action.task.index() == 0
                && interp::current(system, after, action.task)
                    .is_some_and(|s| !after.holds(&s.guard));
            return u32::from(sleeps);
        }
    };
    let step = interp::current(system, before, action.task).unwrap();
    let marks = &step.branches[usize::from(action.branch)].costs;
    u32::try_from(marks.iter().filter(|c| **c == mark).count()).unwrap()
}

proptest! {
    #![proptest_config(support::cases(400))]

    #[test]
    fn costs_are_those_of_an_enumeration(
        programs in prop::collection::vec(prop::collection::vec(plan(), 1..5), 1..4)
    ) {
        let system = build(&programs);
        let mut writers = vec![false; programs.len()];
        writers[0] = true;
        let found = costs(&instance::control(&system), &writers, &Limits::default()).unwrap();
        let metrics: Vec<Metric> = found.ranges.iter().map(|(m, _)| *m).collect();
        prop_assert_eq!(metrics, Metric::ALL);
        prop_assert_eq!(found.cut, None);
        prop_assert!(found.states > 0);
        for (metric, range) in found.ranges {
            let mut enumeration = Enumeration {
                system: &system,
                path: Vec::new(),
                weight: &|b, a, n| weight(&system, metric, b, a, n),
                least: None,
                most: 0,
                unbounded: false,
                left: 20_000,
            };
            prop_assume!(enumeration.go(&Valuation::init(&system), 0));
            prop_assert_eq!(range.least, enumeration.least, "{:?}", metric);
            match range.most {
                Most::Times(n) => {
                    prop_assert!(!enumeration.unbounded, "{:?}", metric);
                    prop_assert_eq!(n, enumeration.most, "{:?}", metric);
                }
                Most::Unbounded(lasso) => {
                    prop_assert!(enumeration.unbounded, "{:?}", metric);
                    // The proof of it: the cycle closes where control is concerned, and costs something.
                    let mut state = Valuation::init(&system);
                    for action in &lasso.prefix {
                        state = interp::apply(&system, &state, *action).unwrap();
                    }
                    let mut total = 0;
                    let mut at = state.clone();
                    for action in &lasso.cycle {
                        let next = interp::apply(&system, &at, *action).unwrap();
                        total += weight(&system, metric, &at, *action, &next);
                        at = next;
                    }
                    prop_assert!(total > 0);
                    for task in system.task_ids() {
                        prop_assert_eq!(interp::loc(&system, &at, task), interp::loc(&system, &state, task));
                    }
                }
            }
        }
    }
}

#[test]
fn every_metric_has_its_heading() {
    assert_eq!(
        Metric::ALL.map(Metric::name),
        [
            "page copies",
            "TLB flushes",
            "faults",
            "writer waits",
            "retries"
        ]
    );
}

/// What is not explored to the end is not answered.
#[test]
fn a_graph_that_is_cut_says_nothing() {
    let full = support::build("copy", &support::scenario("mmap-store-clean-pte")).full;
    let system = instance::control(&full);
    let writers = vec![false; system.tasks.len()];
    let limits = Limits {
        max_states: Some(50),
        ..Limits::default()
    };
    let cut = costs(&system, &writers, &limits).unwrap();
    assert_eq!(cut.cut, Some(Cut::States));
    assert!(cut.ranges.is_empty());
    assert!(cut.states > 50 && cut.transitions > 50);
}
