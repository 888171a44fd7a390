//! Counters that a scheme keeps (holds, users) may be wrong: to say so is what checking the scheme is for.
//! A variable that leaves its range is then no error of the model. It *saturates*, as the kernel's
//! `refcount_t` does (`refcount_warn_saturate`, lib/refcount.c): it takes one more value, keeps it, is never
//! zero again, and the system goes on.
//!
//! Steps that add and steps that subtract commute only as long as no counter leaves its range. Those of a
//! variable that saturates are written so that no footprint takes them to commute: a reduced exploration of
//! such a system leaves no order out that matters.

use super::expr::{Expr, Op, and, any, eq, ite, lt};
use super::step::Assign;
use super::system::System;
use super::var::VarId;

/// Makes those of `vars` saturate that some step might take out of their range.
pub fn saturate(system: &mut System, vars: &[VarId]) {
    // One that is copied to another makes the other's values more.
    while let Some(var) = vars
        .iter()
        .find(|v| !system.var(**v).saturates && may_leave(system, **v))
    {
        make_saturate(system, *var);
    }
}

/// True where some variable has left its range; none if no variable can.
pub fn has_left(system: &System) -> Option<Expr> {
    let mut left = Vec::new();
    for (n, var) in system.vars.iter().enumerate() {
        if var.saturates {
            let id = VarId(u16::try_from(n).expect("few variables"));
            left.push(eq(id, var.max));
        }
    }
    (!left.is_empty()).then(|| any(left))
}

fn make_saturate(system: &mut System, id: VarId) {
    let var = &mut system.vars[id.index()];
    let max = var.max;
    var.max = max + 1;
    var.saturates = true;
    let saturated = Expr::from(max + 1);
    let steps = system.tasks.iter_mut().flat_map(|t| &mut t.program.steps);
    for assign in steps
        .flat_map(|s| &mut s.branches)
        .flat_map(|b| &mut b.assigns)
    {
        if assign.var != id {
            continue;
        }
        let value = assign.value.clone();
        let out = any([lt(value.clone(), 0), lt(max, value.clone())]);
        let kept = if value.mentions(id) {
            any([eq(id, saturated.clone()), out])
        } else {
            out
        };
        assign.value = ite(kept, saturated.clone(), value).fold();
    }
}

/// What is assigned, as it was written: without the test for leaving the range.
pub fn as_written<'a>(system: &System, assign: &'a Assign) -> &'a Expr {
    match &assign.value {
        Expr::Ite(_, _, value) if system.var(assign.var).saturates => value,
        value => value,
    }
}

/// Whether some step assigns the variable a value that may be outside its range.
fn may_leave(system: &System, var: VarId) -> bool {
    let max = i64::try_from(system.var(var).max).unwrap_or(i64::MAX);
    system
        .steps()
        .flat_map(|(_, _, s)| &s.branches)
        .flat_map(|b| &b.assigns)
        .filter(|a| a.var == var)
        .any(|a| {
            let (low, high) = bounds(system, &a.value);
            low < 0 || max < high
        })
}

/// Values between which that of an expression lies.
pub fn bounds(system: &System, expr: &Expr) -> (i64, i64) {
    match expr {
        Expr::Const(c) => (*c, *c),
        Expr::Var(v) => (0, i64::try_from(system.var(*v).max).unwrap_or(i64::MAX)),
        Expr::Not(_) => (0, 1),
        Expr::Ite(_, a, b) => {
            let (a, b) = (bounds(system, a), bounds(system, b));
            (a.0.min(b.0), a.1.max(b.1))
        }
        Expr::Bin(op, a, b) => {
            let (a, b) = (bounds(system, a), bounds(system, b));
            match op {
                Op::Add => (a.0.saturating_add(b.0), a.1.saturating_add(b.1)),
                Op::Sub => (a.0.saturating_sub(b.1), a.1.saturating_sub(b.0)),
                Op::Mul => {
                    let corners = [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)]
                        .map(|(a, b)| a.saturating_mul(b));
                    let [first, rest @ ..] = corners;
                    rest.iter()
                        .fold((first, first), |(l, h), c| (l.min(*c), h.max(*c)))
                }
                Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::And | Op::Or | Op::TestBit => (0, 1),
                Op::BitAnd => (0, a.1.min(b.1)),
                Op::ClearBit => (0, a.1),
                Op::BitOr => (0, all_bits(a.1.max(b.1))),
                Op::SetBit => (0, all_bits(a.1) | all_bits(1 << b.1.clamp(0, 62))),
            }
        }
    }
}

/// The largest number of as many bits.
fn all_bits(value: i64) -> i64 {
    let bits = i64::BITS - value.max(0).leading_zeros();
    if bits >= 63 {
        i64::MAX
    } else {
        (1 << bits) - 1
    }
}

/// True where an assignment that is made would take a variable out of its range.
pub fn leaves(system: &System, assign: &Assign) -> Option<Expr> {
    let max = i64::try_from(system.var(assign.var).max).unwrap_or(i64::MAX);
    let (low, high) = bounds(system, &assign.value);
    if low >= 0 && high <= max {
        return None;
    }
    let below = lt(assign.value.clone(), 0);
    let above = lt(max, assign.value.clone());
    Some(and(assign.when.clone(), any([below, above])))
}
