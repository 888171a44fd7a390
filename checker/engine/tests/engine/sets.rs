//! Sets of nodes, held against those of the standard library.

use std::collections::BTreeSet;

use foliocheck_engine::nodes::{NODES_MAX, NodeSet};
use proptest::prelude::*;

use crate::support;

fn set(nodes: &BTreeSet<usize>) -> NodeSet {
    let mut set = NodeSet::default();
    for node in nodes {
        set.insert(*node);
    }
    set
}

fn nodes() -> impl Strategy<Value = BTreeSet<usize>> {
    proptest::collection::btree_set(0..NODES_MAX, 0..40)
}

proptest! {
    #![proptest_config(support::cases(300))]

    #[test]
    fn sets_of_nodes_are_sets(a in nodes(), b in nodes(), other in 0..NODES_MAX) {
        let (x, y) = (set(&a), set(&b));
        prop_assert_eq!(x.contains(other), a.contains(&other));
        prop_assert!(a.iter().all(|n| x.contains(*n)));
        prop_assert_eq!(x.len() as usize, a.len());
        prop_assert_eq!(x.is_empty(), a.is_empty());
        prop_assert_eq!(x.union(&y), set(&(&a | &b)));
        prop_assert_eq!(x.intersection(&y), set(&(&a & &b)));
        prop_assert_eq!(x.minus(&y), set(&(&a - &b)));
        let mut rest = x;
        let popped: Vec<usize> = std::iter::from_fn(|| rest.pop()).collect();
        prop_assert_eq!(popped, a.into_iter().collect::<Vec<_>>());
    }
}
