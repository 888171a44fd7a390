//! Declaring the variables of a scenario.

mod folios;
mod page_tables;
mod queues;
pub(in crate::kernel) mod readers;
mod vars;

use crate::kernel::objects::{
    COUNTER_MAX, Inode, Origin, PipePages, Transaction, World, blocks, notification,
};
use folios::declare_folios;
pub use folios::{Needs, Replaces};
use page_tables::{
    declare_batches, declare_moved, declare_page_tables, declare_protections, declare_vmas,
};
use std::collections::BTreeMap;
use vars::{rwsem, task_set};

use crate::kernel::declare::queues::{declare_pipes, declare_sockets};
use crate::kernel::hooks::Attached;
use crate::kernel::objects::ghost::Ghosts;
use crate::kernel::setup::{Call, Setup};
use crate::kernel::tokens::Tokens;
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

impl World {
    /// Declares everything that `setup` needs under a scheme's rules.
    pub fn declare(
        system: &mut System,
        setup: &Setup,
        rules: &dyn Attached,
        needs: Needs,
    ) -> World {
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
        let completed = declare_completed(system, setup, origins.len());
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

/// One flag for each spliced reference: its completion was reported.
fn declare_completed(system: &mut System, setup: &Setup, origins: usize) -> Vec<VarId> {
    let asked = if setup.asks_completion() { origins } else { 0 };
    (0..asked)
        .map(|o| {
            let flag = VarDecl::shared(format!("splice{o}"), "completed", 1);
            system.declare(flag.in_word(notification(o)))
        })
        .collect()
}
