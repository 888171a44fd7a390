//! Declaring the variables of a scenario.

use std::collections::BTreeMap;

use super::blocks;
use super::completion;
use super::ghost::Ghosts;
use super::hooks::Rules;
use super::pipe_pages::PipePages;
use super::queues::{declare_pipes, declare_sockets};
use super::setup::{Call, ExtentInit, Mapping, PteInit, Setup};
use super::tokens::Tokens;
use super::world::{
    Buffer, COUNTER_MAX, Folio, Index, Inode, MOVED, Origin, Protection, Pte, REFS_BIAS, RwSem,
    Tlb, Transaction, World, address_space, extent,
};
use crate::machine::system::{System, TaskId};
use crate::machine::var::{Lock, VarDecl, VarId};

/// Which references to a folio make a scheme's rules put another in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Replaces {
    /// None: folios are not replaced.
    #[default]
    Nothing,
    /// Spliced ones.
    Spliced,
    /// All, a passing one included.
    Referenced,
}

/// What a scheme's rules do that takes objects of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// They put another folio in the place of one that is referred to.
    pub replaces: Replaces,
    /// They take folios out of the page cache.
    pub removes: bool,
    /// They mark slots of the page cache.
    pub marks: bool,
}

impl Needs {
    /// Folios that an index needs beyond those that truncation accounts for. A replaced or stolen folio
    /// lives on while a spliced reference holds it, and each reference holds one. Where a passing
    /// reference counts as well, so does each other task that can have one.
    fn spare_folios(self, setup: &Setup, index: usize) -> usize {
        let spliced = setup
            .calls()
            .filter(
                |(_, _, c)| matches!(c, Call::SpliceRead { folios, .. } if folios.contains(&index)),
            )
            .count();
        let modifies = |c: &Call| {
            c.stores().iter().any(|(i, _)| *i == index)
                || c.zeroes(index)
                || matches!(c, Call::Mmap { .. })
        };
        let steals = self.removes && setup.mapping == Mapping::Disk;
        if !(steals || self.replaces != Replaces::Nothing && setup.any_call(modifies)) {
            0
        } else if self.replaces == Replaces::Referenced {
            let passing = setup.tasks.iter().filter(|t| {
                t.calls.iter().any(|c| {
                    modifies(c)
                        || matches!(c, Call::Writeback { folios, .. } if folios.contains(&index))
                })
            });
            spliced + passing.count() - 1
        } else {
            spliced
        }
    }
}

/// Over the slots of the page cache and their marks.
pub const XA_LOCK: &str = "i_pages.xa_lock";
/// Most references to one folio, [`REFS_BIAS`] included: its pins, one for each place in pipes and sockets (and
/// in a receive queue, where fragments are merged), and what each task has in hand, at most
/// [`REFS_PER_TASK`]. 4 bits are the least that is taken: steps that were removed leave references behind.
pub(super) fn refs_max(setup: &Setup, pins: u64) -> u64 {
    let places = |c: &Call| match c {
        Call::SpliceSocket { buffers, .. } => 2 * buffers,
        _ => 0,
    };
    let in_sockets: usize = setup.calls().map(|(_, _, c)| places(c)).sum();
    let in_pipes: usize = setup.pipes.iter().sum();
    let in_hand = REFS_PER_TASK * setup.tasks.len();
    (REFS_BIAS + pins + (in_sockets + in_pipes + in_hand) as u64).max(15)
}

/// References to one folio that a system call has at a time: its own, one that it is handing on, and one that a
/// fault on its behalf takes.
const REFS_PER_TASK: usize = 3;

