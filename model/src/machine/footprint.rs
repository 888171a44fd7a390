//! What a step reads and writes, and which pairs of steps commute. Computed, never declared.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{Expr, Op};
use super::step::{Assign, Step};
use super::system::System;
use super::var::VarId;

/// How a step touches a variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Touch {
    /// Its value matters.
    Read,
    /// It is overwritten with a value computed from the state.
    Write,
    /// It is overwritten with this constant.
    Store(i64),
    /// Something is added to it, and nothing else depends on its value.
    Add,
    /// Bits are set in it, and nothing else depends on its value.
    Or,
}

impl Touch {
    /// Whether two touches of one variable by two tasks give the same state in either order, and
    /// neither can tell which was first.
    pub fn commutes(self, other: Touch) -> bool {
        match (self, other) {
            (Touch::Read, Touch::Read) | (Touch::Add, Touch::Add) | (Touch::Or, Touch::Or) => true,
            (Touch::Store(a), Touch::Store(b)) => a == b,
            _ => false,
        }
    }
}

/// What a step, or a part of it, waits for and touches.
#[derive(Clone, Default, Debug)]
pub struct Footprint {
    /// The parts of its guard.
    pub waits: Vec<Expr>,
    /// Every other variable that it touches, and how.
    pub touches: BTreeMap<VarId, BTreeSet<Touch>>,
}

impl Footprint {
    /// The footprint of a step: its guard, conditions, requirements and all branches. The program
    /// counter of its task is left out: it orders the steps of one task, and no other step sees it.
    pub fn of(system: &System, step: &Step) -> Self {
        let mut footprint = Footprint::start(step);
        for branch in &step.branches {
            footprint.read(&branch.when);
            for assign in &branch.assigns {
                footprint.read(&assign.when);
                footprint.assign(system, assign);
            }
        }
        footprint
    }

    /// Of a step that is enabled, what decides that it takes a branch, and which of its assignments: as
    /// long as nothing of it changes, the step has no other effect.
    pub fn of_choice(step: &Step, branch: usize) -> Self {
        let mut footprint = Footprint::start(step);
        let asked = if step.choice {
            step.branches.len()
        } else {
            branch + 1
        };
        for before in &step.branches[..asked] {
            footprint.read(&before.when);
        }
        for assign in &step.branches[branch].assigns {
            footprint.read(&assign.when);
        }
        footprint
    }

    /// The footprint of an assignment that is made.
    pub fn of_assign(system: &System, assign: &Assign) -> Self {
        let mut footprint = Footprint::default();
        footprint.assign(system, assign);
        footprint
    }

    fn start(step: &Step) -> Self {
        let mut footprint = Footprint::default();
        let waits = step.guard.conjuncts().into_iter().cloned();
        footprint.waits.extend(waits);
        footprint.read(&step.requires);
        footprint
    }

    fn touch(&mut self, var: VarId, touch: Touch) {
        self.touches.entry(var).or_default().insert(touch);
    }

    fn read(&mut self, expr: &Expr) {
        let mut vars = BTreeSet::new();
        expr.reads(&mut vars);
        for var in vars {
            self.touch(var, Touch::Read);
        }
    }

    fn assign(&mut self, system: &System, assign: &Assign) {
        let touch = touch_of(system, assign);
        self.touch(assign.var, touch);
        match (touch, &assign.value) {
            // What is added or or-ed is read, what it is added to is not.
            (Touch::Add | Touch::Or, Expr::Bin(_, _, b)) => self.read(b),
            (_, value) => self.read(value),
        }
    }

    /// Whether two steps of different tasks commute in every state in which both are enabled: either can
    /// be first, with the same result, and neither redirects the other. (In Valmari's word they accord: one may
    /// well enable the other.)
    pub fn commutes(&self, other: &Footprint) -> bool {
        let touches = self.touches.iter().all(|(var, mine)| {
            other
                .touches
                .get(var)
                .is_none_or(|theirs| mine.iter().all(|m| theirs.iter().all(|t| m.commutes(*t))))
        });
        let stays = |waits: &[Expr], by| waits.iter().all(|part| !may_disable(by, part));
        touches && stays(&self.waits, other) && stays(&other.waits, self)
    }

    /// Whether the step may change the variable.
    pub fn writes(&self, var: VarId) -> bool {
        self.touches
            .get(&var)
            .is_some_and(|t| t.iter().any(|t| *t != Touch::Read))
    }
}

/// How an assignment touches its variable.
pub fn touch_of(system: &System, assign: &Assign) -> Touch {
    let var = assign.var;
    let one_bit = system.var(var).max == 1;
    let to_itself = |a: &Expr, b: &Expr| *a == Expr::Var(var) && !b.mentions(var);
    match &assign.value {
        Expr::Const(1) if one_bit => Touch::Or,
        Expr::Const(c) => Touch::Store(*c),
        Expr::Bin(Op::Add | Op::Sub, a, b) if to_itself(a, b) => Touch::Add,
        Expr::Bin(Op::BitOr | Op::SetBit, a, b) if to_itself(a, b) => Touch::Or,
        // On one bit, `x or c` sets bits as well.
        Expr::Bin(Op::Or, a, b) if one_bit && to_itself(a, b) => Touch::Or,
        _ => Touch::Write,
    }
}

/// Whether the step might make `conjunct`, now false, true: it changes a variable that the conjunct
/// reads, unless it stores a constant that by itself keeps the conjunct false.
pub fn may_enable(footprint: &Footprint, conjunct: &Expr) -> bool {
    may_make(footprint, conjunct, true)
}

/// Whether the step might make `conjunct`, now true, false.
pub fn may_disable(footprint: &Footprint, conjunct: &Expr) -> bool {
    may_make(footprint, conjunct, false)
}

fn may_make(footprint: &Footprint, conjunct: &Expr, truth: bool) -> bool {
    let mut vars = BTreeSet::new();
    conjunct.reads(&mut vars);
    let single = vars.len() == 1;
    vars.into_iter().any(|var| {
        let Some(touches) = footprint.touches.get(&var) else {
            return false;
        };
        touches.iter().any(|touch| match touch {
            Touch::Read => false,
            Touch::Store(c) if single => (conjunct.eval(&|_| *c) != 0) == truth,
            _ => true,
        })
    })
}
