//! Systems from plans, through the program builder.

use std::collections::BTreeSet;

use foliocheck_model::machine::builder::{
    BranchDraft, CFn, Label, Place, ProgramBuilder, StepDraft,
};
use foliocheck_model::machine::expr::{Expr, Op, and, bin, lt, not, set_bit};
use foliocheck_model::machine::system::{Predicate, System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};

use super::plan::{AssignPlan, Next, Source, StepPlan, SystemPlan, TaskPlan, VarPlan};

/// The function that all steps of these systems stand for.
pub const FN: CFn = CFn::new("f", "mm/test.c");

/// Whether assignments may leave the range of their variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Where the plan says so.
    Raw,
    /// Never.
    Bounded,
}

/// The system that a plan stands for.
pub fn build(plan: &SystemPlan, style: Style) -> System {
    let mut system = System::default();
    let tasks: Vec<TaskId> = (0..plan.tasks.len())
        .map(|t| system.add_task(format!("t{t}")))
        .collect();
    let shared = declare(&mut system, &plan.shared, |n| {
        VarDecl::shared("obj", format!("s{n}"), 0)
    });
    let ghosts = declare(&mut system, &plan.ghosts, |n| {
        VarDecl::ghost("", format!("g{n}"), 0)
    });
    let mut every: Vec<VarId> = shared.iter().chain(&ghosts).copied().collect();
    for (task, plan) in tasks.iter().zip(&plan.tasks) {
        let registers = declare(&mut system, &plan.registers, |n| {
            VarDecl::private(*task, format!("t{}", task.0), format!("r{n}"), 0)
        });
        every.extend(&registers);
        let kernel: Vec<VarId> = shared.iter().chain(&registers).copied().collect();
        let all = kernel.iter().chain(&ghosts).copied().collect();
        write_task(&mut system, *task, plan, &Scope { kernel, all, style });
    }
    every.extend(system.tasks.iter().map(|t| t.pc));
    system.predicates = predicates(plan, &every);
    system
}

fn declare(system: &mut System, plans: &[VarPlan], decl: impl Fn(usize) -> VarDecl) -> Vec<VarId> {
    plans
        .iter()
        .enumerate()
        .map(|(n, plan)| {
            let id = system.declare(decl(n).init(plan.init));
            system.vars[id.index()].max = plan.max;
            system.vars[id.index()].observed = plan.observed;
            id
        })
        .collect()
}

fn predicates(plan: &SystemPlan, pool: &[VarId]) -> Vec<Predicate> {
    let named = plan.predicates.iter().enumerate();
    named
        .map(|(n, (scope, bad))| Predicate {
            invariant: format!("P{n}"),
            scope: *scope,
            bad: resolve(bad, pool),
        })
        .collect()
}

/// The variables that a task can name, and how it assigns.
struct Scope {
    /// Shared variables and its registers.
    kernel: Vec<VarId>,
    /// Ghosts as well.
    all: Vec<VarId>,
    style: Style,
}

fn pick(number: u16, pool: &[VarId]) -> VarId {
    pool[usize::from(number) % pool.len()]
}

fn resolve(expr: &Expr, pool: &[VarId]) -> Expr {
    expr.replace(&|v| Expr::Var(pick(v.0, pool)))
}

fn write_task(system: &mut System, task: TaskId, plan: &TaskPlan, scope: &Scope) {
    let mut b = ProgramBuilder::new(system, task);
    let labels: Vec<Label> = (0..=plan.steps.len())
        .map(|n| b.label(&format!("l{n}")))
        .collect();
    for (n, step) in plan.steps.iter().enumerate() {
        b.bind(labels[n]);
        let mut draft = b.draft();
        write_step(&mut draft, b.system, step, scope, &labels);
        b.push(&format!("S{n}"), FN, draft);
    }
    b.bind(labels[plan.steps.len()]);
    b.finish().expect("every label is bound");
}

