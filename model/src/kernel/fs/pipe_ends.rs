//! Ends of pipes that are closed, and EPIPE. Actions S7x, S0e, S3e, A0e.

use crate::kernel::declare::readers::consumes;
use crate::kernel::functions as c;
use crate::kernel::program::Prog;
use crate::machine::expr::{Expr, eq, ne};
use crate::machine::var::VarId;

/// S7x: the program ends, by giving up or not. Its read ends are closed. What is in the pipes stays: their
/// other ends are open.
pub(in crate::kernel) fn exit(p: &mut Prog<'_>) {
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
pub(in crate::kernel) fn broken_pipe(
    p: &mut Prog<'_>,
    pipe: usize,
    id: &str,
    undo: &[(VarId, u64)],
) {
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
pub(in crate::kernel) fn unread(p: &Prog<'_>, pipe: usize) -> Expr {
    p.w.pipes[pipe]
        .readers
        .map_or(Expr::FALSE, |readers| eq(readers, 0))
}
