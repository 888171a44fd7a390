//! Sets of nodes, and what is known of each node before exploration begins. A node is a step of a
//! task: the place where it is, not its being executed.

use foliocheck_model::machine::compile::{Machine, Test};
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::footprint::{Footprint, may_enable};
use foliocheck_model::machine::step::Assign;
use foliocheck_model::machine::var::VarId;

/// Words of a set.
const WORDS: usize = 8;

/// Most nodes of a system.
pub const NODES_MAX: usize = WORDS * 64;

/// A set of nodes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NodeSet([u64; WORDS]);

impl NodeSet {
    /// Adds a node.
    pub fn insert(&mut self, node: usize) {
        self.0[node / 64] |= 1 << (node % 64);
    }

    /// Whether it has the node.
    pub fn contains(&self, node: usize) -> bool {
        self.0[node / 64] >> (node % 64) & 1 != 0
    }

    /// Both.
    pub fn union(mut self, other: &NodeSet) -> NodeSet {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a |= b;
        }
        self
    }

    /// What both have.
    pub fn intersection(mut self, other: &NodeSet) -> NodeSet {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a &= b;
        }
        self
    }

    /// What `other` has not.
    pub fn minus(mut self, other: &NodeSet) -> NodeSet {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a &= !b;
        }
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|w| w.count_ones()).sum()
    }

    /// Takes one out.
    pub fn pop(&mut self) -> Option<usize> {
        for (n, word) in self.0.iter_mut().enumerate() {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(n * 64 + bit as usize);
            }
        }
        None
    }
}

/// One part of a guard: how to test it, and which nodes may make it true.
#[derive(Clone, Debug)]
pub struct Conjunct {
    /// The test.
    pub test: Test,
    /// Nodes whose execution may make it true when it is false.
    pub enablers: NodeSet,
}

/// One way on from a node.
#[derive(Clone, Debug)]
pub struct Way {
    /// Nodes of other tasks that do not commute with what decides it and with what it always does.
    pub conflicts: NodeSet,
    /// The same of what it does under a condition.
    pub conditional: Vec<(Test, NodeSet)>,
    /// It goes to the same or an earlier location.
    pub goes_back: bool,
}

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its task.
    pub task: usize,
    /// Its location.
    pub loc: usize,
    /// Parts of its guard.
    pub guard: Vec<Conjunct>,
    /// Its branches.
    pub ways: Vec<Way>,
}

/// Everything known of a system's nodes.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// The nodes, task by task.
    pub all: Vec<Node>,
    /// Number of each task's first node.
    pub first: Vec<usize>,
    /// By task and program counter: nodes that the task may still come to, the present one included.
    /// The last two entries of a task are those of a task that has ended or stopped.
    pub ahead: Vec<Vec<NodeSet>>,
    /// By task and program counter: for each node of the task (counted from its first), the nodes
    /// that lie on every path to it, itself included, that have a guard.
    pub dominators: Vec<Vec<Vec<NodeSet>>>,
    footprints: Vec<Footprint>,
    /// The program counter of each task: no footprint has it, and a question may be about it.
    counters: Vec<VarId>,
}

