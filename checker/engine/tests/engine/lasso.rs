//! The search for fair lassos, held against an enumeration of everything that an endless execution of a
//! small graph can repeat.

use std::collections::BTreeSet;

use foliocheck_engine::graph::{Edge, Graph, Node};
use foliocheck_engine::lasso::{Fairness, Lasso, Question, Standing, find};
use foliocheck_model::machine::TaskId;
use foliocheck_model::machine::interp::Action;
use proptest::prelude::*;

use crate::support;

const TASKS: usize = 3;

/// A graph in which a task can move where it has an edge, and waits elsewhere, for a lock or not.
#[derive(Clone, Debug)]
struct Small {
    /// The task asked about.
    asked: usize,
    /// By state: it is at an idle step. Only moves of its own change that.
    idle: Vec<bool>,
    edges: Vec<Vec<Edge>>,
    graph: Graph,
    /// By state, by task: where it cannot move, it waits for a lock.
    contends: Vec<[bool; TASKS]>,
    finished: Vec<bool>,
}

impl Question for Small {
    fn graph(&self) -> &Graph {
        &self.graph
    }

    fn tasks(&self) -> usize {
        TASKS
    }

    fn standing(&self, node: Node, task: usize) -> Standing {
        let node = node as usize;
        if self.edges[node]
            .iter()
            .any(|e| e.action.task.index() == task)
        {
            Standing::Ready
        } else if self.contends[node][task] {
            Standing::Contending
        } else {
            Standing::Waiting
        }
    }

    fn unfinished(&self, node: Node) -> bool {
        !self.finished[node as usize]
    }

    fn task(&self) -> usize {
        self.asked
    }

    fn idle(&self, node: Node) -> bool {
        self.idle[node as usize]
    }
}

/// Moves of others leave a task at its step: whether it is idle there is the same before and after them.
fn settle(idle: &mut [bool], edges: &[Vec<Edge>], asked: usize) {
    let others: Vec<(usize, usize)> = edges
        .iter()
        .enumerate()
        .flat_map(|(from, list)| list.iter().map(move |e| (from, e)))
        .filter(|(_, e)| e.action.task.index() != asked)
        .map(|(from, e)| (from, e.target as usize))
        .collect();
    for _ in 0..idle.len() {
        for (a, b) in &others {
            let either = idle[*a] || idle[*b];
            (idle[*a], idle[*b]) = (either, either);
        }
    }
}

fn small() -> impl Strategy<Value = Small> {
    (2..6_u32).prop_flat_map(|n| {
        let edge = (0..n, 0..u8::try_from(TASKS).unwrap(), 0..n);
        (
            prop::collection::vec(edge, 1..10),
            prop::collection::vec(any::<[bool; TASKS]>(), n as usize),
            prop::collection::vec(prop::bool::weighted(0.2), n as usize),
            prop::collection::vec(prop::bool::weighted(0.2), n as usize),
            0..TASKS,
        )
            .prop_map(move |(list, contends, finished, mut idle, asked)| {
                let mut edges = vec![Vec::new(); n as usize];
                for (branch, (from, task, target)) in list.into_iter().enumerate() {
                    let action = Action {
                        task: TaskId(task),
                        branch: u8::try_from(branch).unwrap(),
                    };
                    edges[from as usize].push(Edge { action, target });
                }
                // Every state of a state graph is reachable: leave the others out of the question.
                let reached = reachable(&edges);
                let finished = finished
                    .into_iter()
                    .enumerate()
                    .map(|(n, f)| f || !reached.contains(&n))
                    .collect();
                settle(&mut idle, &edges, asked);
                Small {
                    asked,
                    idle,
                    graph: Graph::from_edges(&edges),
                    edges,
                    contends,
                    finished,
                }
            })
    })
}

fn reachable(edges: &[Vec<Edge>]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([0]);
    let mut work = vec![0];
    while let Some(node) = work.pop() {
        for edge in &edges[node] {
            if seen.insert(edge.target as usize) {
                work.push(edge.target as usize);
            }
        }
    }
    seen
}

