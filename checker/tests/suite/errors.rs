//! A counter of a rule that leaves its range is a verdict; another step that errs is an error of its own unit.

use foliocheck::suite::{self, Answer, Options, Unit, UnitError};
use foliocheck::verdict::{Run, Verdict};
use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, Prog};
use foliocheck_model::machine::ablate::Ablation;
use foliocheck_specs::scheme::Effect;
use foliocheck_specs::{Rule, Scheme, invariants, schemes};

use crate::support;

fn unit(scheme: Scheme, scenario: &str) -> Unit {
    Unit {
        scheme,
        scenario: support::scenario(scenario),
        ablations: Vec::new(),
        ask: invariants::all(),
    }
}

fn scheme(id: &str) -> Scheme {
    schemes::by_id(id).expect("a scheme of that name")
}

/// `stable-pin`, but a released buffer drops its hold twice.
fn drops_twice() -> Scheme {
    let mut scheme = scheme("stable-pin");
    let again = scheme.rules.iter().find(|r| r.name == "drop-hold").copied();
    scheme.rules.extend(again);
    scheme
}

fn verdict<'a>(answer: &'a Answer, invariant: &str) -> &'a Run {
    let mut runs = answer.runs.iter();
    runs.find(|r| r.invariant == invariant)
        .expect("it is asked")
}

#[test]
fn a_hold_dropped_twice_is_a_verdict_and_the_others_stay() {
    let whole = suite::run(
        &unit(scheme("stable-pin"), "write-vs-splice"),
        &Options::default(),
    );
    let whole = whole.unwrap();
    assert_eq!(verdict(&whole, "holds-balanced").verdict, Verdict::Holds);
    let wrong = suite::run(&unit(drops_twice(), "write-vs-splice"), &Options::default()).unwrap();
    let run = verdict(&wrong, "holds-balanced");
    assert_eq!(run.verdict, Verdict::Violated);
    let trace = run.trace.as_ref().unwrap();
    let last = trace.steps.last().unwrap();
    assert_eq!(
        (last.id.as_str(), last.rule.as_deref()),
        ("P9", Some("drop-hold"))
    );
    let change = &last.changes[0];
    let shown = (
        change.variable.as_str(),
        change.from.as_str(),
        change.to.as_str(),
    );
    assert_eq!(shown, ("folio0.stable_count", "0", "saturated"));
    let asked =
        |a: &Answer| -> Vec<String> { a.runs.iter().map(|r| r.invariant.clone()).collect() };
    assert_eq!(asked(&whole), asked(&wrong));
    // What follows is looked at: the count is never zero again, and the writer waits for that.
    assert_eq!(verdict(&wrong, "deadlock-free").verdict, Verdict::Violated);
}

/// Counters that saturate are asked about in every order: with reduction, without, and by a plain search.
#[test]
fn reduced_equals_full_where_a_counter_leaves_its_range() {
    let without = |scheme_id: &str, rule: &str| scheme(scheme_id).without(rule);
    for (scheme, scenario) in [
        (drops_twice(), "write-vs-splice"),
        (drops_twice(), "two-splicers"),
        (drops_twice(), "tee-race"),
        (without("stable-pin", "hold-tee"), "hold-renewed-by-tee"),
        (without("stable-pin", "take-hold"), "tag-b-writer"),
        (
            without("stable-pin-mkclean", "hold-skb"),
            "socket-retransmit-vs-write",
        ),
        (without("cow-page-cache", "count-tee"), "tee-race"),
        (
            without("notify-at-last-use", "count"),
            "completion-then-write-tee",
        ),
        (scheme("stable-pin"), "two-splicers"),
        (scheme("stable-sink-io"), "write-vs-splice"),
    ] {
        let name = format!("{} in {scenario}", scheme.id);
        let unit = unit(scheme, scenario);
        let reduced = suite::run(&unit, &Options::default()).unwrap();
        let full = Options {
            full: true,
            ..Options::default()
        };
        let full = suite::run(&unit, &full).unwrap();
        assert_eq!(reduced.observations, full.observations, "{name}");
        let plain = support::search_up_to(&unit.instance().unwrap().full, 60_000);
        let instance = unit.instance().unwrap();
        for (r, f) in reduced.runs.iter().zip(&full.runs) {
            let length = |run: &Run| run.trace.as_ref().map(|t| t.length);
            assert_eq!(
                (r.verdict, length(r)),
                (f.verdict, length(f)),
                "{name}, {}",
                r.invariant
            );
            let Some(plain) = plain.as_ref().filter(|_| r.invariant == "holds-balanced") else {
                continue;
            };
            let p = instance
                .full
                .predicates
                .iter()
                .position(|p| p.invariant == r.invariant);
            assert_eq!(
                length(r),
                plain.nearest[p.unwrap()],
                "{name}, by a plain search"
            );
        }
    }
}

/// A rule that takes a reference of the kernel's own too many times.
fn put_too_often(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    let Some(folio) = page.folio(p.w) else { return };
    for _ in 0..4 {
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("X1", c::FOLIO_PUT, |s| s.text("one put too many").dec(refs));
    }
}

#[test]
fn an_error_of_a_kernel_variable_is_one_of_its_unit_with_its_steps() {
    let mut wrong = scheme("by-reference");
    wrong.rules.push(Rule {
        name: "put",
        purpose: "none",
        hook: Hook::PipeBufRelease,
        effect: Effect::Steps(put_too_often),
    });
    let units = [
        unit(scheme("by-reference"), "write-vs-splice"),
        unit(wrong, "write-vs-splice"),
        unit(scheme("stable-pin"), "write-vs-splice"),
    ];
    let answers = suite::run_all(&units, &Options::default(), 2, &|_| {});
    assert!(answers[0].is_ok() && answers[2].is_ok());
    let error = answers[1].as_ref().expect_err("it errs");
    assert_shortest(error, "X1 folio_put: folio0.refs := -1");
}

/// The same where rules count as well.
#[test]
fn an_error_beside_a_counter_has_its_steps() {
    let mut wrong = unit(scheme("stable-pin"), "pipe-write-after-splice");
    wrong.ablations = vec![Ablation::Lock("S4l".to_owned())];
    let error = suite::run(&wrong, &Options::default()).expect_err("it errs");
    assert_shortest(&error, "pipe0.used := ");
}

fn assert_shortest(error: &UnitError, what: &str) {
    let text = foliocheck::causes::chain(error);
    assert!(text.contains(what), "{text}");
    let trace = error.steps().expect("steps are found");
    assert!(trace.why.contains(what), "{}", trace.why);
    assert_eq!(trace.length, trace.steps.len());
}

/// What the pipe's mutex is for: without it the pipe overflows, and a step says so.
#[test]
fn an_ablation_that_errs_has_its_steps() {
    let mut unit = unit(scheme("by-reference"), "pipe-write-after-splice");
    unit.ablations = vec![Ablation::Lock("S4l".to_owned())];
    let error = suite::run(&unit, &Options::default()).expect_err("it errs");
    assert_shortest(&error, "pipe0.used := ");
}
