//! Random walks, played on the kernel and on the model, until the two disagree.

use std::io;

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::machine::System;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::place::Place;
use crate::plan::{self, NotReplayable};
use crate::random::{self, Walk};
use crate::replay::{self, Agreement, Replay};

/// Makes the model of a scenario. The error says why it cannot.
pub type Build<'a> = dyn Fn(&Setup) -> Result<(System, World), String> + 'a;

/// Walks that are tried, at most, while one is made smaller.
const TRIES: usize = 400;

/// Why a walk could not be made. That is an error of this program or of the machine, never a disagreement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformError {
    /// No such scenario is accepted.
    #[error("no scenario: {0}")]
    Scenario(String),
    /// The model erred.
    #[error(transparent)]
    Model(#[from] NotReplayable),
    /// The kernel refused the start, or what has to be seen.
    #[error(transparent)]
    Kernel(#[from] io::Error),
}

/// What was compared.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Walks.
    pub walks: usize,
    /// Calls that they made.
    pub calls: usize,
    /// Values that were equal.
    pub equal: usize,
    /// Values of the model that cannot be seen.
    pub unseen: usize,
}

impl Counts {
    /// Adds a walk.
    pub fn add(&mut self, replay: &Replay) {
        self.walks += 1;
        self.calls += replay.played.len() - 1;
        self.equal += replay.count(Agreement::Equal);
        self.unseen += replay.count(Agreement::Unseen);
    }
}

/// A walk by chance: which one, `seed` and `number` decide. With what came of it.
///
/// # Errors
/// If it could not be made.
pub fn one(
    build: &Build<'_>,
    place: &Place,
    seed: u64,
    number: u64,
) -> Result<(Walk, Replay), ConformError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let fs = place.file_system();
    let mut walk = random::draw(&mut rng, fs).map_err(ConformError::Scenario)?;
    let setup = walk.setup().map_err(ConformError::Scenario)?;
    let (system, world) = build(&setup).map_err(ConformError::Scenario)?;
    let (plan, order) = random::walk(&system, &world, &mut rng)?;
    walk.order = order;
    let replay = replay::replay(&system, &world, &plan, place)?;
    Ok((walk, replay))
}

/// Plays a walk in its own order.
///
/// # Errors
/// If it cannot be made.
pub fn again(build: &Build<'_>, place: &Place, walk: &Walk) -> Result<Replay, ConformError> {
    let setup = walk.setup().map_err(ConformError::Scenario)?;
    plan::playable(&setup)?;
    let (system, world) = build(&setup).map_err(ConformError::Scenario)?;
    let plan = random::walk_again(&system, &world, &walk.order)?;
    Ok(replay::replay(&system, &world, &plan, place)?)
}

/// A walk as small as leaving out pieces makes it, in which the two still disagree.
pub fn shrink(build: &Build<'_>, place: &Place, walk: Walk, replay: Replay) -> (Walk, Replay) {
    let mut best = (walk, replay);
    let mut tries = 0;
    'again: loop {
        for less in random::smaller(&best.0) {
            tries += 1;
            if tries > TRIES {
                return best;
            }
            if let Ok(replay) = again(build, place, &less)
                && !replay.agrees()
            {
                best = (less, replay);
                continue 'again;
            }
        }
        return best;
    }
}
