//! Removing one named part of a system: what breaks without it is what it was for.

use super::error::BuildError;
use super::expr::Expr;
use super::system::System;

/// What to remove.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ablation {
    /// The effects of every step with this id: it is still passed, and changes nothing.
    Effect(String),
    /// The wait of every step with this id: it no longer sleeps.
    Wait(String),
    /// One assignment, to variables with this name (`flags`), of every step with this id.
    Assignment(String, String),
}

/// Removes it.
///
/// # Errors
/// If nothing in the system bears the name: an ablation that removes nothing shows nothing.
pub fn ablate(system: &mut System, ablation: &Ablation) -> Result<(), BuildError> {
    let mut found = false;
    let System { vars, tasks, .. } = system;
    for step in tasks.iter_mut().flat_map(|t| &mut t.program.steps) {
        match ablation {
            Ablation::Effect(id) if step.id == *id => {
                for branch in &mut step.branches {
                    found |= !branch.assigns.is_empty();
                    branch.assigns.clear();
                }
            }
            Ablation::Wait(id) if step.id == *id && step.guard != Expr::TRUE => {
                found = true;
                step.guard = Expr::TRUE;
            }
            Ablation::Assignment(id, name) if step.id == *id => {
                for branch in &mut step.branches {
                    let before = branch.assigns.len();
                    branch.assigns.retain(|a| vars[a.var.index()].name != *name);
                    found |= branch.assigns.len() != before;
                }
            }
            _ => {}
        }
    }
    if found {
        Ok(())
    } else {
        Err(BuildError::NothingToAblate(match ablation {
            Ablation::Effect(id) => id.clone(),
            Ablation::Wait(id) => format!("{id} with a wait"),
            Ablation::Assignment(id, name) => format!("{id} that assigns `{name}`"),
        }))
    }
}
