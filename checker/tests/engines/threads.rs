//! Units run as threads, and the engines answering for each other.

use foliocheck::engine::loom::Cut;
use foliocheck::engine::shuttle;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::threads::agree::{Means, agree};
use foliocheck::threads::loomed::{self, Looming, Reach};
use foliocheck::threads::orders::audit;
use foliocheck::threads::sampled;
use foliocheck::verdict::Verdict;
use foliocheck_model::executor::execution::Orders;
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_specs::{Scenario, invariants, schemes};

/// Threads of a test.
const JOBS: usize = 2;

fn unit(scheme: &str, scenario: &str) -> Unit {
    let scheme = schemes::all().into_iter().find(|s| s.id == scheme);
    let scenarios = Scenario::own().expect("own scenarios");
    let scenario = scenarios.into_iter().find(|s| s.id == scenario);
    Unit {
        scheme: scheme.expect("a scheme"),
        scenario: scenario.expect("a scenario"),
        ablations: Vec::new(),
        ask: invariants::all(),
    }
}

#[test]
fn the_engines_agree_on_every_quick_scenario() {
    let scenarios = Scenario::own().expect("own scenarios");
    let scenarios: Vec<Scenario> = scenarios
        .into_iter()
        .filter(|s| s.in_group("quick"))
        .collect();
    let baseline: Vec<_> = schemes::all()
        .into_iter()
        .filter(|s| s.id == "by-reference")
        .collect();
    let units = suite::units(&baseline, &scenarios, &invariants::all());
    let means = Means {
        options: Options::default(),
        reach: Reach {
            to_the_end: 2_000,
            preemptions: 2,
            executions: 20_000,
            ..Reach::DEFAULT
        },
        sample: shuttle::Bounds {
            schedules: 30,
            time: None,
            memory: None,
            seed: 1,
            stop_at_violation: false,
        },
    };
    let agreements = suite::in_parallel(&units, JOBS, |u| agree(u, &means));
    let mut lines = Vec::new();
    let (mut equal, mut within) = (0, 0);
    for agreement in agreements {
        let agreement = agreement.expect("run");
        for error in &agreement.errors {
            lines.push(format!("{}: DISAGREES: {error}", agreement.scenario));
        }
        match agreement
            .engines
            .iter()
            .find(|h| h.engine == "loom, full barriers")
        {
            Some(has) if has.coverage.starts_with("all") => equal += 1,
            Some(_) => within += 1,
            None => lines.push(format!(
                "{}: {}",
                agreement.scenario,
                agreement.passed.join("; ")
            )),
        }
        for weak in &agreement.weak {
            let last = weak.trace.steps.len();
            lines.push(format!(
                "{}: a weak outcome in {last} steps",
                agreement.scenario
            ));
        }
    }
    lines.sort();
    lines.push(format!("equal in {equal} scenarios, within in {within}"));
    let lines = lines.join("\n");
    assert!(!lines.contains("DISAGREES"), "{lines}");
    insta::assert_snapshot!(lines);
}

#[test]
fn the_engines_agree_under_schemes_that_wait_retry_and_replace() {
    let means = Means {
        options: Options::default(),
        reach: Reach::DEFAULT,
        sample: shuttle::Bounds {
            schedules: 50,
            time: None,
            memory: None,
            seed: 7,
            stop_at_violation: false,
        },
    };
    for (scheme, scenario) in [
        ("stable-pin-mkclean", "mmap-store-dirty-pte"),
        ("stable-pin-mkclean", "tee-twins"),
        ("recheck-folio-version", "write-vs-splice"),
        ("confirm-folio-version", "mmap-store-clean-pte"),
        ("cow-page-cache", "write-vs-splice"),
        ("spliced-tag", "tag-a-mmap"),
        ("iomap-cookie", "stale-write-vs-fault"),
        ("notify-at-last-use", "completion-then-write"),
    ] {
        let agreement = agree(&unit(scheme, scenario), &means).expect("run");
        assert!(agreement.errors.is_empty(), "{agreement:#?}");
    }
}

