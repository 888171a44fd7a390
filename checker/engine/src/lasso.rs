//! Endless executions in which a task never finishes: a way to a cycle, and the cycle.
//!
//! **Fairness.** An endless execution counts only if no task is denied for ever what the kernel grants:
//!
//! - *weakly fair*: a task that can move at every moment from some moment on moves again;
//! - *locks are handed over*: a task that waits for a lock alone (its guard is false only because of
//!   lock variables) and finds it free again and again, obtains it in the end. rw-semaphores, mutexes
//!   and the folio lock hand themselves to a waiter who has waited too long (`RWSEM_FLAG_HANDOFF`,
//!   `MUTEX_FLAG_HANDOFF`, `folio_wait_bit_common` with `sysctl_page_lock_unfairness`); the page-table lock
//!   is a queued spinlock. Without this every scheme, and the kernel as it is, fails in the same
//!   uninteresting way: a writer without end takes i_rwsem back each time before the splicer wakes.
//!   [`Fairness::Weak`] leaves it out. Handing over is granted where the lock is free at times. Readers of a
//!   rw-semaphore that overlap without end would have to make room for a waiting writer in the kernel, and
//!   do not here: a counterexample in which they never do is one of the model only.
//!
//! A task that has ended or stopped by its own choice is owed nothing. Nor is a task at an idle step
//! ([`Step::idle`](foliocheck_model::machine::Step)) whose work does not come; if it is there, it is owed
//! the move as everybody is. Choices within a step are nobody's to grant: they may go either way for ever.
//!
//! **Sound and complete within the bounds of the scenario.** An endless execution of a finite graph
//! visits some set `I` of states, and takes some set of edges, infinitely often; `I` is strongly
//! connected by these edges. Say that a task *lets go* in a set of states if an edge among them is its
//! own, or it waits there in some state for something that is not a lock. The execution is fair iff each task
//! lets go in `I`, or can move in no state of `I` (it waits for locks that are never free). Take the states in
//! which the task asked about is unfinished, and a strongly connected component `C` of them that has an
//! edge and contains `I`.
//!
//! - If every task lets go in `C` or can move nowhere in it, a walk around all of `C` is a fair
//!   execution: a counterexample. We report one that visits, for each task that lets go in `C`, one place
//!   where it does.
//! - Else some task neither lets go in `C` nor, therefore, in `I`; since the execution is fair it can move
//!   in no state of `I`. So `I` is within `C` without the states where such a task can move: look at
//!   the components of that.
//!
//! Each round looks at fewer states, so this ends, and it misses nothing. (Emery-Lei; Streett
//! conditions by Rauch Henzinger and Telle.) A state in which nobody can move has no edge: it is in no
//! component with one, and is `deadlock-free`'s affair, not ours.
//!
//! The task asked about must take part: it moves in `C`, or the step at which it stays there is not an idle
//! one. (A task that takes no edge in `C` stays at one step.)
//!
//! **The optimised system.** Every pass of the optimiser keeps tasks, steps and branches; each maps a
//! state of the system as written to one of the optimised system such that the same actions are enabled
//! and lead to states that are mapped to each other: constants are what they always are; a variable
//! outside the cone of influence or dead is not read before it is written; the bits in place of a
//! version counter answer each comparison as the counter would. That is a bisimulation that keeps who moves and
//! who waits at which step, so endless executions, their fairness and their ends are the same.
//! One exception, by intent: a counter of the system as written has a largest value, and its bits stand for
//! one that has none, so a cycle may move it further each time round. What waits for a lock is judged by the
//! guard's parts, each of which is folded but never mixed with another.

use std::collections::VecDeque;

use foliocheck_model::machine::interp::Action;

use crate::components::Components;
use crate::graph::{Graph, Node};

/// What is taken for granted of endless executions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Fairness {
    /// Nothing: any cycle counts.
    None,
    /// A task that can always move does.
    Weak,
    /// As `Weak`, and locks are handed over.
    #[default]
    Handover,
}

