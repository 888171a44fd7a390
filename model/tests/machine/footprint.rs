//! Footprints: steps that are said to commute do, in every state that a random system reaches; a
//! step that makes a waiting task's condition true, or false, was said to be able to; a variable that a step
//! changes was said to be written.

use std::collections::BTreeSet;

use foliocheck_model::machine::error::RunError;
use foliocheck_model::machine::expr::{Expr, Op, add, and, bin, eq, lt, ne, set_bit, sub};
use foliocheck_model::machine::footprint::{Footprint, Touch, may_disable, may_enable};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::{Assign, Branch, END, Step};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};
use proptest::prelude::*;

use super::build::{Style, build};
use super::explore::{Full, states};
use super::{config, plan};

/// How many states of each system are looked at.
const LIMIT: usize = 400;

struct Prints<'s> {
    system: &'s System,
    /// By task and location.
    of: Vec<Vec<Footprint>>,
}

impl<'s> Prints<'s> {
    fn new(system: &'s System) -> Self {
        let of_task = |t: TaskId| {
            system
                .task(t)
                .program
                .steps
                .iter()
                .map(|s| Footprint::of(system, s))
                .collect()
        };
        Prints {
            system,
            of: system.task_ids().map(of_task).collect(),
        }
    }

    fn at(&self, state: &Valuation, task: TaskId) -> &Footprint {
        &self.of[task.index()][interp::loc(self.system, state, task)]
    }

    /// What a transition waits for and touches in this state, part by part.
    fn parts(&self, state: &Valuation, action: Action) -> Vec<Footprint> {
        let loc = interp::loc(self.system, state, action.task);
        let step = &self.system.task(action.task).program.steps[loc];
        let branch = usize::from(action.branch);
        let assigns = step.branches[branch].assigns.iter();
        let made = assigns.filter(|a| state.holds(&a.when));
        let mut parts = vec![Footprint::of_choice(step, branch)];
        parts.extend(made.map(|a| Footprint::of_assign(self.system, a)));
        parts
    }

    fn branches(&self, state: &Valuation, task: TaskId) -> Vec<Action> {
        let mut enabled = interp::enabled(self.system, state);
        enabled.retain(|a| a.task == task);
        enabled
    }

    fn run(&self, state: &Valuation, action: Action) -> Result<Valuation, RunError> {
        interp::apply(self.system, state, action)
    }

    /// All enabled pairs of transitions of different tasks commute where the footprints say so: of both steps,
    /// or of what one does in this state and of the other step.
    fn commuting(&self, state: &Valuation) -> Result<(), TestCaseError> {
        let enabled = interp::enabled(self.system, state);
        for a in &enabled {
            for b in enabled.iter().filter(|b| b.task != a.task) {
                let (mine, theirs) = (self.at(state, a.task), self.at(state, b.task));
                prop_assert_eq!(mine.commutes(theirs), theirs.commutes(mine));
                let parts = self.parts(state, *a);
                let all = parts.iter().all(|part| part.commutes(theirs));
                prop_assert!(
                    all || !mine.commutes(theirs),
                    "a part is more than the whole"
                );
                if all {
                    self.commute(state, *a, *b)?;
                }
            }
        }
        Ok(())
    }

    fn commute(&self, state: &Valuation, a: Action, b: Action) -> Result<(), TestCaseError> {
        let (first, after) = (self.run(state, a), self.run(state, b));
        if let Ok(after) = &after {
            let unchanged = self.branches(state, a.task) == self.branches(after, a.task);
            prop_assert!(unchanged, "{:?} changes what {:?} can do", b, a);
            // Additions to one variable may leave its range in one order only.
            if !self.both_add(state, a.task, b.task) {
                prop_assert_eq!(first.is_err(), self.run(after, a).is_err());
            }
        }
        if let (Ok(first), Ok(after)) = (first, after)
            && let (Ok(ab), Ok(ba)) = (self.run(&first, b), self.run(&after, a))
        {
            prop_assert_eq!(ab, ba, "{:?} and {:?} in {:?}", a, b, state);
        }
        Ok(())
    }

    fn both_add(&self, state: &Valuation, a: TaskId, b: TaskId) -> bool {
        let adds = |t: TaskId| -> BTreeSet<VarId> {
            let touched = self.at(state, t).touches.iter();
            touched
                .filter(|(_, t)| t.contains(&Touch::Add))
                .map(|(v, _)| *v)
                .collect()
        };
        !adds(a).is_disjoint(&adds(b))
    }

