//! Version counters, by example: where the optimiser reduces them to one bit a copy, and where that
//! would change the behaviour, so that it must leave them or account for it.

use foliocheck_model::machine::builder::ProgramBuilder;
use foliocheck_model::machine::compile::Machine;
use foliocheck_model::machine::expr::{add, eq, ne};
use foliocheck_model::machine::optimize::optimize;
use foliocheck_model::machine::system::{Predicate, Scope, System};
use foliocheck_model::machine::var::{VarDecl, VarId};

use super::WORDS;
use super::build::FN;
use super::explore::states;
use super::optimize::keeps_behaviour;

/// The counter `inode.seq`, a copy of it, and what a reader found out.
struct Versions {
    system: System,
    seq: VarId,
    copy: VarId,
    out: VarId,
}

/// One writer that moves the counter twice; the reader's program is still to be written.
fn versions(copy_init: u64) -> Versions {
    let mut system = System::default();
    let reader = system.add_task("reader");
    let writer = system.add_task("writer");
    let seq = system.declare(VarDecl::shared("inode", "seq", 15));
    let copy = system.declare(VarDecl::private(reader, "reader", "copy", 15).init(copy_init));
    let out = system.declare(VarDecl::shared("reader", "out", 2).observed());
    let mut b = ProgramBuilder::new(&mut system, writer);
    b.step("W0", FN, |s| s.inc(seq));
    b.step("W1", FN, |s| s.inc(seq));
    b.finish().unwrap();
    Versions {
        system,
        seq,
        copy,
        out,
    }
}

/// The reader's last step: is its copy current?
fn check(b: &mut ProgramBuilder, copy: VarId, seq: VarId, out: VarId) {
    b.step("R9", FN, |s| {
        s.when(eq(copy, seq), "current", |b| b.set(out, 1))
            .otherwise("stale", |b| b.set(out, 2))
    });
}

impl Versions {
    fn reader(mut self, write: impl FnOnce(&mut ProgramBuilder, VarId, VarId)) -> System {
        let task = self.system.tasks[0].pc;
        let reader = self
            .system
            .task_ids()
            .find(|t| self.system.task(*t).pc == task)
            .unwrap();
        let mut b = ProgramBuilder::new(&mut self.system, reader);
        write(&mut b, self.copy, self.seq);
        check(&mut b, self.copy, self.seq, self.out);
        b.finish().unwrap();
        self.system
    }
}

/// Whether the optimiser reduced the counter.
fn reduced(system: &System) -> bool {
    optimize(system)
        .vars
        .iter()
        .all(|v| v.full_name() != "inode.seq" && v.name != "copy")
}

#[test]
fn a_plain_version_counter_is_reduced() {
    let system = versions(0).reader(|b, copy, seq| b.step("R0", FN, |s| s.set(copy, seq)));
    assert!(reduced(&system));
    keeps_behaviour(&system).unwrap();
}

#[test]
fn a_copy_of_the_moved_counter_is_reduced() {
    let system = versions(0).reader(|b, copy, seq| {
        b.step("R0", FN, |s| s.set(copy, add(seq, 1)).inc(seq));
    });
    assert!(reduced(&system));
    keeps_behaviour(&system).unwrap();
}

#[test]
fn a_copy_of_the_counter_before_it_moves_is_stale() {
    let system = versions(0).reader(|b, copy, seq| {
        b.step("R0", FN, |s| s.set(copy, seq).inc(seq));
    });
    assert!(reduced(&system));
    keeps_behaviour(&system).unwrap();
}

#[test]
fn a_copy_of_a_copy_is_stale_once_the_counter_moves() {
    for moves in [false, true] {
        let system = versions(0).reader(|b, copy, seq| {
            let second = b.register("second", u64::from(u32::MAX));
            b.step("R0", FN, |s| s.set(copy, seq));
            b.step("R1", FN, |s| {
                let s = s.set(second, copy);
                if moves { s.inc(seq) } else { s }
            });
            b.step("R2", FN, |s| s.set(copy, second));
        });
        assert!(reduced(&system));
        keeps_behaviour(&system).unwrap();
    }
}