/// How a task stands in a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It can move.
    Ready,
    /// It could, were some lock free.
    Contending,
    /// It has ended or stopped, or waits for something that is not (only) a lock.
    Waiting,
}

/// What is asked of a graph.
pub trait Question {
    /// The graph.
    fn graph(&self) -> &Graph;
    /// Number of tasks.
    fn tasks(&self) -> usize;
    /// How a task stands.
    fn standing(&self, node: Node, task: usize) -> Standing;
    /// Whether the task asked about has yet to finish.
    fn unfinished(&self, node: Node) -> bool;
    /// The task asked about.
    fn task(&self) -> usize;
    /// Whether the task asked about is at a step where it waits for work.
    fn idle(&self, node: Node) -> bool;
}

/// An endless execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lasso {
    /// From the initial state to the cycle, by a shortest way to any fair cycle.
    pub prefix: Vec<Action>,
    /// The cycle, from and to the last state of the prefix.
    pub cycle: Vec<Action>,
}

/// A fair lasso in which the task asked about never finishes, if there is one.
pub fn find(question: &dyn Question, fairness: Fairness) -> Option<Lasso> {
    let graph = question.graph();
    let mut finder = Finder {
        question,
        fairness,
        inside: vec![false; graph.len()],
    };
    let mut components = Components::new(graph);
    let all: Vec<Node> = graph.nodes().filter(|n| question.unfinished(*n)).collect();
    let mut work = vec![all];
    let mut fair: Vec<Vec<Node>> = Vec::new();
    while let Some(nodes) = work.pop() {
        for component in components.of(graph, &nodes) {
            match finder.judge(&component) {
                Judgement::Fair => fair.push(component),
                Judgement::Never => {}
                Judgement::Within(rest) => work.push(rest),
            }
        }
    }
    if fair.is_empty() {
        return None;
    }
    let (distance, before) = graph.distances();
    let near = |nodes: &[Node]| nodes.iter().map(|n| distance[*n as usize]).min();
    let nearest = fair.iter().filter_map(|c| near(c)).min()?;
    let mut best: Option<(Node, Vec<Action>)> = None;
    for component in &fair {
        let mut entries: Vec<Node> = component
            .iter()
            .copied()
            .filter(|n| distance[*n as usize] == nearest)
            .collect();
        entries.sort_unstable();
        for entry in entries.into_iter().take(ENTRIES_MAX) {
            let cycle = finder.tour(component, entry);
            if best.as_ref().is_none_or(|(_, b)| cycle.len() < b.len()) {
                best = Some((entry, cycle));
            }
        }
    }
    let (entry, cycle) = best?;
    Some(Lasso {
        prefix: graph.path_to(entry, &before),
        cycle,
    })
}

/// Of the states of a component that are nearest to the initial one, so many are tried as begin of the
/// cycle.
const ENTRIES_MAX: usize = 64;

enum Judgement {
    /// A walk around it is fair.
    Fair,
    /// No walk within it is, or none that counts.
    Never,
    /// What is left after taking out states that no fair walk within it visits.
    Within(Vec<Node>),
}

struct Finder<'a> {
    question: &'a dyn Question,
    fairness: Fairness,
    /// The component looked at.
    inside: Vec<bool>,
}

/// What a walk has to show of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    LetGo,
}

