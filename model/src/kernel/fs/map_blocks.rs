//! `fs/xfs/xfs_aops.c`: the mapping that writeback caches over a pass (B9), and what IO completion does
//! to extents (B13).

use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::objects::blocks::{covered, covers};
use crate::kernel::objects::{COUNTER_MAX, Index, Inode, cow, extent};
use crate::kernel::program::{At, Imap, Prog};
use crate::kernel::setup::Filesystem;
use crate::machine::builder::{BranchDraft, Label};
use crate::machine::expr::{Expr, add, all, and, any, eq, ite, lt, ne, not, or};
use crate::machine::step::Order;
use crate::machine::var::VarDecl;

impl Imap {
    /// Registers for a pass over `folios`.
    pub fn declare(p: &mut Prog<'_>, folios: &[usize]) -> Imap {
        let blocks = folios.iter().map(|i| p.w.indices[*i].blocks.len()).max();
        let mut register = |name: &str, max: u64, labels: &[&str]| {
            let task = p.b.task;
            let object = p.b.system.task(task).name.clone();
            let name = format!("wpc.{name}#{}", p.call);
            let decl = VarDecl::private(task, object, name, max).labels(labels.iter().copied());
            p.b.system.declare(decl)
        };
        Imap {
            kind: register("iomap.type", extent::WRITTEN, &extent::NAMES),
            block: register("iomap.block", blocks.unwrap_or(1) as u64 - 1, &[]),
            cow: register("iomap.F_SHARED", 1, &[]),
            end: register("iomap.end", folios.len() as u64, &[]),
            data_seq: register("data_seq", COUNTER_MAX, &[]),
            cow_seq: register("cow_seq", COUNTER_MAX, &[]),
        }
    }
}

/// B9: the mapping that the IO of `folios[position]` goes by: the cached one if it covers the page and
/// is valid, else a new one, with what was reserved converted.
pub fn map_blocks(p: &mut Prog<'_>, imap: &Imap, folios: &[usize], position: usize) {
    let lookup = p.b.label("look up");
    let mapped = p.b.label("mapped");
    p.within(c::XFS_MAP_BLOCKS, |p| {
        if position > 0 {
            p.b.step("B9r", c::XFS_IMAP_VALID, |s| {
                s.text("does the cached mapping cover the page?")
                    .when(lt(position, imap.end), "yes", |b| b)
                    .otherwise("no", |b| b.goto(lookup))
            });
            let at = At::Imap {
                imap: *imap,
                stale: lookup,
            };
            if !p.rules.omits(Hook::ImapValid) {
                imap_valid(p, &at);
            }
            p.hook(Hook::ImapValid, &at);
            p.b.step("B9m", c::XFS_MAP_BLOCKS, |s| {
                s.text("use the cached mapping").goto(mapped)
            });
        }
        p.b.bind(lookup);
        look_up(p, imap, folios, position, lookup, mapped);
        p.b.bind(mapped);
    });
}

/// A mapping of the COW fork is taken to stay valid; one of the data fork is valid while neither fork
/// has changed (an empty COW fork is not asked).
pub fn imap_valid(p: &mut Prog<'_>, at: &At) {
    let At::Imap { imap, .. } = at else { return };
    let inode = p.w.inode;
    let data = ne(inode.if_seq, imap.data_seq);
    let cow = match inode.cow_seq {
        None => Expr::FALSE,
        Some(seq) => and(
            any(p.w.indices.iter().map(Index::in_cow_fork)),
            ne(seq, imap.cow_seq),
        ),
    };
    stale_if(p, at, &and(eq(imap.cow, 0), or(data, cow)));
}

/// The cached mapping is looked up anew, if `changed`.
pub fn stale_if(p: &mut Prog<'_>, at: &At, changed: &Expr) {
    let At::Imap { stale, .. } = at else { return };
    let seq = p.w.inode.if_seq;
    p.b.step("B9v", c::XFS_IMAP_VALID, |s| {
        s.text("the cached mapping against the sequences, folio lock held, ILOCK not")
            .order(seq, Order::Acquire)
            .when(changed.clone(), "changed: look up", |b| b.goto(*stale))
            .otherwise("valid", |b| b)
    });
}