impl World {
    /// Declares everything that `setup` needs under a scheme's rules.
    pub fn declare(system: &mut System, setup: &Setup, rules: &dyn Rules, needs: Needs) -> World {
        for task in &setup.tasks {
            system.add_task(task.name.clone());
        }
        let tokens = Tokens::of(setup);
        let origins = origins_of(setup);
        let (indices, folios) = declare_folios(system, setup, &tokens, needs);
        let (ptes, tlbs, mmap_locks) = declare_page_tables(system, setup, &indices, &folios);
        let pipes = declare_pipes(system, setup, &tokens, &origins, &indices, &folios, rules);
        let sockets = declare_sockets(system, setup, &tokens, &origins, &folios, &pipes, rules);
        let tlb_flush_batched = declare_batches(system, setup, &ptes);
        let protections = declare_protections(system, setup);
        let moved = declare_moved(system, setup);
        let user_buffers = declare_user_buffers(system, setup, &tokens);
        let inode = declare_inode(system, setup);
        let (vmas, i_mmap_rwsem) = declare_vmas(system, setup);
        let ghosts = Ghosts::declare(system, setup, &tokens, &origins, &indices, &folios);
        let completed = completion::declare(system, setup, origins.len());
        World {
            setup: setup.clone(),
            tokens,
            inode,
            indices,
            folios,
            ptes,
            tlbs,
            mmap_locks,
            tlb_flush_batched,
            moved,
            protections,
            user_buffers,
            vmas,
            i_mmap_rwsem,
            pipes,
            sockets,
            origins,
            ghosts,
            bounces: false,
            completed,
            pipe_pages: PipePages::declare(system, setup),
            extra: BTreeMap::new(),
        }
    }
}

fn origins_of(setup: &Setup) -> Vec<Origin> {
    setup
        .calls()
        .filter_map(|(task, call, c)| match c {
            Call::SpliceRead { folios, .. } => Some((task, call, folios.clone())),
            _ => None,
        })
        .flat_map(|(task, call, folios)| {
            folios
                .into_iter()
                .map(move |index| Origin { task, call, index })
        })
        .collect()
}

fn task_labels(setup: &Setup) -> Vec<String> {
    std::iter::once("-".to_owned())
        .chain(setup.tasks.iter().map(|t| t.name.clone()))
        .collect()
}

/// A set of tasks, empty at first.
fn task_set(setup: &Setup, object: &str, name: &str) -> VarDecl {
    let names: Vec<String> = setup.tasks.iter().map(|t| t.name.clone()).collect();
    VarDecl::shared(object, name, 0).set_of(&names)
}

pub(super) fn owner(setup: &Setup, object: &str, name: &str) -> VarDecl {
    VarDecl::shared(object, name, setup.tasks.len() as u64)
        .labels(task_labels(setup))
        .lock(Lock::Owner)
}

fn rwsem(system: &mut System, setup: &Setup, object: &str, name: &str) -> RwSem {
    RwSem {
        writer: system.declare(
            owner(setup, object, &format!("{name}.writer")).in_word(format!("{object}.{name}")),
        ),
        readers: system.declare(
            task_set(setup, object, &format!("{name}.readers"))
                .in_word(format!("{object}.{name}"))
                .lock(Lock::Readers),
        ),
    }
}

/// References as a reader counts them: without the bias.
fn refs_labels(max: u64) -> impl Iterator<Item = String> {
    (0..=max).map(|n| (n.cast_signed() - REFS_BIAS.cast_signed()).to_string())
}

pub(super) fn flag(system: &mut System, object: &str, name: &str, init: bool) -> VarId {
    system.declare(flag_decl(object, name, init))
}

pub(super) fn flag_decl(object: &str, name: &str, init: bool) -> VarDecl {
    VarDecl::shared(object, name, 1).init(init.into())
}

