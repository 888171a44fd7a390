//! Random plans of small systems. A plan names variables by numbers that mean something only once
//! `build` maps them to the variables of a task, so that every plan, and everything it shrinks to,
//! gives a system that validates.

use foliocheck_model::machine::expr::{Expr, Op, bin, eq, ite, lt, ne, not, test_bit};
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::var::VarId;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

/// A variable.
#[derive(Clone, Debug)]
pub struct VarPlan {
    /// One less than a power of two.
    pub max: u64,
    pub init: u64,
    pub observed: bool,
}

/// What is assigned.
#[derive(Clone, Debug)]
pub enum Source {
    /// A computed value, cut to the range unless `raw`.
    Value { value: Expr, raw: bool },
    /// A constant, cut to the range.
    Const(u64),
    /// The variable moved up or down, within its range unless `raw`.
    Move { by: i64, raw: bool },
    /// The variable with a bit set.
    SetBit(u32),
    /// The variable bitwise-or a value.
    BitOr(Expr),
    /// The truth of the variable or a value.
    Or(Expr),
    /// One of two values.
    Split(Expr, Expr, Expr),
    /// The value to this variable or to another.
    Select(Expr, u16, Expr),
}

/// An assignment.
#[derive(Clone, Debug)]
pub struct AssignPlan {
    pub target: u16,
    pub when: Option<Expr>,
    pub source: Source,
}

/// Where a branch goes.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    Fall,
    /// To the step with that number, forwards or back.
    To(usize),
    End,
    Stop,
}

/// A branch.
#[derive(Clone, Debug)]
pub struct BranchPlan {
    pub when: Expr,
    pub assigns: Vec<AssignPlan>,
    pub next: Next,
}

/// A step.
#[derive(Clone, Debug)]
pub struct StepPlan {
    pub guard: Option<Expr>,
    pub requires: Option<Expr>,
    pub common: Vec<AssignPlan>,
    pub branches: Vec<BranchPlan>,
    /// Whether some branch applies in every state.
    pub total: bool,
    pub choice: bool,
}

/// A task: its registers and its steps.
#[derive(Clone, Debug)]
pub struct TaskPlan {
    pub registers: Vec<VarPlan>,
    pub steps: Vec<StepPlan>,
}

/// A system.
#[derive(Clone, Debug)]
pub struct SystemPlan {
    pub shared: Vec<VarPlan>,
    pub ghosts: Vec<VarPlan>,
    pub tasks: Vec<TaskPlan>,
    pub predicates: Vec<(Scope, Expr)>,
}

fn var() -> impl Strategy<Value = Expr> {
    (0u16..8).prop_map(|n| Expr::Var(VarId(n)))
}

fn constant(range: std::ops::RangeInclusive<i64>) -> impl Strategy<Value = Expr> {
    range.prop_map(Expr::Const)
}

/// A bit number: small, also where it is computed.
fn bit() -> impl Strategy<Value = Expr> {
    prop_oneof![2 => constant(0..=3), 1 => var().prop_map(|v| bin(Op::BitAnd, v, 3))]
}

fn plain_op() -> impl Strategy<Value = Op> {
    use Op::{Add, And, BitAnd, BitOr, Eq, Le, Lt, Ne, Or, Sub};
    proptest::sample::select(vec![Add, Sub, Eq, Ne, Lt, Le, And, Or, BitOr, BitAnd])
}

fn bit_op() -> impl Strategy<Value = Op> {
    proptest::sample::select(vec![Op::SetBit, Op::ClearBit, Op::TestBit])
}

/// A value; shallow, so that nothing overflows 64 bits.
fn value() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![3 => var(), 2 => constant(-1..=7)];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let (a, b, c) = (inner.clone(), inner.clone(), inner);
        prop_oneof![
            1 => a.clone().prop_map(not),
            4 => (plain_op(), a.clone(), b.clone()).prop_map(|(op, a, b)| bin(op, a, b)),
            1 => (a.clone(), constant(-1..=3)).prop_map(|(a, k)| bin(Op::Mul, a, k)),
            1 => (bit_op(), a.clone(), bit()).prop_map(|(op, a, bit)| bin(op, a, bit)),
            1 => (a, b, c).prop_map(|(c, a, b)| ite(c, a, b)),
        ]
    })
}

