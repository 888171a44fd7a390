//! Declaring address spaces: their page tables, TLBs, locks and mappings of the file.

use std::collections::BTreeMap;

use super::vars::{flag, flag_decl, owner, rwsem};
use crate::kernel::objects::{Folio, Index, MOVED, Protection, Pte, RwSem, Tlb, address_space};
use crate::kernel::setup::{Call, PteInit, Setup};
use crate::machine::system::{System, TaskId};
use crate::machine::var::{VarDecl, VarId};

type PageTables = (
    BTreeMap<(usize, usize), Pte>,
    BTreeMap<(usize, usize), Vec<Tlb>>,
    BTreeMap<usize, RwSem>,
);

pub(super) fn declare_page_tables(
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
pub(super) fn declare_batches(
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

pub(super) fn declare_moved(system: &mut System, setup: &Setup) -> BTreeMap<(usize, usize), VarId> {
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

pub(super) fn declare_protections(
    system: &mut System,
    setup: &Setup,
) -> BTreeMap<(usize, usize), Protection> {
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

pub(super) fn declare_vmas(
    system: &mut System,
    setup: &Setup,
) -> (BTreeMap<usize, VarId>, Option<RwSem>) {
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
