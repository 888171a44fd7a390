//! Programs print as pseudo-C: scopes as functions, waits, branches, labelled values, ghosts and the
//! rules of a scheme marked.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder};
use foliocheck_model::machine::expr::{Expr, add, eq, ite, not, set_bit};
use foliocheck_model::machine::listing::{pseudo_c, show};
use foliocheck_model::machine::step::RuleTag;
use foliocheck_model::machine::system::System;
use foliocheck_model::machine::var::VarDecl;

const WRITE: CFn = CFn::new("generic_perform_write", "mm/filemap.c");
const LOCK: CFn = CFn::new("folio_lock", "include/linux/pagemap.h");
const COPY: CFn = CFn::new("copy_folio_from_iter_atomic", "lib/iov_iter.c");
const UNLOCK: CFn = CFn::new("folio_unlock", "mm/filemap.c");

fn tag(rule: &str, hook: &str) -> RuleTag {
    RuleTag {
        rule: rule.into(),
        hook: hook.into(),
    }
}

fn writer() -> System {
    let mut system = System::default();
    let lock = system.declare(VarDecl::shared("folio0", "lock", 2).labels(["free", "writer"]));
    let data = system.declare(VarDecl::shared("folio0", "data", 3));
    let stable = system.declare(VarDecl::shared("folio0", "stable", 1));
    let count = system.declare(VarDecl::ghost("", "writes", 3));
    let task = system.add_task("writer");
    let mut b = ProgramBuilder::new(&mut system, task);
    let again = b.here("again");
    b.enter(WRITE);
    b.enter(LOCK);
    b.step("W1", LOCK, |s| {
        s.wait(eq(lock, 0)).set(lock, 1).acquire(lock)
    });
    b.leave();
    b.set_rule(Some(tag("stable-pages", "before-copy")));
    b.step("R1", COPY, |s| {
        s.text("wait for stable").wait(eq(stable, 0))
    });
    b.set_rule(None);
    b.step("W2", COPY, |s| {
        s.wait_by(tag("freeze", "copy"), eq(stable, 0));
        s.set(data, add(data, 1)).set_if(eq(data, 0), count, 1)
    });
    b.step("W3", UNLOCK, |s| {
        s.set(lock, 0)
            .when(eq(data, 1), "more", |b| b.goto(again))
            .when(eq(data, 2), "gives up", |b| b.stop())
            .otherwise("all written", |b| b)
    });
    b.leave();
    b.step("W4", WRITE, |s| s.set(data, 0));
    b.finish().unwrap();
    system
}

const LISTING: &str = "       generic_perform_write {
           folio_lock {
   0:          folio_lock();  /* W1 */
                   wait until (folio0.lock == free);
                   folio0.lock = writer;
           }
   1:      copy_folio_from_iter_atomic();  /* R1: wait for stable */  <== rule stable-pages at before-copy
               wait until (folio0.stable == 0);
   2:      copy_folio_from_iter_atomic();  /* W2 */  <== waits by rule freeze
               wait until (folio0.stable == 0);
               folio0.data = (folio0.data + 1);
               ghost: if ((folio0.data == 0)) writes = 1;
   3:      folio_unlock();  /* W3 */
               if ((folio0.data == 1))  /* more */
                   folio0.lock = free;
                   goto 0;
               else if ((folio0.data == 2))  /* gives up */
                   folio0.lock = free;
                   stop for ever;
               else if (otherwise)  /* all written */
                   folio0.lock = free;
       }
   4:  generic_perform_write();  /* W4 */
           folio0.data = 0;
           return;
";

#[test]
fn a_program_prints_as_pseudo_c() {
    let system = writer();
    system.validate().unwrap();
    let listing = pseudo_c(&system, &system.tasks[0].program);
    assert_eq!(listing, LISTING, "\n{listing}");
}

#[test]
fn expressions_print_in_c() {
    let system = writer();
    let lock = foliocheck_model::machine::var::VarId(0);
    for (expr, text) in [
        (eq(lock, 1), "(folio0.lock == writer)"),
        // A number that is added is no value of the variable.
        (add(lock, 1), "(folio0.lock + 1)"),
        (eq(lock, Expr::Const(-1)), "(folio0.lock == -1)"),
        (not(lock), "!folio0.lock"),
        (ite(lock, 2, 3), "(folio0.lock ? 2 : 3)"),
        (set_bit(lock, 1), "(folio0.lock | 1 << 1)"),
    ] {
        assert_eq!(show(&system, &expr), text);
    }
}

/// One way on, taken only where its condition holds; and ways of which any may be taken.
#[test]
fn conditions_and_choices_are_printed() {
    let mut system = System::default();
    let x = system.declare(VarDecl::shared("o", "x", 3));
    let task = system.add_task("t");
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("A", WRITE, |s| s.when(eq(x, 1), "", |b| b.set(x, 2)));
    b.step("B", WRITE, |s| {
        s.choice()
            .when(Expr::TRUE, "this", |b| b)
            .when(eq(x, 1), "that", |b| b)
    });
    b.finish().unwrap();
    let expected = "   0:  generic_perform_write();  /* A */
           if ((o.x == 1))
               o.x = 2;
   1:  generic_perform_write();  /* B */
           either ()  /* this */
               return;
           either ((o.x == 1))  /* that */
               return;
";
    assert_eq!(pseudo_c(&system, &system.tasks[0].program), expected);
}
