//! Whether a question was asked that a part could have answered.
//!
//! Without a part nothing breaks: that says something only where something could have broken. A question
//! (an invariant in a scenario, under the whole scheme) *could have been answered* by a part if both hold:
//!
//! 1. The part is **exercised**: some execution of the whole scheme comes to a state in which it matters.
//!
//!    | part | it matters where |
//!    |---|---|
//!    | lock, wait | a task stands there and cannot go on (where a lock is only tried, somebody has it) |
//!    | flush | it ends a TLB entry that allows what the page table no longer does, or leads to another folio |
//!    | flag | its value changes |
//!    | rule | a task comes to a step of the rule, or cannot go on at a step at which the rule waits |
//!
//! 2. What the part changes lies in the question's [cone of influence](foliocheck_model::machine::influence):
//!
//!    | part | a variable of the cone is |
//!    |---|---|
//!    | lock | touched by two tasks that hold it, in ways that do not commute |
//!    | wait | touched behind it, and by another task, in ways that do not commute |
//!    | flush, flag | the TLB entry, the flag; or a wait for the flag orders it |
//!    | rule | assigned by the rule, or ordered by its waits; or the rule decides a way on to such an assignment |
//!
//! The nearest questions decide: where the change can reach an answer as a value, those count, be they kept
//! (then the part is redundant) or violated (then nothing is left to break); else those where it only leads a
//! task another way.
//!
//! So a count that is only added to does not ask about the lock around it, and what nobody waits for, reads
//! or decides by asks about nothing. Questions about blocking (deadlock, progress) do not count: they
//! ask where tasks are, and no lock is taken so that others get on. (A part that does break one is needed, as
//! with any other.)

use std::collections::BTreeSet;

use foliocheck_model::machine::ablate::locks_taken;
use foliocheck_model::machine::expr::{Expr, all, and, any, eq, ne, not};
use foliocheck_model::machine::influence::{Influence, ordered, ordered_by_lock};
use foliocheck_model::machine::optimize::optimize;
use foliocheck_model::machine::step::{Loc, Step};
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{System, TaskId, VarId};
use foliocheck_specs::Instance;

use super::{Kind, Removal};
use crate::engine::explore::{ExploreError, Mode, explore};
use crate::engine::limits::Limits;

/// What a removal touches, in one scenario.
pub struct Touched {
    vars: BTreeSet<VarId>,
    /// Touched in an order that it, or a wait for one of those, makes.
    ordered: BTreeSet<VarId>,
    steps: Vec<(TaskId, Loc)>,
    /// True where it matters.
    matters: Expr,
}

/// What can change the answers of an invariant. Nothing can that counts here, if it is about blocking.
#[derive(Debug)]
pub struct Cones {
    /// What reaches an answer as a value, branches aside.
    near: BTreeSet<VarId>,
    /// All, by predicate.
    all: Vec<Influence>,
}

impl Cones {
    /// Those of an invariant of that system.
    pub fn of(system: &System, invariant: &str) -> Cones {
        let predicates = system.predicates.iter();
        let mine: Vec<&Predicate> = predicates
            .filter(|p| p.invariant == invariant && !about_blocking(system, p))
            .collect();
        let mut near = BTreeSet::new();
        for predicate in &mine {
            predicate.bad.reads(&mut near);
        }
        loop {
            let before = near.len();
            let branches = system.steps().flat_map(|(_, _, step)| &step.branches);
            for assign in branches.flat_map(|b| &b.assigns) {
                if near.contains(&assign.var) {
                    assign.value.reads(&mut near);
                    assign.when.reads(&mut near);
                }
            }
            if near.len() == before {
                break;
            }
        }
        let all = mine.iter().map(|p| Influence::on(system, &p.bad));
        Cones {
            near,
            all: all.collect(),
        }
    }
}

/// It asks about endless executions, or reads nothing but where tasks are.
fn about_blocking(system: &System, predicate: &Predicate) -> bool {
    let mut reads = BTreeSet::new();
    predicate.bad.reads(&mut reads);
    matches!(predicate.scope, Scope::Progress(_))
        || reads
            .iter()
            .all(|v| system.tasks.iter().any(|t| t.pc == *v))
}

impl Touched {
    /// What it touches in the scenario of that instance, which has the part.
    pub fn by(removal: &Removal, whole: &Instance) -> Touched {
        let mut touched = Touched {
            vars: BTreeSet::new(),
            ordered: BTreeSet::new(),
            steps: Vec::new(),
            matters: Expr::FALSE,
        };
        let system = &whole.full;
        let mut matters = Vec::new();
        for (task, loc, step) in system.steps() {
            let here = eq(system.task(task).pc, loc);
            let then = match removal.kind {
                Kind::Rule => touched.rule(removal, system, (task, loc), step),
                _ if step.id != removal.id => None,
                Kind::Lock => touched.lock(system, (task, loc), step),
                Kind::Wait => touched.wait(system, (task, loc), step),
                Kind::Flush => Some(touched.flush(whole, step)),
                Kind::Flag => Some(touched.flag(removal, system, step)),
            };
            matters.extend(then.map(|then| and(here, then)));
        }
        touched.matters = any(matters).fold();
        touched.waits(system);
        touched
    }

    /// Adds what is ordered by those who wait for something that it changes.
    fn waits(&mut self, system: &System) {
        for (task, loc, step) in system.steps() {
            let mut waited = BTreeSet::new();
            step.guard.reads(&mut waited);
            if !waited.is_disjoint(&self.vars) {
                self.ordered.extend(ordered(system, task, loc));
            }
        }
    }

