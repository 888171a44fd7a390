//! Who uses a pipe, and whether its last reader can go away before the others are done.

use crate::kernel::hooks::{Attached, Hook};
use crate::kernel::setup::{Call, Setup};

/// Whether some rule can make a consumer fail.
pub fn possible(rules: &dyn Attached) -> bool {
    rules.has(Hook::PipeBufConfirm) || rules.has(Hook::PipeBufCopied)
}

/// Whether the call puts buffers into the pipe or takes them out.
pub(in crate::kernel) fn uses(call: &Call, pipe: usize) -> bool {
    fills(call, pipe) || consumes(call, pipe)
}

pub(in crate::kernel) fn fills(call: &Call, pipe: usize) -> bool {
    matches!(call, Call::SpliceRead { pipe: p, .. } | Call::PipeWrite { pipe: p } | Call::Tee { to: p, .. }
        if *p == pipe)
}

pub(in crate::kernel) fn consumes(call: &Call, pipe: usize) -> bool {
    matches!(call, Call::PipeRead { pipe: p, .. } | Call::SpliceSocket { pipe: p, .. } | Call::Tee { from: p, .. }
        if *p == pipe)
}

/// Numbers of the tasks that have such a call.
pub(in crate::kernel) fn tasks(setup: &Setup, with: impl Fn(&Call) -> bool) -> Vec<usize> {
    let tasks = setup.tasks.iter().enumerate();
    tasks
        .filter(|(_, t)| t.calls.iter().any(&with))
        .map(|(t, _)| t)
        .collect()
}

/// How many tasks have the read end of a pipe, where one of them can close it before another user of the
/// pipe is done: `pipe->readers` at the start.
pub(in crate::kernel) fn readers(
    setup: &Setup,
    rules: &dyn Attached,
    pipe: usize,
) -> Option<usize> {
    let readers = tasks(setup, |c| consumes(c, pipe)).len();
    let shared = tasks(setup, |c| uses(c, pipe)).len() > 1;
    (possible(rules) && shared && readers > 0).then_some(readers)
}