/// A condition, mostly of the kinds that programs of the kernel have.
fn cond() -> impl Strategy<Value = Expr> {
    let test = prop_oneof![
        4 => (var(), constant(0..=2)).prop_map(|(v, c)| eq(v, c)),
        3 => (var(), constant(0..=2)).prop_map(|(v, c)| ne(v, c)),
        1 => (constant(0..=2), var()).prop_map(|(c, v)| eq(c, v)),
        1 => (var(), constant(1..=4)).prop_map(|(v, c)| lt(v, c)),
        1 => (var(), var()).prop_map(|(a, b)| eq(a, b)),
        1 => (var(), bit()).prop_map(|(v, b)| test_bit(v, b)),
        1 => value(),
        1 => constant(0..=2),
    ];
    test.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| bin(Op::And, a, b)),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| bin(Op::Or, a, b)),
            1 => inner.prop_map(not),
        ]
    })
}

fn variable() -> impl Strategy<Value = VarPlan> {
    let narrow = (proptest::sample::select(vec![0, 1, 1, 3, 3, 7]), 0u64..8)
        .prop_map(|(max, init)| (max, init & max));
    // Wide enough that a few of them need a second word.
    let wide = (Just((1u64 << 30) - 1), any::<bool>())
        .prop_map(|(max, full)| (max, if full { max } else { 0 }));
    (
        prop_oneof![4 => narrow, 1 => wide],
        prop::bool::weighted(0.4),
    )
        .prop_map(|((max, init), observed)| VarPlan {
            max,
            init,
            observed,
        })
}

fn source() -> impl Strategy<Value = Source> {
    let raw = || prop::bool::weighted(0.4);
    prop_oneof![
        3 => (value(), raw()).prop_map(|(value, raw)| Source::Value { value, raw }),
        3 => (0u64..8).prop_map(Source::Const),
        3 => (prop_oneof![Just(1i64), Just(-1), Just(2)], raw())
            .prop_map(|(by, raw)| Source::Move { by, raw }),
        2 => (0u32..8).prop_map(Source::SetBit),
        1 => value().prop_map(Source::BitOr),
        1 => value().prop_map(Source::Or),
        1 => (cond(), value(), value()).prop_map(|(c, a, b)| Source::Split(c, a, b)),
        1 => (cond(), 0u16..8, value()).prop_map(|(c, v, e)| Source::Select(c, v, e)),
    ]
}

fn assign() -> impl Strategy<Value = AssignPlan> {
    (0u16..8, weighted(0.25, cond()), source()).prop_map(|(target, when, source)| AssignPlan {
        target,
        when,
        source,
    })
}

fn next() -> impl Strategy<Value = Next> {
    prop_oneof![
        12 => Just(Next::Fall),
        5 => (0usize..8).prop_map(Next::To),
        1 => Just(Next::End),
        1 => Just(Next::Stop),
    ]
}

fn branch() -> impl Strategy<Value = BranchPlan> {
    (cond(), vec(assign(), 0..3), next()).prop_map(|(when, assigns, next)| BranchPlan {
        when,
        assigns,
        next,
    })
}

fn step() -> impl Strategy<Value = StepPlan> {
    (
        weighted(0.2, cond()),
        weighted(0.03, cond()),
        vec(assign(), 0..3),
        prop_oneof![1 => Just(0usize), 2 => 1usize..4].prop_flat_map(|n| vec(branch(), n)),
        prop::bool::weighted(0.95),
        prop::bool::weighted(0.4),
    )
        .prop_map(
            |(guard, requires, common, branches, total, choice)| StepPlan {
                guard,
                requires,
                common,
                branches,
                total,
                choice,
            },
        )
}

fn task() -> impl Strategy<Value = TaskPlan> {
    (vec(variable(), 1..3), vec(step(), 2..=6))
        .prop_map(|(registers, steps)| TaskPlan { registers, steps })
}

/// A system of two or three tasks.
pub fn system() -> impl Strategy<Value = SystemPlan> {
    let scope = prop_oneof![Just(Scope::Always), Just(Scope::Terminal)];
    (
        vec(variable(), 2..5),
        vec(variable(), 1..3),
        vec(task(), 2..=3),
        vec((scope, cond()), 1..4),
    )
        .prop_map(|(shared, ghosts, tasks, predicates)| SystemPlan {
            shared,
            ghosts,
            tasks,
            predicates,
        })
}
