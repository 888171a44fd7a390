//! What a program does when its consumer of a pipe failed: only rules make one fail. Actions S7e, S7r, S7x,
//! and EPIPE.
//!
//! A buffer that fails to be confirmed stays where it is: `pipe_read` and `splice_to_socket` return the
//! error and leave the tail alone, and so does the next call. Only closing the pipe throws it away
//! (`free_pipe_info`, once both ends are closed). A program that spliced the bytes itself, into a pipe
//! that nobody else uses, therefore closes the pipe, splices again, and goes back to its read. What it
//! did in between (`write(2)`, say) it does not repeat. Any other consumer gives up: its program ends, which
//! closes its read end, and whoever fills a pipe without a reader gets EPIPE.

use super::functions as c;
use super::hooks::{Hook, Rules};
use super::pipe::release;
use super::prog::Prog;
use super::setup::{Call, Setup};
use super::splice;
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, eq, ne};
use crate::machine::step::Cost;
use crate::machine::var::VarId;

/// What a failed consumer does.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Closes the pipe, makes these `splice(2)` calls (by number) once more, and goes on at the label.
    Again {
        /// The calls.
        splices: Vec<usize>,
        /// Where it goes on.
        to: Label,
    },
    /// Ends.
    GiveUp,
}

/// Whether some rule can make a consumer fail.
pub fn possible(rules: &dyn Rules) -> bool {
    rules.has(Hook::PipeBufConfirm) || rules.has(Hook::PipeBufCopied)
}

/// Whether the call puts buffers into the pipe or takes them out.
fn uses(call: &Call, pipe: usize) -> bool {
    fills(call, pipe) || consumes(call, pipe)
}

fn fills(call: &Call, pipe: usize) -> bool {
    matches!(call, Call::SpliceRead { pipe: p, .. } | Call::PipeWrite { pipe: p } | Call::Tee { to: p, .. }
        if *p == pipe)
}

fn consumes(call: &Call, pipe: usize) -> bool {
    matches!(call, Call::PipeRead { pipe: p, .. } | Call::SpliceSocket { pipe: p, .. } | Call::Tee { from: p, .. }
        if *p == pipe)
}

/// Numbers of the tasks that have such a call.
fn tasks(setup: &Setup, with: impl Fn(&Call) -> bool) -> Vec<usize> {
    let tasks = setup.tasks.iter().enumerate();
    tasks
        .filter(|(_, t)| t.calls.iter().any(&with))
        .map(|(t, _)| t)
        .collect()
}

/// How many tasks have the read end of a pipe, where one of them can close it before another user of the
/// pipe is done: `pipe->readers` at the start.
pub(super) fn readers(setup: &Setup, rules: &dyn Rules, pipe: usize) -> Option<usize> {
    let readers = tasks(setup, |c| consumes(c, pipe)).len();
    let shared = tasks(setup, |c| uses(c, pipe)).len() > 1;
    (possible(rules) && shared && readers > 0).then_some(readers)
}

/// What the task does if its call fails. `starts`: where each of its calls so far begins.
pub(super) fn of_call(
    setup: &Setup,
    task: usize,
    number: usize,
    pipe: usize,
    starts: &[Label],
) -> Failure {
    let calls = &setup.tasks[task].calls;
    let alone = tasks(setup, |c| uses(c, pipe)).len() == 1;
    let repeated = since_empty(calls, number, pipe, setup.pipes[pipe]);
    let repeatable =
        |i: &usize| matches!(calls[*i], Call::SpliceRead { .. } | Call::PipeRead { .. });
    let splices: Vec<usize> = repeated
        .iter()
        .copied()
        .filter(|i| matches!(calls[*i], Call::SpliceRead { .. }))
        .collect();
    let (Some(first), true) = (splices.first(), alone && repeated.iter().all(repeatable)) else {
        return Failure::GiveUp;
    };
    if repeated.len() == number - first {
        return Failure::Again {
            splices: Vec::new(),
            to: starts[*first],
        };
    }
    if splices.len() < repeated.len() {
        return Failure::GiveUp;
    }
    Failure::Again {
        splices,
        to: starts[number],
    }
}

