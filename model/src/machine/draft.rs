//! Steps being written: what [`ProgramBuilder::step`](super::builder::ProgramBuilder::step) hands to
//! whoever fills them in.

use std::panic::Location;

use super::builder::{CFn, LABEL_BASE, Label, Place};
use super::expr::{Expr, add, and, sub};
use super::step::{Access, Assign, Branch, Cost, END, Loc, Order, RuleTag, STOPPED, Step};
use super::var::VarId;

/// A step being written.
#[derive(Debug)]
pub struct StepDraft {
    text: String,
    guard: Expr,
    requires: Expr,
    common: Vec<Assign>,
    costs: Vec<Cost>,
    branches: Vec<Branch>,
    next: Loc,
    fallthrough: Loc,
    choice: bool,
    idle: bool,
    rechecked: bool,
    accesses: Vec<Access>,
    changed_by: Vec<RuleTag>,
}

impl StepDraft {
    pub(super) fn new(fallthrough: Loc) -> Self {
        StepDraft {
            text: String::new(),
            guard: Expr::TRUE,
            requires: Expr::TRUE,
            common: Vec::new(),
            costs: Vec::new(),
            branches: Vec::new(),
            next: fallthrough,
            fallthrough,
            choice: false,
            idle: false,
            rechecked: false,
            accesses: Vec::new(),
            changed_by: Vec::new(),
        }
    }

    pub(super) fn finish(
        self,
        id: &str,
        function: CFn,
        (scope, call): (Vec<String>, usize),
        rule: Option<RuleTag>,
        source: &'static Location<'static>,
    ) -> Step {
        let mut branches = self.branches;
        if branches.is_empty() {
            branches.push(Branch {
                when: Expr::TRUE,
                label: String::new(),
                assigns: Vec::new(),
                next: self.next,
                costs: Vec::new(),
            });
        }
        for branch in &mut branches {
            branch.assigns.splice(0..0, self.common.iter().cloned());
            branch.costs.extend(&self.costs);
        }
        Step {
            id: id.to_owned(),
            function: function.name.to_owned(),
            file: function.file.to_owned(),
            text: self.text,
            scope,
            guard: self.guard,
            requires: self.requires,
            branches,
            choice: self.choice,
            idle: self.idle,
            rechecked: self.rechecked,
            accesses: self.accesses,
            rule,
            changed_by: self.changed_by,
            call,
            source,
        }
    }