/// A retry that moves the counter itself has endlessly many states until the counter is reduced.
#[test]
fn an_endless_retry_becomes_a_cycle() {
    let mut system = System::default();
    let seq = system.declare(VarDecl::shared("inode", "seq", u64::from(u32::MAX)));
    for name in ["a", "b"] {
        let task = system.add_task(name);
        let mut b = ProgramBuilder::new(&mut system, task);
        let copy = b.register("copy", u64::from(u32::MAX));
        let retry = b.here("retry");
        b.step("R0", FN, |s| s.inc(seq).set(copy, add(seq, 1)));
        b.step("R1", FN, |s| {
            s.when(ne(copy, seq), "raced", |b| b.goto(retry))
                .otherwise("", |b| b)
        });
        b.finish().unwrap();
    }
    assert!(reduced(&system));
    let machine = Machine::<WORDS>::new(optimize(&system)).unwrap();
    assert!(states(&machine, 1000).len() < 40);
}

#[test]
fn a_counter_whose_value_matters_is_left() {
    let mut system = versions(0).reader(|b, copy, seq| b.step("R0", FN, |s| s.set(copy, seq)));
    let seq = versions(0).seq;
    let bad = eq(seq, 2);
    system.predicates.push(Predicate {
        invariant: "P".into(),
        scope: Scope::Always,
        bad,
    });
    assert!(!reduced(&system));
    keeps_behaviour(&system).unwrap();
}

#[test]
fn an_observed_counter_is_left() {
    let mut system = versions(0).reader(|b, copy, seq| b.step("R0", FN, |s| s.set(copy, seq)));
    system.vars[versions(0).seq.index()].observed = true;
    assert!(!reduced(&system));
    keeps_behaviour(&system).unwrap();
}

/// The copy is taken only if the writer has moved; the counter moves in any case.
#[test]
fn a_copy_not_taken_where_the_counter_moves_is_stale() {
    let mut versions = versions(0);
    let flag = versions
        .system
        .declare(VarDecl::shared("o", "flag", 1).observed());
    let system = versions.reader(|b, copy, seq| {
        b.step("R0", FN, |s| {
            s.set_if(eq(flag, 1), copy, add(seq, 1))
                .inc(seq)
                .set(flag, 1)
        });
    });
    keeps_behaviour(&system).unwrap();
}

/// A copy of what the counter will be after it has moved once more.
#[test]
fn a_copy_ahead_of_the_counter_becomes_current() {
    let system = versions(0).reader(|b, copy, seq| b.step("R0", FN, |s| s.set(copy, add(seq, 1))));
    keeps_behaviour(&system).unwrap();
}

#[test]
fn a_copy_that_starts_ahead_of_the_counter_becomes_current() {
    let system = versions(1).reader(|b, copy, seq| {
        b.step("R0", FN, |s| {
            s.choice()
                .when(1, "take", |b| b.set(copy, seq))
                .when(1, "leave", |b| b)
        });
    });
    keeps_behaviour(&system).unwrap();
}

#[test]
fn a_copy_that_is_moved_on_becomes_current() {
    let system = versions(0).reader(|b, copy, seq| {
        b.step("R0", FN, |s| s.set(copy, seq));
        b.step("R1", FN, |s| s.inc(copy));
    });
    keeps_behaviour(&system).unwrap();
}

/// A copy of a copy, moved on.
#[test]
fn a_copy_ahead_of_a_copy_becomes_current() {
    let mut versions = versions(0);
    let first = versions.system.declare(VarDecl::shared("o", "first", 15));
    let system = versions.reader(|b, copy, seq| {
        b.step("R0", FN, |s| s.set(first, seq));
        b.step("R1", FN, |s| s.set(copy, add(first, 1)));
    });
    keeps_behaviour(&system).unwrap();
}

/// What a ghost holds stays out of the kernel also where a bit stands for it.
#[test]
fn ghost_copies_stay_ghosts() {
    let mut system = System::default();
    let task = system.add_task("t");
    let seq = system.declare(VarDecl::shared("inode", "seq", 15));
    let mark = system.declare(VarDecl::ghost("", "mark", 1));
    let copy = system.declare(VarDecl::ghost("", "copy", 15));
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("S0", FN, |s| {
        s.choice()
            .when(1, "", |b| b.set(mark, 1))
            .when(1, "", |b| b)
    });
    b.step("S1", FN, |s| s.inc(seq));
    b.step("S2", FN, |s| s.set_if(eq(mark, 1), copy, seq));
    b.finish().unwrap();
    let bad = eq(copy, seq);
    system.predicates.push(Predicate {
        invariant: "P".into(),
        scope: Scope::Always,
        bad,
    });
    keeps_behaviour(&system).unwrap();
}
