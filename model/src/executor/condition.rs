//! Conditions under which a step touches something, and what follows from them.

use std::collections::BTreeSet;

use crate::machine::expr::{Expr, Op};
use crate::machine::system::System;
use crate::machine::var::{Role, VarId};

/// A conjunction.
pub type Conditions = Vec<Expr>;

/// Most valuations of registers that are tried to see what follows from what.
const VALUATIONS_MAX: u64 = 4096;

/// Whether `then` holds wherever all of `given` do. Sound, not complete: what it cannot see, it denies.
pub fn implies(system: &System, given: &[Expr], then: &Expr) -> bool {
    if *then == Expr::TRUE || given.contains(then) {
        return true;
    }
    let mut vars = BTreeSet::new();
    then.reads(&mut vars);
    every(system, &vars, given, |value| then.eval(&value) != 0).unwrap_or(false)
}

/// Whether `given` can never hold together. Sound, not complete.
pub fn contradict(system: &System, given: &[Expr]) -> bool {
    let equals = |e: &Expr| match e {
        Expr::Bin(Op::Eq, a, b) => b.as_const().map(|c| ((**a).clone(), c)),
        _ => None,
    };
    let constants: Vec<(Expr, i64)> = given.iter().filter_map(equals).collect();
    let two_values = constants
        .iter()
        .enumerate()
        .any(|(n, (e, c))| constants[..n].iter().any(|(f, d)| e == f && c != d));
    let negated = |e: &Expr| given.contains(&negated(e));
    if two_values || given.iter().any(negated) {
        return true;
    }
    let mut vars = BTreeSet::new();
    for expr in given {
        let mut own = BTreeSet::new();
        expr.reads(&mut own);
        if own.iter().all(|v| is_register(system, *v)) {
            vars.extend(own);
        }
    }
    !vars.is_empty() && every(system, &vars, given, |_| false).unwrap_or(false)
}

/// Whether `holds` for every valuation of the registers `vars` under which those of `given` that read
/// nothing else hold; none if that cannot be tried.
fn every(
    system: &System,
    vars: &BTreeSet<VarId>,
    given: &[Expr],
    holds: impl Fn(&dyn Fn(VarId) -> i64) -> bool,
) -> Option<bool> {
    if !vars.iter().all(|v| is_register(system, *v)) {
        return None;
    }
    let given: Vec<&Expr> = given
        .iter()
        .filter(|e| {
            let mut reads = BTreeSet::new();
            e.reads(&mut reads);
            reads.is_subset(vars)
        })
        .collect();
    let sizes: Vec<u64> = vars.iter().map(|v| system.var(*v).max + 1).collect();
    let total = sizes
        .iter()
        .try_fold(1u64, |n, size| n.checked_mul(*size))
        .filter(|n| *n <= VALUATIONS_MAX)?;
    Some((0..total).all(|mut number| {
        let mut values = Vec::with_capacity(sizes.len());
        for size in &sizes {
            values.push((number % size).cast_signed());
            number /= size;
        }
        let value = |v: VarId| {
            let at = vars.iter().position(|x| *x == v);
            at.map_or(0, |at| values[at])
        };
        given.iter().any(|e| e.eval(&value) == 0) || holds(&value)
    }))
}

fn is_register(system: &System, var: VarId) -> bool {
    matches!(system.var(var).role, Role::Private(_))
}

/// A variable that an expression reads, and when: `a && b` reads `b` only if `a` is true.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// When.
    pub when: Conditions,
    /// What.
    pub var: VarId,
}

/// Adds what `expr` reads to `out`, if `when` holds.
pub fn reads(expr: &Expr, when: &[Expr], out: &mut Vec<Read>) {
    match expr {
        Expr::Const(_) => {}
        Expr::Var(var) => out.push(Read {
            when: when.to_vec(),
            var: *var,
        }),
        Expr::Not(a) => reads(a, when, out),
        Expr::Bin(Op::And, a, b) => {
            reads(a, when, out);
            reads(b, &with(when, a), out);
        }
        Expr::Bin(Op::Or, a, b) => {
            reads(a, when, out);
            reads(b, &with(when, &negated(a)), out);
        }
        Expr::Bin(_, a, b) => {
            reads(a, when, out);
            reads(b, when, out);
        }
        Expr::Ite(c, a, b) => {
            reads(c, when, out);
            reads(a, &with(when, c), out);
            reads(b, &with(when, &negated(c)), out);
        }
    }
}

/// `when`, and `cond` as well.
pub fn with(when: &[Expr], cond: &Expr) -> Conditions {
    let mut all = when.to_vec();
    for part in cond.conjuncts() {
        if !all.contains(part) {
            all.push(part.clone());
        }
    }
    all
}

fn negated(cond: &Expr) -> Expr {
    Expr::Not(Box::new(cond.clone()))
}

/// What `expr` comes to for each value of the registers in it; itself where they have too many.
pub fn cases(system: &System, expr: &Expr) -> Vec<Expr> {
    let mut vars = BTreeSet::new();
    expr.reads(&mut vars);
    let registers: Vec<VarId> = vars
        .into_iter()
        .filter(|v| is_register(system, *v))
        .collect();
    let mut cases = vec![expr.clone()];
    for register in registers {
        let max = system.var(register).max;
        if (max + 1).saturating_mul(cases.len() as u64) > VALUATIONS_MAX {
            continue;
        }
        cases = cases
            .iter()
            .flat_map(|case| {
                (0..=max).map(move |value| {
                    let known = |v| {
                        if v == register {
                            Expr::from(value)
                        } else {
                            Expr::Var(v)
                        }
                    };
                    case.replace(&known).fold()
                })
            })
            .collect();
    }
    cases
}
