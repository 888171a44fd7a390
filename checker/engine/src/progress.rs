//! Which endless executions a system has: [`lasso`] asked of its state graph.

use std::collections::BTreeSet;

use foliocheck_model::machine::compile::{Machine, Test};
use foliocheck_model::machine::expr::{Expr, Op, and, or};
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::step::Order;
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::var::{Role, VarId};
use foliocheck_model::machine::{System, TaskId};
use foliocheck_model::with_words;

use crate::explore::ExploreError;
use crate::graph::{Graph, Node, StateGraph};
use crate::lasso::{self, Fairness, Lasso, Question, Standing};
use crate::limits::{Cut, Limits};

/// No graph of more states is built: with states of two words it takes some 900 MiB to look for cycles in
/// one of that size. What needs more is inconclusive, unless a cycle is found in the part that was built.
pub const STATES_MAX: usize = 5_000_000;

/// What was found out about endless executions.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// States of the graph; 0 if none was needed.
    pub states: usize,
    /// Its edges.
    pub transitions: usize,
    /// Largest distance from the initial state.
    pub depth: usize,
    /// Why the graph was not built to the end.
    pub cut: Option<Cut>,
    /// For each predicate about progress that is violated: its index, and the execution.
    pub violations: Vec<(usize, Lasso)>,
}

/// The bounds of a graph: those given, and [`STATES_MAX`].
pub fn bounded(limits: &Limits) -> Limits {
    let max = limits.max_states.map_or(STATES_MAX, |m| m.min(STATES_MAX));
    Limits {
        max_states: Some(max),
        ..*limits
    }
}

/// Looks for executions of `system` (as `foliocheck_specs::instance::control` leaves it) that
/// violate its predicates about progress.
///
/// # Errors
/// If the system cannot be explored, or an error of the model shows.
pub fn progress(
    system: &System,
    fairness: Fairness,
    limits: &Limits,
) -> Result<Progress, ExploreError> {
    if !system.tasks.iter().any(|t| repeats(&t.program.steps)) {
        // No task can take a step twice: every execution ends.
        return Ok(Progress::default());
    }
    with_words!(system, N in [1, 2, 4] or 10 => run::<N>(system, fairness, limits))
}

/// Whether the control flow of a program has a cycle.
fn repeats(steps: &[foliocheck_model::machine::Step]) -> bool {
    // 0: not seen, 1: on the path, 2: done.
    let mut colour = vec![0_u8; steps.len()];
    let mut path = vec![(0, 0)];
    if steps.is_empty() {
        return false;
    }
    colour[0] = 1;
    while let Some((loc, branch)) = path.pop() {
        let Some(way) = steps[loc].branches.get(branch) else {
            colour[loc] = 2;
            continue;
        };
        path.push((loc, branch + 1));
        if way.when == Expr::FALSE || way.next >= steps.len() {
            continue;
        }
        match colour[way.next] {
            0 => {
                colour[way.next] = 1;
                path.push((way.next, 0));
            }
            1 => return true,
            _ => {}
        }
    }
    false
}

fn run<const N: usize>(
    system: &System,
    fairness: Fairness,
    limits: &Limits,
) -> Result<Progress, ExploreError> {
    let machine = Machine::<N>::new(system.clone())?;
    let graph = StateGraph::build(machine, &bounded(limits))?;
    let mut progress = Progress {
        states: graph.states.len(),
        transitions: graph.graph.edge_count(),
        depth: graph.depth,
        cut: graph.cut,
        violations: Vec::new(),
    };
    // A fair cycle in a part of the graph is one in all of it: who can move in a state is known from the
    // state alone.
    let waits = Waits::of(&graph.machine);
    for (p, predicate) in system.predicates.iter().enumerate() {
        let Scope::Progress(task) = predicate.scope else {
            continue;
        };
        let asked = Asked {
            graph: &graph,
            waits: &waits,
            predicate: p,
            task: task.index(),
        };
        if let Some(lasso) = lasso::find(&asked, fairness) {
            progress.violations.push((p, lasso));
        }
    }
    Ok(progress)
}

/// By task and step: what is waited for there, locks left out.
struct Waits(Vec<Vec<Test>>);

impl Waits {
    fn of<const N: usize>(machine: &Machine<N>) -> Waits {
        let system = machine.system();
        let locks = locks(system);
        Waits(
            system
                .task_ids()
                .map(|id| {
                    let steps = &system.task(id).program.steps;
                    steps
                        .iter()
                        .map(|s| machine.test(&without_locks(system, id, &s.guard, &locks).fold()))
                        .collect()
                })
                .collect(),
        )
    }
}

/// The variables by which steps take locks: assigned with acquire order, and waited for somewhere.
fn locks(system: &System) -> BTreeSet<VarId> {
    let mut waited = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (_, _, step) in system.steps() {
        step.guard.reads(&mut waited);
        let assigned = step.branches.iter().flat_map(|b| &b.assigns).map(|a| a.var);
        taken.extend(assigned.filter(|v| step.order_of(*v) == Order::Acquire));
    }
    taken.intersection(&waited).copied().collect()
}

/// The guard as it would be if every lock were free. A condition is about a lock if it reads nothing
/// else than locks and the task's own registers (which say whose lock).
fn without_locks(system: &System, task: TaskId, guard: &Expr, locks: &BTreeSet<VarId>) -> Expr {
    let part = |e: &Expr| without_locks(system, task, e, locks);
    match guard {
        Expr::Bin(Op::And, a, b) => and(part(a), part(b)),
        Expr::Bin(Op::Or, a, b) => or(part(a), part(b)),
        leaf => {
            let mut reads = BTreeSet::new();
            leaf.reads(&mut reads);
            let own = |v: &VarId| system.var(*v).role == Role::Private(task);
            let about_lock = reads.iter().any(|v| locks.contains(v))
                && reads.iter().all(|v| locks.contains(v) || own(v));
            if about_lock { Expr::TRUE } else { leaf.clone() }
        }
    }
}

struct Asked<'a, const N: usize> {
    graph: &'a StateGraph<N>,
    waits: &'a Waits,
    predicate: usize,
    task: usize,
}

impl<const N: usize> Question for Asked<'_, N> {
    fn graph(&self) -> &Graph {
        &self.graph.graph
    }

    fn tasks(&self) -> usize {
        self.graph.machine.task_count()
    }

    fn standing(&self, node: Node, task: usize) -> Standing {
        let state = &self.graph.states[node as usize];
        if self.graph.machine.is_enabled(state, task) {
            return Standing::Ready;
        }
        let pc = self.graph.machine.pc(state, task);
        match self.waits.0[task].get(pc) {
            Some(rest) if rest.holds(state) => Standing::Contending,
            _ => Standing::Waiting,
        }
    }

    fn unfinished(&self, node: Node) -> bool {
        let state = &self.graph.states[node as usize];
        self.graph.machine.is_bad(state, self.predicate)
    }

    fn task(&self) -> usize {
        self.task
    }

    fn idle(&self, node: Node) -> bool {
        let machine = &self.graph.machine;
        let pc = machine.pc(&self.graph.states[node as usize], self.task);
        machine.system().tasks[self.task]
            .program
            .steps
            .get(pc)
            .is_some_and(|s| s.idle)
    }
}

/// The whole path of an endless execution, and where the cycle begins.
pub fn unrolled(lasso: &Lasso) -> (Vec<Action>, usize) {
    let path = lasso.prefix.iter().chain(&lasso.cycle).copied().collect();
    (path, lasso.prefix.len())
}
