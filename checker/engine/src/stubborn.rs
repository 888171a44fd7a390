//! Stubborn sets, computed from footprints in each state.
//!
//! A set `T` of nodes is *stubborn* in a state if
//!
//! - for every node in `T` that is some task's present step and enabled, every node of another task
//!   that does not commute with it, and may still be executed, is in `T`. What counts of the step is the branch
//!   that it takes in this state, the assignments that it makes, and what decides about both: while nodes
//!   outside `T` are executed, which leave that alone, it has no other effect;
//! - for every other node in `T`, some *necessary enabling set* is in `T`: nodes of which one must be
//!   executed before it can be (where there are several, the one that adds the fewest steps that are
//!   present and enabled). For a present step that is blocked, those that may make a false part
//!   of its guard true. For a step further on in a task, the task's present step, or the enabling set
//!   of a blocked step that lies on every path to it.
//!
//! Take any path from the state that executes a node of `T`. The first such node was enabled all
//! along (otherwise a node of its enabling set would have come before it, or one that disables it),
//! and commutes with all that came before it, so the path can be reordered to begin with it: same length, same
//! end state. (It may enable what came before it: that was enabled without it.)
//!
//! **What is preserved.** Two uses, by what `T` must contain:
//!
//! *Final states* ([`Stubborn::for_final_states`]). `T` has an enabled node if any is enabled. Every
//! state without enabled steps is then reached, by a path as short as any in the full graph: a path
//! to it that executed no node of `T` would leave the enabled one enabled. This needs no condition on
//! cycles. What is recorded by a ghost that is only ever set and so lasts is found as well, provided
//! that no step is postponed for ever around a cycle: **a set with a present step that goes back in
//! its program (to the same or an earlier location) is replaced by all enabled steps**. Every cycle of
//! the state graph has some task going back, so every cycle has a fully expanded state. A set without
//! such a step is preferred where there is one.
//!
//! *Errors of the model* are found by the same argument where an assertion fails or no branch of a step
//! applies: a step that fails is one more end, and conflicts with whatever could make it succeed. Steps that
//! add and steps that subtract are taken to commute, as they do as long as no counter leaves its range: an
//! order in which one does may not be looked at. (To tell them apart left 2.5 times as many states of the
//! reference configuration when it was tried.) For counters of rules that is made good: whether one leaves its
//! range is a question of its own, `holds-balanced`, asked of a system in which such steps do not commute
//! (`foliocheck_model::machine::saturate`); where the answer is yes, so is everything else. For the kernel's own,
//! `--full` looks at every order; a test does, for every scheme.
//!
//! *The shortest way to an error* is found by a question with the states in which some step is about to err,
//! all of them. On a shortest path to one no step before the last state errs; a step that is moved to the front
//! of such a path was enabled in each of its states, and would have erred in none: so it does not now.
//!
//! *One question* ([`Stubborn::for_question`]). `T` contains an *attractor* of the states asked for:
//! nodes of which one must be executed on any path from here to such a state, found as if the
//! predicate were the guard of one more step. Every path to such a state then executes a node of `T`,
//! so it can be reordered to begin in `T`, and by induction on its length the reduced graph has a path
//! of the same length to such a state (a state that satisfies the predicate is not left unasked:
//! every visited state is tested). No condition on cycles is needed, the length shrinks. The first
//! such state that a breadth-first search of the reduced graph meets is therefore at the shortest
//! distance there is in the full graph; and where the attractor has no enabled step the search need
//! not go on at all. (Valmari and Hansen call these up-sets; Kristensen and Valmari, question-guided
//! stubborn sets.)

use foliocheck_model::machine::compile::{Machine, State, Test};
use foliocheck_model::machine::expr::{Expr, Op};

use crate::nodes::{NodeSet, Nodes, Way};

/// The predicate of a question, with what may make each part true.
#[derive(Clone, Debug)]
enum Goal {
    Leaf(Test, NodeSet),
    All(Vec<Goal>),
    Any(Vec<Goal>),
}

impl Goal {
    fn new<const N: usize>(machine: &Machine<N>, nodes: &Nodes, expr: &Expr) -> Goal {
        match expr {
            Expr::Bin(Op::And, ..) => Goal::All(
                expr.conjuncts()
                    .into_iter()
                    .map(|e| Goal::new(machine, nodes, e))
                    .collect(),
            ),
            Expr::Bin(Op::Or, ..) => Goal::Any(
                expr.disjuncts()
                    .into_iter()
                    .map(|e| Goal::new(machine, nodes, e))
                    .collect(),
            ),
            leaf => Goal::Leaf(machine.test(leaf), nodes.enablers(leaf)),
        }
    }