/// The `nth` of the folios of an index, of which there are `count`.
fn declare_folio(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
    (index, nth): (usize, usize),
    count: usize,
) -> Folio {
    let init = &setup.folios[index];
    let name = format!("folio{index}{}", "'".repeat(nth));
    // Where folios are given out and given back, which of an index's is free is seen at once; else
    // `folio->flags`, `folio->_refcount` (pins are counted in it) and `folio->mapping` are apart.
    let given_out = count > 1 || !init.cached;
    let pages = format!("folio{index}.pages");
    let word = |own: &str| {
        if given_out {
            pages.clone()
        } else {
            format!("{name}.{own}")
        }
    };
    let cached = init.cached && nth == 0;
    let dirty = init.dirty && cached;
    let data = (0..setup.words)
        .map(|w| {
            let value = tokens.initial_memory(index, w, init);
            system.declare(
                VarDecl::shared(name.clone(), format!("data[{w}]"), tokens.max(index, w))
                    .labels(tokens.labels(index, w))
                    .init(if cached { value } else { 0 })
                    .observed(),
            )
        })
        .collect();
    let pins = setup
        .calls()
        .filter(|(_, _, c)| matches!(c, Call::PinStore { folio, .. } if *folio == index))
        .count() as u64;
    Folio {
        index,
        lock: system.declare(owner(setup, &name, "PG_locked").in_word(word("flags"))),
        dirty: system.declare(
            flag_decl(&name, "PG_dirty", dirty)
                .in_word(word("flags"))
                .observed(),
        ),
        writeback: system.declare(
            flag_decl(&name, "PG_writeback", false)
                .in_word(word("flags"))
                .observed(),
        ),
        uptodate: system.declare(flag_decl(&name, "PG_uptodate", cached).in_word(word("flags"))),
        mapped_in_cache: system
            .declare(flag_decl(&name, "mapping", cached).in_word(word("mapping"))),
        refs: {
            let init = REFS_BIAS + if nth == 0 { pins } else { 0 };
            let max = refs_max(setup, pins);
            system.declare(
                VarDecl::shared(name.clone(), "refs", max)
                    .in_word(word("_refcount"))
                    .count()
                    .init(init)
                    .labels(refs_labels(max)),
            )
        },
        pins: (nth == 0 && pins != 0).then(|| {
            let decl = VarDecl::shared(name.clone(), "pincount", pins);
            system.declare(decl.in_word(word("_refcount")).init(pins))
        }),
        data,
        buffer: setup.buffer_heads.then(|| Buffer {
            dirty: system
                .declare(flag_decl(&name, "BH_Dirty", dirty).in_word(format!("{name}.b_state"))),
            lock: system.declare(owner(setup, &name, "BH_Lock").in_word(format!("{name}.b_state"))),
            attached: flag(system, &name, "buffers", true),
        }),
        name,
    }
}

fn declare_folios(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
    needs: Needs,
) -> (Vec<Index>, Vec<Folio>) {
    let mut indices = Vec::new();
    let mut folios = Vec::new();
    for (index, init) in setup.folios.iter().enumerate() {
        let removals = setup.calls().filter(|(_, _, c)| c.removes(index)).count();
        let spare = needs.spare_folios(setup, index);
        let count = 1 + removals + spare;
        let first = folios.len();
        for nth in 0..count {
            folios.push(declare_folio(system, setup, tokens, (index, nth), count));
        }
        let extent_init = match init.extent {
            ExtentInit::Written => extent::WRITTEN,
            ExtentInit::Unwritten => extent::UNWRITTEN,
            ExtentInit::Hole if init.dirty => extent::DELALLOC,
            ExtentInit::Hole => extent::HOLE,
        };
        let disk = blocks::declare(system, setup, tokens, index);
        let slot_labels: Vec<String> = std::iter::once("-".to_owned())
            .chain(folios[first..].iter().map(|f| f.name.clone()))
            .collect();
        indices.push(Index {
            folios: (first..first + count).collect(),
            slot: system.declare(
                VarDecl::shared("i_pages", format!("[{index}]"), count as u64)
                    .under(XA_LOCK)
                    .labels(slot_labels)
                    .init(init.cached.into()),
            ),
            former_content: setup.blocks,
            extent: system.declare(
                VarDecl::shared(format!("disk[{index}]"), "extent", extent::WRITTEN)
                    .under(blocks::I_LOCK)
                    .labels(extent::NAMES)
                    .init(extent_init),
            ),
            blocks: disk.blocks,
            block: disk.block,
            cow: disk.cow,
            journal: disk.journal,
            fixed: init.cached && removals == 0 && spare == 0,
            present: init.cached && removals == 0 && (spare == 0 || !needs.removes),
            replaceable: spare != 0,
            mark: needs.marks.then(|| {
                let name = format!("[{index}].SPLICED");
                system.declare(flag_decl("i_pages", &name, false).under(XA_LOCK))
            }),
        });
    }
    (indices, folios)
}

type PageTables = (
    BTreeMap<(usize, usize), Pte>,
    BTreeMap<(usize, usize), Vec<Tlb>>,
    BTreeMap<usize, RwSem>,
);