fn alike_in_data(indices: &[Index]) -> impl Fn(usize, usize) -> Expr {
    move |a, b| {
        let (a, b) = (&indices[a], &indices[b]);
        all([
            eq(a.extent, b.extent),
            or(not(a.allocated()), eq(a.mapped(), b.mapped())),
            not(b.in_cow_fork()),
        ])
        .fold()
    }
}

fn alike_in_cow(indices: &[Index]) -> impl Fn(usize, usize) -> Expr {
    move |a, b| match (indices[a].cow, indices[b].cow) {
        (Some(a), Some(b)) => and(
            eq(a.state, b.state),
            or(not(a.is_real()), eq(a.block, b.block)),
        ),
        _ => Expr::FALSE,
    }
}

/// Pages to which the conversion of a reservation extends, each with its condition: those of the whole
/// extent, before the page and after it, whether the pass comes to them or not. And how far the new mapping
/// then reaches: as far as the blocks that were found are next to each other.
fn conversion(
    indices: &[Index],
    run: &[usize],
    position: usize,
    alike: &impl Fn(usize, usize) -> Expr,
) -> (Vec<(usize, Expr)>, Expr) {
    let here = run[0];
    let within = (0..indices.len())
        .map(|page| {
            let between: Vec<usize> = (here.min(page)..=here.max(page)).collect();
            (page, covers(&between, between.len() - 1, alike))
        })
        .collect();
    let adjacent = |a: usize, b: usize| and(alike(a, b), eq(indices[a].free(), indices[b].free()));
    (within, covered(run, position, &adjacent))
}

/// A look-up for the first of the pages `run`, which is at `position` of the pass.
struct LookUp<'a> {
    imap: &'a Imap,
    run: &'a [usize],
    position: usize,
    indices: Vec<Index>,
    inode: Inode,
    mapped: Label,
}

impl LookUp<'_> {
    fn here(&self) -> &Index {
        &self.indices[self.run[0]]
    }

    /// The mapping becomes what the COW fork has.
    fn found_cow(&self, b: &mut BranchDraft) {
        let (Some(fork), Some(seq)) = (self.here().cow, self.inode.cow_seq) else {
            return;
        };
        let end = covered(self.run, self.position, &alike_in_cow(&self.indices));
        let kind = ite(
            eq(fork.state, cow::WRITTEN),
            extent::WRITTEN,
            extent::UNWRITTEN,
        );
        b.set(self.imap.kind, kind)
            .set(self.imap.block, fork.block)
            .set(self.imap.cow, 1)
            .set(self.imap.end, end)
            .set(self.imap.data_seq, self.inode.if_seq)
            .set(self.imap.cow_seq, seq)
            .goto(self.mapped);
    }

    /// The mapping becomes what the data fork has.
    fn found(&self, b: &mut BranchDraft) {
        let here = self.here();
        let end = covered(self.run, self.position, &alike_in_data(&self.indices));
        b.set(self.imap.kind, here.extent)
            .set(self.imap.block, here.mapped())
            .set(self.imap.cow, 0)
            .set(self.imap.end, end)
            .set(self.imap.data_seq, self.inode.if_seq)
            .goto(self.mapped);
    }

    fn convert_cow(&self, p: &mut Prog<'_>, again: Label) {
        let (Some(fork), Some(seq)) = (self.here().cow, self.inode.cow_seq) else {
            return;
        };
        let alike = alike_in_cow(&self.indices);
        let (within, end) = conversion(&self.indices, self.run, self.position, &alike);
        p.b.step("B9a", c::XFS_BMAPI_CONVERT_DELALLOC, |s| {
            s.text("COW fork: allocate, under ILOCK")
                .requires(or(ne(fork.state, cow::DELALLOC), self.here().has_free()))
                .when(eq(fork.state, cow::DELALLOC), "converted", |b| {
                    for (index, within) in &within {
                        let object = &self.indices[*index];
                        if let Some(fork) = object.cow {
                            b.set_if(within.clone(), fork.state, cow::UNWRITTEN).set_if(
                                within.clone(),
                                fork.block,
                                object.free(),
                            );
                        }
                    }
                    b.inc(seq)
                        .set(self.imap.kind, extent::UNWRITTEN)
                        .set(self.imap.block, self.here().free())
                        .set(self.imap.cow, 1)
                        .set(self.imap.end, end)
                        .set(self.imap.data_seq, self.inode.if_seq)
                        .set(self.imap.cow_seq, add(seq, 1))
                        .goto(self.mapped)
                })
                .when(fork.is_real(), "somebody was faster", |b| {
                    self.found_cow(b);
                    b
                })
                .otherwise("gone to the data fork: look up again", |b| b.goto(again))
        });
    }

    fn convert(&self, p: &mut Prog<'_>) {
        let here = self.here();
        let alike = alike_in_data(&self.indices);
        let (within, end) = conversion(&self.indices, self.run, self.position, &alike);
        p.b.step("B9b", c::XFS_BMAPI_CONVERT_DELALLOC, |s| {
            s.text("allocate, under ILOCK: an unwritten extent")
                .requires(or(ne(here.extent, extent::DELALLOC), here.has_free()))
                .when(eq(here.extent, extent::DELALLOC), "converted", |b| {
                    for (index, within) in &within {
                        let object = &self.indices[*index];
                        b.set_if(within.clone(), object.extent, extent::UNWRITTEN);
                        if let Some(block) = object.block {
                            b.set_if(within.clone(), block, object.free());
                        }
                    }
                    b.inc(self.inode.if_seq)
                        .set(self.imap.kind, extent::UNWRITTEN)
                        .set(self.imap.block, here.free())
                        .set(self.imap.cow, 0)
                        .set(self.imap.end, end)
                        .set(self.imap.data_seq, add(self.inode.if_seq, 1))
                        .goto(self.mapped)
                })
                .otherwise("somebody was faster", |b| {
                    self.found(b);
                    b
                })
        });
    }
}

