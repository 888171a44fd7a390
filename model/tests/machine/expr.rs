//! Expressions: what is simplified, and to what; what is left because it may differ.

use foliocheck_model::machine::expr::{Expr, Op, add, bin, eq, ite, lt, ne, not, sub};
use foliocheck_model::machine::var::VarId;

const X: VarId = VarId(0);
const Y: VarId = VarId(1);

/// As written: the constructor of that name simplifies by itself.
fn and(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::And, a, b)
}

/// As written.
fn or(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Or, a, b)
}

fn c(value: i64) -> Expr {
    Expr::Const(value)
}

#[test]
fn constants_are_simplified_away() {
    let truth = || eq(X, 2);
    for (written, simple) in [
        (and(c(1), truth()), truth()),
        (and(truth(), c(3)), truth()),
        (and(c(0), X), Expr::FALSE),
        (and(X, c(0)), Expr::FALSE),
        (or(c(0), truth()), truth()),
        (or(truth(), c(0)), truth()),
        (or(c(2), X), Expr::TRUE),
        (or(X, c(2)), Expr::TRUE),
        (and(c(1), not(X)), not(X)),
        (and(c(1), ite(X, c(0), c(1))), ite(X, c(0), c(1))),
        (lt(X, c(0)), Expr::FALSE),
        (lt(X, c(-1)), Expr::FALSE),
        (add(X, c(0)), X.into()),
        (add(c(0), X), X.into()),
        (sub(X, c(0)), X.into()),
        (bin(Op::BitOr, X, c(0)), X.into()),
        (not(c(0)), Expr::TRUE),
        (not(c(2)), Expr::FALSE),
        (ite(c(0), X, Y), Y.into()),
        (ite(c(2), X, Y), X.into()),
        (ite(X, add(Y, c(0)), Y), Y.into()),
        (add(c(2), c(3)), c(5)),
    ] {
        assert_eq!(written.fold(), simple, "{written:?}");
    }
}

/// A conjunction is 0 or 1, and what it is made of need not be.
#[test]
fn what_may_be_neither_0_nor_1_is_left_in_its_conjunction() {
    for kept in [
        and(c(1), X),
        and(X, c(1)),
        or(c(0), X),
        and(c(1), add(X, Y)),
        and(c(1), ite(X, c(1), c(2))),
        and(c(1), ite(X, c(2), c(0))),
        and(c(1), ite(X, c(-1), c(0))),
        lt(X, c(1)),
        sub(c(0), X),
    ] {
        assert_eq!(kept.fold(), kept);
    }
}

#[test]
fn a_conjunction_has_the_parts_that_say_something() {
    let parts = and(and(eq(X, 1), c(1)), ne(Y, 2));
    assert_eq!(parts.conjuncts(), [&eq(X, 1), &ne(Y, 2)]);
    assert_eq!(and(eq(X, 1), c(0)).conjuncts(), [&eq(X, 1), &c(0)]);
    let parts = or(or(eq(X, 1), c(0)), ne(Y, 2));
    assert_eq!(parts.disjuncts(), [&eq(X, 1), &ne(Y, 2)]);
    assert_eq!(or(eq(X, 1), c(1)).disjuncts(), [&eq(X, 1), &c(1)]);
}

#[test]
fn a_variable_is_mentioned_wherever_it_stands() {
    let x = || Expr::from(X);
    for (expr, mentions) in [
        (c(1), false),
        (x(), true),
        (Y.into(), false),
        (not(X), true),
        (add(X, Y), true),
        (add(Y, X), true),
        (add(Y, Y), false),
        (ite(X, Y, Y), true),
        (ite(Y, X, Y), true),
        (ite(Y, Y, X), true),
        (ite(Y, Y, Y), false),
    ] {
        assert_eq!(expr.mentions(X), mentions, "{expr:?}");
    }
}

/// Only these compare two values of a kind.
#[test]
fn operators_that_compare() {
    let compare = [Op::Eq, Op::Ne, Op::Lt, Op::Le];
    let others = [
        Op::And,
        Op::Or,
        Op::Add,
        Op::Sub,
        Op::BitOr,
        Op::BitAnd,
        Op::SetBit,
        Op::ClearBit,
        Op::TestBit,
    ];
    assert!(compare.into_iter().all(Op::compares));
    assert!(!others.into_iter().any(Op::compares));
}