fn declare_page_tables(
    system: &mut System,
    setup: &Setup,
    indices: &[Index],
    folios: &[Folio],
) -> PageTables {
    let mut pairs: BTreeMap<(usize, usize), PteInit> = BTreeMap::new();
    for pte in &setup.ptes {
        pairs.insert((pte.mm, pte.folio), pte.init);
    }
    let mut locks = BTreeMap::new();
    let mut cpus: BTreeMap<(usize, usize), Vec<TaskId>> = BTreeMap::new();
    for (task, _, call) in setup.calls() {
        if let Call::Mmap { mm } = call {
            locks
                .entry(*mm)
                .or_insert_with(|| rwsem(system, setup, &format!("mm{mm}"), "mmap_lock"));
        }
        if let Call::MmapStore { mm, folio, .. }
        | Call::MprotectRoundTrip { mm, folio }
        | Call::MprotectReadOnly { mm, folio }
        | Call::Mremap { mm, folio }
        | Call::Munmap { mm, folio } = call
        {
            pairs.entry((*mm, *folio)).or_insert(PteInit::None);
            if matches!(call, Call::MmapStore { .. }) {
                let cpu = TaskId(u8::try_from(task).expect("few tasks"));
                let list = cpus.entry((*mm, *folio)).or_default();
                if !list.contains(&cpu) {
                    list.push(cpu);
                }
            }
        }
    }
    add_moved(setup, &mut pairs, &mut cpus);
    let mut ptes = BTreeMap::new();
    let mut tlbs = BTreeMap::new();
    for ((mm, index), init) in pairs {
        locks
            .entry(address_space(mm))
            .or_insert_with_key(|mm| rwsem(system, setup, &format!("mm{mm}"), "mmap_lock"));
        let new = if mm >= MOVED { "'" } else { "" };
        let object = format!("pte(mm{},{index}){new}", address_space(mm));
        let positions = indices[index].folios.len() as u64 - 1;
        let names: Vec<String> = indices[index]
            .folios
            .iter()
            .map(|f| folios[*f].name.clone())
            .collect();
        let present = init != PteInit::None;
        ptes.insert(
            (mm, index),
            Pte {
                present: system.declare(
                    flag_decl(&object, "present", present).in_word(format!("{object}.entry")),
                ),
                folio: system.declare(
                    VarDecl::shared(object.clone(), "folio", positions)
                        .in_word(format!("{object}.entry"))
                        .labels(names.clone()),
                ),
                write: system.declare(
                    flag_decl(
                        &object,
                        "W",
                        matches!(init, PteInit::Dirty | PteInit::Writable),
                    )
                    .in_word(format!("{object}.entry"))
                    .observed(),
                ),
                dirty: system.declare(
                    flag_decl(&object, "D", init == PteInit::Dirty)
                        .in_word(format!("{object}.entry"))
                        .observed(),
                ),
                rmap: flag(system, &object, "rmap", present),
                ptl: system.declare(owner(setup, &object, "ptl")),
            },
        );
        let entries = cpus
            .remove(&(mm, index))
            .unwrap_or_default()
            .into_iter()
            .map(|cpu| {
                let cpu_name = format!("cpu-{}", setup.tasks[cpu.index()].name);
                let object = format!("tlb({cpu_name},{index}){new}");
                // A CPU answers an interrupt between two instructions.
                let part = |decl: VarDecl| {
                    decl.in_word(format!("{object}.entry"))
                        .under(cpu_name.clone())
                };
                Tlb {
                    cpu,
                    writable: system.declare(part(flag_decl(&object, "WD", false))),
                    folio: system.declare(
                        part(VarDecl::shared(object.clone(), "folio", positions))
                            .labels(names.clone()),
                    ),
                }
            })
            .collect();
        tlbs.insert((mm, index), entries);
    }
    (ptes, tlbs, locks)
}

/// The entries at the addresses that `mremap` moves pages to, for the same CPUs.
fn add_moved(
    setup: &Setup,
    pairs: &mut BTreeMap<(usize, usize), PteInit>,
    cpus: &mut BTreeMap<(usize, usize), Vec<TaskId>>,
) {
    for (_, _, call) in setup.calls() {
        if let Call::Mremap { mm, folio } = call {
            let (old, new) = ((*mm, *folio), (*mm + MOVED, *folio));
            pairs.insert(new, PteInit::None);
            cpus.insert(new, cpus.get(&old).cloned().unwrap_or_default());
        }
    }
}

/// Address spaces that map a page which reclaim unmaps.
fn declare_batches(
    system: &mut System,
    setup: &Setup,
    ptes: &BTreeMap<(usize, usize), Pte>,
) -> BTreeMap<usize, VarId> {
    let mut batches = BTreeMap::new();
    for (mm, index) in ptes.keys() {
        if setup.any_call(|c| matches!(c, Call::TryToUnmap { folio } if folio == index)) {
            batches.entry(address_space(*mm)).or_insert_with_key(|mm| {
                flag(system, &format!("mm{mm}"), "tlb_flush_batched", false)
            });
        }
    }
    batches
}

