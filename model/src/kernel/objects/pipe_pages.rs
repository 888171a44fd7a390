//! Pages that pipe writers fill, where a tee can make two pipes refer to one of them: their variables.
//!
//! A page is named after the `write(2)` that allocated it. Its bytes are the order numbers of the
//! writes that put them there; a buffer covers a prefix of them, and a ghost says what its writers
//! expect to be in it. Declared only in scenarios in which a pipe that is written to is tee'd from.

use crate::kernel::setup::{Call, Setup};
use crate::machine::expr::{Expr, eq};
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// What a buffer knows of such a page.
#[derive(Clone, Debug)]
pub struct Cover {
    /// The page.
    pub(in crate::kernel) page: VarId,
    /// How many writes it covers.
    pub(in crate::kernel) len: VarId,
    /// Ghost: which they were.
    pub(in crate::kernel) expected: Vec<VarId>,
}

/// The pages, and what each slot of each pipe covers.
#[derive(Clone, Debug)]
pub struct PipePages {
    /// The calls that write to pipes: task and number. Each can allocate one page.
    pub(in crate::kernel) writes: Vec<(usize, usize)>,
    /// Bytes by page and position: 0, or number of the write plus one.
    pub(in crate::kernel) bytes: Vec<Vec<VarId>>,
    /// By pipe and slot.
    pub(in crate::kernel) covers: Vec<Vec<Cover>>,
    /// Ghost: a reader was handed bytes that somebody else had put over those it was to get.
    pub overwritten: VarId,
}

/// Whether two pipes can refer to one page that a pipe writer filled.
pub fn are_shared(setup: &Setup) -> bool {
    setup.any_call(|tee| {
        matches!(tee, Call::Tee { from, .. }
            if setup.any_call(|c| matches!(c, Call::PipeWrite { pipe } if pipe == from)))
    })
}

impl PipePages {
    pub(in crate::kernel) fn declare(system: &mut System, setup: &Setup) -> Option<PipePages> {
        if !are_shared(setup) {
            return None;
        }
        let writes: Vec<_> = setup
            .calls()
            .filter(|(_, _, c)| matches!(c, Call::PipeWrite { .. }))
            .map(|(task, call, _)| (task, call))
            .collect();
        let n = writes.len();
        let max = n as u64;
        let bytes = (0..n)
            .map(|page| {
                let byte = |at| VarDecl::shared(format!("page{page}"), format!("bytes[{at}]"), max);
                (0..n).map(|at| system.declare(byte(at))).collect()
            })
            .collect();
        let mut cover = |name: String| Cover {
            page: system.declare(VarDecl::shared(name.clone(), "own page", max - 1)),
            len: system.declare(VarDecl::shared(name.clone(), "len", max)),
            expected: (0..n)
                .map(|at| {
                    let expected = VarDecl::ghost(name.clone(), format!("expected[{at}]"), max);
                    system.declare(expected)
                })
                .collect(),
        };
        let covers = setup
            .pipes
            .iter()
            .enumerate()
            .map(|(p, slots)| {
                (0..*slots)
                    .map(|s| cover(format!("pipe{p}.bufs[{s}]")))
                    .collect()
            })
            .collect();
        Some(PipePages {
            writes,
            bytes,
            covers,
            overwritten: system.declare(VarDecl::ghost("broken", "pipe-bytes", 1)),
        })
    }

    /// Each slot of the pipe, with the condition that it is `offset` slots from where `cursor` is.
    pub(in crate::kernel) fn at(
        &self,
        pipe: usize,
        cursor: VarId,
        offset: usize,
    ) -> Vec<(Expr, &Cover)> {
        let n = self.covers[pipe].len();
        (0..n)
            .map(|at| {
                let here = if n == 1 { Expr::TRUE } else { eq(cursor, at) };
                (here, &self.covers[pipe][(at + offset) % n])
            })
            .collect()
    }
}
