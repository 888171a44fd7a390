//! Declaring page indices, and as many folios of each as there can be.

use super::vars::{flag, flag_decl, owner};
use crate::kernel::objects::{Buffer, Folio, Index, REFS_BIAS, blocks, extent, refs_max};
use crate::kernel::setup::{Call, ExtentInit, Mapping, Setup};
use crate::kernel::tokens::Tokens;
use crate::machine::system::System;
use crate::machine::var::VarDecl;

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

/// References as a reader counts them: without the bias.
fn refs_labels(max: u64) -> impl Iterator<Item = String> {
    (0..=max).map(|n| (n.cast_signed() - REFS_BIAS.cast_signed()).to_string())
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
        has_mapping: system.declare(flag_decl(&name, "mapping", cached).in_word(word("mapping"))),
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

pub(super) fn declare_folios(
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
