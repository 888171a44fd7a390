//! The state graph, held against exploration, and its paths.

use foliocheck_engine::explore::{Mode, explore};
use foliocheck_engine::graph::{Edge, Graph, Node, StateGraph};
use foliocheck_engine::limits::{Cut, Limits};
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::{System, TaskId};

use crate::support;

fn small() -> System {
    support::build("by-reference", &support::scenario("write-vs-splice")).optimized
}

fn graph(system: &System, limits: &Limits) -> StateGraph<4> {
    let machine = Machine::new(system.clone()).expect("it fits");
    StateGraph::build(machine, limits).expect("no error of the model")
}

#[test]
fn the_graph_is_what_exploration_visits() {
    for (scheme, id) in [
        ("by-reference", "write-vs-splice"),
        ("by-reference", "endless-writer-vs-splice"),
        ("stable-pin", "mmap-store-dirty-pte"),
    ] {
        let system = support::build(scheme, &support::scenario(id)).optimized;
        let found = explore(&system, Mode::Full, &[], &Limits::default()).expect("explored");
        let built = graph(&system, &Limits::default());
        assert_eq!(built.cut, None);
        assert_eq!(built.states.len(), found.states);
        assert_eq!(built.graph.len(), found.states);
        assert_eq!(built.graph.edge_count(), found.transitions);
        assert_eq!(built.depth, found.depth);
        let (distance, before) = built.graph.distances();
        assert!(distance.is_sorted(), "numbered level by level");
        assert_eq!(distance.last().map(|d| *d as usize), Some(found.depth));
        // Every state is where its path leads, by as many steps as it is away.
        for node in built.graph.nodes() {
            let path = built.graph.path_to(node, &before);
            assert_eq!(path.len(), distance[node as usize] as usize);
            let mut state = built.machine.init();
            for action in path {
                state = built.machine.apply(&state, action).expect("enabled");
            }
            assert!(state == built.states[node as usize]);
        }
    }
}

#[test]
fn a_graph_that_is_cut_keeps_what_it_has() {
    let limits = Limits {
        max_states: Some(100),
        ..Limits::default()
    };
    let system = small();
    let whole = graph(&system, &Limits::default());
    let part = graph(&system, &limits);
    assert_eq!(part.cut, Some(Cut::States));
    assert!(part.states.len() > 100 && part.states.len() < whole.states.len());
    assert_eq!(part.graph.len(), part.states.len());
    for node in part.graph.nodes() {
        let edges: Vec<Edge> = part.graph.edges(node).collect();
        if node < 100 {
            assert_eq!(edges, whole.graph.edges(node).collect::<Vec<_>>());
        } else {
            assert!(edges.is_empty());
        }
    }
}

/// What nothing leads to is at no distance.
#[test]
fn distances_are_those_of_shortest_paths() {
    let edge = |branch, target| Edge {
        action: Action {
            task: TaskId(0),
            branch,
        },
        target,
    };
    let edges = [
        vec![edge(0, 1), edge(1, 2)],
        vec![edge(0, 3)],
        vec![edge(0, 0), edge(1, 3), edge(2, 4)],
        vec![edge(0, 4)],
        vec![],
        vec![edge(0, 1)],
    ];
    let graph = Graph::from_edges(&edges);
    let (distance, before) = graph.distances();
    assert_eq!(distance, [0, 1, 1, 2, 2, u32::MAX]);
    let path = |node: Node| {
        let path = graph.path_to(node, &before);
        path.into_iter().map(|a| a.branch).collect::<Vec<_>>()
    };
    assert!(path(0).is_empty());
    assert_eq!(path(3), [0, 0]);
    assert_eq!(path(4), [1, 2]);
}