/// Whether an execution that takes exactly these edges for ever is fair, and the task asked about takes part.
fn fair(small: &Small, taken: &[(usize, Edge)], fairness: Fairness) -> bool {
    let nodes: BTreeSet<usize> = taken.iter().map(|(from, _)| *from).collect();
    let part = |(from, edge): &(usize, Edge)| {
        edge.action.task.index() == small.asked || !small.idle[*from]
    };
    taken.iter().any(part)
        && (0..TASKS).all(|task| {
            let stands = |s: Standing| {
                nodes
                    .iter()
                    .any(|n| small.standing(u32::try_from(*n).unwrap(), task) == s)
            };
            let moves = taken.iter().any(|(_, e)| e.action.task.index() == task);
            match fairness {
                Fairness::None => true,
                // It is not the case that it can move at every moment and does not.
                Fairness::Weak => {
                    moves || stands(Standing::Waiting) || stands(Standing::Contending)
                }
                // Nor that it can move again and again, waiting for nothing but locks in between.
                Fairness::Handover => {
                    moves || stands(Standing::Waiting) || !stands(Standing::Ready)
                }
            }
        })
}

/// Whether a walk can take all of these edges, and no other, again and again.
fn repeatable(taken: &[(usize, Edge)]) -> bool {
    let reach = |start: usize| {
        let mut seen = BTreeSet::from([start]);
        loop {
            let before = seen.len();
            for (from, edge) in taken {
                if seen.contains(from) {
                    seen.insert(edge.target as usize);
                }
            }
            if seen.len() == before {
                return seen;
            }
        }
    };
    taken.iter().all(|(from, _)| {
        taken.iter().all(|(to, e)| {
            let seen = reach(*from);
            seen.contains(to)
                && seen.contains(&(e.target as usize))
                && taken.iter().any(|(f, _)| *f == e.target as usize)
        })
    })
}

/// The distance of the nearest state at which a fair execution that never finishes is in its loop.
fn nearest(small: &Small, fairness: Fairness) -> Option<u32> {
    let all: Vec<(usize, Edge)> = small
        .edges
        .iter()
        .enumerate()
        .flat_map(|(n, list)| list.iter().map(move |e| (n, *e)))
        .filter(|(n, e)| !small.finished[*n] && !small.finished[e.target as usize])
        .collect();
    let (distance, _) = small.graph.distances();
    (1_u32..1 << all.len())
        .filter_map(|subset| {
            let taken: Vec<(usize, Edge)> = all
                .iter()
                .enumerate()
                .filter(|(i, _)| subset >> i & 1 == 1)
                .map(|(_, e)| *e)
                .collect();
            (repeatable(&taken) && fair(small, &taken, fairness))
                .then(|| taken.iter().map(|(n, _)| distance[*n]).min())
                .flatten()
        })
        .min()
}

/// The edges that a lasso goes through again and again; none if it is not a path of the graph.
fn walk(small: &Small, lasso: &Lasso) -> Option<Vec<(usize, Edge)>> {
    let step = |at: usize, action: &Action| {
        small.edges[at]
            .iter()
            .find(|e| e.action == *action)
            .copied()
    };
    let mut at = 0;
    for action in &lasso.prefix {
        at = step(at, action)?.target as usize;
    }
    let start = at;
    let mut taken = Vec::new();
    for action in &lasso.cycle {
        let edge = step(at, action)?;
        taken.push((at, edge));
        at = edge.target as usize;
    }
    (at == start && !taken.is_empty()).then_some(taken)
}

proptest! {
    #![proptest_config(support::cases(3000))]

    #[test]
    fn lassos_are_those_of_an_enumeration(small in small()) {
        for fairness in [Fairness::None, Fairness::Weak, Fairness::Handover] {
            let expected = nearest(&small, fairness);
            let found = find(&small, fairness);
            prop_assert_eq!(
                found.as_ref().map(|l| l.prefix.len()),
                expected.map(|d| d as usize),
                "{:?}", fairness
            );
            if let Some(lasso) = found {
                let taken = walk(&small, &lasso).expect("a path that comes back");
                prop_assert!(taken.iter().all(|(n, _)| !small.finished[*n]));
                prop_assert!(fair(&small, &taken, fairness), "{:?}: {:?}", fairness, lasso);
            }
        }
    }
}

