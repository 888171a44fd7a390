//! What a trace may have meant that names something that is not there: words for the end of an error.

use foliocheck_model::machine::step::Step;
use foliocheck_model::machine::system::Task;
use foliocheck_model::machine::{BuildError, System};

use crate::near;
use crate::trace::{Change, TraceStep};
use crate::weak;

/// Which of the names are near; empty if it is one of them.
fn unless_one<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.contains(&name) {
        String::new()
    } else {
        near::meant(name, names)
    }
}

/// Which step of the task is near; empty if it has the step.
pub(super) fn step(task: &Task, wanted: &TraceStep) -> String {
    let steps = &task.program.steps;
    let meant = unless_one(&wanted.id, steps.iter().map(|s| s.id.as_str()));
    if !meant.is_empty() {
        return meant;
    }
    let named = steps.iter().filter(|s| s.id == wanted.id);
    unless_one(&wanted.function, named.map(|s| s.function.as_str()))
}

/// Which branch of the step is near; empty if it has the branch.
pub(super) fn branch(step: &Step, wanted: &str) -> String {
    unless_one(wanted, step.branches.iter().map(|b| b.label.as_str()))
}

/// That a variable never has one of these values, and which one is near; empty if each can have its own.
pub(super) fn value(system: &System, changes: &[Change]) -> String {
    let named = |c: &Change| system.vars.iter().find(|v| v.full_name() == c.variable);
    let values = changes
        .iter()
        .filter_map(|c| Some((named(c)?, [&c.from, &c.to])));
    values
        .flat_map(|(var, texts)| texts.map(|text| weak::value(var, text)))
        .find_map(Result::err)
        .map_or_else(String::new, |why| format!("; {why}"))
}

/// The error about something to be removed that `whole` does not have, with the step that is near. `what` begins with
/// the id of a step.
pub(super) fn removal(whole: &System, what: String) -> String {
    let id = what.split(' ').next().unwrap_or_default();
    let meant = unless_one(id, whole.steps().map(|(_, _, step)| step.id.as_str()));
    format!("{}{meant}", BuildError::NothingToAblate(what))
}