fn look_up(
    p: &mut Prog<'_>,
    imap: &Imap,
    folios: &[usize],
    position: usize,
    again: Label,
    mapped: Label,
) {
    let look = LookUp {
        imap,
        run: &folios[position..],
        position,
        indices: p.w.indices.clone(),
        inode: p.w.inode,
        mapped,
    };
    let here = look.here();
    let convert_cow = p.b.label("convert the COW fork's reservation");
    let convert = p.b.label("convert the reservation");
    p.b.step("B9", c::XFS_MAP_BLOCKS, |s| {
        s.text("look up the extent under ILOCK, the COW fork first")
            .order(look.inode.if_seq, Order::Acquire);
        if let Some(fork) = here.cow {
            s.when(fork.is_real(), "in the COW fork", |b| {
                look.found_cow(b);
                b
            })
            .when(
                eq(fork.state, cow::DELALLOC),
                "reserved in the COW fork",
                |b| b.goto(convert_cow),
            );
        }
        s.when(eq(here.extent, extent::DELALLOC), "reserved", |b| {
            b.goto(convert)
        })
        .otherwise("in the data fork", |b| {
            look.found(b);
            b
        })
    });
    p.b.bind(convert_cow);
    look.convert_cow(p, again);
    p.b.bind(convert);
    look.convert(p);
}

/// B9 where nothing is cached (ext4; XFS where blocks are not told apart). With a journal, and
/// without `dioread_nolock`, it is at once a written extent of the running transaction.
pub fn map_one_page(p: &mut Prog<'_>, index: usize) {
    let object = p.w.indices[index].clone();
    let seq = p.w.inode.if_seq;
    let function = if p.w.setup.filesystem == Filesystem::Ext4 {
        c::MPAGE_MAP_ONE_EXTENT
    } else {
        c::XFS_MAP_BLOCKS
    };
    let becomes = if p.w.setup.journal {
        extent::WRITTEN
    } else {
        extent::UNWRITTEN
    };
    p.b.step("B9", function, |s| {
        s.text("look up the extent; allocate")
            .order(seq, Order::Acquire)
            .when(
                eq(object.extent, extent::DELALLOC),
                "convert delalloc",
                |b| {
                    if let Some(block) = object.block {
                        b.set(block, object.free());
                    }
                    b.set(object.extent, becomes).inc(seq)
                },
            )
            .otherwise("mapped", |b| b)
    });
}