impl Finder<'_> {
    fn enter(&mut self, component: &[Node], inside: bool) {
        for node in component {
            self.inside[*node as usize] = inside;
        }
    }

    fn standing(&self, node: Node, task: usize) -> Standing {
        match self.question.standing(node, task) {
            Standing::Contending if self.fairness != Fairness::Handover => Standing::Waiting,
            standing => standing,
        }
    }

    /// The tasks that move within the component looked at.
    fn movers(&self, component: &[Node]) -> Vec<bool> {
        let mut movers = vec![false; self.question.tasks()];
        for node in component {
            for edge in self.question.graph().edges(*node) {
                if self.inside[edge.target as usize] {
                    movers[edge.action.task.index()] = true;
                }
            }
        }
        movers
    }

    fn judge(&mut self, component: &[Node]) -> Judgement {
        self.enter(component, true);
        let movers = self.movers(component);
        self.enter(component, false);
        let asked = self.question.task();
        if !movers.contains(&true) || (!movers[asked] && self.question.idle(component[0])) {
            return Judgement::Never;
        }
        if self.fairness == Fairness::None {
            return Judgement::Fair;
        }
        let mut denied = Vec::new();
        for task in (0..movers.len()).filter(|t| !movers[*t]) {
            let standing = |s: Standing| component.iter().any(|n| self.standing(*n, task) == s);
            if standing(Standing::Ready) && !standing(Standing::Waiting) {
                denied.push(task);
            }
        }
        if denied.is_empty() {
            return Judgement::Fair;
        }
        let rest: Vec<Node> = component
            .iter()
            .copied()
            .filter(|n| {
                denied
                    .iter()
                    .all(|t| self.standing(*n, *t) != Standing::Ready)
            })
            .collect();
        if rest.is_empty() {
            Judgement::Never
        } else {
            Judgement::Within(rest)
        }
    }

    /// A closed walk from `entry` within a fair component that shows, of each task, that it lets go.
    fn tour(&mut self, component: &[Node], entry: Node) -> Vec<Action> {
        self.enter(component, true);
        let movers = self.movers(component);
        let asked = self.question.task();
        let mut due: Vec<Due> = (0..movers.len())
            .map(|task| {
                let waits = || {
                    component
                        .iter()
                        .any(|n| self.standing(*n, task) == Standing::Waiting)
                };
                let fair = self.fairness != Fairness::None && (movers[task] || waits());
                let takes_part = task == asked && movers[task];
                if fair || takes_part {
                    Due::LetGo
                } else {
                    Due::Nothing
                }
            })
            .collect();
        let mut walk = Vec::new();
        let mut at = entry;
        self.settle(at, &mut due);
        while due.contains(&Due::LetGo) {
            at = self.walk(at, &mut walk, |node, action| {
                due.iter().enumerate().any(|(task, d)| {
                    *d == Due::LetGo && (action.task.index() == task || self.shows(node, task))
                })
            });
            let last = walk.last().map(|a: &Action| a.task.index());
            if let Some(task) = last {
                due[task] = Due::Nothing;
            }
            self.settle(at, &mut due);
        }
        if at != entry || walk.is_empty() {
            self.walk(at, &mut walk, |node, _| node == entry);
        }
        self.enter(component, false);
        walk
    }

    /// Whether being in the state is all that has to be shown of the task.
    fn shows(&self, node: Node, task: usize) -> bool {
        let asked = task == self.question.task();
        match self.fairness {
            Fairness::None => !(asked && self.question.idle(node)),
            _ => {
                self.standing(node, task) == Standing::Waiting
                    && !(asked && self.question.idle(node))
            }
        }
    }

    fn settle(&self, node: Node, due: &mut [Due]) {
        for (task, due) in due.iter_mut().enumerate() {
            if *due == Due::LetGo && self.shows(node, task) {
                *due = Due::Nothing;
            }
        }
    }

    /// Walks within the component, by one edge or more, a shortest way to an edge that `ends` accepts.
    fn walk(
        &self,
        from: Node,
        walk: &mut Vec<Action>,
        ends: impl Fn(Node, Action) -> bool,
    ) -> Node {
        let graph = self.question.graph();
        let mut reached: std::collections::HashMap<Node, (Node, Action)> =
            std::collections::HashMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for edge in graph.edges(node) {
                if !self.inside[edge.target as usize] {
                    continue;
                }
                if ends(edge.target, edge.action) {
                    let mut back = vec![edge.action];
                    let mut at = node;
                    while at != from {
                        let (before, action) = reached[&at];
                        back.push(action);
                        at = before;
                    }
                    walk.extend(back.into_iter().rev());
                    return edge.target;
                }
                if edge.target != from && !reached.contains_key(&edge.target) {
                    reached.insert(edge.target, (node, edge.action));
                    queue.push_back(edge.target);
                }
            }
        }
        unreachable!("a component is strongly connected")
    }
}