    fn holds<const N: usize>(&self, state: &State<N>) -> bool {
        match self {
            Goal::Leaf(test, _) => test.holds(state),
            Goal::All(parts) => parts.iter().all(|p| p.holds(state)),
            Goal::Any(parts) => parts.iter().any(|p| p.holds(state)),
        }
    }

    /// Nodes of which one must be executed before the goal, now false, can be true. `live` are the
    /// nodes that may still be executed.
    fn attractor<const N: usize>(&self, state: &State<N>, live: &NodeSet) -> NodeSet {
        match self {
            Goal::Leaf(_, enablers) => enablers.intersection(live),
            Goal::All(parts) => parts
                .iter()
                .filter(|p| !p.holds(state))
                .map(|p| p.attractor(state, live))
                .min_by_key(NodeSet::len)
                .unwrap_or_default(),
            Goal::Any(parts) => parts.iter().fold(NodeSet::default(), |set, p| {
                set.union(&p.attractor(state, live))
            }),
        }
    }
}

/// Computes stubborn sets for one machine.
#[derive(Clone, Debug)]
pub struct Stubborn {
    nodes: Nodes,
    goal: Option<Goal>,
}

/// Where every task is, and what is still ahead.
struct Here<'a, const N: usize> {
    machine: &'a Machine<N>,
    state: &'a State<N>,
    live: NodeSet,
    pcs: [usize; 16],
    enabled: u32,
    /// The tasks whose present step goes back, or is an error.
    goes_back: u32,
    /// The present steps of the tasks that can move.
    ready: NodeSet,
    /// By task that can move: the nodes that do not commute with its present step as it is taken in this
    /// state.
    conflicts: [NodeSet; 16],
}

impl<const N: usize> Here<'_, N> {
    /// What a set costs that has these nodes as well: those that would have to be taken first of all.
    fn weight(&self, fresh: &NodeSet) -> (u32, u32) {
        (fresh.intersection(&self.ready).len(), fresh.len())
    }
}

impl Stubborn {
    /// Sets that preserve final states and what lasts.
    ///
    /// # Errors
    /// The number of nodes, if there are too many.
    pub fn for_final_states<const N: usize>(machine: &Machine<N>) -> Result<Self, usize> {
        Ok(Stubborn {
            nodes: Nodes::new(machine)?,
            goal: None,
        })
    }

    /// Sets that preserve whether, and how soon, `bad` can be reached.
    ///
    /// # Errors
    /// The number of nodes, if there are too many.
    pub fn for_question<const N: usize>(machine: &Machine<N>, bad: &Expr) -> Result<Self, usize> {
        let nodes = Nodes::new(machine)?;
        let goal = Goal::new(machine, &nodes, bad);
        Ok(Stubborn {
            nodes,
            goal: Some(goal),
        })
    }

    /// The tasks whose present steps are to be taken in this state, as a set of bits.
    pub fn tasks<const N: usize>(&self, machine: &Machine<N>, state: &State<N>) -> u32 {
        let here = self.here(machine, state);
        match &self.goal {
            Some(goal) => {
                let seeds = goal.attractor(state, &here.live);
                self.closure(&here, seeds, u32::MAX)
            }
            None => self.smallest(&here),
        }
    }

