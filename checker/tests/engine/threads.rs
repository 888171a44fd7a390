//! The programs as threads: weak memory by loom, schedules at random by shuttle, and the engines answering
//! for each other.

use std::sync::Arc;

use foliocheck::engine::explore::{Mode, explore};
use foliocheck::engine::limits::Limits;
use foliocheck::engine::loom::{self, Bounds, Cut, LoomError};
use foliocheck::engine::shuttle;
use foliocheck::suite::{self, Options, Unit};
use foliocheck::threads::agree::{Means, agree};
use foliocheck::threads::loomed::{self, Looming, Reach};
use foliocheck::threads::orders::audit;
use foliocheck::threads::{prepare, sampled};
use foliocheck::verdict::Verdict;
use foliocheck_model::executor::execution::{Orders, Prepared};
use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{and, eq};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::var::VarDecl;
use foliocheck_model::machine::{BuildError, System};
use foliocheck_specs::{Scenario, invariants, schemes};

/// Threads of a test.
const JOBS: usize = 2;

const WHOLE: Bounds = Bounds {
    preemptions: None,
    executions: 100_000,
    time: None,
};

/// The shape of "take the hold, look at the page-table entry" against "make the entry writable, look at the
/// hold": each must see the other, and does only if what it stores is there before it looks.
fn dekker(order: Order) -> System {
    const HOLD: CFn = CFn::new("splice_folio_into_pipe", "fs/splice.c");
    const FAULT: CFn = CFn::new("wp_page_reuse", "mm/memory.c");
    let mut system = System::default();
    let hold = system.declare(VarDecl::shared("folio0", "stable_count", 1));
    let pte = system.declare(VarDecl::shared("pte(mm0,0)", "W", 1));
    let mut saw = Vec::new();
    for (name, function, mine, theirs) in
        [("splicer", HOLD, hold, pte), ("mapper", FAULT, pte, hold)]
    {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let seen = b.register("seen", 1);
        b.step("D1", function, |s| s.set(mine, 1).order(mine, order));
        b.step("D2", function, |s| s.set(seen, theirs));
        b.finish().expect("no labels");
        system.vars[seen.index()].observed = true;
        saw.push(seen);
    }
    system.predicates = vec![Predicate {
        invariant: "one-sees-the-other".to_owned(),
        scope: Scope::Terminal,
        bad: and(eq(saw[0], 0), eq(saw[1], 0)),
    }];
    system
}

#[test]
fn a_store_and_a_look_need_a_barrier_between_them() {
    for (order, breaks) in [
        (Order::Relaxed, true),
        (Order::Release, true),
        (Order::Full, false),
    ] {
        let system = dekker(order);
        // Interleavings hold either way.
        let states = explore(&system, Mode::Full, &[0], &Limits::default()).expect("explored");
        assert!(states.violations.is_empty(), "{order:?}");
        let prepared = prepare(&system).expect("each step touches one word");
        let found = loom::explore(&prepared, Orders::Declared, &WHOLE).expect("explored");
        assert_eq!(found.cut, None);
        assert_eq!(found.weak_violations.contains_key(&0), breaks, "{order:?}");
        assert!(found.violations.is_empty(), "{order:?}");
        assert_eq!(found.outcomes, states.observations, "{order:?}");
        let strongest = loom::explore(&prepared, Orders::Strongest, &WHOLE).expect("explored");
        assert_eq!(strongest.weak, 0, "{order:?}");
        assert_eq!(strongest.outcomes, states.observations, "{order:?}");
    }
}

#[test]
fn a_step_on_two_objects_without_a_lock_is_refused() {
    const F: CFn = CFn::new("f", "mm/test.c");
    let build = |locked: bool| {
        let mut system = System::default();
        let a = system.declare(VarDecl::shared("folio0", "a", 1).observed());
        let b = system.declare(VarDecl::shared("folio0", "b", 1).observed());
        let lock = system.declare(
            VarDecl::shared("folio0", "PG_locked", 2)
                .lock(foliocheck_model::machine::var::Lock::Owner),
        );
        for name in ["one", "two"] {
            let task = system.add_task(name);
            let mut p = ProgramBuilder::new(&mut system, task);
            if locked {
                let me = p.me();
                p.step("L", F, |s| s.wait(eq(lock, 0)).set(lock, me));
            }
            p.step("S", F, |s| s.set(a, eq(b, 0)).set(b, eq(a, 0)));
            if locked {
                p.step("U", F, |s| s.set(lock, 0));
            }
            p.finish().expect("no labels");
        }
        system
    };
    match prepare(&build(false)).map(|_| ()) {
        Err(BuildError::TwoObjects {
            step,
            first,
            second,
            ..
        }) => assert_eq!(
            (step.as_str(), first.as_str(), second.as_str()),
            ("S f", "folio0.a", "folio0.b")
        ),
        other => panic!("{other:?}"),
    }
    assert!(prepare(&build(true)).is_ok());
}

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

fn prepared(unit: &Unit) -> Arc<Prepared> {
    prepare(&unit.instance().expect("built").full).expect("its steps are one action each")
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
        },
        sample: shuttle::Bounds {
            schedules: 30,
            time: None,
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
fn too_many_threads_and_endless_tasks_are_errors() {
    let eight = prepared(&unit("by-reference", "crowd"));
    let too_many = loom::explore(&eight, Orders::Declared, &WHOLE);
    assert!(matches!(too_many, Err(LoomError::TooManyTasks(8))));
    let endless = prepared(&unit("by-reference", "endless-writer-vs-splice"));
    let endless = loom::explore(&endless, Orders::Declared, &WHOLE);
    assert!(matches!(endless, Err(LoomError::Endless(_))));
}

#[test]
fn what_shuttle_meets_is_a_path_of_the_machine() {
    let mut unit = unit("by-reference", "crowd");
    unit.ask.retain(|i| i.id == "snapshot");
    let bounds = shuttle::Bounds {
        schedules: 200,
        time: None,
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
