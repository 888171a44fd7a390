//! The packed machine taking the same steps as the threads: what shows that they do nothing that it
//! could not, and what tells which invariants break.

use std::sync::Arc;

use crate::machine::RunError;
use crate::machine::compile::{Machine, State};
use crate::machine::error::BuildError;
use crate::machine::interp::Action;
use crate::machine::system::{Scope, System};
use crate::with_words;

/// A machine that follows.
pub trait Follow: Send {
    /// Takes a step. False if the machine could not: it is left where it was.
    ///
    /// # Errors
    /// If the step does what a step must not do.
    fn take(&mut self, action: Action) -> Result<bool, RunError>;
    /// Nothing can move any more. False if the machine says otherwise.
    fn end(&mut self) -> bool;
    /// The steps taken.
    fn path(&self) -> &[Action];
    /// Predicates that were true, each with the number of steps taken when it first was.
    fn violated(&self) -> &[(usize, usize)];
    /// The final observation.
    fn observation(&self) -> Vec<u64>;
}

/// Makes machines that follow.
pub type Leader = Arc<dyn Fn() -> Box<dyn Follow> + Send + Sync>;

/// Machines for `system`, each at its initial state.
///
/// # Errors
/// If it cannot be packed.
pub fn leader(system: &System) -> Result<Leader, BuildError> {
    with_words!(system, N in [4, 8, 16] or 32 => of::<N>(system))
}

fn of<const N: usize>(system: &System) -> Result<Leader, BuildError> {
    let machine = Arc::new(Machine::<N>::new(system.clone())?);
    Ok(Arc::new(move || {
        let mut following = Following {
            state: machine.init(),
            machine: Arc::clone(&machine),
            path: Vec::new(),
            violated: Vec::new(),
            enabled: Vec::new(),
        };
        following.look();
        Box::new(following)
    }))
}

struct Following<const N: usize> {
    machine: Arc<Machine<N>>,
    state: State<N>,
    path: Vec<Action>,
    violated: Vec<(usize, usize)>,
    enabled: Vec<Action>,
}

impl<const N: usize> Following<N> {
    fn look(&mut self) {
        self.look_for(Scope::Always);
    }

    fn look_for(&mut self, scope: Scope) {
        for (p, predicate) in self.machine.system().predicates.iter().enumerate() {
            if predicate.scope == scope
                && !self.violated.iter().any(|(v, _)| *v == p)
                && self.machine.is_bad(&self.state, p)
            {
                self.violated.push((p, self.path.len()));
            }
        }
    }
}

impl<const N: usize> Follow for Following<N> {
    fn take(&mut self, action: Action) -> Result<bool, RunError> {
        self.enabled.clear();
        self.machine
            .actions_of(&self.state, action.task.index(), &mut self.enabled)?;
        if !self.enabled.contains(&action) {
            return Ok(false);
        }
        self.state = self.machine.apply(&self.state, action)?;
        self.path.push(action);
        self.look();
        Ok(true)
    }

    fn end(&mut self) -> bool {
        let tasks = 0..self.machine.task_count();
        let over = tasks
            .into_iter()
            .all(|t| !self.machine.is_enabled(&self.state, t));
        if over {
            self.look_for(Scope::Terminal);
        }
        over
    }

    fn path(&self) -> &[Action] {
        &self.path
    }

    fn violated(&self) -> &[(usize, usize)] {
        &self.violated
    }

    fn observation(&self) -> Vec<u64> {
        self.machine.observation(&self.state)
    }
}
