//! How many random cases a property test runs, and from which seed.

use proptest::test_runner::{Config, RngSeed};

/// The same random cases in every run, unless `PROPTEST_RNG_SEED` gives another seed; as many as said,
/// unless `PROPTEST_CASES` gives another number.
pub fn cases(cases: u32) -> Config {
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