    /// What it changes can change one of the answers; `near`: as a value.
    pub fn lies_in(&self, cones: &Cones, near: bool) -> bool {
        let mut vars = self.vars.iter().chain(&self.ordered);
        if near {
            return vars.any(|v| cones.near.contains(v));
        }
        let decides = |c: &Influence| self.steps.iter().any(|(task, loc)| c.of_step(*task, *loc));
        cones
            .all
            .iter()
            .any(|cone| vars.clone().any(|v| cone.of_var(*v)) || decides(cone))
    }

    /// Whether it matters in any reachable state of the whole scheme; none if that was not settled
    /// within the bounds.
    ///
    /// # Errors
    /// If the states cannot be explored.
    pub fn is_exercised(
        &self,
        whole: &Instance,
        limits: &Limits,
    ) -> Result<Option<bool>, ExploreError> {
        let mut system = whole.full.clone();
        for var in &mut system.vars {
            var.observed = false;
        }
        system.predicates = vec![Predicate {
            invariant: "exercised".to_owned(),
            scope: Scope::Always,
            bad: self.matters.clone(),
        }];
        let found = explore(&optimize(&system), Mode::Question(0), &[0], limits)?;
        Ok(if !found.violations.is_empty() {
            Some(true)
        } else if found.cut.is_some() {
            None
        } else {
            Some(false)
        })
    }

    fn lock(&mut self, system: &System, at: (TaskId, Loc), step: &Step) -> Option<Expr> {
        let taken = locks_taken(step);
        if taken.is_empty() {
            return None;
        }
        self.ordered.extend(ordered_by_lock(system, at.0, at.1));
        Some(if step.guard == Expr::TRUE {
            any(taken.into_iter().map(|lock| ne(lock, 0)))
        } else {
            not(step.guard.clone())
        })
    }

    fn wait(&mut self, system: &System, at: (TaskId, Loc), step: &Step) -> Option<Expr> {
        if step.guard == Expr::TRUE {
            return None;
        }
        self.ordered.extend(ordered(system, at.0, at.1));
        Some(not(step.guard.clone()))
    }

    fn flush(&mut self, whole: &Instance, step: &Step) -> Expr {
        let mut ends = Vec::new();
        for (key, entries) in &whole.world.tlbs {
            let Some(pte) = whole.world.ptes.get(key) else {
                continue;
            };
            for tlb in entries {
                let stale = and(
                    eq(tlb.writable, 1),
                    not(all([
                        eq(pte.present, 1),
                        eq(pte.write, 1),
                        eq(pte.dirty, 1),
                        eq(pte.folio, tlb.folio),
                    ])),
                );
                let flushed = assigned(step, |v| v == tlb.writable);
                if flushed != Expr::FALSE {
                    self.vars.insert(tlb.writable);
                    ends.push(and(flushed, stale));
                }
            }
        }
        any(ends)
    }

    fn flag(&mut self, removal: &Removal, system: &System, step: &Step) -> Expr {
        let name = removal.flag.as_deref().unwrap_or_default();
        let named = |v: VarId| system.var(v).name == name;
        let assigns = step.branches.iter().flat_map(|b| &b.assigns);
        self.vars
            .extend(assigns.map(|a| a.var).filter(|v| named(*v)));
        changed(step, named)
    }

    fn rule(
        &mut self,
        removal: &Removal,
        system: &System,
        at: (TaskId, Loc),
        step: &Step,
    ) -> Option<Expr> {
        let is = |tag: &foliocheck_model::machine::step::RuleTag| tag.rule == removal.id;
        let own = step.rule.as_ref().is_some_and(is);
        if !own && !step.changed_by.iter().any(is) {
            return None;
        }
        if step.branches.len() > 1 {
            self.steps.push(at);
        }
        if step.guard != Expr::TRUE {
            self.ordered.extend(ordered(system, at.0, at.1));
        }
        if own {
            let pc = system.task(at.0).pc;
            let assigns = step.branches.iter().flat_map(|b| &b.assigns);
            self.vars
                .extend(assigns.map(|a| a.var).filter(|v| *v != pc));
            return Some(Expr::TRUE);
        }
        Some(if step.guard == Expr::TRUE {
            Expr::TRUE
        } else {
            not(step.guard.clone())
        })
    }
}

/// The step is taken, and assigns such a variable.
fn assigned(step: &Step, is: impl Fn(VarId) -> bool) -> Expr {
    made(step, is, |_, _| Expr::TRUE)
}

/// The same, and its value changes.
fn changed(step: &Step, is: impl Fn(VarId) -> bool) -> Expr {
    made(step, is, |var, value| ne(var, value.clone()))
}

fn made(step: &Step, is: impl Fn(VarId) -> bool, also: impl Fn(VarId, &Expr) -> Expr) -> Expr {
    let mut ways = Vec::new();
    let mut before = Vec::new();
    for branch in &step.branches {
        let taken = if step.choice {
            branch.when.clone()
        } else {
            and(not(any(before.clone())), branch.when.clone())
        };
        before.push(branch.when.clone());
        for assign in branch.assigns.iter().filter(|a| is(a.var)) {
            let value = also(assign.var, &assign.value);
            ways.push(all([taken.clone(), assign.when.clone(), value]));
        }
    }
    and(step.guard.clone(), any(ways)).fold()
}
