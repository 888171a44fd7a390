//! What the builder adds to what is written: tasks' numbers, registers' names, memory orders.

use foliocheck_model::machine::builder::{CFn, ProgramBuilder, StepDraft};
use foliocheck_model::machine::expr::{Expr, Op, add, bin, eq, ne, sub};
use foliocheck_model::machine::interp::{self, Valuation};
use foliocheck_model::machine::step::{Access, Cost, Order, Step};
use foliocheck_model::machine::system::{System, TaskId};
use foliocheck_model::machine::var::{Lock, VarDecl, VarId};

use super::explore::packed;

const F: CFn = CFn::new("f", "mm/test.c");

#[test]
fn a_task_is_its_number_plus_one_in_a_lock() {
    let mut system = System::default();
    for n in 1..4 {
        let task = system.add_task(format!("t{n}"));
        assert_eq!(ProgramBuilder::new(&mut system, task).me(), Expr::from(n));
    }
}

#[test]
fn a_register_whose_name_is_taken_gets_a_number() {
    let mut system = System::default();
    for task in ["a", "b"] {
        let id = system.add_task(task);
        let mut b = ProgramBuilder::new(&mut system, id);
        let names = ["r", "q", "r", "r"].map(|name| b.register(name, 1));
        let names = names.map(|v| system.var(v).full_name());
        assert_eq!(
            names,
            ["r", "q", "r.2", "r.3"].map(|r| format!("{task}.{r}"))
        );
    }
}

/// The step as it is in the program.
fn step(write: impl for<'s> Fn(&'s mut StepDraft, [VarId; 3]) -> &'s mut StepDraft) -> Step {
    let mut system = System::default();
    let task = system.add_task("a");
    let lock = system.declare(VarDecl::shared("o", "lock", 3).lock(Lock::Owner));
    let count = system.declare(VarDecl::shared("o", "refs", 3).count());
    let plain = system.declare(VarDecl::shared("o", "x", 3));
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("A", F, |s| write(s, [lock, count, plain]));
    b.finish().unwrap();
    system.task(TaskId(0)).program.steps[0].clone()
}

#[test]
fn orders_follow_from_what_a_variable_is() {
    let orders =
        |step: &Step| -> Vec<Order> { step.accesses.iter().map(|a: &Access| a.order).collect() };
    let taken = step(|s, [lock, ..]| s.wait(eq(lock, 0)).set(lock, 1));
    assert_eq!(orders(&taken), [Order::Acquire]);
    let dropped = step(|s, [lock, ..]| s.set(lock, 0));
    assert_eq!(orders(&dropped), [Order::Release]);
    let left = step(|s, [lock, ..]| s.set(lock, bin(Op::ClearBit, lock, 0)));
    assert_eq!(orders(&left), [Order::Release]);
    let put = step(|s, [_, count, _]| s.wait(ne(count, 0)).set(count, sub(count, 1)));
    assert_eq!(orders(&put), [Order::Full]);
    let got = step(|s, [_, count, _]| s.set(count, add(count, 1)));
    assert_eq!(orders(&got), []);
    let plain = step(|s, [.., x]| s.set(x, sub(x, 1)));
    assert_eq!(orders(&plain), []);
}

#[test]
fn an_order_that_is_declared_stands_and_none_is_there_twice() {
    let declared = step(|s, [lock, ..]| s.set(lock, 1).order(lock, Order::Relaxed));
    assert_eq!(declared.accesses.len(), 1);
    assert_eq!(declared.accesses[0].order, Order::Relaxed);
    let twice = step(|s, [lock, _, x]| {
        s.when(eq(x, 0), "", |b| b.set(lock, 1))
            .otherwise("", |b| b.set(lock, 2))
    });
    assert_eq!(twice.accesses.len(), 1);
}

/// A page is copied once, however many words it has.
#[test]
fn the_first_word_of_a_page_bears_its_cost() {
    assert_eq!(
        step(|s, _| s.copies_page_from(0)).branches[0].costs,
        [Cost::PageCopy]
    );
    assert_eq!(step(|s, _| s.copies_page_from(1)).branches[0].costs, []);
}

/// Labels are told apart from each other and from steps.
#[test]
fn a_step_leads_to_its_label() {
    let mut system = System::default();
    let task = system.add_task("a");
    let mut b = ProgramBuilder::new(&mut system, task);
    let [one, two] = ["one", "two"].map(|name| b.label(name));
    b.step("A", F, |s| s.goto(two));
    b.bind(one);
    b.step("B", F, |s| s.end());
    b.bind(two);
    b.step("C", F, |s| s.goto(one));
    b.finish().unwrap();
    let next = |n: usize| system.tasks[0].program.steps[n].branches[0].next;
    assert_eq!((next(0), next(2)), (2, 1));
}

/// No variable is negative, whatever it is compared with.
#[test]
fn nothing_equals_a_negative_number() {
    let mut system = System::default();
    let task = system.add_task("a");
    let x = system.declare(VarDecl::shared("o", "x", 3).init(1));
    let y = system.declare(VarDecl::shared("o", "y", 3).observed());
    let mut b = ProgramBuilder::new(&mut system, task);
    b.step("A", F, |s| {
        s.when(eq(x, Expr::Const(-1)), "", |b| b.set(y, 1))
            .when(eq(Expr::Const(1), x), "", |b| b.set(y, 2))
            .otherwise("", |b| b.set(y, 3))
    });
    b.finish().unwrap();
    let state = Valuation::init(&system);
    let action = interp::enabled(&system, &state)[0];
    assert_eq!(interp::apply(&system, &state, action).unwrap().get(y), 2);
    let machine = packed(system).unwrap();
    let mut actions = Vec::new();
    machine
        .actions_of(&machine.init(), 0, &mut actions)
        .unwrap();
    assert_eq!(actions, [action]);
}
