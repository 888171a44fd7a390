//! The kernel's paths, one file per mechanism, in the order of the C code (Linux 6.12).
//!
//! | file | C file | actions |
//! |---|---|---|
//! | [`buffered_write`] | `fs/iomap/buffered-io.c`, `mm/filemap.c`, `mm/shmem.c` | W1-W12, W3e |
//! | [`mmap`] | `mm/memory.c`, the CPU's page walk | M1-M10 |
//! | [`mprotect`] | `mm/mprotect.c` | M11 |
//! | [`zap`] | `mm/memory.c`, `mm/mmu_gather.c` | M12, M13 |
//! | [`rmap`] | `mm/rmap.c` | B2-B5, P2-P5 |
//! | [`writeback`] | `mm/page-writeback.c`, the device | B1-B14 |
//! | [`splice`] | `mm/filemap.c`, `fs/splice.c` | S0-S3 |
//! | [`pipe`] | `fs/pipe.c` | S4, S5, S7 |
//! | [`socket`] | `fs/splice.c`, `net/` | S6, N0-N3 |
//! | [`truncate`] | `mm/truncate.c` | T0-T7 |
//! | [`inode`] | `fs/inode.c` | stamps, rw-semaphores |
//! | [`gup`] | `mm/gup.c` | G1, G2 |
//! | [`vma`] | `mm/mmap.c`, `mm/vma.c` | M0 |
//! | [`replace`] | `mm/filemap.c` (for schemes that replace folios) | Y1 to Y6 |
//! | [`folio`] | `mm/filemap.c` | lock, look-up, creation, filling: F1-F10 |
//!
//! [`world`] declares the variables, [`setup`] says what a scenario fixes, [`hooks`] where rules
//! attach, [`ghost`] and [`tokens`] what the invariants need. `model/MAP.md` has the correspondence,
//! variable by variable and step by step, with each simplification.

pub mod buffered_write;
mod declare;
pub mod folio;
pub mod functions;
pub mod ghost;
pub mod gup;
pub mod hooks;
pub mod inode;
pub mod mmap;
pub mod mprotect;
pub mod pipe;
pub mod prog;
pub mod replace;
pub mod rmap;
pub mod setup;
pub mod socket;
pub mod splice;
pub mod tokens;
pub mod truncate;
pub mod vma;
pub mod world;
pub mod writeback;
pub mod zap;

use std::collections::BTreeMap;

use crate::machine::builder::{Label, ProgramBuilder};
use crate::machine::{BuildError, System, TaskId};
use declare::{Needs, Replaces};
use hooks::{Hook, Rules};
use pipe::OnFailure;
use prog::Prog;
use setup::{Call, Setup};
use world::World;

/// The programs of a scenario under the given rules, and the objects they run on.
///
/// # Errors
/// What [`System::validate`] finds, and labels that a rule left unbound.
pub fn build(setup: &Setup, rules: &dyn Rules) -> Result<(System, World), BuildError> {
    let mut system = System::default();
    let mut world = World::declare(&mut system, setup, needs(rules));
    for (t, task) in setup.tasks.iter().enumerate() {
        let id = TaskId(u8::try_from(t).expect("few tasks"));
        let b = ProgramBuilder::new(&mut system, id);
        let mut p = Prog {
            b,
            w: &mut world,
            rules,
            call: 0,
        };
        let mut feeders: BTreeMap<usize, Label> = BTreeMap::new();
        let mut sent: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, call) in task.calls.iter().enumerate() {
            p.call = number;
            write_call(&mut p, call, &mut feeders, &mut sent);
        }
        p.b.finish()?;
    }
    system.validate()?;
    Ok((system, world))
}

/// What the rules do, by where they attach.
fn needs(rules: &dyn Rules) -> Needs {
    let any = |hooks: &[Hook]| hooks.iter().any(|h| rules.has(*h));
    Needs {
        copies: any(&[
            Hook::FilemapSpliceRead,
            Hook::SpliceCopyLocked,
            Hook::SpliceCopy,
        ]),
        replaces: if rules.has(Hook::WriteInPlaceIfUnreferenced) {
            Replaces::Referenced
        } else if any(&[
            Hook::FolioLookedUp,
            Hook::WriteLocked,
            Hook::MkwriteLocked,
            Hook::ZeroLocked,
            Hook::MmapStart,
            Hook::MmapLinked,
        ]) {
            Replaces::Spliced
        } else {
            Replaces::Nothing
        },
        removes: rules.has(Hook::SpliceSteal),
        marks: rules.has(Hook::SpliceTag),
    }
}

/// `feeders`: where a failed consumer of a pipe starts again; `sent`: fragments already used.
fn write_call(
    p: &mut Prog<'_>,
    call: &Call,
    feeders: &mut BTreeMap<usize, Label>,
    sent: &mut BTreeMap<usize, usize>,
) {
    match call {
        Call::Write { folios, words } => buffered_write::write(p, folios, words),
        Call::MmapStore { mm, folio, words } => mmap::mmap_store(p, *mm, *folio, words),
        Call::Mmap { mm } => vma::mmap(p, *mm),
        Call::MprotectRoundTrip { mm, folio } => mprotect::mprotect_round_trip(p, *mm, *folio),
        Call::Munmap { mm, folio } => zap::munmap(p, *mm, *folio),
        Call::Writeback { folios, sync } => writeback::writeback(p, folios, *sync),
        Call::SpliceRead { folios, pipe } => {
            let start = p.b.here("splice again");
            feeders.insert(*pipe, start);
            splice::splice_read(p, folios, *pipe);
        }
        Call::PipeRead {
            pipe,
            buffers,
            may_stop,
        } => {
            let failure = OnFailure {
                retry: feeders.get(pipe).copied(),
            };
            pipe::pipe_read(p, *pipe, *buffers, *may_stop, &failure);
        }
        Call::PipeWrite { pipe } => pipe::pipe_write(p, *pipe),
        Call::Tee { from, to, buffers } => {
            // What has been handed on cannot be spliced anew in place of it.
            feeders.remove(from);
            splice::tee(p, *from, *to, *buffers);
        }
        Call::SpliceSocket {
            pipe,
            socket,
            buffers,
        } => {
            let first = sent.entry(*socket).or_default();
            let retry = feeders.get(pipe).copied();
            socket::splice_to_socket(p, *pipe, *socket, *first, *buffers, retry);
            *first += buffers;
        }
        Call::Transmit {
            socket,
            buffers,
            checksum,
            retransmit,
        } => {
            let keeps =
                p.w.setup
                    .any_call(|c| matches!(c, Call::Receive { socket: s, .. } if s == socket));
            socket::transmit(p, *socket, *buffers, *checksum, *retransmit, keeps);
        }
        Call::Receive {
            socket,
            buffers,
            may_stop,
        } => {
            socket::receive(p, *socket, *buffers, *may_stop);
        }
        Call::Truncate { folio } => truncate::truncate(p, *folio),
        Call::PunchHole { folio, word } => truncate::punch_hole(p, *folio, *word),
        Call::Tick => inode::tick(p),
        Call::PinStore { folio, words } => gup::pin_store(p, *folio, words),
    }
}
