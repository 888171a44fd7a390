//! Speed of the engines that run threads: `cargo bench --bench threads`.
//!
//! One iteration is one exploration by loom, or one round of schedules by shuttle: items are executions.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use foliocheck::engine::loom;
use foliocheck::engine::shuttle;
use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_specs::{Instance, Scenario, instance, schemes};

fn main() {
    divan::main();
}

fn prepared(scheme: &str, scenario: &str) -> Arc<Prepared> {
    let scheme = schemes::all().into_iter().find(|s| s.id == scheme);
    let scenarios = Scenario::own().expect("own scenarios");
    let scenario = scenarios.into_iter().find(|s| s.id == scenario);
    let setup = scenario.expect("a scenario").setup;
    let ask = instance::applicable(&setup);
    let built = Instance::build(&setup, &scheme.expect("a scheme"), &[], &ask);
    Prepared::of(&built.expect("built").full).expect("its steps are one action each")
}

/// Three threads: a writer and two splicers; with one preemption, two, and any number.
#[divan::bench(args = [Some(1), Some(2), None])]
fn loom_three_threads(bencher: Bencher, preemptions: Option<usize>) {
    let prepared = prepared("by-reference", "two-splicers");
    let bounds = loom::Bounds {
        preemptions,
        executions: 1_000_000,
        time: None,
        memory: None,
    };
    let explore = || loom::explore(&prepared, Orders::Declared, &bounds).expect("explored");
    let executions = explore().executions;
    bencher
        .counter(ItemsCount::new(executions))
        .bench_local(explore);
}

/// Eight threads on four folios: 1,000 schedules of each chooser.
#[divan::bench(sample_count = 5)]
fn shuttle_eight_threads(bencher: Bencher) {
    let prepared = prepared("by-reference", "crowd");
    let bounds = shuttle::Bounds {
        schedules: 1_000,
        time: None,
        memory: None,
        seed: 0,
        stop_at_violation: false,
    };
    let choosers = shuttle::Chooser::ALL.len();
    bencher
        .counter(ItemsCount::new(bounds.schedules * choosers))
        .bench_local(|| shuttle::sample(&prepared, &bounds).expect("sampled"));
}
