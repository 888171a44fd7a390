//! Moving a step elsewhere: what a task does stays what it did, in another order.
//!
//! A step X is moved *later* (before or after the next Y) or *earlier* (before or after the last Y), as Y
//! follows or precedes it in the text; where both do, later. Where control flow branches between the
//! two, the program is unfolded: a copy of each step for each set of X that are owed, or done already.
//!
//! - Later: from where X stood the task owes it. It pays before, or just after, the next Y; a way that
//!   leaves without meeting Y (it backs out, or tries again) pays as it leaves. So X is done as often as
//!   it was, and never lost.
//! - Earlier: X is done at Y, and passed where it stood. It is refused if after Y the task may go on
//!   without X: there X would be done where it is not.
//!
//! A step that decides where its task goes on cannot be paid on leaving: that is refused as well. A step
//! that neither follows nor precedes any Y stays where it is.

use std::collections::{BTreeMap, BTreeSet};

use super::error::BuildError;
use super::program::Program;
use super::step::{END, Loc, STOPPED, Step};
use super::system::System;

/// Moves every step with id `id` before, or after, the nearest step with id `other`. Whether there is any.
pub(super) fn misplace(
    system: &mut System,
    id: &str,
    other: &str,
    after: bool,
) -> Result<bool, BuildError> {
    let mut found = false;
    for task in system.task_ids() {
        let program = &system.task(task).program;
        let moved = Move::new(program, id, other, after)
            .map(Move::unfold)
            .transpose()
            .map_err(|why| BuildError::Misplaced {
                task: system.task(task).name.clone(),
                step: id.to_owned(),
                place: format!("{} {other}", if after { "after" } else { "before" }),
                why,
            })?;
        if let Some(program) = moved {
            system.set_program(task, program);
            found = true;
        }
    }
    Ok(found)
}

/// The steps that are owed or done already, and the step since which.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Account {
    steps: Vec<Loc>,
    since: Loc,
}

/// A step of the unfolded program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// A step where it stands, with what is owed or done when the task comes to it.
    Stands(Loc, Account),
    /// A Y just after which that is done.
    Pays(Loc, Account),
    /// A moved step, and where the task goes on.
    Moved(Loc, Loc),
}

impl Node {
    fn base(&self) -> Loc {
        match self {
            Node::Stands(loc, _) | Node::Pays(loc, _) | Node::Moved(loc, _) => *loc,
        }
    }
}

/// One move in one program.
struct Move<'p> {
    program: &'p Program,
    after: bool,
    later: bool,
    /// The steps that are moved.
    moved: BTreeSet<Loc>,
    /// What they are moved to.
    others: BTreeSet<Loc>,
    /// By step: whether the text leads on from there to one of the others.
    reaches_other: Vec<bool>,
    /// The same for each moved step.
    reaches: BTreeMap<Loc, Vec<bool>>,
    /// By node, its number.
    numbers: BTreeMap<Node, Loc>,
    nodes: Vec<Node>,
}

