//! Version counters that only grow and are only compared, for equality, with copies of themselves.
//!
//! The values do not matter, only whether a copy is still current. Such a counter is replaced by one
//! bit for each copy: set when the copy is taken, cleared when the counter moves. The reachable
//! behaviour is that of a counter that never wraps, however often it moves: a retry that makes the
//! counter move and fails because it moved is then a cycle, and not an endless sequence of states.
//!
//! Counters that copies are compared with in different places (the versions of two folios, a cookie
//! that may be of either) are treated together; they are taken to have no value in common.

use std::collections::{BTreeMap, BTreeSet};

use crate::machine::expr::{Expr, Op, eq, ite};
use crate::machine::step::Assign;
use crate::machine::system::System;
use crate::machine::var::{Memory, Role, Var, VarId};

/// Replaces every group of counters that qualifies.
pub fn abstract_counters(system: &mut System) {
    let mut tried = BTreeSet::new();
    while let Some(group) = next_group(system, &tried) {
        tried.extend(group.counters.iter().copied());
        if let Some(replaced) = replace(system, &group) {
            *system = replaced;
        }
    }
}

/// Counters, and the variables that copies of them are kept in.
struct Group {
    counters: BTreeSet<VarId>,
    copies: BTreeSet<VarId>,
}

fn assigns(system: &System) -> impl Iterator<Item = &Assign> {
    system
        .steps()
        .flat_map(|(_, _, s)| &s.branches)
        .flat_map(|b| &b.assigns)
}

/// By how much the assignment moves its own variable on, if that is all it does.
fn increment(assign: &Assign) -> Option<i64> {
    match &assign.value {
        Expr::Bin(Op::Add, a, b) if **a == Expr::Var(assign.var) => b.as_const().filter(|k| *k > 0),
        _ => None,
    }
}

/// The variables at the leaves of a choice between variables.
fn leaves(expr: &Expr, out: &mut Vec<VarId>) -> bool {
    match expr {
        Expr::Var(v) => {
            out.push(*v);
            true
        }
        Expr::Ite(_, a, b) => leaves(a, out) && leaves(b, out),
        Expr::Bin(Op::Add, a, b) if b.as_const().is_some() => leaves(a, out),
        _ => false,
    }
}

fn next_group(system: &System, tried: &BTreeSet<VarId>) -> Option<Group> {
    let is_counter = |v: VarId| {
        let mut own = assigns(system).filter(|a| a.var == v).peekable();
        own.peek().is_some() && own.all(|a| increment(a).is_some())
    };
    let first = (0..system.vars.len())
        .map(|i| VarId(u16::try_from(i).expect("few variables")))
        .find(|v| !tried.contains(v) && is_counter(*v))?;
    let mut group = Group {
        counters: BTreeSet::from([first]),
        copies: BTreeSet::new(),
    };
    loop {
        let size = group.counters.len() + group.copies.len();
        for assign in assigns(system).filter(|a| increment(a).is_none()) {
            let mut sources = Vec::new();
            if !leaves(&assign.value, &mut sources) {
                continue;
            }
            let member = |v: &VarId| group.counters.contains(v) || group.copies.contains(v);
            if sources.iter().any(member) || group.copies.contains(&assign.var) {
                group.copies.insert(assign.var);
                for source in sources {
                    if is_counter(source) {
                        group.counters.insert(source);
                    } else {
                        group.copies.insert(source);
                    }
                }
            }
        }
        if group.counters.len() + group.copies.len() == size {
            return Some(group);
        }
    }
}

type Bits = BTreeMap<(VarId, VarId), VarId>;

/// The system with bits in place of the group, or none if anything uses a member otherwise.
fn replace(system: &System, group: &Group) -> Option<System> {
    let observed = |v: &VarId| system.var(*v).observed;
    if group.counters.iter().any(observed) || group.copies.iter().any(observed) {
        return None;
    }
    let mut out = system.clone();
    let mut bits = Bits::new();
    for copy in &group.copies {
        for counter in &group.counters {
            let (c, x) = (system.var(*copy), system.var(*counter));
            if c.init > x.init {
                return None;
            }
            let id = VarId(u16::try_from(out.vars.len()).ok()?);
            out.vars.push(Var {
                object: c.object.clone(),
                name: format!("{} is current ({})", c.name, x.full_name()),
                max: 1,
                init: (c.init == x.init).into(),
                // Whoever moves the counter clears it, whoever's register the copy is.
                role: if c.is_ghost() {
                    Role::Ghost
                } else {
                    Role::Shared
                },
                labels: Vec::new(),
                observed: false,
                saturates: false,
                memory: Memory::default(),
            });
            bits.insert((*copy, *counter), id);
        }
    }
    let rewrite = |expr: &mut Expr| {
        *expr = compare(expr, &bits).fold();
        (!uses(expr, group)).then_some(())
    };
    for step in out.tasks.iter_mut().flat_map(|t| &mut t.program.steps) {
        rewrite(&mut step.guard)?;
        rewrite(&mut step.requires)?;
        for branch in &mut step.branches {
            rewrite(&mut branch.when)?;
            branch.assigns = branch_assigns(&branch.assigns, group, &bits)?;
        }
    }
    for predicate in &mut out.predicates {
        rewrite(&mut predicate.bad)?;
    }
    Some(out)
}

