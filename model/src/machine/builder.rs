//! Writes a task's program in the order of the C code.
//!
//! ```
//! use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
//! use foliocheck_model::machine::expr::{eq, ne};
//! use foliocheck_model::machine::{System, var::VarDecl};
//!
//! const FOLIO_LOCK: CFn = CFn::new("folio_lock", "include/linux/pagemap.h");
//! const FOLIO_UNLOCK: CFn = CFn::new("folio_unlock", "mm/filemap.c");
//!
//! let mut system = System::default();
//! let lock = system.declare(VarDecl::shared("folio0", "lock", 1));
//! let task = system.add_task("writer");
//! let mut b = ProgramBuilder::new(&mut system, task);
//! b.step("L1", FOLIO_LOCK, |s| s.wait(eq(lock, 0)).set(lock, 1).acquire(lock));
//! b.step("L2", FOLIO_UNLOCK, |s| s.requires(ne(lock, 0)).set(lock, 0).release(lock));
//! b.finish().unwrap();
//! assert_eq!(system.tasks[0].program.steps.len(), 2);
//! ```

use std::panic::Location;

pub use super::draft::{BranchDraft, StepDraft};
use super::error::BuildError;
use super::expr::{Expr, Op};
use super::program::Program;
use super::step::{Access, END, Loc, Order, RuleTag, STOPPED, Step};
use super::system::{System, TaskId};
use super::var::{Role, VarId};

/// A C function and the file it is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CFn {
    /// Its name.
    pub name: &'static str,
    /// Its file, relative to the top of the kernel tree.
    pub file: &'static str,
}

impl CFn {
    /// Names a function.
    pub const fn new(name: &'static str, file: &'static str) -> Self {
        CFn { name, file }
    }
}

/// Something that can be read and assigned: a variable, or one of several, chosen by conditions of
/// which exactly one holds (a folio found through the page cache, a pipe slot).
#[derive(Clone, Debug)]
pub enum Place {
    /// That variable.
    Var(VarId),
    /// The variable whose condition holds.
    Select(Vec<(Expr, VarId)>),
}

impl From<VarId> for Place {
    fn from(var: VarId) -> Self {
        Place::Var(var)
    }
}

impl Place {
    /// The place as a value.
    pub fn expr(&self) -> Expr {
        match self {
            Place::Var(v) => Expr::Var(*v),
            Place::Select(parts) => {
                let (last, init) = parts.split_last().expect("a place has a variable");
                init.iter()
                    .rev()
                    .fold(Expr::Var(last.1), |rest, (cond, var)| {
                        super::expr::ite(cond.clone(), *var, rest)
                    })
            }
        }
    }

    pub(super) fn parts(&self) -> Vec<(Expr, VarId)> {
        match self {
            Place::Var(v) => vec![(Expr::TRUE, *v)],
            Place::Select(parts) => parts.clone(),
        }
    }
}

impl From<&Place> for Expr {
    fn from(place: &Place) -> Self {
        place.expr()
    }
}

impl From<Place> for Expr {
    fn from(place: Place) -> Self {
        place.expr()
    }
}

/// A place in a program that a step can go to. Made by [`ProgramBuilder::label`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(pub(super) usize);

/// Labels that are not bound yet are encoded above every real location.
pub(super) const LABEL_BASE: Loc = usize::MAX / 2;

/// Collects the steps of one task.
pub struct ProgramBuilder<'a> {
    /// The system under construction; programs declare their registers in it.
    pub system: &'a mut System,
    /// The task.
    pub task: TaskId,
    steps: Vec<Step>,
    labels: Vec<(String, Option<Loc>)>,
    scope: Vec<String>,
    rule: Option<RuleTag>,
    call: usize,
}

impl<'a> ProgramBuilder<'a> {
    /// Starts the program of `task`.
    pub fn new(system: &'a mut System, task: TaskId) -> Self {
        ProgramBuilder {
            system,
            task,
            steps: Vec::new(),
            labels: Vec::new(),
            scope: Vec::new(),
            rule: None,
            call: 0,
        }
    }

    /// Value that stands for this task in a lock variable (0 is "free").
    pub fn me(&self) -> Expr {
        Expr::from(self.task.index() + 1)
    }

    /// Declares a register of this task. A name that is taken (a function that is inlined twice) gets a
    /// number, so that traces tell the registers apart.
    pub fn register(&mut self, name: &str, max: u64) -> VarId {
        let object = self.system.task(self.task).name.clone();
        let taken = |name: &str| {
            let mut vars = self.system.vars.iter();
            vars.any(|v| v.object == object && v.name == name)
        };
        let mut unique = name.to_owned();
        for n in 2.. {
            if !taken(&unique) {
                break;
            }
            unique = format!("{name}.{n}");
        }
        self.system
            .declare(super::var::VarDecl::private(self.task, object, unique, max))
    }

