//! One scenario under one scheme, ready for an engine.

use foliocheck_model::kernel;
use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::machine::ablate::{Ablation, ablate};
use foliocheck_model::machine::optimize::optimize;
use foliocheck_model::machine::saturate::saturate;
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::{BuildError, Expr, RunError, System};

use crate::invariants::{self, Invariant, holds_balanced};
use crate::scheme::Scheme;

/// A built instance. Tasks, steps, branches and predicates of its systems correspond.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The system as written: what traces are shown on. Counters of rules [`saturate`].
    pub full: System,
    /// The same, where they are taken to stay in their ranges: right where `holds-balanced` holds, which is
    /// asked of `full`. A step that takes one out of it is an error here.
    pub in_range: System,
    /// The latter, optimised: what is explored.
    pub optimized: System,
    /// The objects.
    pub world: World,
}

impl Instance {
    /// Builds `setup` under `scheme`, with the given parts removed, asking the given invariants.
    ///
    /// # Errors
    /// If a rule cannot be built, or an ablation removes nothing.
    pub fn build(
        setup: &Setup,
        scheme: &Scheme,
        ablations: &[Ablation],
        ask: &[Invariant],
    ) -> Result<Instance, BuildError> {
        let (mut in_range, world) = ablated(setup, scheme, ablations)?;
        let full = asked(in_range.clone(), &world, ask)?;
        in_range.predicates.clone_from(&full.predicates);
        for predicate in &mut in_range.predicates {
            if predicate.invariant == holds_balanced::INVARIANT.id {
                predicate.bad = Expr::FALSE;
            }
        }
        let optimized = optimize(&in_range);
        Ok(Instance {
            full,
            in_range,
            optimized,
            world,
        })
    }

    /// Whether the error, met where counters are taken to stay in their ranges, is that one does not.
    pub fn is_unbalanced(&self, error: &RunError) -> bool {
        let RunError::OutOfRange { var: name, .. } = error else {
            return false;
        };
        let mut vars = self.full.vars.iter();
        vars.any(|v| v.saturates && v.full_name() == *name)
    }
}

/// The system as written, with its objects: all of an [`Instance`] that replaying a trace takes.
///
/// # Errors
/// As [`Instance::build`].
pub fn system(
    setup: &Setup,
    scheme: &Scheme,
    ablations: &[Ablation],
    ask: &[Invariant],
) -> Result<(System, World), BuildError> {
    let (system, world) = ablated(setup, scheme, ablations)?;
    Ok((asked(system, &world, ask)?, world))
}

fn ablated(
    setup: &Setup,
    scheme: &Scheme,
    ablations: &[Ablation],
) -> Result<(System, World), BuildError> {
    let (mut system, world) = kernel::build(setup, scheme)?;
    for ablation in ablations {
        ablate(&mut system, ablation)?;
    }
    Ok((system, world))
}

fn asked(mut system: System, world: &World, ask: &[Invariant]) -> Result<System, BuildError> {
    let counters = world.rule_counters(&system);
    saturate(&mut system, &counters);
    system.predicates = ask
        .iter()
        .flat_map(|i| i.predicates(&system, world))
        .collect();
    system.validate()?;
    Ok(system)
}

/// What of a system decides these predicates, and nothing else: only they are asked, nothing is observed.
pub fn question(full: &System, predicates: &[usize]) -> System {
    let mut system = full.clone();
    system.predicates = predicates
        .iter()
        .map(|p| full.predicates[*p].clone())
        .collect();
    for var in &mut system.vars {
        var.observed = false;
    }
    optimize(&system)
}

/// What of a system decides who can move when, and whether tasks finish: everything that only the other
/// predicates or a final observation ask for is left out. Tasks, steps and branches correspond, as in
/// [`Instance::optimized`].
pub fn control(full: &System) -> System {
    let progress: Vec<usize> = (0..full.predicates.len())
        .filter(|p| matches!(full.predicates[*p].scope, Scope::Progress(_)))
        .collect();
    question(full, &progress)
}

/// The invariants that apply to a scenario.
pub fn applicable(setup: &Setup) -> Vec<Invariant> {
    invariants::all()
        .into_iter()
        .filter(|i| (i.applies)(setup))
        .collect()
}
