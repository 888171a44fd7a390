//! An interpreter written apart from the machine: its own evaluation, its own control flow, and a
//! state that is a map from names to values.

use std::collections::BTreeMap;

use foliocheck_model::machine::expr::{Expr, Op};
use foliocheck_model::machine::step::{Assign, Branch, END, STOPPED, Step};
use foliocheck_model::machine::system::System;

/// A state.
pub type Values = BTreeMap<String, i64>;

/// What may go wrong when a transition is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    OutOfRange {
        task: String,
        step: String,
        var: String,
        value: i64,
        max: u64,
    },
    Requirement {
        task: String,
        step: String,
    },
}

/// What a task can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ready {
    /// It has ended, stopped, or waits.
    No,
    /// Its step is enabled, and no branch applies.
    Stuck,
    /// It can take these branches.
    Branches(Vec<u8>),
}

/// A system, run by name.
pub struct Naive<'s> {
    pub system: &'s System,
}

impl Naive<'_> {
    /// The initial state.
    pub fn init(&self) -> Values {
        self.system
            .vars
            .iter()
            .map(|v| (v.full_name(), number(v.init)))
            .collect()
    }

    fn pc(&self, task: usize) -> String {
        self.system.vars[self.system.tasks[task].pc.index()].full_name()
    }

    fn step(&self, values: &Values, task: usize) -> Option<&Step> {
        let at = values[&self.pc(task)];
        self.system.tasks[task]
            .program
            .steps
            .get(usize::try_from(at).expect("not negative"))
    }

    /// What `task` can do.
    pub fn ready(&self, values: &Values, task: usize) -> Ready {
        let Some(step) = self.step(values, task) else {
            return Ready::No;
        };
        if !self.truth(values, &step.guard) {
            return Ready::No;
        }
        let mut branches = Vec::new();
        for (n, branch) in (0u8..).zip(&step.branches) {
            let blocked = !step.choice && !branches.is_empty();
            if !blocked && self.truth(values, &branch.when) {
                branches.push(n);
            }
        }
        if branches.is_empty() {
            Ready::Stuck
        } else {
            Ready::Branches(branches)
        }
    }

    /// Takes a branch that `ready` gave.
    pub fn take(&self, values: &Values, task: usize, branch: u8) -> Result<Values, Fault> {
        let step = self
            .step(values, task)
            .expect("a task that is ready is at a step");
        let name = self.system.tasks[task].name.clone();
        let label = format!("{} {}", step.id, step.function);
        if !self.truth(values, &step.requires) {
            return Err(Fault::Requirement {
                task: name,
                step: label,
            });
        }
        let branch = &step.branches[usize::from(branch)];
        let mut after = values.clone();
        for assign in &branch.assigns {
            if self.truth(values, &assign.when) {
                let (var, value) = self.stored(values, assign);
                let max = self.system.vars[assign.var.index()].max;
                if value < 0 || value > number(max) {
                    return Err(Fault::OutOfRange {
                        task: name,
                        step: label,
                        var,
                        value,
                        max,
                    });
                }
                after.insert(var, value);
            }
        }
        after.insert(self.pc(task), self.target(task, branch));
        Ok(after)
    }

    fn stored(&self, values: &Values, assign: &Assign) -> (String, i64) {
        let var = self.system.vars[assign.var.index()].full_name();
        (var, self.eval(values, &assign.value))
    }

    fn target(&self, task: usize, branch: &Branch) -> i64 {
        let steps = self.system.tasks[task].program.steps.len();
        i64::try_from(match branch.next {
            END => steps,
            STOPPED => steps + 1,
            step => step,
        })
        .expect("programs are short")
    }

    /// Whether an expression is true.
    pub fn truth(&self, values: &Values, expr: &Expr) -> bool {
        self.eval(values, expr) != 0
    }

    fn eval(&self, values: &Values, expr: &Expr) -> i64 {
        match expr {
            Expr::Const(value) => *value,
            Expr::Var(var) => values[&self.system.vars[var.index()].full_name()],
            Expr::Not(a) => i64::from(!self.truth(values, a)),
            Expr::Bin(op, a, b) => operate(*op, self.eval(values, a), self.eval(values, b)),
            Expr::Ite(cond, a, b) => {
                let chosen = if self.truth(values, cond) { a } else { b };
                self.eval(values, chosen)
            }
        }
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).expect("values are small")
}

fn operate(op: Op, a: i64, b: i64) -> i64 {
    let bit = || {
        1i64.checked_shl(u32::try_from(b).expect("not negative"))
            .expect("few bits")
    };
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Eq => (a == b).into(),
        Op::Ne => (a != b).into(),
        Op::Lt => (a < b).into(),
        Op::Le => (a <= b).into(),
        Op::And => (a != 0 && b != 0).into(),
        Op::Or => (a != 0 || b != 0).into(),
        Op::BitOr => a | b,
        Op::BitAnd => a & b,
        Op::SetBit => a | bit(),
        Op::ClearBit => a & !bit(),
        Op::TestBit => (a & bit() != 0).into(),
    }
}
