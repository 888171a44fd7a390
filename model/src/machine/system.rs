//! Variables, tasks and predicates of one scenario under one scheme.

use std::collections::BTreeSet;

use super::error::BuildError;
use super::expr::Expr;
pub use super::id::TaskId;
use super::program::Program;
use super::step::{Loc, Step};
use super::var::{Role, Var, VarDecl, VarId};

/// A sequential thread of control: a system call, a store loop, the flusher, a device.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name in the scenario.
    pub name: String,
    /// Its program counter.
    pub pc: VarId,
    /// Its program.
    pub program: Program,
    /// It never ends: its last step leads back to the first.
    pub forever: bool,
}

/// When a predicate is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// In every state.
    Always,
    /// In states where no step is enabled.
    Terminal,
    /// In the states of an endless execution: the task must finish. The predicate says that it has
    /// not, and is violated by a fair execution in which it stays true for ever, unless the task only
    /// waits for work ([`Step::idle`]) that never comes.
    Progress(TaskId),
}

/// What must not be: the negation of an invariant, as an expression over the variables.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// The invariant's name.
    pub invariant: String,
    /// Where it is looked at.
    pub scope: Scope,
    /// True in the states that violate the invariant. Its disjuncts are the ways to violate it.
    pub bad: Expr,
}

/// One scenario under one scheme: everything an engine needs.
#[derive(Clone, Default, Debug)]
pub struct System {
    /// All variables, program counters included.
    pub vars: Vec<Var>,
    /// All tasks.
    pub tasks: Vec<Task>,
    /// What is checked.
    pub predicates: Vec<Predicate>,
}

impl System {
    /// Adds a variable.
    pub fn declare(&mut self, decl: VarDecl) -> VarId {
        self.declare_var(decl.build())
    }

    /// Adds a variable that is declared in full.
    pub fn declare_var(&mut self, var: Var) -> VarId {
        let id = VarId(u16::try_from(self.vars.len()).expect("a system has few variables"));
        self.vars.push(var);
        id
    }

    /// Adds a task with an empty program.
    pub fn add_task(&mut self, name: impl Into<String>) -> TaskId {
        let id = TaskId(u8::try_from(self.tasks.len()).expect("a system has few tasks"));
        let name = name.into();
        let pc = self.declare(VarDecl::private(id, name.clone(), "pc", 1));
        self.tasks.push(Task {
            name,
            pc,
            program: Program::default(),
            forever: false,
        });
        id
    }

    /// Gives a task its program and sizes its program counter.
    pub fn set_program(&mut self, task: TaskId, program: Program) {
        let pc = self.tasks[task.index()].pc;
        let labels: Vec<String> = program
            .steps
            .iter()
            .map(|s| s.function.clone())
            .chain(["(done)".to_owned(), "(stopped)".to_owned()])
            .collect();
        let var = &mut self.vars[pc.index()];
        var.max = program.steps.len() as u64 + 1;
        var.labels = labels;
        self.tasks[task.index()].program = program;
    }

    /// The variable with that id.
    pub fn var(&self, id: VarId) -> &Var {
        &self.vars[id.index()]
    }

