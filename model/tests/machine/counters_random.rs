//! Version counters in random systems: whatever the optimiser makes of them, the behaviour stays.
//! A budget bounds how often the counter moves, so that the full system is finite.

use foliocheck_model::machine::builder::{Label, ProgramBuilder};
use foliocheck_model::machine::expr::{Expr, add, and, eq, ite, lt, ne, or};
use foliocheck_model::machine::system::{Predicate, Scope, System, TaskId};
use foliocheck_model::machine::var::{VarDecl, VarId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::build::FN;
use super::config;
use super::optimize::keeps_behaviour;

/// One step of a task.
#[derive(Clone, Debug)]
enum Act {
    /// The counter moves by `by` (not at all if 0), and the copy is taken, `plus` added, in the same
    /// step; either only if the flag is set, as said.
    Take {
        copy: usize,
        plus: i64,
        by: i64,
        take_if: bool,
        move_if: bool,
    },
    /// The counter moves.
    Move { by: i64, only_if: bool },
    /// A copy of a copy, or of one of two.
    Hand {
        to: usize,
        from: usize,
        other: usize,
    },
    /// What the copy is found to be; back to the start if it is stale and `retry`.
    Check { copy: usize, retry: bool },
    /// Waits until the copy is current, or until it is stale.
    Wait { copy: usize, current: bool },
    /// Sets or clears the flag.
    Flag(bool),
}

#[derive(Clone, Debug)]
struct Plan {
    seq_init: u64,
    copy_init: [u64; 3],
    budget: u64,
    tasks: Vec<Vec<Act>>,
}

/// Mostly of the kinds that keep a counter reducible.
fn take() -> impl Strategy<Value = Act> {
    let moves = prop_oneof![
        5 => (0i64..3).prop_map(|by| (0, by)),
        3 => (1i64..3).prop_map(|by| (by, by)),
        1 => (0i64..3, 0i64..3),
    ];
    (
        0usize..3,
        moves,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(copy, (plus, by), take_if, move_if)| Act::Take {
            copy,
            plus,
            by,
            take_if,
            move_if,
        })
}

fn act() -> impl Strategy<Value = Act> {
    let copy = 0usize..3;
    prop_oneof![
        5 => take(),
        3 => (1i64..3, any::<bool>()).prop_map(|(by, only_if)| Act::Move { by, only_if }),
        1 => (copy.clone(), copy.clone(), copy.clone())
            .prop_map(|(to, from, other)| Act::Hand { to, from, other }),
        4 => (copy.clone(), any::<bool>()).prop_map(|(copy, retry)| Act::Check { copy, retry }),
        1 => (copy, any::<bool>()).prop_map(|(copy, current)| Act::Wait { copy, current }),
        2 => any::<bool>().prop_map(Act::Flag),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let init = || prop_oneof![3 => Just(0u64), 1 => 1u64..3];
    (
        init(),
        [init(), init(), init()],
        1u64..4,
        vec(vec(act(), 2..=6), 2..=3),
    )
        .prop_map(|(seq_init, copy_init, budget, tasks)| Plan {
            seq_init,
            copy_init,
            budget,
            tasks,
        })
}

struct Vars {
    seq: VarId,
    copies: Vec<VarId>,
    /// Those that are taken somewhere: only they are compared.
    taken: Vec<VarId>,
    budget: VarId,
    flag: VarId,
    out: VarId,
}

impl Plan {
    fn takes(&self, wanted: usize) -> bool {
        let takes = |act: &Act| matches!(act, Act::Take { copy, .. } if *copy == wanted);
        self.tasks.iter().flatten().any(takes)
    }
}

impl Vars {
    fn taken(&self, number: usize) -> VarId {
        self.taken
            .get(number % self.taken.len().max(1))
            .copied()
            .unwrap_or(self.copies[0])
    }
}

fn build(plan: &Plan) -> System {
    let mut system = System::default();
    let tasks: Vec<TaskId> = (0..plan.tasks.len())
        .map(|t| system.add_task(format!("t{t}")))
        .collect();
    let mut vars = Vars {
        taken: Vec::new(),
        seq: system.declare(VarDecl::shared("inode", "seq", 31).init(plan.seq_init)),
        copies: (0..3)
            .map(|n| VarDecl::shared("copy", format!("c{n}"), 63).init(plan.copy_init[n]))
            .map(|decl| system.declare(decl))
            .collect(),
        budget: system.declare(VarDecl::shared("o", "budget", 3).init(plan.budget)),
        flag: system.declare(VarDecl::shared("o", "flag", 1)),
        out: system.declare(VarDecl::shared("o", "out", 2).observed()),
    };
    vars.taken = (0..3)
        .filter(|n| plan.takes(*n))
        .map(|n| vars.copies[n])
        .collect();
    for (task, acts) in tasks.iter().zip(&plan.tasks) {
        let mut b = ProgramBuilder::new(&mut system, *task);
        let start = b.here("start");
        for act in acts {
            write(&mut b, &vars, act, start);
        }
        b.finish().unwrap();
    }
    predicates(&mut system, &vars);
    system
}

fn predicates(system: &mut System, vars: &Vars) {
    let wrong = vars
        .taken
        .iter()
        .map(|c| and(eq(vars.out, 1), ne(*c, vars.seq)));
    let stale_but_used = wrong.fold(Expr::FALSE, or);
    let all_current = eq(vars.taken(0), vars.seq);
    system.predicates = [
        (Scope::Always, stale_but_used),
        (Scope::Terminal, all_current),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, (scope, bad))| Predicate {
        invariant: format!("P{n}"),
        scope,
        bad,
    })
    .collect();
}

fn write(b: &mut ProgramBuilder, vars: &Vars, act: &Act, start: Label) {
    let when = |only_if: bool| {
        if only_if {
            eq(vars.flag, 1)
        } else {
            Expr::TRUE
        }
    };
    let seq = vars.seq;
    match *act {
        Act::Take {
            copy,
            plus,
            by,
            take_if,
            move_if,
        } => b.step("take", FN, |s| {
            if by > 0 {
                s.wait(lt(0, vars.budget)).dec(vars.budget);
                s.set_if(when(move_if), seq, add(seq, by));
            }
            s.set_if(when(take_if), vars.copies[copy], add(seq, plus).fold())
        }),
        Act::Move { by, only_if } => b.step("move", FN, |s| {
            s.wait(lt(0, vars.budget))
                .dec(vars.budget)
                .set_if(when(only_if), seq, add(seq, by))
        }),
        Act::Hand { to, from, other } => {
            let value = ite(eq(vars.flag, 1), vars.taken(from), vars.taken(other));
            b.step("hand", FN, |s| s.set(vars.copies[to], value.fold()));
        }
        Act::Check { copy, retry } => b.step("check", FN, |s| {
            s.when(eq(vars.taken(copy), seq), "current", |b| b.set(vars.out, 1));
            s.otherwise("stale", |b| {
                if retry {
                    b.goto(start);
                }
                b.set(vars.out, 2)
            })
        }),
        Act::Wait { copy, current } => b.step("wait", FN, |s| {
            let copy = vars.taken(copy);
            s.wait(if current {
                eq(seq, copy)
            } else {
                ne(copy, seq)
            })
        }),
        Act::Flag(value) => b.step("flag", FN, |s| s.set(vars.flag, value)),
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn reducing_counters_keeps_behaviour(plan in plan()) {
        keeps_behaviour(&build(&plan))?;
    }
}
