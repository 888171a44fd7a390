//! The variables of a scenario: every kernel object that its tasks can reach.

use super::object::{
    COUNTER_MAX, Folio, Index, Inode, Origin, Pipe, Protection, Pte, RwSem, Socket, Tlb, in_queue,
};
use std::collections::BTreeMap;

use crate::kernel::objects::PipePages;
use crate::kernel::objects::ghost::Ghosts;
use crate::kernel::setup::{Mapping, Setup};
use crate::kernel::tokens::Tokens;
use crate::machine::expr::{Expr, and, any, eq};
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// All objects of a scenario.
#[derive(Clone, Debug)]
pub struct World {
    /// What the scenario fixed.
    pub setup: Setup,
    /// Names of the values that words can have.
    pub tokens: Tokens,
    /// The inode.
    pub inode: Inode,
    /// Page indices.
    pub indices: Vec<Index>,
    /// Folios.
    pub folios: Vec<Folio>,
    /// Page-table entries by address space and page index.
    pub ptes: BTreeMap<(usize, usize), Pte>,
    /// TLB entries by address space and page index.
    pub tlbs: BTreeMap<(usize, usize), Vec<Tlb>>,
    /// Pages that `mremap` moves, by address space and page index: whether it has returned.
    pub moved: BTreeMap<(usize, usize), VarId>,
    /// Locks of the address spaces (mmap_lock; a fault holds a VMA lock, which excludes the same).
    pub mmap_locks: BTreeMap<usize, RwSem>,
    /// `mm->tlb_flush_batched` of address spaces that reclaim unmaps from: something was unmapped since
    /// anybody last flushed for it.
    pub tlb_flush_batched: BTreeMap<usize, VarId>,
    /// Pages that are made read-only, by address space and page index.
    pub protections: BTreeMap<(usize, usize), Protection>,
    /// Memory that direct writes are made from, by the page index that they go to.
    pub user_buffers: BTreeMap<usize, Vec<VarId>>,
    /// Whether an address space that calls `mmap(2)` has mapped the file. Others have from the start.
    pub vmas: BTreeMap<usize, VarId>,
    /// `mapping->i_mmap_rwsem`; none if no call maps the file.
    pub i_mmap_rwsem: Option<RwSem>,
    /// Pipes.
    pub pipes: Vec<Pipe>,
    /// Sockets.
    pub sockets: Vec<Socket>,
    /// Spliced references.
    pub origins: Vec<Origin>,
    /// What the invariants need.
    pub ghosts: Ghosts,
    /// A rule copies what is written when it is submitted: devices never read a folio.
    pub bounces: bool,
    /// Per spliced reference, where some task asks: its completion was reported.
    pub completed: Vec<VarId>,
    /// Pages of pipe writers, where two pipes can refer to one.
    pub pipe_pages: Option<PipePages>,
    /// Variables that rules asked for.
    pub(in crate::kernel) extra: BTreeMap<(String, String), VarId>,
}

impl World {
    /// A variable that a rule needs, `object.name` with values `0..=max`: declared when first asked
    /// for.
    pub fn rule_var(&mut self, system: &mut System, object: &str, name: &str, max: u64) -> VarId {
        let decl = in_queue(VarDecl::shared(object, name, max), object);
        self.rule_decl(system, decl)
    }

    /// The same, declared in full.
    pub fn rule_decl(&mut self, system: &mut System, decl: VarDecl) -> VarId {
        let var = decl.build();
        let key = (var.object.clone(), var.name.clone());
        *self
            .extra
            .entry(key)
            .or_insert_with(|| system.declare_var(var))
    }

    /// The variables that rules asked for, but for versions, which never end: see [`COUNTER_MAX`].
    pub fn rule_counters(&self, system: &System) -> Vec<VarId> {
        let counts = |v: &VarId| system.var(*v).max < COUNTER_MAX;
        self.extra.values().copied().filter(counts).collect()
    }

    /// Most references to one folio that a scheme can count: one for each place in pipes and sockets, and one
    /// that each task has in hand.
    pub fn references_max(&self) -> u64 {
        let sockets = self.sockets.iter().map(|s| s.frags.len() + s.merged.len());
        let pipes = self.pipes.iter().map(|p| p.slots.len());
        (pipes.chain(sockets).sum::<usize>() + self.setup.tasks.len()) as u64
    }

    /// Number of the spliced reference for page `k` of a call.
    pub fn origin(&self, task: usize, call: usize, index: usize) -> usize {
        self.origins
            .iter()
            .position(|o| *o == Origin { task, call, index })
            .expect("every splice call has its references")
    }

    /// Value of [`PageRef::page`](super::PageRef::page) for a copy of a page of the file.
    pub fn copied_page(&self) -> u64 {
        self.folios.len() as u64 + 1
    }

    /// Value of [`PageRef::page`](super::PageRef::page) for a page that a pipe writer filled.
    pub fn written_page(&self) -> u64 {
        self.folios.len() as u64 + 2
    }

    /// Whether the folio is mapped by the page table entry.
    pub fn maps(&self, pte: &Pte, folio: usize) -> Expr {
        let position = self.position(folio);
        and(eq(pte.present, 1), eq(pte.folio, position))
    }

    /// Position of a folio among those of its index.
    pub fn position(&self, folio: usize) -> usize {
        let index = self.folios[folio].index;
        self.indices[index]
            .folios
            .iter()
            .position(|f| *f == folio)
            .expect("it is there")
    }

    /// Whether writes go through writeback and `page_mkwrite`.
    pub fn can_writeback(&self) -> bool {
        self.setup.mapping == Mapping::Disk
    }

    /// `mapping_mapped`: some address space has mapped the file.
    pub fn mapping_mapped(&self) -> Expr {
        any(self.mmap_locks.keys().map(|mm| match self.vmas.get(mm) {
            Some(vma) => eq(*vma, 1),
            None => Expr::TRUE,
        }))
        .fold()
    }

    /// Address spaces that map the page index.
    pub fn mms_of(&self, index: usize) -> Vec<usize> {
        self.ptes
            .keys()
            .filter(|(_, i)| *i == index)
            .map(|(mm, _)| *mm)
            .collect()
    }
}