    /// The task with that id.
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.index()]
    }

    /// All ids of tasks.
    pub fn task_ids(&self) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len()).map(|t| TaskId(u8::try_from(t).expect("few tasks")))
    }

    /// True when the task has run to its end.
    pub fn ended(&self, task: TaskId) -> Expr {
        let task = self.task(task);
        super::expr::eq(task.pc, task.program.steps.len())
    }

    /// True when the task has decided never to go on.
    pub fn stopped(&self, task: TaskId) -> Expr {
        let task = self.task(task);
        super::expr::eq(task.pc, task.program.steps.len() + 1)
    }

    /// True when nobody expects the task to go on: it has ended, or waits for work. A task that goes
    /// on for ever has nothing under way where it begins again (a program that fills a pipe which
    /// nobody reads any more).
    pub fn settled(&self, task: TaskId) -> Expr {
        let t = self.task(task);
        let idle = t.program.steps.iter().enumerate().filter(|(_, s)| s.idle);
        let rest = t.forever.then(|| super::expr::eq(t.pc, 0));
        super::expr::any(
            idle.map(|(loc, _)| super::expr::eq(t.pc, loc))
                .chain([self.ended(task)])
                .chain(rest),
        )
    }

    /// Every step with the task and location it is at.
    pub fn steps(&self) -> impl Iterator<Item = (TaskId, Loc, &Step)> {
        self.task_ids().flat_map(move |t| {
            self.task(t)
                .program
                .steps
                .iter()
                .enumerate()
                .map(move |(loc, step)| (t, loc, step))
        })
    }

    /// Whether any step assigns a value to `var` that differs from its initial one.
    pub fn is_constant(&self, var: VarId) -> bool {
        let init = Expr::from(self.var(var).init);
        !self.tasks.iter().any(|t| t.pc == var)
            && self
                .steps()
                .flat_map(|(_, _, s)| &s.branches)
                .flat_map(|b| &b.assigns)
                .all(|a| a.var != var || a.value == init || a.when == Expr::FALSE)
    }

    /// Checks what the type system cannot: ghosts stay out of the kernel, registers stay with their
    /// task, every step has a branch, no branch assigns one variable twice, initial values fit.
    ///
    /// # Errors
    /// The first breach found.
    pub fn validate(&self) -> Result<(), BuildError> {
        for var in &self.vars {
            if var.init > var.max {
                return Err(BuildError::InitOutOfRange {
                    var: var.full_name(),
                    init: var.init,
                    max: var.max,
                });
            }
        }
        for (task, _, step) in self.steps() {
            self.validate_step(task, step)?;
        }
        Ok(())
    }

    fn validate_step(&self, task: TaskId, step: &Step) -> Result<(), BuildError> {
        let name = || {
            (
                self.task(task).name.clone(),
                format!("{} {}", step.id, step.function),
            )
        };
        let no_ghost = |what: &str, expr: &Expr| {
            let mut reads = BTreeSet::new();
            expr.reads(&mut reads);
            match reads.into_iter().find(|v| self.var(*v).is_ghost()) {
                None => Ok(()),
                Some(ghost) => {
                    let (task, step) = name();
                    let ghost = self.var(ghost).full_name();
                    Err(BuildError::GhostRead {
                        task,
                        step,
                        what: what.to_owned(),
                        ghost,
                    })
                }
            }
        };
        no_ghost("the guard", &step.guard)?;
        no_ghost("the requirement", &step.requires)?;
        if step.branches.is_empty() {
            let (task, step) = name();
            return Err(BuildError::NoBranch { task, step });
        }
        let mut touched = BTreeSet::new();
        step.guard.reads(&mut touched);
        step.requires.reads(&mut touched);
        for branch in &step.branches {
            no_ghost("a branch condition", &branch.when)?;
            branch.when.reads(&mut touched);
            for (n, assign) in branch.assigns.iter().enumerate() {
                if !self.var(assign.var).is_ghost() {
                    let target = self.var(assign.var).full_name();
                    no_ghost(&target, &assign.value)?;
                    no_ghost(&target, &assign.when)?;
                }
                let twice = branch.assigns[..n].iter().any(|a| {
                    a.var == assign.var
                        && (a.when == assign.when
                            || a.when == Expr::TRUE
                            || assign.when == Expr::TRUE)
                });
                if twice {
                    let (task, step) = name();
                    let var = self.var(assign.var).full_name();
                    return Err(BuildError::DoubleAssign { task, step, var });
                }
                touched.insert(assign.var);
                assign.value.reads(&mut touched);
                assign.when.reads(&mut touched);
            }
        }
        for var in touched {
            if matches!(self.var(var).role, Role::Private(owner) if owner != task) {
                let (task, step) = name();
                return Err(BuildError::ForeignRegister {
                    task,
                    step,
                    var: self.var(var).full_name(),
                });
            }
        }
        Ok(())
    }
}
