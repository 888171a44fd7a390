//! The interpreter of these tests, the reference interpreter and the packed machine agree along
//! random walks: on what is enabled, on every variable after every enabled transition, on errors, on
//! predicates and on the observation.

use foliocheck_model::machine::compile::{Machine, State, words_needed};
use foliocheck_model::machine::error::{BuildError, RunError};
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::build::{Style, build};
use super::explore::packed;
use super::naive::{Fault, Naive, Ready, Values};
use super::{WORDS, config, plan};

/// One state, three times.
#[derive(Clone)]
struct Triple {
    naive: Values,
    plain: Valuation,
    packed: State<WORDS>,
}

struct Walker<'s> {
    naive: Naive<'s>,
    system: &'s System,
    machine: &'s Machine<WORDS>,
}

impl Walker<'_> {
    fn init(&self) -> Triple {
        Triple {
            naive: self.naive.init(),
            plain: Valuation::init(self.system),
            packed: self.machine.init(),
        }
    }

    fn same_values(&self, at: &Triple) -> Result<(), TestCaseError> {
        for (n, var) in (0u16..).zip(&self.system.vars) {
            let (id, name) = (VarId(n), var.full_name());
            let value = u64::try_from(at.naive[&name]).expect("no negative value is stored");
            prop_assert_eq!(at.plain.get(id), value, "{} interpreted", &name);
            prop_assert_eq!(self.machine.get(&at.packed, id), value, "{} packed", &name);
        }
        for (n, predicate) in self.system.predicates.iter().enumerate() {
            let bad = self.naive.truth(&at.naive, &predicate.bad);
            prop_assert_eq!(at.plain.holds(&predicate.bad), bad);
            prop_assert_eq!(self.machine.is_bad(&at.packed, n), bad);
            prop_assert_eq!(self.machine.test(&predicate.bad).holds(&at.packed), bad);
        }
        prop_assert_eq!(self.machine.observation(&at.packed), self.observation(at));
        Ok(())
    }

    fn observation(&self, at: &Triple) -> Vec<u64> {
        let observed = self.system.vars.iter().filter(|v| v.observed);
        observed
            .map(|v| u64::try_from(at.naive[&v.full_name()]).expect("not negative"))
            .collect()
    }

    /// The enabled transitions, on which all agree.
    fn enabled(&self, at: &Triple) -> Result<Vec<Action>, TestCaseError> {
        let mut expected = Vec::new();
        for task in 0..self.system.tasks.len() {
            let ready = self.naive.ready(&at.naive, task);
            prop_assert_eq!(
                self.machine.is_enabled(&at.packed, task),
                ready != Ready::No
            );
            let mut packed = Vec::new();
            let result = self.machine.actions_of(&at.packed, task, &mut packed);
            let stuck = matches!(result, Err(RunError::NoBranch { .. }));
            prop_assert_eq!(stuck, ready == Ready::Stuck);
            let id = TaskId(u8::try_from(task).expect("few tasks"));
            let branches = if let Ready::Branches(b) = ready {
                b
            } else {
                Vec::new()
            };
            let own: Vec<Action> = branches
                .into_iter()
                .map(|branch| Action { task: id, branch })
                .collect();
            prop_assert_eq!(&packed, &own);
            expected.extend(own);
        }
        prop_assert_eq!(&interp::enabled(self.system, &at.plain), &expected);
        Ok(expected)
    }

    /// The state after an enabled transition, if it is no error; all agree on either.
    fn take(&self, at: &Triple, action: Action) -> Result<Option<Triple>, TestCaseError> {
        let naive = self
            .naive
            .take(&at.naive, action.task.index(), action.branch);
        let plain = interp::apply(self.system, &at.plain, action);
        let packed = self.machine.apply(&at.packed, action);
        match (naive, plain, packed) {
            (Ok(naive), Ok(plain), Ok(packed)) => Ok(Some(Triple {
                naive,
                plain,
                packed,
            })),
            (Err(fault), Err(plain), Err(packed)) => {
                prop_assert_eq!(&plain, &packed);
                prop_assert_eq!(&as_run_error(fault), &plain);
                Ok(None)
            }
            (naive, plain, packed) => {
                let (naive, plain) = (naive.err(), plain.err());
                Err(TestCaseError::fail(format!(
                    "{action:?}: {naive:?}, {plain:?}, {packed:?}"
                )))
            }
        }
    }

    /// What is not enabled is refused.
    fn refuses_others(&self, at: &Triple, enabled: &[Action]) -> Result<(), TestCaseError> {
        for task in self.system.task_ids() {
            for branch in 0..4 {
                let action = Action { task, branch };
                let result = interp::apply(self.system, &at.plain, action);
                let refused = matches!(result, Err(RunError::NotEnabled { .. }));
                prop_assert_eq!(refused, !enabled.contains(&action), "{:?}", action);
            }
        }
        Ok(())
    }

    fn walk(&self, choices: &[prop::sample::Index]) -> Result<(), TestCaseError> {
        let mut at = self.init();
        self.same_values(&at)?;
        for choice in choices {
            let enabled = self.enabled(&at)?;
            self.refuses_others(&at, &enabled)?;
            let mut after = Vec::new();
            for action in enabled {
                if let Some(next) = self.take(&at, action)? {
                    self.same_values(&next)?;
                    after.push(next);
                }
            }
            if after.is_empty() {
                break;
            }
            at = after.swap_remove(choice.index(after.len()));
        }
        Ok(())
    }
}

fn as_run_error(fault: Fault) -> RunError {
    match fault {
        Fault::OutOfRange {
            task,
            step,
            var,
            value,
            max,
        } => RunError::OutOfRange {
            task,
            step,
            var,
            value,
            max,
        },
        Fault::Requirement { task, step } => RunError::Requirement { task, step },
    }
}

proptest! {
    #![proptest_config(config(5000))]

    #[test]
    fn three_interpreters_agree(
        plan in plan::system(),
        choices in vec(any::<prop::sample::Index>(), 40),
    ) {
        let system = build(&plan, Style::Raw);
        let machine = packed(system.clone())?;
        let walker = Walker { naive: Naive { system: &system }, system: &system, machine: &machine };
        walker.walk(&choices)?;
    }
}

/// Six variables of 30 bits: two fit in a word.
fn wide() -> System {
    let mut system = System::default();
    for n in 0..6 {
        system.declare(VarDecl::shared("wide", format!("w{n}"), (1 << 30) - 1).init(n + 1));
    }
    system
}

#[test]
fn no_variable_straddles_two_words() {
    assert_eq!(words_needed(&wide()), 3);
    let machine = Machine::<3>::new(wide()).unwrap();
    let values: Vec<u64> = (0..6)
        .map(|n| machine.get(&machine.init(), VarId(n)))
        .collect();
    assert_eq!(values, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_system_too_large_for_its_machine_is_refused() {
    let refused = Machine::<2>::new(wide()).map(|_| ());
    assert_eq!(refused, Err(BuildError::TooLarge { words: 3, limit: 2 }));
}