    fn here<'a, const N: usize>(
        &self,
        machine: &'a Machine<N>,
        state: &'a State<N>,
    ) -> Here<'a, N> {
        let mut here = Here {
            machine,
            state,
            live: NodeSet::default(),
            pcs: [usize::MAX; 16],
            enabled: 0,
            goes_back: 0,
            ready: NodeSet::default(),
            conflicts: [NodeSet::default(); 16],
        };
        let mut actions = Vec::new();
        for task in 0..machine.task_count() {
            let pc = machine.pc(state, task);
            here.pcs[task] = pc;
            here.live = here.live.union(&self.nodes.ahead[task][pc]);
            if machine.is_enabled(state, task) {
                here.enabled |= 1 << task;
                here.ready.insert(self.nodes.first[task] + pc);
                actions.clear();
                let error = machine.actions_of(state, task, &mut actions).is_err();
                let node = &self.nodes.all[self.nodes.first[task] + pc];
                let mut take = |way: &Way| {
                    let mut conflicts = here.conflicts[task].union(&way.conflicts);
                    for (when, more) in &way.conditional {
                        if error || when.holds(state) {
                            conflicts = conflicts.union(more);
                        }
                    }
                    here.conflicts[task] = conflicts;
                    // An error of the model shows when the step is taken.
                    if error || way.goes_back {
                        here.goes_back |= 1 << task;
                    }
                };
                if error {
                    node.ways.iter().for_each(take);
                } else {
                    for action in &actions {
                        take(&node.ways[usize::from(action.branch)]);
                    }
                }
            }
        }
        here
    }

    /// The smallest set over all seeds: without a step that goes back if there is one such.
    fn smallest<const N: usize>(&self, here: &Here<'_, N>) -> u32 {
        if here.enabled.count_ones() <= 1 {
            return here.enabled;
        }
        let mut best = here.enabled;
        let mut best_goes_back = true;
        for task in 0..here.machine.task_count() {
            if here.enabled >> task & 1 == 0 {
                continue;
            }
            let mut seeds = NodeSet::default();
            seeds.insert(self.nodes.first[task] + here.pcs[task]);
            let bound = if best_goes_back {
                u32::MAX
            } else {
                best.count_ones()
            };
            let set = self.closure(here, seeds, bound);
            if set == 0 {
                continue;
            }
            let goes_back = set & here.goes_back != 0;
            let better = (goes_back, set.count_ones()) < (best_goes_back, best.count_ones());
            if better && !goes_back {
                best = set;
                best_goes_back = false;
                if set.is_power_of_two() {
                    break;
                }
            }
        }
        if best_goes_back { here.enabled } else { best }
    }

    /// Closes `seeds`; the enabled tasks among them. 0 if there are `bound` or more.
    fn closure<const N: usize>(&self, here: &Here<'_, N>, seeds: NodeSet, bound: u32) -> u32 {
        let mut set = seeds.intersection(&here.live);
        let mut work = set;
        let mut tasks: u32 = 0;
        while let Some(n) = work.pop() {
            let node = &self.nodes.all[n];
            let add = if node.loc == here.pcs[node.task] {
                if here.enabled >> node.task & 1 != 0 {
                    tasks |= 1 << node.task;
                    if tasks.count_ones() >= bound {
                        return 0;
                    }
                    here.conflicts[node.task]
                } else {
                    self.enabling_set(here, n, &set).unwrap_or_default()
                }
            } else {
                self.before(here, n, &set)
            };
            let fresh = add.intersection(&here.live).minus(&set);
            set = set.union(&fresh);
            work = work.union(&fresh);
        }
        tasks
    }

    /// Nodes of which one must come before node `n`, which is ahead of its task's present step.
    fn before<const N: usize>(&self, here: &Here<'_, N>, n: usize, set: &NodeSet) -> NodeSet {
        let task = self.nodes.all[n].task;
        let first = self.nodes.first[task];
        let pc = here.pcs[task];
        let mut present = NodeSet::default();
        present.insert(first + pc);
        if set.contains(first + pc) {
            return NodeSet::default();
        }
        let mut dominators = self.nodes.dominators[task][pc][n - first];
        let mut best: Option<NodeSet> = None;
        while let Some(d) = dominators.pop() {
            if let Some(enabling) = self.enabling_set(here, d, set) {
                let fresh = enabling.minus(set);
                if fresh.is_empty() {
                    return fresh;
                }
                if best.is_none_or(|b| here.weight(&fresh) < here.weight(&b)) {
                    best = Some(fresh);
                }
            }
        }
        best.unwrap_or(present)
    }

    /// What must happen before the guard of `n`, now false, can be true; none if it is true. Of
    /// several false parts, the one that adds least to `set`.
    fn enabling_set<const N: usize>(
        &self,
        here: &Here<'_, N>,
        n: usize,
        set: &NodeSet,
    ) -> Option<NodeSet> {
        self.nodes.all[n]
            .guard
            .iter()
            .filter(|c| !c.test.holds(here.state))
            .map(|c| c.enablers.intersection(&here.live))
            .min_by_key(|e| here.weight(&e.minus(set)))
    }
}