fn declare_moved(system: &mut System, setup: &Setup) -> BTreeMap<(usize, usize), VarId> {
    let mut moved = BTreeMap::new();
    for (_, _, call) in setup.calls() {
        if let Call::Mremap { mm, folio } = call {
            let object = format!("vma(mm{mm},{folio})");
            moved
                .entry((*mm, *folio))
                .or_insert_with(|| flag(system, &object, "moved", false));
        }
    }
    moved
}

fn declare_protections(system: &mut System, setup: &Setup) -> BTreeMap<(usize, usize), Protection> {
    let mut protections = BTreeMap::new();
    for (_, _, call) in setup.calls() {
        if let Call::MprotectReadOnly { mm, folio } = call {
            let object = format!("vma(mm{mm},{folio})");
            protections
                .entry((*mm, *folio))
                .or_insert_with(|| Protection {
                    vm_write: flag(system, &object, "VM_WRITE", true),
                    returned: system.declare(VarDecl::ghost(object, "mprotect-returned", 1)),
                });
        }
    }
    protections
}

fn declare_user_buffers(
    system: &mut System,
    setup: &Setup,
    tokens: &Tokens,
) -> BTreeMap<usize, Vec<VarId>> {
    let mut buffers = BTreeMap::new();
    for (task, number, call) in setup.calls() {
        if let Call::DirectWrite { folio, .. } = call {
            let words = (0..setup.words)
                .map(|w| {
                    let init = tokens.store(task, number, *folio, w).expect("counted");
                    system.declare(
                        VarDecl::shared(
                            format!("buffer[{folio}]"),
                            format!("data[{w}]"),
                            tokens.max(*folio, w),
                        )
                        .labels(tokens.labels(*folio, w))
                        .init(init),
                    )
                })
                .collect();
            buffers.insert(*folio, words);
        }
    }
    buffers
}

fn declare_vmas(system: &mut System, setup: &Setup) -> (BTreeMap<usize, VarId>, Option<RwSem>) {
    let mut vmas = BTreeMap::new();
    for (_, _, call) in setup.calls() {
        if let Call::Mmap { mm } = call {
            vmas.entry(*mm)
                .or_insert_with(|| flag(system, &format!("mm{mm}"), "vma", false));
        }
    }
    let lock = (!vmas.is_empty()).then(|| rwsem(system, setup, "mapping", "i_mmap_rwsem"));
    (vmas, lock)
}

fn declare_inode(system: &mut System, setup: &Setup) -> Inode {
    // What is read and changed together is one word here: `model/MAP.md` says what that hides.
    let stamp = |name: &str, max| VarDecl::shared("inode", name, max).in_word("inode.stamps");
    let sequence =
        |name: &str| VarDecl::shared("inode", name, COUNTER_MAX).in_word("inode.sequences");
    Inode {
        i_rwsem: rwsem(system, setup, "inode", "i_rwsem"),
        invalidate_lock: rwsem(system, setup, "inode", "invalidate_lock"),
        ticked: system.declare(VarDecl::shared("clock", "ticked", 1).in_word("inode.stamps")),
        ctime: system.declare(stamp("ctime", COUNTER_MAX)),
        ctime_mg: system.declare(stamp("ctime_mg", COUNTER_MAX)),
        ctime_mg_queried: system.declare(stamp("ctime_mg.queried", 1)),
        i_version: system.declare(stamp("i_version", COUNTER_MAX)),
        i_version_queried: system.declare(stamp("i_version.queried", 1)),
        if_seq: system.declare(sequence("if_seq")),
        cow_seq: (0..setup.folios.len())
            .any(|i| blocks::can_be_shared(setup, i))
            .then(|| system.declare(sequence("cow_seq"))),
        transaction: setup.journal.then(|| {
            let mut declare = |decl: VarDecl| system.declare(decl.under("journal.j_state_lock"));
            Transaction {
                handles: declare(task_set(setup, "journal", "handles")),
                locked: declare(VarDecl::shared("journal", "T_LOCKED", 1)),
            }
        }),
    }
}