    /// Says in a few words what happens.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.text = text.into();
        self
    }

    /// The step is not enabled unless `cond` holds: the task sleeps here. Several calls add up.
    pub fn wait(&mut self, cond: impl Into<Expr>) -> &mut Self {
        self.guard = and(self.guard.clone(), cond);
        self
    }

    /// A wait that a scheme's rule adds to a kernel step.
    pub fn wait_by(&mut self, tag: RuleTag, cond: impl Into<Expr>) -> &mut Self {
        self.changed_by.push(tag);
        self.wait(cond)
    }

    /// A scheme's rule has a say in which branch is taken.
    pub fn asked_by(&mut self, tag: RuleTag) -> &mut Self {
        self.changed_by.push(tag);
        self
    }

    /// What the kernel asserts here.
    pub fn requires(&mut self, cond: impl Into<Expr>) -> &mut Self {
        self.requires = and(self.requires.clone(), cond);
        self
    }

    /// Assigns, in every branch.
    pub fn set(&mut self, place: impl Into<Place>, value: impl Into<Expr>) -> &mut Self {
        self.set_if(Expr::TRUE, place, value)
    }

    /// Assigns where `cond` holds, in every branch.
    pub fn set_if(
        &mut self,
        cond: impl Into<Expr>,
        place: impl Into<Place>,
        value: impl Into<Expr>,
    ) -> &mut Self {
        push_assign(&mut self.common, &cond.into(), &place.into(), &value.into());
        self
    }

    /// Adds 1, in every branch.
    pub fn inc(&mut self, place: impl Into<Place>) -> &mut Self {
        push_moved(&mut self.common, &place.into(), |var| add(var, 1));
        self
    }

    /// Subtracts 1, in every branch.
    pub fn dec(&mut self, place: impl Into<Place>) -> &mut Self {
        push_moved(&mut self.common, &place.into(), |var| sub(var, 1));
        self
    }

    /// The access to `place` has acquire order: a lock is taken.
    pub fn acquire(&mut self, place: impl Into<Place>) -> &mut Self {
        self.order(place, Order::Acquire)
    }

    /// The access to `place` has release order: a lock is dropped.
    pub fn release(&mut self, place: impl Into<Place>) -> &mut Self {
        self.order(place, Order::Release)
    }

    /// The access to `place` is a fully ordered read-modify-write.
    pub fn full(&mut self, place: impl Into<Place>) -> &mut Self {
        self.order(place, Order::Full)
    }

    /// Declares the memory order of the access to `place`.
    pub fn order(&mut self, place: impl Into<Place>, order: Order) -> &mut Self {
        for (_, var) in place.into().parts() {
            self.accesses.push(Access { var, order });
        }
        self
    }

    /// Where a step without branches goes.
    pub fn goto(&mut self, label: Label) -> &mut Self {
        self.next = LABEL_BASE + label.0;
        self
    }

    /// The task ends here.
    pub fn end(&mut self) -> &mut Self {
        self.next = END;
        self
    }

    /// A branch: taken if `cond` holds and no earlier one applied.
    pub fn when(
        &mut self,
        cond: impl Into<Expr>,
        label: &str,
        write: impl for<'b> FnOnce(&'b mut BranchDraft) -> &'b mut BranchDraft,
    ) -> &mut Self {
        let mut draft = BranchDraft {
            assigns: Vec::new(),
            next: self.fallthrough,
            costs: Vec::new(),
        };
        write(&mut draft);
        self.branches.push(Branch {
            when: cond.into(),
            label: label.to_owned(),
            assigns: draft.assigns,
            next: draft.next,
            costs: draft.costs,
        });
        self
    }

    /// The last branch: what happens if no other applied.
    pub fn otherwise(
        &mut self,
        label: &str,
        write: impl for<'b> FnOnce(&'b mut BranchDraft) -> &'b mut BranchDraft,
    ) -> &mut Self {
        self.when(Expr::TRUE, label, write)
    }

    /// What `write` assigns is assigned only in the branch with that number, counted from 0.
    pub fn only_in_branch(
        &mut self,
        number: usize,
        write: impl for<'s> FnOnce(&'s mut StepDraft) -> &'s mut StepDraft,
    ) -> &mut Self {
        let mut draft = StepDraft::new(self.fallthrough);
        write(&mut draft);
        self.branches[number].assigns.extend(draft.common);
        self
    }

    /// What the step costs, whichever way it goes.
    pub fn costs(&mut self, cost: Cost) -> &mut Self {
        self.costs.push(cost);
        self
    }

    /// Part of the copying of a page, a word a step: the first word stands for the page's cost.
    pub fn copies_page_from(&mut self, word: usize) -> &mut Self {
        if word == 0 {
            self.costs(Cost::PageCopy)
        } else {
            self
        }
    }

    /// The task serves others here: see [`Step::idle`].
    pub fn idle(&mut self) -> &mut Self {
        self.idle = true;
        self
    }

    /// What is looked at here is looked at again later, under a lock: see [`Step::rechecked`].
    pub fn rechecked(&mut self) -> &mut Self {
        self.rechecked = true;
        self
    }

    /// Any branch whose condition holds may be taken.
    pub fn choice(&mut self) -> &mut Self {
        self.choice = true;
        self
    }
}

/// A branch being written.
#[derive(Debug)]
pub struct BranchDraft {
    assigns: Vec<Assign>,
    next: Loc,
    costs: Vec<Cost>,
}

impl BranchDraft {
    /// Assigns.
    pub fn set(&mut self, place: impl Into<Place>, value: impl Into<Expr>) -> &mut Self {
        self.set_if(Expr::TRUE, place, value)
    }

    /// Assigns where `cond` holds.
    pub fn set_if(
        &mut self,
        cond: impl Into<Expr>,
        place: impl Into<Place>,
        value: impl Into<Expr>,
    ) -> &mut Self {
        push_assign(
            &mut self.assigns,
            &cond.into(),
            &place.into(),
            &value.into(),
        );
        self
    }

    /// Adds 1.
    pub fn inc(&mut self, place: impl Into<Place>) -> &mut Self {
        push_moved(&mut self.assigns, &place.into(), |var| add(var, 1));
        self
    }

    /// Subtracts 1.
    pub fn dec(&mut self, place: impl Into<Place>) -> &mut Self {
        push_moved(&mut self.assigns, &place.into(), |var| sub(var, 1));
        self
    }

    /// What this way on costs.
    pub fn costs(&mut self, cost: Cost) -> &mut Self {
        self.costs.push(cost);
        self
    }

    /// Where it goes; the next step if not said.
    pub fn goto(&mut self, label: Label) -> &mut Self {
        self.next = LABEL_BASE + label.0;
        self
    }

    /// The task ends.
    pub fn end(&mut self) -> &mut Self {
        self.next = END;
        self
    }

    /// The task stops for ever, by its own choice.
    pub fn stop(&mut self) -> &mut Self {
        self.next = STOPPED;
        self
    }
}

/// The variable moved from where it is.
fn push_moved(assigns: &mut Vec<Assign>, place: &Place, to: impl Fn(VarId) -> Expr) {
    for (cond, var) in place.parts() {
        push_assign(assigns, &cond, &Place::Var(var), &to(var));
    }
}

fn push_assign(assigns: &mut Vec<Assign>, cond: &Expr, place: &Place, value: &Expr) {
    for (part, var) in place.parts() {
        assigns.push(Assign {
            when: and(cond.clone(), part),
            var,
            value: value.clone(),
        });
    }
}
