//! Blocks of the device, and which of them a page of the file is in: the forks of an XFS inode
//! (`fs/xfs/libxfs/xfs_bmap.c`), as far as a page's worth of them goes.
//!
//! A page's blocks are numbered for themselves: the same number at two neighbouring pages means that
//! they are next to each other on the device, so that one extent can cover both.

use crate::kernel::objects::{Block, CowFork, Index, Journalled, cow, extent, ordered};
use crate::kernel::setup::{Call, ExtentInit, Setup};
use crate::kernel::tokens::Tokens;
use crate::machine::expr::{Expr, all, and, any, eq, ite, ne, not, or};
use crate::machine::system::System;
use crate::machine::var::{VarDecl, VarId};

/// The blocks of a page.
pub struct Blocks {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// See [`Index::block`].
    pub block: Option<VarId>,
    /// See [`Index::cow`].
    pub cow: Option<CowFork>,
    /// See [`Index::journal`].
    pub journal: Option<Journalled>,
}

/// `ip->i_lock`, which XFS calls ILOCK (in ext4: `i_data_sem`): over the maps of a file's blocks.
pub(in crate::kernel) const I_LOCK: &str = "inode.i_lock";

/// Whether another file can come to share the page's block.
pub fn can_be_shared(setup: &Setup, index: usize) -> bool {
    setup.folios[index].shared
        || setup.any_call(|c| matches!(c, Call::Reflink { folio } if *folio == index))
}

/// The number of blocks of each page: as many as any of them needs, so that what is allocated for
/// neighbours can be next to each other.
fn count(setup: &Setup) -> usize {
    if !setup.blocks {
        return 1;
    }
    (0..setup.folios.len())
        .map(|index| needed(setup, index))
        .max()
        .unwrap_or(1)
}

/// How many blocks a page can need at once: the one it is in, one for its COW fork, and one for each
/// time that it is shared with another file, which keeps the block. One more if it can be freed, so
/// that the next need not be the one that was just given up.
fn needed(setup: &Setup, index: usize) -> usize {
    let shared = usize::from(setup.folios[index].shared)
        + setup
            .calls()
            .filter(|(_, _, c)| matches!(c, Call::Reflink { folio } if *folio == index))
            .count();
    let freed = setup.any_call(|c| c.zeroes(index));
    1 + usize::from(freed) + if shared > 0 { shared + 1 } else { 0 }
}

/// Declares them.
pub fn declare(system: &mut System, setup: &Setup, tokens: &Tokens, index: usize) -> Blocks {
    let init = &setup.folios[index];
    let count = count(setup);
    let shareable = can_be_shared(setup, index);
    let blocks = (0..count)
        .map(|n| {
            let object = if setup.blocks {
                format!("block[{index}.{n}]")
            } else {
                format!("disk[{index}]")
            };
            let data = (0..setup.words)
                .map(|w| {
                    system.declare(
                        VarDecl::shared(object.clone(), format!("data[{w}]"), tokens.max(index, w))
                            .under(format!("{object}.device"))
                            .labels(tokens.labels(index, w))
                            .init(tokens.initial_disk(index, init, n))
                            .observed(),
                    )
                })
                .collect();
            let other = shareable.then(|| {
                let init = init.shared && n == 0;
                let decl = VarDecl::shared(object, "other file", 1).under(I_LOCK);
                system.declare(decl.init(init.into()))
            });
            Block { data, other }
        })
        .collect();
    let object = format!("disk[{index}]");
    let last = count as u64 - 1;
    let block = (count > 1)
        .then(|| system.declare(VarDecl::shared(object.clone(), "block", last).under(I_LOCK)));
    let cow = shareable.then(|| CowFork {
        state: system.declare(
            VarDecl::shared(object.clone(), "cow", cow::WRITTEN)
                .under(I_LOCK)
                .labels(cow::NAMES)
                .init(if init.shared && init.dirty {
                    cow::DELALLOC
                } else {
                    cow::NONE
                }),
        ),
        block: system.declare(VarDecl::shared(object.clone(), "cow block", last).under(I_LOCK)),
    });
    let journal = setup.journal.then(|| Journalled {
        committed: system.declare(
            VarDecl::shared(object.clone(), "committed extent", extent::WRITTEN)
                .under(I_LOCK)
                .labels(extent::NAMES)
                .init(if init.extent == ExtentInit::Written {
                    extent::WRITTEN
                } else {
                    extent::HOLE
                }),
        ),
        ordered: system.declare(
            VarDecl::shared(object, "ordered", ordered::WRITE)
                .under(I_LOCK)
                .labels(ordered::NAMES),
        ),
    });
    Blocks {
        blocks,
        block,
        cow,
        journal,
    }
}

