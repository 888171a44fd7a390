//! The kernel's paths, one file per mechanism, in the order of the C code (Linux 6.12).
//!
//! | file | C file | actions |
//! |---|---|---|
//! | [`buffered_write`] | `fs/iomap/buffered-io.c`, `mm/filemap.c`, `mm/shmem.c` | W1-W12, W3e |
//! | [`mmap`] | `mm/memory.c`, the CPU's page walk | M1-M10, M3v |
//! | [`mprotect`] | `mm/mprotect.c` | M11, M14 |
//! | [`mremap`] | `mm/mremap.c` | V1 |
//! | [`unmap`] | `mm/rmap.c`, `mm/vmscan.c` | U1-U5: R1, first half |
//! | [`zap`] | `mm/memory.c`, `mm/mmu_gather.c` | M12, M13 |
//! | [`rmap`](mm::rmap) | `mm/rmap.c` | B2-B5, P2-P5 |
//! | [`writeback`] | `mm/page-writeback.c`, the device | B1-B14 |
//! | [`stable`](mm::stable) | `mm/page-writeback.c` | the wait of W6, M8, T7 |
//! | [`buffers`] | `fs/buffer.c` | B1b, B8b, B10b, B13b, U3b; J1, J2 of `commit-data` |
//! | [`direct`] | `fs/iomap/direct-io.c` | D1-D4 |
//! | [`device`](block::device) | `block/t10-pi.c`, `drivers/md/raid5.c` | B11, B11d, B11p |
//! | [`splice`] | `mm/filemap.c`, `fs/splice.c` | S0-S3 |
//! | [`pipe`] | `fs/pipe.c` | S4, S5, S7, A0-A4 |
//! | [`failure`] | `fs/pipe.c` | S7r, S7x, S0e, A0e: what programs do when a consumer failed |
//! | [`pipe_pages`](fs::pipe_pages) | `fs/pipe.c` | S5p: pages of pipe writers that two pipes share |
//! | [`sendmsg`] | `fs/splice.c`, `net/ipv4/tcp.c` | S6 |
//! | [`socket`] | `net/ipv4` | N0-N3 |
//! | [`skbuff`](net::skbuff) | `net/core/skbuff.c`, `net/core/dev.c` | N1h, N1l, N4, S6c, S6q: the marker, copies, coalescing |
//! | [`crypto`](net::crypto) | `net/ipv4/esp4.c`, `crypto/algif_aead.c` | E1-E6: sinks that write where the bytes lie |
//! | [`completion`] | `io_uring/` | Q0-Q2, S6r: reports of completion |
//! | [`truncate`] | `mm/truncate.c` | T0-T7 |
//! | [`iomap`](fs::iomap) | `fs/xfs/xfs_iomap.c`, `fs/iomap/buffered-io.c` | W3, W7, W8, W3p |
//! | [`map_blocks`](fs::map_blocks) | `fs/xfs/xfs_aops.c` | B9 |
//! | [`ioend`](fs::ioend) | `fs/iomap/buffered-io.c`, `fs/xfs/xfs_aops.c` | B10, B12, B13 |
//! | [`blocks`](objects::blocks) | `fs/xfs/libxfs/xfs_bmap.c` | (forks, allocation) |
//! | [`reflink`] | `fs/xfs/xfs_reflink.c` | R5-R7 |
//! | [`reclaim`] | `mm/vmscan.c` | R1 |
//! | [`journal`](fs::journal) | `fs/jbd2/commit.c` | J0-J2 |
//! | [`inode`] | `fs/inode.c` | stamps, the clock (K1), rw-semaphores |
//! | [`gup`] | `mm/gup.c` | G0-G2 |
//! | [`vma`] | `mm/mmap.c`, `mm/vma.c` | M0 |
//! | [`replace`](mm::replace) | `mm/filemap.c` (for schemes that replace folios) | Y1-Y6 |
//! | [`folio`](mm::folio) | `mm/filemap.c` | lock, look-up, creation, filling: F1-F10 |
//!
//! | [`pipe_buf`](fs::pipe_buf), [`pipe_ends`] | `fs/pipe.c` | S4, S7; S7x, S0e |
//! | [`commit`] | `fs/jbd2/commit.c` | J0 to J2 |
//!
//! These are the paths, in folders as the kernel has them: [`mm`], [`fs`], [`block`], [`net`]. Below them lie four
//! layers of our own. Each uses only those before it:
//!
//! | layer | holds |
//! |---|---|
//! | [`setup`], [`tokens`] | what a scenario fixes, and what its words can hold |
//! | [`objects`] | kernel objects as variables; [`ghost`](objects::ghost): what the invariants remember |
//! | [`hooks`], `declare` | where rules attach; which objects a scenario gets |
//! | [`program`], [`functions`] | what paths are written with; the names of the C functions |
//!
//! `model/MAP.md` has the correspondence, variable by variable and step by step, with each simplification.

pub mod block;
mod declare;
pub mod fs;
pub mod functions;
pub mod hooks;
pub mod mm;
pub mod net;
pub mod objects;
pub mod program;
pub mod setup;
pub mod tokens;

use std::collections::BTreeMap;

use crate::machine::builder::{Label, ProgramBuilder};
use crate::machine::{BuildError, System, TaskId};
use declare::{Needs, Replaces};
use fs::failure::Failure;
use fs::{
    buffered_write, buffers, commit, direct, failure, inode, pipe, pipe_ends, reflink, splice,
};
use hooks::{Attached, Hook};
use mm::{gup, mmap, mprotect, mremap, reclaim, truncate, unmap, vma, writeback, zap};
use net::socket::{Checksum, Receiving, Sending};
use net::{completion, sendmsg, socket};
use objects::World;
use program::{Prog, Rules, oracle};
use setup::{Call, Setup};

