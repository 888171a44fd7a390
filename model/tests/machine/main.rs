//! Shows that the machine is what its documentation says: the reference interpreter, the packed
//! machine, the optimiser and the footprints agree with each other, and with an interpreter that is
//! written here and shares no code with them, on random systems; and that systems which break a rule
//! of the model are refused.

mod agreement;
mod build;
mod counters;
mod counters_random;
mod explore;
mod footprint;
mod forever;
mod listing;
mod naive;
mod optimize;
mod plan;
mod refusal;

use proptest::test_runner::{Config, RngSeed};

/// Words of a packed state in these tests.
const WORDS: usize = 8;

/// The same cases in every run, unless `PROPTEST_RNG_SEED` gives another seed.
fn config(cases: u32) -> Config {
    let default = Config::default();
    let seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0x0f01_10c4_ec3d),
        given @ RngSeed::Fixed(_) => given,
    };
    let wanted = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if wanted { default.cases } else { cases },
        failure_persistence: None,
        rng_seed: seed,
        ..default
    }
}
