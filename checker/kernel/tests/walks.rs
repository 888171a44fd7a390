//! Random walks on the model alone.

use foliocheck_kernel::place::FileSystem;
use foliocheck_kernel::random::{draw, smaller, walk, walk_again};
use foliocheck_specs::{instance, schemes};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

#[test]
fn a_walk_is_decided_by_its_seed_and_can_be_walked_again() {
    let scheme = schemes::by_id("by-reference").expect("today");
    for fs in FileSystem::ALL {
        let mut calls = 0;
        for seed in 0..100 {
            let drawn = || {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut drawn = draw(&mut rng, fs).expect("accepted");
                let setup = drawn.setup().expect("accepted");
                let (system, world) = instance::system(&setup, &scheme, &[], &[]).expect("built");
                let (plan, order) = walk(&system, &world, &mut rng).expect("walked");
                drawn.order = order;
                (drawn, plan, system, world)
            };
            let (first, plan, system, world) = drawn();
            assert_eq!(first, drawn().0);
            let again = walk_again(&system, &world, &first.order).expect("walked");
            assert_eq!(again.units, plan.units);
            calls += plan.units.len();
        }
        assert!(calls > 200, "{fs}: {calls} calls");
    }
}

#[test]
fn smaller_walks_lack_one_piece() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..100 {
        let drawn = draw(&mut rng, FileSystem::Xfs).expect("accepted");
        let pieces = |w: &foliocheck_kernel::random::Walk| {
            let folios = w.folios.len() + w.folios.iter().filter(|f| !f.is_empty()).count();
            w.calls() + w.ptes.len() + folios
        };
        for less in smaller(&drawn) {
            assert!(pieces(&less) < pieces(&drawn), "{less:?}");
        }
    }
}
