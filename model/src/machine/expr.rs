//! Expressions over variables. Booleans are 0 and 1; arithmetic is signed 64-bit, and only an
//! assignment checks a range.

use std::collections::BTreeSet;

use super::var::VarId;

/// Binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Addition.
    Add,
    /// Subtraction.
    Sub,
    /// Multiplication.
    Mul,
    /// 1 if equal.
    Eq,
    /// 1 if different.
    Ne,
    /// 1 if less.
    Lt,
    /// 1 if less or equal.
    Le,
    /// Logical and of two truth values (non-zero is true).
    And,
    /// Logical or.
    Or,
    /// Bitwise or.
    BitOr,
    /// Bitwise and.
    BitAnd,
    /// `1 << right`, or-ed into left: `left | 1 << right`.
    SetBit,
    /// `left & !(1 << right)`.
    ClearBit,
    /// Bit `right` of `left`.
    TestBit,
}

impl Op {
    /// Whether both sides are values of one kind, so that a constant on one side is to be read as a
    /// value of the variable on the other.
    pub fn compares(self) -> bool {
        matches!(self, Op::Eq | Op::Ne | Op::Lt | Op::Le)
    }
}

/// An expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expr {
    /// A constant.
    Const(i64),
    /// The value of a variable.
    Var(VarId),
    /// 1 if the operand is 0, else 0.
    Not(Box<Expr>),
    /// A binary operation.
    Bin(Op, Box<Expr>, Box<Expr>),
    /// `if .0 then .1 else .2`.
    Ite(Box<Expr>, Box<Expr>, Box<Expr>),
}

impl From<VarId> for Expr {
    fn from(var: VarId) -> Self {
        Expr::Var(var)
    }
}

impl From<i64> for Expr {
    fn from(value: i64) -> Self {
        Expr::Const(value)
    }
}

impl From<i32> for Expr {
    fn from(value: i32) -> Self {
        Expr::Const(i64::from(value))
    }
}

impl From<usize> for Expr {
    fn from(value: usize) -> Self {
        Expr::Const(i64::try_from(value).expect("a model constant is small"))
    }
}

impl From<u64> for Expr {
    fn from(value: u64) -> Self {
        Expr::Const(i64::try_from(value).expect("a model constant is small"))
    }
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Expr::Const(i64::from(value))
    }
}

impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

/// Builds a binary expression.
pub fn bin(op: Op, a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    Expr::Bin(op, Box::new(a.into()), Box::new(b.into()))
}

/// `a == b`.
pub fn eq(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Eq, a, b)
}

/// `a != b`.
pub fn ne(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Ne, a, b)
}

/// `a < b`.
pub fn lt(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Lt, a, b)
}

/// `a + b`.
pub fn add(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Add, a, b)
}

/// `a - b`.
pub fn sub(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Sub, a, b)
}

/// Bit `bit` of `mask`.
pub fn test_bit(mask: impl Into<Expr>, bit: impl Into<Expr>) -> Expr {
    bin(Op::TestBit, mask, bit)
}

/// `mask | 1 << bit`.
pub fn set_bit(mask: impl Into<Expr>, bit: impl Into<Expr>) -> Expr {
    bin(Op::SetBit, mask, bit)
}

/// `mask & !(1 << bit)`.
pub fn clear_bit(mask: impl Into<Expr>, bit: impl Into<Expr>) -> Expr {
    bin(Op::ClearBit, mask, bit)
}

/// Logical negation.
pub fn not(a: impl Into<Expr>) -> Expr {
    Expr::Not(Box::new(a.into()))
}

/// `if cond then a else b`.
pub fn ite(cond: impl Into<Expr>, a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    Expr::Ite(
        Box::new(cond.into()),
        Box::new(a.into()),
        Box::new(b.into()),
    )
}

/// Conjunction of all; true if there are none.
pub fn all<E: Into<Expr>>(parts: impl IntoIterator<Item = E>) -> Expr {
    parts
        .into_iter()
        .map(Into::into)
        .reduce(|a, b| bin(Op::And, a, b))
        .unwrap_or(Expr::TRUE)
        .fold()
}

/// Disjunction of all; false if there are none.
pub fn any<E: Into<Expr>>(parts: impl IntoIterator<Item = E>) -> Expr {
    parts
        .into_iter()
        .map(Into::into)
        .reduce(|a, b| bin(Op::Or, a, b))
        .unwrap_or(Expr::FALSE)
        .fold()
}

/// Logical and of two.
pub fn and(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::And, a, b).fold()
}

/// Logical or of two.
pub fn or(a: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    bin(Op::Or, a, b).fold()
}

/// The operator on two values.
pub(crate) fn apply(op: Op, a: i64, b: i64) -> i64 {
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Eq => i64::from(a == b),
        Op::Ne => i64::from(a != b),
        Op::Lt => i64::from(a < b),
        Op::Le => i64::from(a <= b),
        Op::And => i64::from(a != 0 && b != 0),
        Op::Or => i64::from(a != 0 || b != 0),
        Op::BitOr => a | b,
        Op::BitAnd => a & b,
        Op::SetBit => a | (1 << (b & 63)),
        Op::ClearBit => a & !(1 << (b & 63)),
        Op::TestBit => (a >> (b & 63)) & 1,
    }
}

impl Expr {
    /// The constant true.
    pub const TRUE: Expr = Expr::Const(1);
    /// The constant false.
    pub const FALSE: Expr = Expr::Const(0);