impl Index {
    /// The number of the block that the data fork maps.
    pub fn mapped(&self) -> Expr {
        self.block.map_or(Expr::FALSE, Expr::Var)
    }

    /// The data fork has a block there.
    pub fn allocated(&self) -> Expr {
        or(
            eq(self.extent, extent::UNWRITTEN),
            eq(self.extent, extent::WRITTEN),
        )
    }

    /// What a word of the block with that number holds.
    pub fn held(&self, block: &Expr, word: usize) -> Expr {
        self.select(block, |b| b.data[word].into())
    }

    /// What a read through the data fork gives.
    pub fn on_disk(&self, word: usize, zero: u64) -> Expr {
        let held = self.held(&self.mapped(), word);
        if self.former_content {
            ite(eq(self.extent, extent::WRITTEN), held, zero)
        } else {
            held
        }
    }

    fn select(&self, block: &Expr, value: impl Fn(&Block) -> Expr) -> Expr {
        let (last, init) = self.blocks.split_last().expect("a page has a block");
        init.iter()
            .enumerate()
            .rev()
            .fold(value(last), |rest, (n, b)| {
                ite(eq(block.clone(), n), value(b), rest)
            })
            .fold()
    }

    /// Another file maps the block with that number.
    pub fn others(&self, block: &Expr) -> Expr {
        self.select(block, |b| b.other.map_or(Expr::FALSE, |o| eq(o, 1)))
    }

    /// The data fork's block is another file's as well: a write must go elsewhere.
    pub fn is_shared(&self) -> Expr {
        if self.cow.is_none() {
            return Expr::FALSE;
        }
        and(
            eq(self.extent, extent::WRITTEN),
            self.others(&self.mapped()),
        )
        .fold()
    }

    /// The COW fork has something there.
    pub fn in_cow_fork(&self) -> Expr {
        self.cow.map_or(Expr::FALSE, |c| ne(c.state, cow::NONE))
    }

    fn is_free(&self, n: usize) -> Expr {
        let mapped = and(self.allocated(), eq(self.mapped(), n));
        let cow = self
            .cow
            .map_or(Expr::FALSE, |c| and(c.is_real(), eq(c.block, n)));
        let other = self.blocks[n].other.map_or(Expr::FALSE, |o| eq(o, 1));
        all([not(mapped), not(cow), not(other)])
    }

    /// Some block is free.
    pub fn has_free(&self) -> Expr {
        any((0..self.blocks.len()).map(|n| self.is_free(n))).fold()
    }

    /// The number of the block that an allocation takes: the highest that is free, so that one just
    /// given up is not taken again at once.
    pub fn free(&self) -> Expr {
        (1..self.blocks.len())
            .fold(Expr::FALSE, |rest, n| ite(self.is_free(n), n, rest))
            .fold()
    }

    /// A write that goes to the block with that number goes where it belongs now: to the COW fork's
    /// block if there is one, else to the data fork's; and never to one that another file maps.
    pub fn is_right(&self, block: &Expr) -> Expr {
        let data = and(self.allocated(), eq(block.clone(), self.mapped()));
        let right = match self.cow {
            None => data,
            Some(c) => ite(
                eq(c.state, cow::NONE),
                data,
                and(c.is_real(), eq(block.clone(), c.block)),
            ),
        };
        and(right, not(self.others(block))).fold()
    }
}

/// Of the pages `run`, neighbours in the file as far as each is the last plus one: whether `alike`
/// holds for each pair of neighbours up to the one at `to`.
pub fn covers(run: &[usize], to: usize, alike: &impl Fn(usize, usize) -> Expr) -> Expr {
    all((0..to).map(|n| {
        if run[n] + 1 == run[n + 1] {
            alike(run[n], run[n + 1])
        } else {
            Expr::FALSE
        }
    }))
    .fold()
}

/// The position after the last of the pages `run` that is covered, the first always being so; `run`
/// begins at position `first` of a call's pages.
pub fn covered(run: &[usize], first: usize, alike: &impl Fn(usize, usize) -> Expr) -> Expr {
    (1..run.len())
        .fold(Expr::from(first + 1), |rest, to| {
            ite(covers(run, to, alike), first + to + 1, rest)
        })
        .fold()
}
