//! Exploration by stateright.
//!
//! stateright explores and stores; what its results mean is decided here, because (0.31):
//!
//! - a run that was cut short ends like one that finished: bounds are therefore ours
//!   ([`Watch`]), and a run is complete only if none was reached;
//! - its `timeout` does nothing with one thread, and DFS with a depth bound misses states: neither is
//!   used;
//! - a violated property is tested again at every later state and its path replaced: ours report a
//!   violation once, at the first state that shows it, which with one thread and breadth-first order
//!   is one at the shortest distance;
//! - it stops once every property has a discovery: a run that must visit everything has one more
//!   property, which never fails;
//! - a state is stored as a 64-bit fingerprint, so that with `n` states about `n²/2⁶⁵` are taken for
//!   another and not explored: the number is reported ([`Exploration::expected_omissions`]);
//! - paths are action indices, so the actions of a state must not depend on anything but the state:
//!   they do not, reduced or not;
//! - a path is found by asking for the actions of its states once more, when the run is over: no bound
//!   counts then.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use foliocheck_model::machine::compile::{Machine, State};
use foliocheck_model::machine::expr::{Expr, Op};
use foliocheck_model::machine::interp::Action;
use foliocheck_model::machine::system::{Predicate, Scope};
use foliocheck_model::machine::{BuildError, RunError, System};
use foliocheck_model::with_words;
use stateright::{Checker, Model, Property};

use crate::limits::{Cut, Limits, Watch};
use crate::stubborn::Stubborn;

/// Largest number of predicates that one exploration watches.
pub const WATCHED_MAX: usize = 24;

/// What an exploration visits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Every reachable state.
    Full,
    /// Reduced, preserving final states and recorded violations. Watches predicates that are
    /// recorded or about final states.
    Final,
    /// Reduced, preserving the shortest way to the states that satisfy this one predicate, by index.
    Question(usize),
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// Distinct states visited.
    pub states: usize,
    /// Transitions taken.
    pub transitions: usize,
    /// Largest distance of a visited state from the initial one.
    pub depth: usize,
    /// Why it ended early.
    pub cut: Option<Cut>,
    /// For each watched predicate that was found true: its index and a shortest way there.
    pub violations: Vec<(usize, Vec<Action>)>,
    /// The observations of all final states visited.
    pub observations: BTreeSet<Vec<u64>>,
    /// For each task, whether it was at its end in any final state visited.
    pub finished: Vec<bool>,
    /// Words of a state.
    pub state_words: usize,
}

impl Exploration {
    /// Expected number of states that were not explored because their fingerprint was that of
    /// another.
    pub fn expected_omissions(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let n = self.states as f64;
        n * n / 2f64.powi(65)
    }
}

/// An exploration that did not happen or found an error of the model.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// The system cannot be packed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A step did what a step must not do.
    #[error("error of the model")]
    Run(#[from] RunError),
    /// The system has too many steps for the reduction.
    #[error("{0} steps are too many for the reduction; use --full")]
    TooManySteps(usize),
    /// A predicate that this mode says nothing about.
    #[error("exploration in mode {mode:?} does not decide predicate {predicate} of `{invariant}`")]
    Undecided {
        /// The mode.
        mode: Mode,
        /// Its index.
        predicate: usize,
        /// Its invariant.
        invariant: String,
    },
    /// Too many predicates at once.
    #[error("{0} predicates are more than one exploration watches")]
    TooManyPredicates(usize),
}

/// The machine as stateright sees it.
struct Explored<const N: usize> {
    machine: Machine<N>,
    reduction: Option<Stubborn>,
    watched: Vec<usize>,
    found: Vec<AtomicBool>,
    exhaustive: bool,
    watch: Arc<Watch>,
    /// The run is over: paths are looked up.
    over: AtomicBool,
    observations: Mutex<BTreeSet<Vec<u64>>>,
    /// A bit for each task: as [`Exploration::finished`].
    finished: AtomicU32,
    error: OnceLock<RunError>,
}

impl<const N: usize> Explored<N> {
    fn fail(&self, error: RunError) {
        let _ = self.error.set(error);
        self.watch.stop(Cut::Cancelled);
    }

    fn is_terminal(&self, state: &State<N>) -> bool {
        (0..self.machine.task_count()).all(|t| !self.machine.is_enabled(state, t))
    }

    /// False the first time the `i`-th watched predicate is true.
    fn holds(&self, i: usize, state: &State<N>) -> bool {
        let predicate = self.watched[i];
        if self.found[i].load(Ordering::Relaxed) || !self.machine.is_bad(state, predicate) {
            return true;
        }
        let scope = self.machine.system().predicates[predicate].scope;
        let asked = match scope {
            Scope::Always => true,
            Scope::Terminal => self.is_terminal(state),
            // About executions, not states: see `progress`.
            Scope::Progress(_) => false,
        };
        if !asked {
            return true;
        }
        self.found[i].store(true, Ordering::Relaxed);
        false
    }
}

fn condition<const N: usize, const I: usize>(model: &Explored<N>, state: &State<N>) -> bool {
    model.holds(I, state)
}

const NAMES: [&str; WATCHED_MAX] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23",
];

impl<const N: usize> Model for Explored<N> {
    type State = State<N>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<N>> {
        vec![self.machine.init()]
    }

