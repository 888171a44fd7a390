//! What executions cost: the least and the most that any of them does of something that steps are marked
//! with ([`Cost`]), read off the paths of the state graph. Nothing counts in the state, so counting
//! cannot change what can happen, and has no largest value.
//!
//! An execution is complete when nobody can move. The least is a shortest path to such a state, edges
//! weighted with what they cost. The most is a longest one: the strongly connected components
//! of the graph form a graph without cycles; if an edge within a component costs something, executions can
//! repeat it as often as the others let them, and the most is *unbounded*, with such a cycle as proof;
//! else no component costs anything inside, and a longest path over the components is found by going
//! through them from the last to the first. Fairness plays no part: a cycle that is unfair for ever can be gone
//! round any number of times and left.
//!
//! The graph is that of `foliocheck_specs::instance::control` with no predicate left. The
//! optimiser keeps tasks, steps, branches and the marks on them, so its paths are those of the system as
//! written, one to one: what is counted is counted on the whole behaviour.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use foliocheck_model::machine::System;
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::step::Cost;
use foliocheck_model::with_words;
use serde::{Deserialize, Serialize};

use crate::components::Components;
use crate::explore::ExploreError;
use crate::graph::{Edge, Graph, Node, StateGraph};
use crate::lasso::Lasso;
use crate::limits::{Cut, Limits};
use crate::progress::bounded;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// [`Cost::PageCopy`].
    PageCopies,
    /// [`Cost::TlbFlush`]. A step of its own in the model, taken only where the kernel has found an entry
    /// to clear; `mprotect` alone flushes whether there was one or not.
    TlbFlushes,
    /// [`Cost::Fault`].
    Faults,
    /// A task that modifies the file comes to a step at which it has to sleep, for a lock or for a
    /// condition. One that could have gone on, but was overtaken before it did, is not counted; nor is
    /// a wait at a program's first step, which begins at no moment in particular.
    WriterWaits,
    /// [`Cost::Retry`].
    Retries,
}

impl Metric {
    /// All of them, in the order of tables.
    pub const ALL: [Metric; 5] = [
        Metric::PageCopies,
        Metric::TlbFlushes,
        Metric::Faults,
        Metric::WriterWaits,
        Metric::Retries,
    ];

    /// The heading of its column.
    pub fn name(self) -> &'static str {
        match self {
            Metric::PageCopies => "page copies",
            Metric::TlbFlushes => "TLB flushes",
            Metric::Faults => "faults",
            Metric::WriterWaits => "writer waits",
            Metric::Retries => "retries",
        }
    }

    /// The mark on steps, if it is a mark that is counted.
    fn mark(self) -> Option<Cost> {
        match self {
            Metric::PageCopies => Some(Cost::PageCopy),
            Metric::TlbFlushes => Some(Cost::TlbFlush),
            Metric::Faults => Some(Cost::Fault),
            Metric::Retries => Some(Cost::Retry),
            Metric::WriterWaits => None,
        }
    }
}

/// The largest number of times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Most {
    /// At most so often in any execution.
    Times(u32),
    /// As often as one likes: round this cycle.
    Unbounded(Lasso),
}

/// From least to most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// Over complete executions; none if no execution is ever complete.
    pub least: Option<u32>,
    /// Over all executions, complete or not.
    pub most: Most,
}

/// What the executions of one system cost.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// States of the graph.
    pub states: usize,
    /// Its edges.
    pub transitions: usize,
    /// Why it was not built to the end; nothing is known then.
    pub cut: Option<Cut>,
    /// By metric.
    pub ranges: Vec<(Metric, Range)>,
}

/// Least and most weight of the paths of a graph, given its components with those that edges lead to
/// before those that they come from.
pub fn range(graph: &Graph, components: &[Vec<Node>], weight: &dyn Fn(Node, Edge) -> u32) -> Range {
    let costly = graph
        .nodes()
        .any(|n| graph.edges(n).any(|e| weight(n, e) != 0));
    if !costly {
        let ends = graph.nodes().any(|n| graph.edges(n).next().is_none());
        return Range {
            least: ends.then_some(0),
            most: Most::Times(0),
        };
    }
    Range {
        least: least(graph, weight),
        most: most(graph, components, weight),
    }
}

fn least(graph: &Graph, weight: &dyn Fn(Node, Edge) -> u32) -> Option<u32> {
    let mut best = vec![u32::MAX; graph.len()];
    let mut queue = BinaryHeap::from([Reverse((0, 0))]);
    best[0] = 0;
    while let Some(Reverse((cost, node))) = queue.pop() {
        if cost > best[node as usize] {
            continue;
        }
        let mut edges = graph.edges(node).peekable();
        if edges.peek().is_none() {
            return Some(cost);
        }
        for edge in edges {
            let total = cost + weight(node, edge);
            if total < best[edge.target as usize] {
                best[edge.target as usize] = total;
                queue.push(Reverse((total, edge.target)));
            }
        }
    }
    None
}