/// The programs of a scenario under the given rules, and the objects they run on.
///
/// # Errors
/// What [`System::validate`] finds, and labels that a rule left unbound.
pub fn build(setup: &Setup, rules: &dyn Rules) -> Result<(System, World), BuildError> {
    let mut system = System::default();
    let mut world = World::declare(&mut system, setup, rules, needs(rules));
    world.bounces = rules.has(Hook::SubmitBio);
    for (t, task) in setup.tasks.iter().enumerate() {
        let id = TaskId(u8::try_from(t).expect("few tasks"));
        let mut b = ProgramBuilder::new(&mut system, id);
        let exit = b.label("exit");
        let mut p = Prog {
            b,
            w: &mut world,
            rules,
            call: 0,
            exit,
        };
        let mut starts: Vec<Label> = Vec::new();
        let mut sent: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, call) in task.calls.iter().enumerate() {
            p.call = number;
            p.b.set_call(number);
            completion::call_begins(&mut p, call);
            starts.push(p.b.here("call"));
            write_call(&mut p, call, &starts, &mut sent);
        }
        if task.forever {
            p.b.again("E0", functions::MAIN);
        }
        p.b.bind(exit);
        pipe_ends::exit(&mut p);
        p.b.finish()?;
    }
    system.validate()?;
    Ok((system, world))
}

/// What the rules do, by where they attach.
fn needs(rules: &dyn Attached) -> Needs {
    let any = |hooks: &[Hook]| hooks.iter().any(|h| rules.has(*h));
    Needs {
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

/// `starts`: where each call of the task so far begins; `sent`: fragments already used.
fn write_call(p: &mut Prog<'_>, call: &Call, starts: &[Label], sent: &mut BTreeMap<usize, usize>) {
    match call {
        Call::Write { folios, words } => buffered_write::write(p, folios, words),
        Call::MmapStore { mm, folio, words } => mmap::mmap_store(p, *mm, *folio, words),
        Call::Mmap { mm } => vma::mmap(p, *mm),
        Call::MprotectRoundTrip { mm, folio } => mprotect::mprotect_round_trip(p, *mm, *folio),
        Call::MprotectReadOnly { mm, folio } => mprotect::mprotect_read_only(p, *mm, *folio),
        Call::Mremap { mm, folio } => mremap::mremap(p, *mm, *folio),
        Call::TryToUnmap { folio } => unmap::unmap_and_keep(p, *folio),
        Call::Munmap { mm, folio } => zap::munmap(p, *mm, *folio),
        Call::Writeback { folios, sync } => {
            oracle::sync_begins(p);
            writeback::writeback(p, folios, *sync);
            oracle::sync_returns(p);
        }
        Call::CommitData { folios } => buffers::write_by_hand(p, folios),
        Call::SpliceRead {
            folios,
            pipe,
            writable,
        } => splice::splice_read(p, folios, *pipe, *writable, None),
        Call::PipeRead {
            pipe,
            buffers,
            may_stop,
        } => {
            let failure = on_failure(p, *pipe, starts);
            pipe::pipe_read(p, *pipe, *buffers, *may_stop, &failure);
        }
        Call::PipeWrite { pipe } => pipe::pipe_write(p, *pipe),
        Call::Tee { from, to, buffers } => splice::tee(p, *from, *to, *buffers),
        Call::SpliceSocket {
            pipe,
            socket,
            buffers,
            ..
        } => {
            let first = sent.entry(*socket).or_default();
            let failure = on_failure(p, *pipe, starts);
            sendmsg::splice_to_socket(p, call, *first, &failure);
            *first += buffers;
        }
        Call::Transmit {
            socket,
            buffers,
            checksum,
            retransmit,
            software_checksum,
            late_clone,
        } => {
            let how = Sending {
                checksum: match (checksum, software_checksum) {
                    (true, _) => Checksum::Hash,
                    (false, true) => Checksum::Software,
                    (false, false) => Checksum::Device,
                },
                retransmit: *retransmit,
                late_clone: *late_clone,
                keeps: p
                    .w
                    .setup
                    .any_call(|c| matches!(c, Call::Receive { socket: s, .. } if s == socket)),
            };
            socket::transmit(p, *socket, *buffers, how);
        }
        Call::Receive {
            socket,
            buffers,
            may_stop,
            coalesce,
            crypto,
        } => {
            let how = Receiving {
                may_stop: *may_stop,
                coalesce: *coalesce,
                crypto: *crypto,
            };
            socket::receive(p, *socket, *buffers, how);
        }
        Call::WaitCompletion { pipe } => completion::wait(p, *pipe),
        Call::Cancel { pipe } => completion::cancel(p, *pipe),
        Call::Truncate { folio } => truncate::truncate(p, *folio),
        Call::PunchHole { folio, word } => truncate::punch_hole(p, *folio, *word),
        Call::Reflink { folio } => reflink::reflink(p, *folio),
        Call::Reclaim { folio } => reclaim::reclaim(p, *folio),
        Call::Commit => commit::commit(p),
        Call::Tick => inode::tick(p),
        Call::DirectWrite { folio, .. } => direct::direct_write(p, *folio),
        Call::BufferStore { folio, words } => direct::buffer_store(p, *folio, words),
        Call::PinStore { folio, words } => gup::pin_store(p, *folio, words),
    }
}

/// What the program does if the call being written fails.
fn on_failure(p: &Prog<'_>, pipe: usize, starts: &[Label]) -> Failure {
    failure::of_call(&p.w.setup, p.b.task.index(), p.call, pipe, starts)
}
