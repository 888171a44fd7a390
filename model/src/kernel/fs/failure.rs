//! What a program does when its consumer of a pipe failed: only rules make one fail. Actions S7e, S7r, S7x,
//! and EPIPE.
//!
//! A buffer that fails to be confirmed stays where it is: `pipe_read` and `splice_to_socket` return the
//! error and leave the tail alone, and so does the next call. Only closing the pipe throws it away
//! (`free_pipe_info`, once both ends are closed). A program that spliced the bytes itself, into a pipe
//! that nobody else uses, therefore closes the pipe, splices again, and goes back to its read. What it
//! did in between (`write(2)`, say) it does not repeat. Any other consumer gives up: its program ends, which
//! closes its read end, and whoever fills a pipe without a reader gets EPIPE.

use crate::kernel::declare::readers::{tasks, uses};
use crate::kernel::fs::pipe_buf::release;
use crate::kernel::fs::splice;
use crate::kernel::functions as c;
use crate::kernel::program::Prog;
use crate::kernel::setup::{Call, Setup};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::ne;
use crate::machine::step::Cost;

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

/// What the task does if its call fails. `starts`: where each of its calls so far begins.
pub(in crate::kernel) fn of_call(
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
pub(in crate::kernel) fn fail(p: &mut Prog<'_>, function: CFn, pipe: usize, failure: &Failure) {
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
