//! When a splice is reported complete, and programs that wait for the report. Actions Q0 to Q2.
//!
//! Today the only report is the return of `splice(2)`: of the call that hands the bytes to a socket,
//! or of the one that fills the pipe if no socket takes them from there. Schemes report at other times
//! (rules at [`Hook::SpliceReturn`] take the place of the return). The steps and variables here exist
//! only in scenarios in which some task waits for a report.

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::program::{At, PageAt, Prog};
use crate::kernel::setup::Call;
use crate::machine::expr::{all, any, eq, ne};
use crate::machine::var::VarId;

/// The spliced references that were put into the pipe from the file.
fn spliced_into(p: &Prog<'_>, pipe: usize) -> Vec<usize> {
    let into = |task: usize, call: usize| matches!(p.w.setup.tasks[task].calls[call], Call::SpliceRead { pipe: to, .. } if to == pipe);
    let origins = p.w.origins.iter().enumerate();
    origins
        .filter(|(_, o)| into(o.task, o.call))
        .map(|(o, _)| o)
        .collect()
}

/// Q0: a call that modifies the file begins. Notes which splices were complete before.
pub fn call_begins(p: &mut Prog<'_>, call: &Call) {
    let key = (p.b.task.index(), p.call);
    let Some(frozen) = &p.w.ghosts.frozen else {
        return;
    };
    let Some((_, late)) = frozen.late.iter().find(|(k, _)| *k == key) else {
        return;
    };
    let late = late.clone();
    let touched = |o: &usize| {
        let index = p.w.origins[*o].index;
        call.zeroes(index) || call.stores().iter().any(|(i, _)| *i == index)
    };
    let origins: Vec<usize> = (0..late.len()).filter(touched).collect();
    let completed = p.w.completed.clone();
    let function = match call {
        Call::MmapStore { .. } | Call::PinStore { .. } => c::MOV,
        _ => c::DO_SYSCALL_64,
    };
    p.b.step("Q0", function, |s| {
        s.text("a modification begins");
        for o in origins {
            s.set(late[o], completed[o]);
        }
        s
    });
}

/// What `splice(2)` is about to report by returning, having filled the pipe or, if `to_socket`, having
/// emptied it into a socket. Empty if it is not this call's to report, or if rules report instead.
pub fn returns(p: &mut Prog<'_>, pipe: usize, origins: &[usize], to_socket: bool) -> Vec<VarId> {
    let socket_takes =
        p.w.setup
            .any_call(|c| matches!(c, Call::SpliceSocket { pipe: from, .. } if *from == pipe));
    if p.w.completed.is_empty() || socket_takes != to_socket {
        return Vec::new();
    }
    if p.rules.has(Hook::SpliceReturn) {
        p.hook(Hook::SpliceReturn, &At::Requests(origins.to_vec()));
        return Vec::new();
    }
    origins.iter().map(|o| p.w.completed[*o]).collect()
}

/// S6r: `splice(2)` to a socket returns.
pub fn socket_returns(p: &mut Prog<'_>, pipe: usize) {
    let origins = spliced_into(p, pipe);
    let completed = returns(p, pipe, &origins, true);
    if completed.is_empty() {
        return;
    }
    p.b.step("S6r", c::SPLICE_TO_SOCKET, |s| {
        s.text("splice(2) returns");
        for done in completed {
            s.set(done, 1).release(done);
        }
        s
    });
}

/// Q1: a program waits until what was spliced into the pipe is reported complete. It chose to: if the
/// report never comes because a consumer stopped, no kernel path holds it up (`writer-progress`).
pub fn wait(p: &mut Prog<'_>, pipe: usize) {
    let completed: Vec<VarId> = spliced_into(p, pipe)
        .into_iter()
        .map(|o| p.w.completed[o])
        .collect();
    p.b.step("Q1", c::IO_CQRING_WAIT, |s| {
        s.text("wait until the splice is reported complete")
            .wait(all(completed.iter().map(|v| eq(*v, 1))));
        for done in completed {
            s.acquire(done);
        }
        s
    });
}

/// Q2: a program cancels what it spliced into the pipe. What a socket has queued stays queued.
pub fn cancel(p: &mut Prog<'_>, pipe: usize) {
    let frags: Vec<PageAt> = (0..p.w.sockets.len())
        .filter(|s| {
            p.w.setup.any_call(|c| {
                matches!(c, Call::SpliceSocket { pipe: from, socket, .. }
                    if *from == pipe && socket == s)
            })
        })
        .flat_map(|s| (0..p.w.sockets[s].frags.len()).map(move |k| (s, k)))
        .map(|(s, k)| p.frag(s, k))
        .collect();
    let none = p.b.label("nothing to cancel");
    let queued = any(frags.iter().map(|f| ne(f.page(), 0)));
    p.b.step("Q2", c::IO_ASYNC_CANCEL, |s| {
        s.text("cancel the request")
            .when(queued, "found: what is queued stays queued", |b| b)
            .otherwise("nothing queued", |b| b.goto(none))
    });
    for frag in frags {
        let at = At::Held {
            page: frag,
            fail: None,
        };
        p.hook(Hook::RequestCancel, &at);
    }
    p.b.bind(none);
}