impl Nodes {
    /// Computes it, or says how many nodes there are if there are too many.
    ///
    /// # Errors
    /// The number of nodes, if it is above [`NODES_MAX`].
    pub fn new<const N: usize>(machine: &Machine<N>) -> Result<Nodes, usize> {
        let system = machine.system();
        let steps: Vec<_> = system.steps().collect();
        if steps.len() > NODES_MAX {
            return Err(steps.len());
        }
        let footprints: Vec<Footprint> = steps
            .iter()
            .map(|(_, _, step)| Footprint::of(system, step))
            .collect();
        let mut next = 0;
        let first = system
            .tasks
            .iter()
            .map(|task| {
                let first = next;
                next += task.program.steps.len();
                first
            })
            .collect();
        let enablers = |conjunct: &Expr| {
            let mut set = NodeSet::default();
            for (n, footprint) in footprints.iter().enumerate() {
                if may_enable(footprint, conjunct) {
                    set.insert(n);
                }
            }
            set
        };
        let all = steps
            .iter()
            .map(|(task, loc, step)| {
                let conflicts = |mine: &Footprint| {
                    let mut set = NodeSet::default();
                    for (m, (other, _, _)) in steps.iter().enumerate() {
                        if other != task && !mine.commutes(&footprints[m]) {
                            set.insert(m);
                        }
                    }
                    set
                };
                let way = |branch: usize| {
                    let mut way = Way {
                        conflicts: conflicts(&Footprint::of_choice(step, branch)),
                        conditional: Vec::new(),
                        goes_back: step.branches[branch].next <= *loc,
                    };
                    let assigns = &step.branches[branch].assigns;
                    let (always, conditional): (Vec<&Assign>, Vec<&Assign>) =
                        assigns.iter().partition(|a| a.when == Expr::TRUE);
                    for assign in always {
                        let more = conflicts(&Footprint::of_assign(system, assign));
                        way.conflicts = way.conflicts.union(&more);
                    }
                    for assign in conditional {
                        let more = conflicts(&Footprint::of_assign(system, assign));
                        let more = more.minus(&way.conflicts);
                        if !more.is_empty() {
                            way.conditional.push((machine.test(&assign.when), more));
                        }
                    }
                    way
                };
                Node {
                    task: task.index(),
                    loc: *loc,
                    guard: step
                        .guard
                        .conjuncts()
                        .into_iter()
                        .map(|c| Conjunct {
                            test: machine.test(c),
                            enablers: enablers(c),
                        })
                        .collect(),
                    ways: (0..step.branches.len()).map(way).collect(),
                }
            })
            .collect();
        let mut nodes = Nodes {
            all,
            first,
            ahead: Vec::new(),
            dominators: Vec::new(),
            footprints,
            counters: system.tasks.iter().map(|task| task.pc).collect(),
        };
        for task in 0..system.tasks.len() {
            nodes.add_paths(machine, task);
        }
        Ok(nodes)
    }

    /// Nodes that may make `conjunct` true when it is false: those that write what it reads, and where it
    /// reads how far a task has come, every node of that task.
    pub fn enablers(&self, conjunct: &Expr) -> NodeSet {
        let mut set = NodeSet::default();
        for (n, footprint) in self.footprints.iter().enumerate() {
            if may_enable(footprint, conjunct) || conjunct.mentions(self.counters[self.all[n].task])
            {
                set.insert(n);
            }
        }
        set
    }

    /// Reachability and dominators within one task, from every location.
    fn add_paths<const N: usize>(&mut self, machine: &Machine<N>, task: usize) {
        let program = &machine.system().tasks[task].program;
        let len = program.steps.len();
        let first = self.first[task];
        let successors: Vec<Vec<usize>> = program
            .steps
            .iter()
            .map(|s| {
                s.branches
                    .iter()
                    .filter(|b| b.when != Expr::FALSE)
                    .map(|b| b.next)
                    .filter(|n| *n < len)
                    .collect()
            })
            .collect();
        let mut ahead = Vec::new();
        let mut dominators = Vec::new();
        for start in 0..len {
            let (reach, doms) = self.paths_from(start, &successors, first);
            ahead.push(reach);
            dominators.push(doms);
        }
        ahead.extend([NodeSet::default(), NodeSet::default()]);
        dominators.extend([Vec::new(), Vec::new()]);
        self.ahead.push(ahead);
        self.dominators.push(dominators);
    }

    fn paths_from(
        &self,
        start: usize,
        successors: &[Vec<usize>],
        first: usize,
    ) -> (NodeSet, Vec<NodeSet>) {
        let len = successors.len();
        let mut reach = NodeSet::default();
        let mut doms: Vec<Option<NodeSet>> = vec![None; len];
        let guarded = |loc: usize| {
            let mut set = NodeSet::default();
            if !self.all[first + loc].guard.is_empty() {
                set.insert(first + loc);
            }
            set
        };
        doms[start] = Some(guarded(start));
        let mut work = vec![start];
        while let Some(loc) = work.pop() {
            reach.insert(first + loc);
            let here = doms[loc].expect("reached");
            for next in &successors[loc] {
                let through = here.union(&guarded(*next));
                let joined = match doms[*next] {
                    None => through,
                    Some(before) => before.intersection(&through).union(&guarded(*next)),
                };
                if doms[*next] != Some(joined) {
                    doms[*next] = Some(joined);
                    work.push(*next);
                }
            }
        }
        (
            reach,
            doms.into_iter().map(Option::unwrap_or_default).collect(),
        )
    }
}
