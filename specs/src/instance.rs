//! One scenario under one scheme, ready for an engine.

use foliocheck_model::kernel;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::kernel::world::World;
use foliocheck_model::machine::ablate::{Ablation, ablate};
use foliocheck_model::machine::optimize::optimize;
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::{BuildError, System};

use crate::invariants::{self, Invariant};
use crate::scheme::Scheme;

/// A built instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The system as written: what traces are shown on.
    pub full: System,
    /// The optimised system: what is explored. Tasks, steps, branches and predicates correspond.
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
        let (full, world) = system(setup, scheme, ablations, ask)?;
        let optimized = optimize(&full);
        Ok(Instance {
            full,
            optimized,
            world,
        })
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
    let (mut full, world) = kernel::build(setup, scheme)?;
    for ablation in ablations {
        ablate(&mut full, ablation)?;
    }
    full.predicates = ask
        .iter()
        .flat_map(|i| i.predicates(&full, &world))
        .collect();
    full.validate()?;
    Ok((full, world))
}

/// What of a system decides who can move when, and whether tasks finish: everything that only the other
/// predicates or a final observation ask for is left out. Tasks, steps and branches correspond, as in
/// [`Instance::optimized`].
pub fn control(full: &System) -> System {
    let mut system = full.clone();
    system
        .predicates
        .retain(|p| matches!(p.scope, Scope::Progress(_)));
    for var in &mut system.vars {
        var.observed = false;
    }
    optimize(&system)
}

/// The invariants that apply to a scenario.
pub fn applicable(setup: &Setup) -> Vec<Invariant> {
    invariants::all()
        .into_iter()
        .filter(|i| (i.applies)(setup))
        .collect()
}