impl<'p> Move<'p> {
    fn new(program: &'p Program, id: &str, other: &str, after: bool) -> Option<Move<'p>> {
        let with = |id: &str| -> BTreeSet<Loc> {
            let all = 0..program.steps.len();
            all.filter(|at| program.steps[*at].id == id).collect()
        };
        let (all, others) = (with(id), with(other));
        let reaches_other = reaching(program, &others);
        let reaches: BTreeMap<Loc, Vec<bool>> = all
            .iter()
            .map(|x| (*x, reaching(program, &[*x].into())))
            .collect();
        let follows = |x: &Loc| successors(program, *x).any(|v| v > *x && reaches_other[v]);
        let precedes = |x: &Loc| {
            let mut ys = others.iter();
            ys.any(|y| successors(program, *y).any(|v| v > *y && reaches[x][v]))
        };
        let some = |pairs: &dyn Fn(&Loc) -> bool| -> BTreeSet<Loc> {
            all.iter().copied().filter(|x| pairs(x)).collect()
        };
        let (late, early) = (some(&follows), some(&precedes));
        let later = late.len() >= early.len();
        let moved = if later { late } else { early };
        (id != other && !moved.is_empty()).then_some(Move {
            program,
            after,
            later,
            moved,
            others,
            reaches_other,
            reaches,
            numbers: BTreeMap::new(),
            nodes: Vec::new(),
        })
    }

    /// The program with the steps moved. Each step keeps its place in the text if it can; copies follow
    /// at the end.
    fn unfold(mut self) -> Result<Program, String> {
        let first = self.arrive(0, true, Account::default())?;
        let mut steps: Vec<Step> = Vec::new();
        while let Some(node) = self.nodes.get(steps.len()).cloned() {
            steps.push(self.step(&node)?);
        }
        let length = self.program.steps.len();
        let mut places = vec![None; steps.len()];
        let mut taken = BTreeSet::from([0]);
        // The task begins with the first step of the text.
        places[first] = Some(0);
        let mut next = length;
        for (n, node) in self.nodes.iter().enumerate().filter(|(n, _)| *n != first) {
            let place = if taken.insert(node.base()) {
                node.base()
            } else {
                next += 1;
                next - 1
            };
            places[n] = Some(place);
        }
        let places: Vec<Loc> = places.into_iter().flatten().collect();
        let mut program = self.program.clone();
        if let Some(filler) = program.steps.last().cloned() {
            program.steps.resize(next, filler);
        }
        for (step, place) in steps.into_iter().zip(&places) {
            program.steps[*place] = step;
            for branch in &mut program.steps[*place].branches {
                if branch.next < STOPPED {
                    branch.next = places[branch.next];
                }
            }
        }
        Ok(program)
    }

    /// The step that a node is; its branches lead to numbers of nodes.
    fn step(&mut self, node: &Node) -> Result<Step, String> {
        let base = node.base();
        let mut step = self.program.steps[base].clone();
        let passed = self.passed(base);
        for branch in &mut step.branches {
            let to = branch.next;
            let forward = to > base;
            branch.next = match node {
                Node::Stands(_, account) => self.arrive(to, forward, account.clone())?,
                Node::Pays(_, account) if self.later => {
                    let to = self.arrive(to, forward, Account::default())?;
                    self.pay(&account.steps, to)
                }
                Node::Pays(_, account) => {
                    let to = self.arrive(to, forward, account.clone())?;
                    self.pay(&account.steps, to)
                }
                Node::Moved(_, on) if Ok(to) == passed => *on,
                Node::Moved(..) => self.arrive(to, forward, Account::default())?,
            };
        }
        Ok(step)
    }

    /// Where a task comes that would go to `to`, with that account.
    fn arrive(&mut self, to: Loc, forward: bool, account: Account) -> Result<Loc, String> {
        if self.later {
            self.arrive_owing(to, forward, account)
        } else {
            self.arrive_done(to, forward, account)
        }
    }

    fn arrive_owing(&mut self, to: Loc, forward: bool, owed: Account) -> Result<Loc, String> {
        if !owed.steps.is_empty() {
            let stays = to < STOPPED && self.reaches_other[to] && (forward || to > owed.since);
            if !stays {
                for x in &owed.steps {
                    self.decides_nothing(*x, to)?;
                }
                let to = self.arrive_owing(to, forward, Account::default())?;
                return Ok(self.pay(&owed.steps, to));
            }
            if self.others.contains(&to) {
                if self.after {
                    return Ok(self.number(Node::Pays(to, owed)));
                }
                let to = self.number(Node::Stands(to, Account::default()));
                return Ok(self.pay(&owed.steps, to));
            }
        }
        if to >= STOPPED {
            return Ok(to);
        }
        if self.moved.contains(&to) {
            let passed = self.passed(to)?;
            let mut owed = owed;
            owed.steps.push(to);
            owed.since = to;
            return self.arrive_owing(passed, passed > to, owed);
        }
        Ok(self.number(Node::Stands(to, owed)))
    }

    fn arrive_done(&mut self, to: Loc, forward: bool, done: Account) -> Result<Loc, String> {
        if !done.steps.is_empty() {
            let all = |to: Loc| done.steps.iter().all(|x| self.reaches[x][to]);
            let stays = to < STOPPED && all(to) && (forward || to >= done.since);
            if !stays {
                return Err(format!(
                    "from there the task may go on to {} without it, where it would be done all the same",
                    self.name(to)
                ));
            }
        }
        if to >= STOPPED {
            return Ok(to);
        }
        if let Some(at) = done.steps.iter().position(|x| *x == to) {
            let mut done = done;
            done.steps.remove(at);
            let passed = self.passed(to)?;
            return self.arrive_done(passed, passed > to, done);
        }
        if self.others.contains(&to) && done.steps.is_empty() {
            let steps = self.following(to);
            if !steps.is_empty() {
                let done = Account { steps, since: to };
                if self.after {
                    return Ok(self.number(Node::Pays(to, done)));
                }
                let steps = done.steps.clone();
                let to = self.number(Node::Stands(to, done));
                return Ok(self.pay(&steps, to));
            }
        }
        Ok(self.number(Node::Stands(to, done)))
    }

    /// The moved steps to which the text leads on from `y`, without another of the others between.
    fn following(&self, y: Loc) -> Vec<Loc> {
        let mut seen = BTreeSet::new();
        let mut open = vec![y];
        while let Some(at) = open.pop() {
            for next in successors(self.program, at).filter(|v| *v > at) {
                if !self.others.contains(&next) && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen.intersection(&self.moved).copied().collect()
    }

    /// These steps, one after the other, then `to`.
    fn pay(&mut self, steps: &[Loc], to: Loc) -> Loc {
        let last = steps.iter().rev();
        last.fold(to, |to, x| self.number(Node::Moved(*x, to)))
    }

    fn number(&mut self, node: Node) -> Loc {
        let next = self.nodes.len();
        *self.numbers.entry(node).or_insert_with_key(|node| {
            self.nodes.push(node.clone());
            next
        })
    }

    /// Where the task goes on when it passes a moved step: to the next one, or else to the only one.
    fn passed(&self, x: Loc) -> Result<Loc, String> {
        let targets = self.targets(x);
        let on = if x + 1 == self.program.steps.len() {
            END
        } else {
            x + 1
        };
        match targets.first() {
            _ if targets.contains(&on) => Ok(on),
            Some(only) if targets.len() == 1 && *only != x => Ok(*only),
            _ => Err("it decides where the task goes on".to_owned()),
        }
    }

    fn decides_nothing(&self, x: Loc, to: Loc) -> Result<(), String> {
        if self.targets(x).len() == 1 {
            return Ok(());
        }
        Err(format!(
            "it decides where the task goes on, and between the two the task may go to {}",
            self.name(to)
        ))
    }

    fn targets(&self, x: Loc) -> BTreeSet<Loc> {
        let branches = self.program.steps[x].branches.iter();
        branches.map(|b| b.next).collect()
    }

    fn name(&self, loc: Loc) -> String {
        match self.program.steps.get(loc) {
            Some(step) => format!("{} {}", step.id, step.function),
            None => "its end".to_owned(),
        }
    }
}

fn successors(program: &Program, at: Loc) -> impl Iterator<Item = Loc> {
    let branches = program.steps[at].branches.iter();
    branches.map(|b| b.next).filter(|v| *v < STOPPED)
}

/// By step, whether the text leads on from there to one of `to`, or it is one.
fn reaching(program: &Program, to: &BTreeSet<Loc>) -> Vec<bool> {
    let mut reaches = vec![false; program.steps.len()];
    for at in (0..program.steps.len()).rev() {
        let on = successors(program, at).any(|v| v > at && reaches[v]);
        reaches[at] = on || to.contains(&at);
    }
    reaches
}
