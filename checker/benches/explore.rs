//! Speed of exploration: `cargo bench`. The figures in specs/docs/engines.md name this command.

use foliocheck::engine::explore::{Exploration, Mode, explore};
use foliocheck::engine::limits::Limits;
use foliocheck::suite::{self, Options};
use foliocheck_specs::{Instance, Scenario, instance, schemes};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let reduced = run_reference(Mode::Final);
    let full = run_reference(Mode::Full);
    assert_eq!(
        reduced.observations, full.observations,
        "reduced and full observe the same"
    );
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let ratio = full.states as f64 / reduced.states as f64;
    println!(
        "reference, stable-pin-mkclean: {} states in full, {} reduced: {ratio:.1} times fewer, {} observations each",
        full.states,
        reduced.states,
        full.observations.len()
    );
    let peak = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|s| {
            s.lines()
                .find(|l| l.starts_with("VmHWM"))?
                .split_whitespace()
                .nth(1)?
                .parse::<usize>()
                .ok()
        });
    if let Some(kib) = peak {
        println!(
            "peak memory so far: {} MiB, {} bytes a state of the full run",
            kib >> 10,
            (kib << 10) / full.states
        );
    }
    divan::main();
}

fn reference(scheme: &str) -> Instance {
    let scenario = Scenario::own()
        .unwrap()
        .into_iter()
        .find(|s| s.id == "reference")
        .expect("it is there");
    let ask = instance::applicable(&scenario.setup);
    Instance::build(
        &scenario.setup,
        &schemes::by_id(scheme).expect("it is there"),
        &[],
        &ask,
    )
    .unwrap()
}

fn run_reference(mode: Mode) -> Exploration {
    let instance = reference("stable-pin-mkclean");
    let watched: Vec<usize> = match mode {
        Mode::Full => (0..instance.optimized.predicates.len()).collect(),
        _ => Vec::new(),
    };
    explore(&instance.optimized, mode, &watched, &Limits::default()).unwrap()
}

/// The reference configuration in full, on one thread: distinct states a second.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn reference_full(bencher: divan::Bencher<'_, '_>) {
    let states = run_reference(Mode::Full).states;
    bencher
        .counter(divan::counter::ItemsCount::new(states))
        .bench(|| run_reference(Mode::Full).states);
}

/// The reference configuration, reduced.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn reference_reduced() -> usize {
    run_reference(Mode::Final).states
}

/// The whole default suite on two threads.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn default_suite() -> usize {
    let units = suite::default_units().unwrap();
    let answers = suite::run_all(&units, &Options::default(), 2, &|_| {});
    answers.into_iter().map(|a| a.unwrap().states).sum()
}