/// The calls before that one that filled or emptied the pipe since it was last empty.
fn since_empty(calls: &[Call], number: usize, pipe: usize, slots: usize) -> Vec<usize> {
    let (mut used, mut since) = (0, Vec::new());
    for (i, call) in calls[..number].iter().enumerate() {
        if !uses(call, pipe) {
            continue;
        }
        since.push(i);
        match call {
            Call::SpliceRead { folios, .. } => used = slots.min(used + folios.len()),
            Call::PipeRead { buffers, .. } | Call::SpliceSocket { buffers, .. } => {
                used -= used.min(*buffers);
            }
            _ => used = slots.min(used + 1),
        }
        if used == 0 {
            since.clear();
        }
    }
    since
}

/// S7e: the call returns the error, the mutex is dropped, the buffer stays in the pipe. Then what the
/// program does about it.
pub(super) fn fail(p: &mut Prog<'_>, function: CFn, pipe: usize, failure: &Failure) {
    let (mutex, exit) = (p.w.pipes[pipe].mutex, p.exit);
    p.within(function, |p| {
        p.b.step("S7e", c::PIPE_UNLOCK, |s| {
            s.text("the call fails, the buffer stays")
                .set(mutex, 0)
                .release(mutex);
            match failure {
                Failure::Again { .. } => s,
                Failure::GiveUp => s.goto(exit),
            }
        });
    });
    let Failure::Again { splices, to } = failure else {
        return;
    };
    let more = p.b.here("more");
    release(p, pipe, "S7");
    let used = p.w.pipes[pipe].used;
    p.b.step("S7r", c::FREE_PIPE_INFO, |s| {
        s.text("both ends are closed: every buffer goes")
            .when(ne(used, 0), "more buffers", |b| b.goto(more))
            .otherwise("none left: a new pipe, splice again", |b| {
                b.costs(Cost::Retry);
                if splices.is_empty() { b.goto(*to) } else { b }
            })
    });
    let (setup, now) = (p.w.setup.clone(), p.call);
    let task = p.b.task.index();
    for (k, number) in splices.iter().enumerate() {
        p.call = *number;
        if let Call::SpliceRead {
            folios,
            pipe,
            writable,
        } = &setup.tasks[task].calls[*number]
        {
            let then = (k + 1 == splices.len()).then_some(*to);
            splice::splice_read(p, folios, *pipe, *writable, then);
        }
    }
    p.call = now;
}

/// S7x: the program ends, by giving up or not. Its read ends are closed. What is in the pipes stays: their
/// other ends are open.
pub(super) fn exit(p: &mut Prog<'_>) {
    let calls = p.w.setup.tasks[p.b.task.index()].calls.clone();
    let closed: Vec<VarId> = (0..p.w.pipes.len())
        .filter(|pipe| calls.iter().any(|c| consumes(c, *pipe)))
        .filter_map(|pipe| p.w.pipes[pipe].readers)
        .collect();
    if closed.is_empty() {
        return;
    }
    p.b.step("S7x", c::PIPE_RELEASE, |s| {
        s.text("the program ends: its read ends are closed");
        for readers in closed {
            s.dec(readers);
        }
        s
    });
}

/// S0e, S3e, A0e: nobody reads the pipe any more. SIGPIPE ends the program. `undo`: what it holds, and
/// what the error tells others.
pub(super) fn broken_pipe(p: &mut Prog<'_>, pipe: usize, id: &str, undo: &[(VarId, u64)]) {
    let Some(readers) = p.w.pipes[pipe].readers else {
        return;
    };
    let mutex = p.w.pipes[pipe].mutex;
    let (read, exit) = (p.b.label("somebody reads"), p.exit);
    p.b.step(id, c::PIPE_UNLOCK, |s| {
        s.text("pipe->readers?")
            .release(mutex)
            .when(ne(readers, 0), "yes", |b| b.goto(read))
            .otherwise("none: EPIPE, SIGPIPE", |b| {
                b.set(mutex, 0);
                for (var, value) in undo {
                    b.set(*var, *value);
                }
                b.goto(exit)
            })
    });
    p.b.bind(read);
}

/// Nobody reads the pipe any more, where that can be.
pub(super) fn unread(p: &Prog<'_>, pipe: usize) -> Expr {
    p.w.pipes[pipe]
        .readers
        .map_or(Expr::FALSE, |readers| eq(readers, 0))
}