#[test]
fn a_run_cut_short_is_inconclusive() {
    let mut unit = unit("copy", "write-vs-splice");
    unit.ask.retain(|i| i.id == "snapshot");
    let reach = Reach {
        to_the_end: 3,
        preemptions: 2,
        executions: 3,
        ..Reach::DEFAULT
    };
    let answer = suite::run(&unit, &Options::default()).expect("run");
    assert_eq!(answer.runs[0].verdict, Verdict::Holds);
    let Looming::Ran(loomed) = loomed::run(&unit, Orders::Declared, &reach).expect("run") else {
        panic!("loom can run it");
    };
    assert_eq!(loomed.found.cut, Some(Cut::Executions));
    let runs = loomed.runs(&unit, &answer).expect("concluded");
    assert_eq!(runs[0].verdict, Verdict::Inconclusive);
    let Looming::Ran(loomed) = loomed::run(&unit, Orders::Declared, &Reach::DEFAULT).expect("run")
    else {
        panic!("loom can run it");
    };
    let runs = loomed.runs(&unit, &answer).expect("concluded");
    assert_eq!(runs[0].verdict, Verdict::Holds);
}

#[test]
fn what_shuttle_meets_is_a_path_of_the_machine() {
    let mut unit = unit("by-reference", "crowd");
    unit.ask.retain(|i| i.id == "snapshot");
    let bounds = shuttle::Bounds {
        schedules: 200,
        time: None,
        memory: None,
        seed: 3,
        stop_at_violation: true,
    };
    let instance = unit.instance().expect("built");
    let sample = sampled::sample(&instance, &bounds).expect("sampled");
    let again = sampled::sample(&instance, &bounds).expect("sampled");
    assert_eq!(sample.violations, again.violations, "the seed decides");
    let predicate = instance
        .full
        .predicates
        .iter()
        .position(|p| p.invariant == "snapshot")
        .expect("asked");
    let met = &sample.violations[&predicate];
    let short = sampled::shortest(&instance, predicate, met).expect("made short");
    assert!(short.len() < met.path.len());
    for path in [&met.path, &short] {
        let mut state = Valuation::init(&instance.full);
        for action in path {
            state = interp::apply(&instance.full, &state, *action).expect("the machine takes it");
        }
        assert!(state.holds(&instance.full.predicates[predicate].bad));
    }
    let runs = sampled::runs(&unit, &sample, &bounds).expect("concluded");
    assert_eq!(runs[0].verdict, Verdict::Violated);
    assert_eq!(runs[0].trace.as_ref().map(|t| t.length), Some(short.len()));
    unit.ask = invariants::all();
    unit.ask.retain(|i| i.id == "source-untouched");
    let runs = sampled::runs(&unit, &sample, &bounds).expect("concluded");
    assert_eq!(runs[0].verdict, Verdict::Inconclusive, "never holds");
}

/// A pin's writer stores and then looks at PG_dirty; the flusher clears PG_dirty and then reads. The flusher's
/// barrier alone does not help: see FINDINGS.
#[test]
fn a_weak_finding_is_shown_with_its_execution() {
    let mut unit = unit("by-reference", "pinned-writer-vs-writeback");
    unit.ask.retain(|i| i.id == "no-lost-write");
    let answer = suite::run(&unit, &Options::default()).expect("run");
    let Looming::Ran(loomed) = loomed::run(&unit, Orders::Declared, &Reach::DEFAULT).expect("run")
    else {
        panic!("loom can run it");
    };
    let runs = loomed.runs(&unit, &answer).expect("concluded");
    insta::assert_snapshot!(foliocheck::report::text::run(&runs[0], "no-lost-write"));
}

#[test]
fn the_audit_finds_what_an_order_is_for() {
    let reach = Reach {
        to_the_end: 1_000,
        preemptions: 2,
        executions: 2_000,
        ..Reach::DEFAULT
    };
    let units = [unit("stable-pin-mkclean", "ext4-write-vs-splice")];
    let audited = audit(&units, &reach, JOBS, &|_, _| {}).expect("audited");
    let lock = |id: &str| {
        let mut all = audited.iter();
        let mine = all.find(|a| a.step == id && a.variable == "PG_locked");
        mine.unwrap_or_else(|| panic!("{id} is audited"))
    };
    insta::assert_snapshot!(foliocheck::report::threads::orders(
        "stable-pin-mkclean",
        &audited,
        false
    ));
    // The writer's wait is not over before the hold that was taken under the lock is seen.
    assert!(lock("W5").breaks.is_some() || lock("P1").breaks.is_some());
}