    /// What a transition changes, it was said to write; what it enables, it was said to enable.
    fn effects(&self, state: &Valuation) -> Result<(), TestCaseError> {
        for action in interp::enabled(self.system, state) {
            let Ok(after) = self.run(state, action) else {
                continue;
            };
            let print = self.at(state, action.task);
            for n in (0u16..).take(self.system.vars.len()) {
                let changed = state.get(VarId(n)) != after.get(VarId(n));
                let pc = self.system.task(action.task).pc == VarId(n);
                prop_assert!(!changed || pc || print.writes(VarId(n)), "variable {}", n);
            }
            for (task, _, step) in self.system.steps().filter(|(t, ..)| *t != action.task) {
                for part in step.guard.conjuncts() {
                    let enabled = !state.holds(part) && after.holds(part);
                    prop_assert!(!enabled || may_enable(print, part), "{:?} {:?}", task, part);
                    let disabled = state.holds(part) && !after.holds(part);
                    prop_assert!(
                        !disabled || may_disable(print, part),
                        "{:?} {:?}",
                        task,
                        part
                    );
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn footprints_tell_the_truth(plan in plan::system()) {
        let system = build(&plan, Style::Raw);
        let prints = Prints::new(&system);
        for state in states(&Full(&system), LIMIT) {
            prints.commuting(&state)?;
            prints.effects(&state)?;
        }
    }
}

/// Two shared variables, of which the second has one bit.
fn two() -> (System, VarId, VarId) {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 7));
    let bit = system.declare(VarDecl::shared("o", "bit", 1));
    (system, x, bit)
}

fn step(guard: Expr, assigns: Vec<Assign>) -> Step {
    let branch = Branch {
        when: Expr::TRUE,
        label: String::new(),
        assigns,
        next: END,
        costs: Vec::new(),
    };
    Step {
        id: "S".into(),
        function: "f".into(),
        file: "mm/test.c".into(),
        text: String::new(),
        scope: Vec::new(),
        guard,
        requires: Expr::TRUE,
        branches: vec![branch],
        choice: false,
        idle: false,
        rechecked: false,
        accesses: Vec::new(),
        rule: None,
        changed_by: Vec::new(),
        call: 0,
        source: std::panic::Location::caller(),
    }
}

fn print(system: &System, var: VarId, value: impl Into<Expr>) -> Footprint {
    let assign = Assign {
        when: Expr::TRUE,
        var,
        value: value.into(),
    };
    Footprint::of(system, &step(Expr::TRUE, vec![assign]))
}

fn waits(system: &System, guard: Expr) -> Footprint {
    Footprint::of(system, &step(guard, Vec::new()))
}

#[test]
fn updates_of_one_kind_commute() {
    let (system, x, bit) = two();
    let pairs = [
        (print(&system, x, add(x, 1)), print(&system, x, sub(x, 1))),
        (
            print(&system, x, set_bit(x, 0)),
            print(&system, x, bin(Op::BitOr, x, 4)),
        ),
        (print(&system, x, 3), print(&system, x, 3)),
        (
            print(&system, bit, 1),
            print(&system, bit, bin(Op::Or, bit, 1)),
        ),
        (print(&system, x, 3), print(&system, bit, 0)),
        (waits(&system, eq(x, 1)), waits(&system, lt(x, 3))),
    ];
    for (n, (a, b)) in pairs.iter().enumerate() {
        assert!(a.commutes(b) && b.commutes(a), "pair {n}");
    }
}

#[test]
fn updates_of_different_kinds_do_not_commute() {
    let (system, x, bit) = two();
    let pairs = [
        (
            print(&system, x, add(x, 1)),
            print(&system, x, set_bit(x, 0)),
        ),
        (print(&system, x, add(x, 1)), print(&system, x, 3)),
        (print(&system, x, 2), print(&system, x, 3)),
        (print(&system, bit, 1), print(&system, bit, 0)),
        (print(&system, x, add(x, x)), print(&system, x, add(x, 1))),
        (waits(&system, eq(x, 1)), print(&system, x, add(x, 1))),
        (print(&system, x, bit), print(&system, bit, 1)),
        // What is stored over a value of several bits, or comes from elsewhere, is no update of it.
        (print(&system, x, 1), print(&system, x, set_bit(x, 0))),
        (print(&system, x, add(bit, 1)), print(&system, x, add(x, 1))),
        (
            print(&system, x, bin(Op::BitOr, bit, 4)),
            print(&system, x, set_bit(x, 0)),
        ),
        // A logical or sets a bit only where there is one.
        (
            print(&system, x, bin(Op::Or, x, 4)),
            print(&system, x, bin(Op::Or, x, 4)),
        ),
        (
            print(&system, bit, bin(Op::Or, x, 1)),
            print(&system, bit, 1),
        ),
    ];
    for (n, (a, b)) in pairs.iter().enumerate() {
        assert!(!a.commutes(b) && !b.commutes(a), "pair {n}");
    }
}

#[test]
fn a_store_enables_only_what_its_constant_makes_true() {
    let (system, x, bit) = two();
    let store = print(&system, x, 3);
    assert!(may_enable(&store, &eq(x, 3)));
    assert!(!may_enable(&store, &eq(x, 2)));
    assert!(!may_enable(&store, &eq(bit, 1)));
    // With a second variable in it the constant alone decides nothing.
    assert!(may_enable(&store, &ne(x, bit)));
    assert!(may_enable(&print(&system, x, add(x, 1)), &eq(x, 2)));
    let both = and(eq(x, 3), eq(bit, 1));
    assert_eq!(both.conjuncts(), [&eq(x, 3), &eq(bit, 1)]);
    assert!(!may_enable(&waits(&system, eq(x, 1)), &eq(x, 2)));
    let looks = print(&system, bit, eq(x, 1));
    assert!(!may_enable(&looks, &eq(x, 2)) && !may_disable(&looks, &eq(x, 2)));
}

/// Two steps of which one waits for what the other stores are never both enabled and in each other's way.
#[test]
fn what_only_enables_commutes() {
    let (system, x, bit) = two();
    let unlocks = print(&system, bit, 0);
    assert!(!may_disable(&unlocks, &eq(bit, 0)) && may_disable(&unlocks, &eq(bit, 1)));
    assert!(
        may_disable(&unlocks, &eq(bit, x)) && may_disable(&print(&system, x, add(x, 1)), &eq(x, 2))
    );
    for (guard, commutes) in [(eq(bit, 0), true), (eq(bit, 1), false), (ne(bit, x), false)] {
        let waits = waits(&system, guard);
        assert_eq!(waits.commutes(&unlocks), commutes);
        assert_eq!(unlocks.commutes(&waits), commutes);
    }
    // A step that waits and then looks at it again is told apart.
    let looks = Assign {
        when: eq(bit, 0),
        var: x,
        value: 1.into(),
    };
    let looks = Footprint::of(&system, &step(eq(bit, 0), vec![looks]));
    assert!(!looks.commutes(&unlocks));
}

/// Of several branches the one that is taken counts, and what was asked before it.
#[test]
fn what_decides_is_what_is_asked() {
    let (system, x, bit) = two();
    let mut chooses = step(Expr::TRUE, vec![]);
    chooses.branches[0].when = eq(bit, 1);
    let mut second = chooses.branches[0].clone();
    (second.when, second.assigns) = (eq(x, 1), vec![]);
    chooses.branches.push(second);
    let reads = |branch| {
        let touches = Footprint::of_choice(&chooses, branch).touches;
        touches.into_keys().collect::<Vec<_>>()
    };
    assert_eq!((reads(0), reads(1)), (vec![bit], vec![x, bit]));
    chooses.choice = true;
    let reads = Footprint::of_choice(&chooses, 0).touches;
    assert_eq!(reads.into_keys().collect::<Vec<_>>(), [x, bit]);
    let made = Assign {
        when: eq(bit, 1),
        var: x,
        value: Expr::from(2),
    };
    let made = Footprint::of_assign(&system, &made);
    assert!(made.writes(x) && made.commutes(&print(&system, bit, 0)));
}

#[test]
fn a_look_is_no_write() {
    let (system, x, bit) = two();
    assert!(!waits(&system, eq(x, 1)).writes(x));
    let store = print(&system, x, bit);
    assert!(store.writes(x) && !store.writes(bit));
}