fn write_step(
    draft: &mut StepDraft,
    system: &System,
    plan: &StepPlan,
    scope: &Scope,
    labels: &[Label],
) {
    if let Some(guard) = &plan.guard {
        draft.wait(resolve(guard, &scope.kernel));
    }
    if let Some(requires) = &plan.requires {
        draft.requires(resolve(requires, &scope.kernel));
    }
    let mut taken = BTreeSet::new();
    for (when, var, value) in assigns(system, &plan.common, scope, &mut taken) {
        draft.set_if(when, var, value);
    }
    if plan.choice {
        draft.choice();
    }
    for (n, branch) in plan.branches.iter().enumerate() {
        let last = plan.total && n + 1 == plan.branches.len();
        let when = if last {
            Expr::TRUE
        } else {
            resolve(&branch.when, &scope.kernel)
        };
        let writes = assigns(system, &branch.assigns, scope, &mut taken.clone());
        draft.when(when, &format!("b{n}"), |b| {
            for (when, var, value) in writes {
                b.set_if(when, var, value);
            }
            go(b, branch.next, labels)
        });
    }
}

fn go<'b>(draft: &'b mut BranchDraft, next: Next, labels: &[Label]) -> &'b mut BranchDraft {
    match next {
        Next::Fall => draft,
        Next::To(n) => draft.goto(labels[n % labels.len()]),
        Next::End => draft.end(),
        Next::Stop => draft.stop(),
    }
}

type Write = (Expr, Place, Expr);

/// The assignments of a branch, without those to variables that it assigns already.
fn assigns(
    system: &System,
    plans: &[AssignPlan],
    scope: &Scope,
    taken: &mut BTreeSet<VarId>,
) -> Vec<Write> {
    let mut out = Vec::new();
    for plan in plans {
        let var = pick(plan.target, &scope.all);
        if taken.insert(var) {
            assign(system, plan, var, scope, taken, &mut out);
        }
    }
    out
}

fn assign(
    system: &System,
    plan: &AssignPlan,
    var: VarId,
    scope: &Scope,
    taken: &mut BTreeSet<VarId>,
    out: &mut Vec<Write>,
) {
    let pool = if system.var(var).is_ghost() {
        &scope.all
    } else {
        &scope.kernel
    };
    let top = top(system, var);
    let cut = |e: &Expr| bin(Op::BitAnd, resolve(e, pool), top);
    let when = plan.when.as_ref().map_or(Expr::TRUE, |w| resolve(w, pool));
    let raw = |raw: bool| raw && scope.style == Style::Raw;
    let mut push = |when: Expr, value: Expr| out.push((when, Place::Var(var), value));
    match &plan.source {
        Source::Value { value, raw: r } if raw(*r) => push(when, resolve(value, pool)),
        Source::Value { value, .. } => push(when, cut(value)),
        Source::Const(c) => push(when, Expr::from(c & top)),
        Source::Move { by, raw: r } if raw(*r) => push(when, moved(var, *by)),
        Source::Move { by, .. } => push(and(when, room(var, *by, top)), moved(var, *by)),
        Source::SetBit(bit) if top > 0 => {
            push(when, set_bit(var, i64::from(bit % top.count_ones())));
        }
        Source::BitOr(value) => push(when, bin(Op::BitOr, var, cut(value))),
        Source::Or(value) if top > 0 => push(when, bin(Op::Or, var, resolve(value, pool))),
        Source::SetBit(_) | Source::Or(_) => push(when, Expr::FALSE),
        Source::Split(cond, a, b) if resolve(cond, pool).fold().as_const().is_none() => {
            let cond = resolve(cond, pool);
            push(cond.clone(), cut(a));
            push(not(cond), cut(b));
        }
        Source::Split(_, a, _) => push(when, cut(a)),
        Source::Select(cond, other, value) => {
            let (cond, other) = (resolve(cond, &scope.kernel), pick(*other, &scope.kernel));
            let value = bin(
                Op::BitAnd,
                resolve(value, &scope.kernel),
                top.min(self::top(system, other)),
            );
            if taken.insert(other) {
                let place = Place::Select(vec![(cond.clone(), var), (not(cond), other)]);
                out.push((Expr::TRUE, place, value));
            }
        }
    }
}

/// The largest value that these systems give a variable, apart from its initial one.
fn top(system: &System, var: VarId) -> u64 {
    system.var(var).max.min(7)
}

fn moved(var: VarId, by: i64) -> Expr {
    if by < 0 {
        bin(Op::Sub, var, -by)
    } else {
        bin(Op::Add, var, by)
    }
}

/// Whether a variable can move that far.
fn room(var: VarId, by: i64, top: u64) -> Expr {
    if by < 0 {
        lt(-by - 1, var)
    } else {
        lt(bin(Op::Add, var, by - 1), top)
    }
}