    /// Its value if it is a constant.
    pub fn as_const(&self) -> Option<i64> {
        match self {
            Expr::Const(c) => Some(*c),
            _ => None,
        }
    }

    /// Evaluates it, taking the value of each variable from `value`.
    pub fn eval(&self, value: &impl Fn(VarId) -> i64) -> i64 {
        match self {
            Expr::Const(c) => *c,
            Expr::Var(v) => value(*v),
            Expr::Not(a) => i64::from(a.eval(value) == 0),
            Expr::Bin(Op::And, a, b) => i64::from(a.eval(value) != 0 && b.eval(value) != 0),
            Expr::Bin(Op::Or, a, b) => i64::from(a.eval(value) != 0 || b.eval(value) != 0),
            Expr::Bin(op, a, b) => apply(*op, a.eval(value), b.eval(value)),
            Expr::Ite(c, a, b) => {
                if c.eval(value) != 0 {
                    a.eval(value)
                } else {
                    b.eval(value)
                }
            }
        }
    }

    /// Adds every variable it reads to `out`.
    pub fn reads(&self, out: &mut BTreeSet<VarId>) {
        match self {
            Expr::Const(_) => {}
            Expr::Var(v) => {
                out.insert(*v);
            }
            Expr::Not(a) => a.reads(out),
            Expr::Bin(_, a, b) => {
                a.reads(out);
                b.reads(out);
            }
            Expr::Ite(c, a, b) => {
                c.reads(out);
                a.reads(out);
                b.reads(out);
            }
        }
    }

    /// Whether it reads `var`.
    pub fn mentions(&self, var: VarId) -> bool {
        match self {
            Expr::Const(_) => false,
            Expr::Var(v) => *v == var,
            Expr::Not(a) => a.mentions(var),
            Expr::Bin(_, a, b) => a.mentions(var) || b.mentions(var),
            Expr::Ite(c, a, b) => c.mentions(var) || a.mentions(var) || b.mentions(var),
        }
    }

    /// The same expression with each variable replaced by what `with` gives for it.
    pub fn replace(&self, with: &impl Fn(VarId) -> Expr) -> Expr {
        match self {
            Expr::Const(c) => Expr::Const(*c),
            Expr::Var(v) => with(*v),
            Expr::Not(a) => not(a.replace(with)),
            Expr::Bin(op, a, b) => bin(*op, a.replace(with), b.replace(with)),
            Expr::Ite(c, a, b) => ite(c.replace(with), a.replace(with), b.replace(with)),
        }
    }

    /// Whether its value is always 0 or 1.
    fn is_truth(&self) -> bool {
        match self {
            Expr::Const(c) => *c == 0 || *c == 1,
            Expr::Not(_) => true,
            Expr::Bin(op, ..) => {
                matches!(
                    op,
                    Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::And | Op::Or | Op::TestBit
                )
            }
            Expr::Var(_) => false,
            Expr::Ite(_, a, b) => a.is_truth() && b.is_truth(),
        }
    }

    /// Simplifies constants away. The value is unchanged in every state.
    pub fn fold(&self) -> Expr {
        match self {
            Expr::Const(_) | Expr::Var(_) => self.clone(),
            Expr::Not(a) => match a.fold() {
                Expr::Const(c) => Expr::Const(i64::from(c == 0)),
                a => not(a),
            },
            Expr::Bin(op, a, b) => fold_bin(*op, a.fold(), b.fold()),
            Expr::Ite(c, a, b) => match c.fold() {
                Expr::Const(0) => b.fold(),
                Expr::Const(_) => a.fold(),
                c => {
                    let (a, b) = (a.fold(), b.fold());
                    if a == b { a } else { ite(c, a, b) }
                }
            },
        }
    }

    /// The parts of a conjunction.
    pub fn conjuncts(&self) -> Vec<&Expr> {
        match self {
            Expr::Bin(Op::And, a, b) => {
                let mut parts = a.conjuncts();
                parts.extend(b.conjuncts());
                parts
            }
            Expr::Const(c) if *c != 0 => Vec::new(),
            other => vec![other],
        }
    }

    /// The parts of a disjunction.
    pub fn disjuncts(&self) -> Vec<&Expr> {
        match self {
            Expr::Bin(Op::Or, a, b) => {
                let mut parts = a.disjuncts();
                parts.extend(b.disjuncts());
                parts
            }
            Expr::Const(0) => Vec::new(),
            other => vec![other],
        }
    }
}

fn fold_bin(op: Op, a: Expr, b: Expr) -> Expr {
    match (op, a, b) {
        (op, Expr::Const(a), Expr::Const(b)) => Expr::Const(apply(op, a, b)),
        (Op::And, Expr::Const(0), _) | (Op::And, _, Expr::Const(0)) => Expr::FALSE,
        (Op::Or, Expr::Const(0), x)
        | (Op::Or, x, Expr::Const(0))
        | (Op::And, Expr::Const(_), x)
        | (Op::And, x, Expr::Const(_))
            if x.is_truth() =>
        {
            x
        }
        // Variables are never negative.
        (Op::Lt, Expr::Var(_), Expr::Const(c)) if c <= 0 => Expr::FALSE,
        (Op::Or, Expr::Const(c), _) | (Op::Or, _, Expr::Const(c)) if c != 0 => Expr::TRUE,
        (Op::Add | Op::Sub | Op::BitOr, x, Expr::Const(0))
        | (Op::Add | Op::BitOr, Expr::Const(0), x) => x,
        (op, a, b) => bin(op, a, b),
    }
}