    fn actions(&self, state: &State<N>, actions: &mut Vec<Action>) {
        if !self.over.load(Ordering::Relaxed) && !self.watch.go_on() {
            return;
        }
        let tasks = match &self.reduction {
            Some(stubborn) => stubborn.tasks(&self.machine, state),
            None => u32::MAX,
        };
        for task in (0..self.machine.task_count()).filter(|t| tasks >> t & 1 != 0) {
            if let Err(error) = self.machine.actions_of(state, task, actions) {
                self.fail(error);
                actions.clear();
                return;
            }
        }
        if self.exhaustive && actions.is_empty() && self.is_terminal(state) {
            let observation = self.machine.observation(state);
            let programs = self.machine.system().tasks.iter().map(|t| &t.program);
            let finished = programs.enumerate().fold(0, |bits, (task, program)| {
                let at_end = self.machine.pc(state, task) == program.steps.len();
                bits | u32::from(at_end) << task
            });
            self.finished.fetch_or(finished, Ordering::Relaxed);
            self.observations
                .lock()
                .expect("no panic while held")
                .insert(observation);
        }
    }

    fn next_state(&self, state: &State<N>, action: Action) -> Option<State<N>> {
        match self.machine.apply(state, action) {
            Ok(next) => Some(next),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! conditions {
            ($($i:literal)*) => { [$(condition::<N, $i> as fn(&Self, &State<N>) -> bool),*] };
        }
        let conditions: [fn(&Self, &State<N>) -> bool; WATCHED_MAX] =
            conditions!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
        let mut properties: Vec<_> = (0..self.watched.len())
            .map(|i| Property::<Self>::always(NAMES[i], conditions[i]))
            .collect();
        if self.exhaustive {
            properties.push(Property::always("visits everything", |_, _| true));
        }
        properties
    }
}

/// Whether the predicate is about final states, or, once true, stays true: then it is true in a final
/// state or on a cycle that the reduction visits.
pub fn lasts(system: &System, predicate: &Predicate) -> bool {
    predicate.scope == Scope::Terminal
        || predicate.bad.disjuncts().into_iter().all(|way| match way {
            Expr::Bin(Op::Eq, var, value) => match (&**var, &**value) {
                (Expr::Var(v), Expr::Const(1)) => system
                    .steps()
                    .flat_map(|(_, _, s)| &s.branches)
                    .flat_map(|b| &b.assigns)
                    .all(|a| a.var != *v || a.value == Expr::TRUE),
                _ => false,
            },
            _ => false,
        })
}

/// Whether an exploration in this mode that does not find the predicate true shows that it never is.
fn decides(mode: Mode, system: &System, p: usize) -> bool {
    let predicate = &system.predicates[p];
    if matches!(predicate.scope, Scope::Progress(_)) {
        return false;
    }
    match mode {
        Mode::Full => true,
        Mode::Final => lasts(system, predicate),
        Mode::Question(q) => p == q && predicate.scope == Scope::Always,
    }
}

/// Explores `system` (optimised) and watches the predicates with the given indices.
///
/// # Errors
/// If the system cannot be explored, or an error of the model shows.
pub fn explore(
    system: &System,
    mode: Mode,
    watched: &[usize],
    limits: &Limits,
) -> Result<Exploration, ExploreError> {
    with_words!(system, N in [2, 4, 6] or 10 => run::<N>(system, mode, watched, limits))
}

fn run<const N: usize>(
    system: &System,
    mode: Mode,
    watched: &[usize],
    limits: &Limits,
) -> Result<Exploration, ExploreError> {
    if watched.len() > WATCHED_MAX {
        return Err(ExploreError::TooManyPredicates(watched.len()));
    }
    if let Some(p) = watched.iter().find(|p| !decides(mode, system, **p)) {
        return Err(ExploreError::Undecided {
            mode,
            predicate: *p,
            invariant: system.predicates[*p].invariant.clone(),
        });
    }
    let machine = Machine::<N>::new(system.clone())?;
    let reduction = match mode {
        Mode::Full => None,
        Mode::Final => Some(Stubborn::for_final_states(&machine)),
        Mode::Question(q) => Some(Stubborn::for_question(&machine, &system.predicates[q].bad)),
    }
    .transpose()
    .map_err(ExploreError::TooManySteps)?;
    let watch = Arc::new(Watch::new(*limits));
    let model = Explored {
        machine,
        reduction,
        watched: watched.to_vec(),
        found: watched.iter().map(|_| AtomicBool::new(false)).collect(),
        exhaustive: !matches!(mode, Mode::Question(_)),
        watch: Arc::clone(&watch),
        over: AtomicBool::new(false),
        observations: Mutex::default(),
        finished: AtomicU32::new(0),
        error: OnceLock::new(),
    };
    let checker = model.checker().threads(1).spawn_bfs().join();
    let model = checker.model();
    model.over.store(true, Ordering::Relaxed);
    if let Some(error) = model.error.get() {
        return Err(error.clone().into());
    }
    let violations = watched
        .iter()
        .enumerate()
        .filter_map(|(i, predicate)| {
            Some((*predicate, checker.discovery(NAMES[i])?.into_actions()))
        })
        .collect();
    Ok(Exploration {
        states: checker.unique_state_count(),
        transitions: checker.state_count() - 1,
        depth: checker.max_depth().saturating_sub(1),
        cut: watch.cut(),
        violations,
        observations: std::mem::take(&mut *model.observations.lock().expect("no panic while held")),
        finished: {
            let bits = model.finished.load(Ordering::Relaxed);
            (0..model.machine.task_count())
                .map(|task| bits >> task & 1 == 1)
                .collect()
        },
        state_words: N,
    })
}
