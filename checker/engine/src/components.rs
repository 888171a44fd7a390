//! Strongly connected components of a part of a graph, by petgraph.
//!
//! petgraph's `kosaraju_scc` works with stacks of its own; its `tarjan_scc` recurses, a call a state on
//! a path, and would overflow the thread's stack on a graph of a million states.

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::visit::{
    GraphBase, IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, VisitMap, Visitable,
};

use crate::graph::{Graph, Node};

/// Some states of a graph and the edges among them, renumbered.
struct Part {
    forth: Rows,
    back: Rows,
}

/// Neighbours, in compressed sparse rows.
struct Rows {
    offsets: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Rows {
    fn of(&self, node: u32) -> std::iter::Copied<std::slice::Iter<'_, u32>> {
        let from = self.offsets[node as usize] as usize;
        let to = self.offsets[node as usize + 1] as usize;
        self.neighbours[from..to].iter().copied()
    }

    fn len(&self) -> u32 {
        u32::try_from(self.offsets.len() - 1).expect("bounded")
    }

    fn turned(&self) -> Rows {
        let mut offsets = vec![0_u32; self.offsets.len()];
        for to in &self.neighbours {
            offsets[*to as usize + 1] += 1;
        }
        for n in 1..offsets.len() {
            offsets[n] += offsets[n - 1];
        }
        let mut next = offsets.clone();
        let mut neighbours = vec![0; self.neighbours.len()];
        for from in 0..self.len() {
            for to in self.of(from) {
                neighbours[next[to as usize] as usize] = from;
                next[to as usize] += 1;
            }
        }
        Rows {
            offsets,
            neighbours,
        }
    }
}

/// States visited.
struct Visited(Vec<bool>);

impl VisitMap<u32> for Visited {
    fn visit(&mut self, node: u32) -> bool {
        !std::mem::replace(&mut self.0[node as usize], true)
    }

    fn is_visited(&self, node: &u32) -> bool {
        self.0[*node as usize]
    }

    fn unvisit(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.0[node as usize], false)
    }
}

impl GraphBase for Part {
    type NodeId = u32;
    type EdgeId = u32;
}

impl<'a> IntoNeighbors for &'a Part {
    type Neighbors = std::iter::Copied<std::slice::Iter<'a, u32>>;

    fn neighbors(self, node: u32) -> Self::Neighbors {
        self.forth.of(node)
    }
}

impl<'a> IntoNeighborsDirected for &'a Part {
    type NeighborsDirected = std::iter::Copied<std::slice::Iter<'a, u32>>;

    fn neighbors_directed(self, node: u32, direction: Direction) -> Self::NeighborsDirected {
        match direction {
            Direction::Outgoing => self.forth.of(node),
            Direction::Incoming => self.back.of(node),
        }
    }
}

impl IntoNodeIdentifiers for &Part {
    type NodeIdentifiers = std::ops::Range<u32>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        0..self.forth.len()
    }
}

impl Visitable for Part {
    type Map = Visited;

    fn visit_map(&self) -> Visited {
        Visited(vec![false; self.forth.len() as usize])
    }

    fn reset_map(&self, map: &mut Visited) {
        map.0.fill(false);
    }
}

/// Finds components; keeps its scratch space from one call to the next.
pub struct Components {
    /// Position of each state in the part looked at; `u32::MAX` for the others.
    position: Vec<u32>,
}

impl Components {
    /// For parts of `graph`.
    pub fn new(graph: &Graph) -> Self {
        Components {
            position: vec![u32::MAX; graph.len()],
        }
    }

    /// The strongly connected components of the graph restricted to `nodes`: those that edges lead to
    /// before those that they come from.
    pub fn of(&mut self, graph: &Graph, nodes: &[Node]) -> Vec<Vec<Node>> {
        for (n, node) in nodes.iter().enumerate() {
            self.position[*node as usize] = u32::try_from(n).expect("bounded");
        }
        let mut forth = Rows {
            offsets: vec![0],
            neighbours: Vec::new(),
        };
        for node in nodes {
            forth.neighbours.extend(
                graph
                    .edges(*node)
                    .map(|e| self.position[e.target as usize])
                    .filter(|p| *p != u32::MAX),
            );
            forth
                .offsets
                .push(u32::try_from(forth.neighbours.len()).expect("bounded"));
        }
        for node in nodes {
            self.position[*node as usize] = u32::MAX;
        }
        let back = forth.turned();
        let part = Part { forth, back };
        let mut components = kosaraju_scc(&part);
        for node in components.iter_mut().flatten() {
            *node = nodes[*node as usize];
        }
        components
    }
}
