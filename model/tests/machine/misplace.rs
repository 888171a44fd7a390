//! Moving steps: in which order a task then does what it did.

use foliocheck_model::machine::ablate::{Ablation, ablate};
use foliocheck_model::machine::builder::{CFn, ProgramBuilder, StepDraft};
use foliocheck_model::machine::error::BuildError;
use foliocheck_model::machine::expr::eq;
use foliocheck_model::machine::interp::{self, Action, Valuation};
use foliocheck_model::machine::step::{END, Loc};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::VarDecl;
use proptest::prelude::*;

const F: CFn = CFn::new("f", "mm/test.c");

fn before(a: &str, b: &str) -> Ablation {
    Ablation::Before(a.into(), b.into())
}

fn after(a: &str, b: &str) -> Ablation {
    Ablation::After(a.into(), b.into())
}

/// A step: its id, and where it may go, by number; the next one if nothing is said.
type Line<'a> = (&'a str, &'a [Loc]);

fn program(lines: &[Line<'_>]) -> System {
    let mut system = System::default();
    let task = system.add_task("a");
    let mut b = ProgramBuilder::new(&mut system, task);
    for (id, _) in lines {
        b.step(id, F, |s: &mut StepDraft| s.choice());
    }
    b.finish().unwrap();
    for (step, (_, to)) in system.tasks[0].program.steps.iter_mut().zip(lines) {
        let only = step.branches[0].clone();
        step.choice = to.len() > 1;
        if !to.is_empty() {
            step.branches.clear();
        }
        for next in *to {
            let mut branch = only.clone();
            branch.next = if *next < lines.len() { *next } else { END };
            step.branches.push(branch);
        }
    }
    system
}

/// What the task does if it decides so wherever it can: ids, and whether it comes to its end. Moved steps
/// decide nothing here.
fn runs(system: &System, decisions: &[usize], most: usize) -> (Vec<String>, bool) {
    let mut state = Valuation::init(system);
    let mut decisions = decisions.iter();
    let mut out = Vec::new();
    while let Some(step) = interp::current(system, &state, TaskId(0)) {
        if out.len() == most {
            return (out, false);
        }
        out.push(step.id.clone());
        let ways = step.branches.len();
        let way = if ways == 1 {
            0
        } else {
            match decisions.next() {
                Some(n) => n % ways,
                None => return (out, false),
            }
        };
        let action = Action {
            task: TaskId(0),
            branch: u8::try_from(way).unwrap(),
        };
        state = interp::apply(system, &state, action).unwrap();
    }
    (out, true)
}

fn moved(lines: &[Line<'_>], ablation: &Ablation) -> Result<System, BuildError> {
    let mut system = program(lines);
    ablate(&mut system, ablation).map(|()| system)
}

/// In which order it is done after that move.
fn order(lines: &[Line<'_>], ablation: &Ablation, decisions: &[usize]) -> String {
    let (out, ends) = runs(&moved(lines, ablation).unwrap(), decisions, 100);
    assert!(ends, "{out:?}");
    out.concat()
}

#[test]
fn a_moved_step_is_done_elsewhere() {
    for (ids, ablation, expected) in [
        ("ZABC", before("C", "A"), "ZCAB"),
        ("ZABC", before("C", "B"), "ZACB"),
        ("ZABC", before("A", "B"), "ZABC"),
        ("ZABC", before("A", "C"), "ZBAC"),
        ("ZABC", after("A", "B"), "ZBAC"),
        ("ZABC", after("A", "C"), "ZBCA"),
        ("ZABC", after("C", "Z"), "ZCAB"),
        ("ZABC", after("C", "A"), "ZACB"),
        // The first step, and to before the first step.
        ("ZABC", before("B", "Z"), "BZAC"),
        ("ZABC", after("Z", "B"), "ABZC"),
        // The next step with that id, or else the last one.
        ("ZBABCB", after("A", "B"), "ZBBACB"),
        ("ZBCBDA", before("A", "B"), "ZBCABD"),
        // Each to its own: twice the same call, moved up or down.
        ("ZBAZBA", before("A", "B"), "ZABZAB"),
        ("ZABZAB", after("A", "B"), "ZBAZBA"),
        // Several of one id stay in order.
        ("ZAAB", after("A", "B"), "ZBAA"),
        ("ZBAAC", before("A", "B"), "ZAABC"),
        // What has nothing to go to stays.
        ("ZABA", after("A", "B"), "ZBAA"),
    ] {
        let ids: Vec<&str> = ids.split("").filter(|s| !s.is_empty()).collect();
        let lines: Vec<Line<'_>> = ids.iter().map(|id| (*id, &[][..])).collect();
        assert_eq!(order(&lines, &ablation, &[]), expected, "{ablation}");
    }
    let lines = [("Z", &[][..]), ("A", &[]), ("B", &[])];
    for ablation in [before("A", "Q"), after("Q", "A"), after("A", "A")] {
        let refused = moved(&lines, &ablation).map(|_| ());
        assert!(
            matches!(refused, Err(BuildError::NothingToAblate(_))),
            "{ablation}: {refused:?}"
        );
    }
}

/// What was lost: the step that X is to follow does not fall through.
#[test]
fn after_a_step_that_goes_elsewhere() {
    // B goes on to D, which is not the next step.
    let lines = [("A", &[][..]), ("B", &[3]), ("C", &[]), ("D", &[])];
    assert_eq!(order(&lines, &after("A", "B"), &[]), "BAD");
    // B ends the task.
    let lines = [("A", &[][..]), ("B", &[9]), ("C", &[])];
    assert_eq!(order(&lines, &after("A", "B"), &[]), "BA");
    // B goes either way: X is done on both.
    let lines = [("A", &[][..]), ("B", &[2, 3]), ("C", &[]), ("D", &[])];
    assert_eq!(order(&lines, &after("A", "B"), &[0]), "BACD");
    assert_eq!(order(&lines, &after("A", "B"), &[1]), "BAD");
    // X itself goes elsewhere.
    let lines = [("A", &[3][..]), ("C", &[]), ("D", &[9]), ("B", &[1])];
    assert_eq!(order(&lines, &after("A", "B"), &[]), "BACD");
}

/// Who backs out before Y does X as he leaves.
#[test]
fn a_way_that_misses_the_other_step_pays_as_it_leaves() {
    let lines = [
        ("A", &[][..]),
        ("B", &[2, 4]),
        ("C", &[]),
        ("D", &[]),
        ("E", &[]),
    ];
    for ablation in [after("A", "C"), before("A", "D")] {
        assert_eq!(order(&lines, &ablation, &[0]), "BCADE");
        assert_eq!(order(&lines, &ablation, &[1]), "BAE");
    }
}

#[test]
fn loops_do_it_as_often_as_they_did() {
    // Each round has its X and its Y.
    let lines = [
        ("Z", &[][..]),
        ("A", &[]),
        ("B", &[]),
        ("C", &[1, 4]),
        ("D", &[]),
    ];
    assert_eq!(order(&lines, &after("A", "B"), &[0, 1]), "ZBACBACD");
    assert_eq!(order(&lines, &after("A", "C"), &[0, 1]), "ZBCABCAD");
    // What decides, decides there.
    assert_eq!(order(&lines, &before("C", "B"), &[0, 1]), "ZACACBD");
    // X before the loop, Y in it: X once.
    let lines = [
        ("Z", &[][..]),
        ("A", &[]),
        ("B", &[]),
        ("C", &[2, 4]),
        ("D", &[]),
    ];
    assert_eq!(order(&lines, &after("A", "B"), &[0, 1]), "ZBACBCD");
    // A loop between the two: X once, behind it.
    let lines = [("A", &[][..]), ("C", &[]), ("D", &[1, 3]), ("B", &[])];
    assert_eq!(order(&lines, &after("A", "B"), &[0, 0, 1]), "CDCDCDBA");
    // Tries again from before X: X is done each time.
    let lines = [("Z", &[][..]), ("A", &[]), ("C", &[0, 3]), ("B", &[])];
    assert_eq!(order(&lines, &after("A", "B"), &[0, 1]), "ZCAZCBA");
}

#[test]
fn a_step_in_one_of_two_branches_moves_for_that_branch() {
    // Z goes to A, or past it to C; B follows both.
    let lines = [
        ("Z", &[1, 2][..]),
        ("A", &[]),
        ("C", &[]),
        ("B", &[]),
        ("D", &[]),
    ];
    assert_eq!(order(&lines, &after("A", "B"), &[0]), "ZCBAD");
    assert_eq!(order(&lines, &after("A", "B"), &[1]), "ZCBD");
    // One X in either branch, each does its own.
    let lines = [
        ("Z", &[1, 2][..]),
        ("A", &[3]),
        ("A", &[]),
        ("B", &[]),
        ("D", &[]),
    ];
    assert_eq!(order(&lines, &after("A", "B"), &[0]), "ZBAD");
    assert_eq!(order(&lines, &after("A", "B"), &[1]), "ZBAD");
}

/// Done earlier, it would be done on ways that do not come to it.
#[test]
fn what_would_be_done_where_it_is_not_is_refused() {
    let lines = [
        ("Z", &[][..]),
        ("B", &[]),
        ("C", &[3, 4]),
        ("A", &[]),
        ("D", &[]),
    ];
    let refused = moved(&lines, &before("A", "B")).map(|_| ()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a: A cannot be done before B: from there the task may go on to D f without it, where it would be \
         done all the same"
    );
    // Y in one of two branches: where it is not passed, X stays.
    let lines = [
        ("Z", &[1, 2][..]),
        ("B", &[]),
        ("C", &[]),
        ("A", &[]),
        ("D", &[]),
    ];
    assert_eq!(order(&lines, &before("A", "B"), &[0]), "ZABCD");
    assert_eq!(order(&lines, &before("A", "B"), &[1]), "ZCAD");
}

/// What backs out where it stood backs out where it stands now; it is not done by who leaves before.
#[test]
fn a_moved_step_keeps_where_it_leads_else() {
    let system = || {
        let mut system = System::default();
        let x = system.declare(VarDecl::shared("o", "x", 3));
        let task = system.add_task("a");
        let mut b = ProgramBuilder::new(&mut system, task);
        let out = b.label("out");
        b.step("Z", F, |s| s.set(x, 2));
        b.step("A", F, |s| {
            s.when(eq(x, 3), "", |b| b.goto(out)).otherwise("", |b| b)
        });
        b.step("B", F, |s| s.inc(x));
        b.step("C", F, |s| {
            s.when(eq(x, 2), "", |b| b.goto(out)).otherwise("", |b| b)
        });
        b.step("E", F, |s| s);
        b.bind(out);
        b.step("D", F, |s| s.end());
        b.finish().unwrap();
        system
    };
    let mut moved = system();
    ablate(&mut moved, &after("A", "B")).unwrap();
    let mut state = Valuation::init(&moved);
    let mut out = String::new();
    while let Some(step) = interp::current(&moved, &state, TaskId(0)) {
        out.push_str(&step.id);
        let action = interp::enabled(&moved, &state)[0];
        state = interp::apply(&moved, &state, action).unwrap();
    }
    assert_eq!(out, "ZBAD");
    let refused = ablate(&mut system(), &after("A", "E")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a: A cannot be done after E: it decides where the task goes on, and between the two the task may go \
         to D f"
    );
}

/// Programs of some steps, X and Y among them, which go on, end, or go anywhere.
fn programs() -> impl Strategy<Value = Vec<(usize, Vec<Loc>)>> {
    (3..9_usize).prop_flat_map(|n| {
        let goes = prop::collection::vec(0..=n, 0..3);
        prop::collection::vec((0..5_usize, goes), n)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever the program: with the same decisions, everything else is done as before, and X as often.
    #[test]
    fn nothing_is_lost(
        steps in programs(),
        decisions in prop::collection::vec(0..6_usize, 12),
        late in any::<bool>(),
    ) {
        let ids = ["X", "Y", "a", "b", "c"];
        let lines: Vec<Line<'_>> = steps
            .iter()
            // X decides nothing: a task would decide elsewhere than it did.
            .map(|(id, to)| (ids[*id], if *id == 0 { &to[..to.len().min(1)] } else { &to[..] }))
            .collect();
        let ablation = if late { after("X", "Y") } else { before("X", "Y") };
        if let Ok(changed) = moved(&lines, &ablation) {
            let (was, ended) = runs(&program(&lines), &decisions, 200);
            let (is, ends) = runs(&changed, &decisions, 200);
            prop_assume!(ended);
            prop_assert!(ends, "{was:?} became {is:?}");
            let others = |list: &[String]| -> Vec<String> {
                list.iter().filter(|id| *id != "X").cloned().collect()
            };
            prop_assert_eq!(others(&was), others(&is));
            prop_assert_eq!(was.len(), is.len(), "{:?} became {:?}", was, is);
        }
    }
}