fn most(graph: &Graph, components: &[Vec<Node>], weight: &dyn Fn(Node, Edge) -> u32) -> Most {
    let mut component = vec![u32::MAX; graph.len()];
    for (n, nodes) in components.iter().enumerate() {
        for node in nodes {
            component[*node as usize] = u32::try_from(n).expect("bounded");
        }
    }
    let inside =
        |from: Node, edge: Edge| component[from as usize] == component[edge.target as usize];
    let repeated = graph
        .nodes()
        .filter(|n| graph.edges(*n).any(|e| inside(*n, e) && weight(*n, e) != 0))
        .collect::<Vec<_>>();
    if !repeated.is_empty() {
        return Most::Unbounded(nearest_cycle(graph, &repeated, &|from, edge| {
            inside(from, edge).then(|| weight(from, edge))
        }));
    }
    let mut longest = vec![0; components.len()];
    for (n, nodes) in components.iter().enumerate() {
        longest[n] = nodes
            .iter()
            .flat_map(|node| graph.edges(*node).map(move |e| (*node, e)))
            .filter(|(node, e)| !inside(*node, *e))
            .map(|(node, e)| weight(node, e) + longest[component[e.target as usize] as usize])
            .max()
            .unwrap_or(0);
    }
    Most::Times(longest[component[0] as usize])
}

/// A cycle that costs something, begun by the step that does, at one of `starts`: the nearest of them.
/// `within` gives the weight of an edge that stays in its component.
fn nearest_cycle(
    graph: &Graph,
    starts: &[Node],
    within: &dyn Fn(Node, Edge) -> Option<u32>,
) -> Lasso {
    let (distance, before) = graph.distances();
    let start = *starts
        .iter()
        .min_by_key(|n| distance[**n as usize])
        .expect("there is one");
    let first = graph
        .edges(start)
        .find(|e| within(start, *e).is_some_and(|w| w != 0))
        .expect("a costly edge");
    let mut reached: HashMap<Node, (Node, Edge)> = HashMap::new();
    let mut queue = VecDeque::from([first.target]);
    while !reached.contains_key(&start) && first.target != start {
        let node = queue.pop_front().expect("strongly connected");
        for edge in graph.edges(node) {
            if within(node, edge).is_some()
                && edge.target != first.target
                && !reached.contains_key(&edge.target)
            {
                reached.insert(edge.target, (node, edge));
                queue.push_back(edge.target);
            }
        }
    }
    let mut back = Vec::new();
    let mut at = start;
    while at != first.target {
        let (from, edge) = reached[&at];
        back.push(edge.action);
        at = from;
    }
    back.push(first.action);
    back.reverse();
    Lasso {
        prefix: graph.path_to(start, &before),
        cycle: back,
    }
}

/// What the executions of `system` cost, as `foliocheck_specs::instance::control` leaves it;
/// `writers` says of each task whether it modifies the file.
///
/// # Errors
/// If the system cannot be explored, or an error of the model shows.
pub fn costs(system: &System, writers: &[bool], limits: &Limits) -> Result<Costs, ExploreError> {
    with_words!(system, N in [1, 2, 4] or 10 => run::<N>(system, writers, limits))
}

fn run<const N: usize>(
    system: &System,
    writers: &[bool],
    limits: &Limits,
) -> Result<Costs, ExploreError> {
    let machine = Machine::<N>::new(system.clone())?;
    let states = StateGraph::build(machine, &bounded(limits))?;
    let graph = &states.graph;
    let mut costs = Costs {
        states: states.states.len(),
        transitions: graph.edge_count(),
        cut: states.cut,
        ranges: Vec::new(),
    };
    if costs.cut.is_some() {
        return Ok(costs);
    }
    let nodes: Vec<Node> = graph.nodes().collect();
    let components = Components::new(graph).of(graph, &nodes);
    for metric in Metric::ALL {
        let range = match metric.mark() {
            Some(mark) => range(graph, &components, &|from, edge| {
                marks(&states, from, edge, mark)
            }),
            None => range(graph, &components, &|_, edge| {
                u32::from(sleeps(&states, edge, writers))
            }),
        };
        costs.ranges.push((metric, range));
    }
    Ok(costs)
}

/// How often the branch taken bears the mark.
fn marks<const N: usize>(states: &StateGraph<N>, from: Node, edge: Edge, mark: Cost) -> u32 {
    let task = edge.action.task.index();
    let pc = states.machine.pc(&states.states[from as usize], task);
    let step = &states.machine.system().tasks[task].program.steps[pc];
    let costs = &step.branches[usize::from(edge.action.branch)].costs;
    u32::try_from(costs.iter().filter(|c| **c == mark).count()).expect("few marks")
}

/// Whether a writer has moved, and cannot move on.
fn sleeps<const N: usize>(states: &StateGraph<N>, edge: Edge, writers: &[bool]) -> bool {
    let task = edge.action.task.index();
    let state = &states.states[edge.target as usize];
    let steps = &states.machine.system().tasks[task].program.steps;
    writers[task]
        && states.machine.pc(state, task) < steps.len()
        && !states.machine.is_enabled(state, task)
}