fn uses(expr: &Expr, group: &Group) -> bool {
    group
        .counters
        .iter()
        .chain(&group.copies)
        .any(|v| expr.mentions(*v))
}

/// Comparisons of a copy with a counter become bits; everything else stays.
fn compare(expr: &Expr, bits: &Bits) -> Expr {
    let sub = |e: &Expr| Box::new(compare(e, bits));
    match expr {
        Expr::Const(_) | Expr::Var(_) => expr.clone(),
        Expr::Not(a) => Expr::Not(sub(a)),
        Expr::Bin(op @ (Op::Eq | Op::Ne), a, b) => match current(a, b, bits) {
            Some(bit) => eq(bit, i64::from(*op == Op::Eq)),
            None => Expr::Bin(*op, sub(a), sub(b)),
        },
        Expr::Bin(op, a, b) => Expr::Bin(*op, sub(a), sub(b)),
        Expr::Ite(c, a, b) => Expr::Ite(sub(c), sub(a), sub(b)),
    }
}

/// The bit that says whether one side, a choice of copies, equals the other, a choice of counters.
fn current(left: &Expr, right: &Expr, bits: &Bits) -> Option<Expr> {
    match (left, right) {
        (Expr::Ite(cond, yes, no), other) => Some(ite(
            (**cond).clone(),
            current(yes, other, bits)?,
            current(no, other, bits)?,
        )),
        (other, choice @ Expr::Ite(..)) => current(choice, other, bits),
        (Expr::Var(x), Expr::Var(y)) => bits
            .get(&(*x, *y))
            .or_else(|| bits.get(&(*y, *x)))
            .map(|bit| Expr::Var(*bit)),
        _ => None,
    }
}

fn branch_assigns(assigns: &[Assign], group: &Group, bits: &Bits) -> Option<Vec<Assign>> {
    let moved: Vec<&Assign> = assigns
        .iter()
        .filter(|a| group.counters.contains(&a.var))
        .collect();
    let mut out = Vec::new();
    for assign in assigns {
        let when = compare(&assign.when, bits).fold();
        if uses(&when, group) {
            return None;
        }
        if group.counters.contains(&assign.var) {
            for ((copy, _), bit) in bits.iter().filter(|((_, x), _)| *x == assign.var) {
                // A copy taken in the same branch is dealt with where it is taken.
                let taken = assigns.iter().filter(|a| a.var == *copy);
                let untaken = taken.fold(when.clone(), |w, a| {
                    let c = compare(&a.when, bits);
                    Expr::Bin(Op::And, Box::new(w), Box::new(Expr::Not(Box::new(c)))).fold()
                });
                if untaken != Expr::FALSE {
                    out.push(Assign {
                        when: untaken,
                        var: *bit,
                        value: Expr::FALSE,
                    });
                }
            }
        } else if group.copies.contains(&assign.var) {
            for counter in &group.counters {
                let value = taken(&assign.value, *counter, &moved, bits)?.fold();
                if uses(&value, group) {
                    return None;
                }
                out.push(Assign {
                    when: when.clone(),
                    var: bits[&(assign.var, *counter)],
                    value,
                });
            }
        } else {
            let value = compare(&assign.value, bits).fold();
            if uses(&value, group) {
                return None;
            }
            out.push(Assign {
                when,
                var: assign.var,
                value,
            });
        }
    }
    Some(out)
}

/// Whether the value just copied is that of `counter` after the branch.
fn taken(value: &Expr, counter: VarId, moved: &[&Assign], bits: &Bits) -> Option<Expr> {
    let step = moved.iter().find(|a| a.var == counter);
    let by = match step {
        None => 0,
        Some(a) if a.when == Expr::TRUE => increment(a)?,
        // Whether it moved is known only when the step is taken.
        Some(_) => return None,
    };
    match value {
        Expr::Ite(c, a, b) => Some(ite(
            (**c).clone(),
            taken(a, counter, moved, bits)?,
            taken(b, counter, moved, bits)?,
        )),
        Expr::Var(v) if *v == counter => Some((by == 0).into()),
        Expr::Bin(Op::Add, a, k) if **a == Expr::Var(counter) && k.as_const()? <= by => {
            Some((k.as_const()? == by).into())
        }
        Expr::Var(v) => match bits.get(&(*v, counter)) {
            Some(bit) if by == 0 => Some(Expr::Var(*bit)),
            // Another counter of the group: no value in common. A copy of one that moves: stale.
            _ => Some(Expr::FALSE),
        },
        Expr::Bin(Op::Add, a, _) if matches!(**a, Expr::Var(v) if v != counter && !bits.contains_key(&(v, counter))) => {
            Some(Expr::FALSE)
        }
        _ => None,
    }
}