/// A writer takes a lock, drops it, and begins again; another task waits for the lock.
#[test]
fn a_lock_that_is_free_again_and_again_is_obtained() {
    let by = |task, target| Edge {
        action: Action {
            task: TaskId(task),
            branch: 0,
        },
        target,
    };
    // 0: free; 1: the writer has it; 2: the other has it, and has finished.
    let edges = vec![vec![by(1, 1), by(0, 2)], vec![by(1, 0)], vec![]];
    let small = Small {
        asked: 0,
        idle: vec![false; 3],
        graph: Graph::from_edges(&edges),
        edges,
        contends: vec![[true, false, false]; 3],
        finished: vec![false, false, true],
    };
    assert!(find(&small, Fairness::None).is_some());
    assert!(find(&small, Fairness::Weak).is_some());
    assert_eq!(find(&small, Fairness::Handover), None);
}

/// Two ways from the first state, to a cycle each.
#[test]
fn of_several_cycles_the_shortest_is_shown() {
    let edge = |branch, target| Edge {
        action: Action {
            task: TaskId(0),
            branch,
        },
        target,
    };
    let ring = |lengths: [u32; 2]| {
        let mut edges = vec![Vec::new()];
        for (length, way) in lengths.into_iter().zip(0..) {
            let first = u32::try_from(edges.len()).unwrap();
            edges[0].push(edge(way, first));
            edges.extend((0..length).map(|n| vec![edge(0, first + (n + 1) % length)]));
        }
        let states = edges.len();
        Small {
            asked: 0,
            idle: vec![false; states],
            graph: Graph::from_edges(&edges),
            edges,
            contends: vec![[false; TASKS]; states],
            finished: vec![false; states],
        }
    };
    for (lengths, way, length) in [([3, 1], 1, 1), ([1, 3], 0, 1), ([2, 3], 0, 2)] {
        let lasso = find(&ring(lengths), Fairness::default()).expect("a cycle");
        assert_eq!(
            (lasso.prefix, lasso.cycle.len()),
            (vec![edge(way, 0).action], length)
        );
    }
    // Begun at either of two states of the same cycle it is as long: at the first.
    let edges = vec![
        vec![edge(0, 1), edge(1, 2)],
        vec![edge(0, 2)],
        vec![edge(0, 1)],
    ];
    let both = Small {
        asked: 0,
        idle: vec![false; 3],
        graph: Graph::from_edges(&edges),
        edges,
        contends: vec![[false; TASKS]; 3],
        finished: vec![false; 3],
    };
    let lasso = find(&both, Fairness::default()).expect("a cycle");
    assert_eq!(
        (lasso.prefix, lasso.cycle.len()),
        (vec![edge(0, 0).action], 2)
    );
}

/// Another task goes round alone, or the task asked about and it do. To be at a step that is not idle is to
/// take part; at an idle one a task has to move.
#[test]
fn nobody_moves_who_need_not() {
    let by = |task, target| Edge {
        action: Action {
            task: TaskId(task),
            branch: 0,
        },
        target,
    };
    let edges = vec![vec![by(1, 0), by(0, 1)], vec![by(0, 0)]];
    for (idle, length) in [(false, 1), (true, 2)] {
        let small = Small {
            asked: 0,
            idle: vec![idle; 2],
            graph: Graph::from_edges(&edges),
            edges: edges.clone(),
            contends: vec![[false; TASKS]; 2],
            finished: vec![false; 2],
        };
        let lasso = find(&small, Fairness::None).expect("a cycle");
        assert_eq!(lasso.cycle.len(), length, "idle: {idle}");
    }
}

#[test]
fn a_graph_has_the_edges_that_it_was_given() {
    let edge = |task, branch, target| Edge {
        action: Action {
            task: TaskId(task),
            branch,
        },
        target,
    };
    let edges = vec![
        vec![edge(0, 0, 1), edge(1, 2, 0)],
        vec![],
        vec![edge(2, 1, 0)],
    ];
    let graph = Graph::from_edges(&edges);
    assert_eq!(
        (graph.len(), graph.edge_count(), graph.is_empty()),
        (3, 3, false)
    );
    for (node, edges) in (0..).zip(&edges) {
        assert_eq!(&graph.edges(node).collect::<Vec<_>>(), edges);
    }
    let empty = Graph::from_edges(&[]);
    assert_eq!(
        (empty.len(), empty.edge_count(), empty.is_empty()),
        (0, 0, true)
    );
}