    /// Steps written from here on print inside the body of `function`.
    pub fn enter(&mut self, function: CFn) {
        self.scope.push(function.name.to_owned());
    }

    /// Ends what [`enter`](Self::enter) began.
    pub fn leave(&mut self) {
        self.scope.pop();
    }

    /// Steps written from here on are tagged as put there by `rule`. Returns the tag before.
    pub fn set_rule(&mut self, rule: Option<RuleTag>) -> Option<RuleTag> {
        std::mem::replace(&mut self.rule, rule)
    }

    /// Steps written from here on belong to the task's call with that number.
    pub fn set_call(&mut self, call: usize) {
        self.call = call;
    }

    /// A new label, bound later.
    pub fn label(&mut self, name: &str) -> Label {
        self.labels.push((name.to_owned(), None));
        Label(self.labels.len() - 1)
    }

    /// A label for the next step.
    pub fn here(&mut self, name: &str) -> Label {
        let label = self.label(name);
        self.bind(label);
        label
    }

    /// Binds a label to the next step (or to the end of the program, if none follows).
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0].1 = Some(self.steps.len());
    }

    /// Adds a step. `write` fills it in.
    #[track_caller]
    pub fn step(
        &mut self,
        id: &str,
        function: CFn,
        write: impl for<'s> FnOnce(&'s mut StepDraft) -> &'s mut StepDraft,
    ) {
        let mut draft = self.draft();
        write(&mut draft);
        self.push(id, function, draft);
    }

    /// An empty step, to be filled in and given to [`push`](Self::push) before any other is added.
    pub fn draft(&self) -> StepDraft {
        StepDraft::new(self.steps.len() + 1)
    }

    /// Adds a step that was filled in apart.
    #[track_caller]
    pub fn push(&mut self, id: &str, function: CFn, draft: StepDraft) {
        let rule = self.rule.clone();
        let whose = (self.scope.clone(), self.call);
        self.steps
            .push(draft.finish(id, function, whose, rule, Location::caller()));
    }

    /// Ends the program of a task that goes on for ever: it begins again, with every register as it
    /// was. Nothing that it did to shared variables is undone.
    #[track_caller]
    pub fn again(&mut self, id: &str, function: CFn) {
        let system = &mut *self.system;
        let task = self.task;
        let registers: Vec<(VarId, u64)> = (0..)
            .map(VarId)
            .zip(&system.vars)
            .filter(|(id, var)| var.role == Role::Private(task) && *id != system.task(task).pc)
            .map(|(id, var)| (id, var.init))
            .collect();
        system.tasks[task.index()].forever = true;
        self.labels.push(("begin".to_owned(), Some(0)));
        let begin = Label(self.labels.len() - 1);
        self.step(id, function, |s| {
            for (register, init) in registers {
                s.set(register, Expr::Const(init.cast_signed()));
            }
            s.text("begin again").goto(begin)
        });
    }

    /// Resolves labels and gives the task its program.
    ///
    /// # Errors
    /// A label that was never bound.
    pub fn finish(mut self) -> Result<(), BuildError> {
        let end = self.steps.len();
        for step in &mut self.steps {
            for branch in &mut step.branches {
                if branch.next >= LABEL_BASE && branch.next < STOPPED {
                    let (label, loc) = &self.labels[branch.next - LABEL_BASE];
                    branch.next = loc.ok_or_else(|| BuildError::UnboundLabel {
                        task: self.system.task(self.task).name.clone(),
                        step: format!("{} {}", step.id, step.function),
                        label: label.clone(),
                    })?;
                }
                if branch.next == end {
                    branch.next = END;
                }
            }
        }
        for step in &mut self.steps {
            declare_orders(self.system, step);
        }
        self.system
            .set_program(self.task, Program { steps: self.steps });
        Ok(())
    }
}

/// Declares the orders that follow from what a variable is: a lock is taken with acquire order and dropped
/// with release order, a reference given back fully ordered. What the step declares itself stands.
fn declare_orders(system: &System, step: &mut Step) {
    let mut orders: Vec<Access> = Vec::new();
    for assign in step.branches.iter().flat_map(|b| &b.assigns) {
        let memory = &system.var(assign.var).memory;
        let order = match (memory.lock, &assign.value) {
            (Some(_), Expr::Const(0) | Expr::Bin(Op::ClearBit, ..)) => Order::Release,
            (Some(_), _) => Order::Acquire,
            (None, Expr::Bin(Op::Sub, ..)) if memory.count => Order::Full,
            _ => continue,
        };
        let new = Access {
            var: assign.var,
            order,
        };
        let declared = step.accesses.iter().any(|a| a.var == assign.var);
        if !declared && !orders.contains(&new) {
            orders.push(new);
        }
    }
    step.accesses.extend(orders);
}
