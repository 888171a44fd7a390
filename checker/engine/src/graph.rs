//! The state graph as an object: every reachable state with a number, every transition as an edge.
//!
//! Questions about endless executions, and about what executions cost, are questions about its
//! cycles and paths. Nothing is reduced: a stubborn set preserves final states and the way to one
//! question's states, not cycles (it may postpone for ever the very step that fairness is owed), so the
//! graph is that of all interleavings. What keeps it small is that it is built from the system reduced
//! to what decides who can move when (`foliocheck_specs::instance::control`).
//!
//! States are kept packed, once, and found by a table of numbers; edges as one array in the order of
//! their sources (compressed sparse rows): with states of two words about 50 bytes a state in all.

use std::hash::{BuildHasher, Hash};

use foliocheck_model::machine::compile::{Machine, State};
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::{RunError, TaskId};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::limits::{Cut, Limits, Watch};

/// Number of a state. The initial state is 0.
pub type Node = u32;

/// A transition, as seen from its source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Who moves, and how.
    pub action: Action,
    /// The state after.
    pub target: Node,
}

/// A graph whose edges are actions.
#[derive(Clone, Default, Debug)]
pub struct Graph {
    /// Where the edges of each state begin; one more than there are expanded states.
    offsets: Vec<u32>,
    targets: Vec<Node>,
    labels: Vec<(u8, u8)>,
}

impl Graph {
    /// A graph from the edges of each state.
    pub fn from_edges(edges: &[Vec<Edge>]) -> Graph {
        let mut graph = Graph {
            offsets: vec![0],
            ..Graph::default()
        };
        for list in edges {
            for edge in list {
                graph.add(*edge);
            }
            graph.close();
        }
        graph
    }

    fn add(&mut self, edge: Edge) {
        self.targets.push(edge.target);
        self.labels.push((edge.action.task.0, edge.action.branch));
    }

    /// The edges of one more state are all there.
    fn close(&mut self) {
        self.offsets
            .push(u32::try_from(self.targets.len()).expect("bounded"));
    }

    /// Number of states whose edges are known.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of edges.
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// The edges of a state.
    pub fn edges(&self, node: Node) -> impl Iterator<Item = Edge> + '_ {
        let from = self.offsets[node as usize] as usize;
        let to = self.offsets[node as usize + 1] as usize;
        (from..to).map(|e| {
            let (task, branch) = self.labels[e];
            Edge {
                action: Action {
                    task: TaskId(task),
                    branch,
                },
                target: self.targets[e],
            }
        })
    }

    /// All numbers of states.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        0..u32::try_from(self.len()).expect("bounded")
    }

    /// Distances from the initial state, and for each state the one before it on a shortest path;
    /// `u32::MAX` where there is none.
    pub fn distances(&self) -> (Vec<u32>, Vec<Node>) {
        let mut distance = vec![u32::MAX; self.len()];
        let mut before = vec![u32::MAX; self.len()];
        let mut queue = std::collections::VecDeque::from([0]);
        distance[0] = 0;
        while let Some(node) = queue.pop_front() {
            for edge in self.edges(node) {
                let target = edge.target as usize;
                if distance[target] == u32::MAX {
                    distance[target] = distance[node as usize] + 1;
                    before[target] = node;
                    queue.push_back(edge.target);
                }
            }
        }
        (distance, before)
    }

    /// The actions of a shortest path from the initial state, given what [`distances`](Self::distances)
    /// found.
    pub fn path_to(&self, node: Node, before: &[Node]) -> Vec<Action> {
        let mut path = Vec::new();
        let mut at = node;
        while before[at as usize] != u32::MAX {
            let from = before[at as usize];
            let edge = self
                .edges(from)
                .find(|e| e.target == at)
                .expect("an edge of the path");
            path.push(edge.action);
            at = from;
        }
        path.reverse();
        path
    }
}

/// The reachable states of a machine, and the graph of its transitions.
pub struct StateGraph<const N: usize> {
    /// The machine.
    pub machine: Machine<N>,
    /// By number.
    pub states: Vec<State<N>>,
    /// The transitions; of states that were not expanded before it was cut, none.
    pub graph: Graph,
    /// Largest distance of a state from the initial one.
    pub depth: usize,
    /// Why it ends early.
    pub cut: Option<Cut>,
}

impl<const N: usize> StateGraph<N> {
    /// Explores `machine` breadth first, so that numbers grow with the distance.
    ///
    /// # Errors
    /// If a step does what a step must not do.
    pub fn build(machine: Machine<N>, limits: &Limits) -> Result<Self, RunError> {
        let watch = Watch::new(*limits);
        let hasher = DefaultHashBuilder::default();
        let mut table: HashTable<Node> = HashTable::new();
        let mut states: Vec<State<N>> = Vec::new();
        let mut graph = Graph {
            offsets: vec![0],
            ..Graph::default()
        };
        let mut number = |state: State<N>, states: &mut Vec<State<N>>| {
            let hash = |s: &State<N>| hasher.hash_one(Words(s));
            let entry = table.entry(
                hash(&state),
                |n| states[*n as usize] == state,
                |n| hash(&states[*n as usize]),
            );
            match entry {
                hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
                hashbrown::hash_table::Entry::Vacant(entry) => {
                    let n = u32::try_from(states.len()).expect("bounded");
                    entry.insert(n);
                    states.push(state);
                    n
                }
            }
        };
        number(machine.init(), &mut states);
        let mut actions = Vec::new();
        // States are numbered level by level.
        let (mut depth, mut level_end) = (0, 1);
        while graph.len() < states.len() && watch.go_on() {
            if graph.len() == level_end {
                level_end = states.len();
                depth += 1;
            }
            let state = states[graph.len()];
            actions.clear();
            for task in 0..machine.task_count() {
                machine.actions_of(&state, task, &mut actions)?;
            }
            for action in &actions {
                let target = number(machine.apply(&state, *action)?, &mut states);
                graph.add(Edge {
                    action: *action,
                    target,
                });
            }
            graph.close();
        }
        while graph.len() < states.len() {
            graph.close();
        }
        Ok(StateGraph {
            machine,
            states,
            graph,
            depth,
            cut: watch.cut(),
        })
    }
}

/// Hashes the words of a state, nothing else.
struct Words<'a, const N: usize>(&'a State<N>);

impl<const N: usize> Hash for Words<'_, N> {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        for word in self.0.0 {
            hasher.write_u64(word);
        }
    }
}
