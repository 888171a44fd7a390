//! `fs/iomap/buffered-io.c`, `fs/xfs/xfs_aops.c`: from a mapped folio to the end of its IO. A pass of writeback
//! gathers folios in one bio (B10), submits it when the next folio does not fit or the pass ends (B10p), and
//! completion converts what the IO went to (B13).
//!
//! Only XFS with [`Setup::blocks`](crate::kernel::setup::Setup::blocks) gathers. Elsewhere each folio has a bio of its own.

use crate::kernel::block::device;
use crate::kernel::functions as c;
use crate::kernel::mm::folio::put_writeback;
use crate::kernel::objects::{CowFork, Index, cow, extent};
use crate::kernel::program::{FolioRef, Imap, Prog, oracle};
use crate::kernel::setup::Filesystem;
use crate::machine::builder::Label;
use crate::machine::expr::{Expr, add, all, and, any, eq, ite, ne, not, or};
use crate::machine::var::{VarDecl, VarId};

/// Where the IO of a page goes, as its mapping said when the page went into the bio.
#[derive(Clone, Debug)]
pub struct Target {
    /// The block.
    pub block: Expr,
    /// There is one; a hole has none.
    pub exists: Expr,
    /// IOMAP_F_SHARED: it is the COW fork's.
    pub cow: Expr,
    /// The extent was unwritten.
    pub unwritten: Expr,
}

impl Target {
    /// Without a cached mapping: the block that the data fork maps when the device reads.
    pub fn present(p: &Prog<'_>, index: usize) -> Target {
        Target {
            block: p.w.indices[index].mapped(),
            exists: Expr::TRUE,
            cow: Expr::FALSE,
            unwritten: Expr::TRUE,
        }
    }

    /// What the mapping of a pass says at this moment.
    pub fn mapped(imap: &Imap) -> Target {
        let unwritten = eq(imap.kind, extent::UNWRITTEN);
        Target {
            block: imap.block.into(),
            exists: or(unwritten.clone(), eq(imap.kind, extent::WRITTEN)),
            cow: eq(imap.cow, 1),
            unwritten,
        }
    }
}

/// Places of a page in the bios of a pass.
mod place {
    /// In none.
    pub const NONE: u64 = 0;
    /// In the bio that is being gathered.
    pub const GATHERED: u64 = 1;
    /// In a bio that has been submitted.
    pub const SUBMITTED: u64 = 2;
    /// Their names.
    pub const NAMES: [&str; 3] = ["-", "gathered", "submitted"];
}

/// `struct iomap_ioend`, one of whose pages this is.
#[derive(Clone, Debug)]
struct Page {
    folio: FolioRef,
    /// See [`place`].
    place: VarId,
    kind: VarId,
    block: VarId,
    cow: VarId,
}

impl Page {
    fn target(&self) -> Target {
        Target {
            block: self.block.into(),
            exists: Expr::TRUE,
            cow: eq(self.cow, 1),
            unwritten: eq(self.kind, extent::UNWRITTEN),
        }
    }
}

/// The bios of a pass of writeback over several folios.
pub struct Ioends {
    /// The pages of the pass so far.
    pages: Vec<Page>,
    /// Position of the last one that there will be.
    last: usize,
}

impl Ioends {
    /// None yet, for a pass over so many folios.
    pub fn new(folios: usize) -> Ioends {
        Ioends {
            pages: Vec::new(),
            last: folios - 1,
        }
    }

    /// `iomap_add_to_ioend`, then `folio_unlock`, and on to `joined`: the folio joins the bio if it is next to what is
    /// in it. Else, and whenever the bio is full, that one is submitted first, with this folio locked and under
    /// writeback. Without a block to write to there is no IO: what follows ends writeback again.
    pub fn add(&mut self, p: &mut Prog<'_>, folio: &FolioRef, imap: &Imap, joined: Label) {
        if !self.pages.is_empty() {
            self.submit_unless_joined(p, imap, folio.index);
        }
        let page = declare_page(p, folio);
        let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
        let target = Target::mapped(imap);
        p.b.step("B10", c::IOMAP_ADD_TO_IOEND, |s| {
            s.text("into the bio; folio_unlock")
                .requires(eq(lock.clone(), me))
                .release(lock.clone())
                .when(target.exists, "into the bio", |b| {
                    b.set(lock.clone(), 0)
                        .set(page.place, place::GATHERED)
                        .set(page.kind, imap.kind)
                        .set(page.block, imap.block)
                        .set(page.cow, imap.cow)
                        .goto(joined)
                })
                .otherwise("a hole: no IO", |b| b.set(lock, 0))
        });
        self.pages.push(page);
    }

    /// After the folio that was added last is unlocked: the IO of bios that were submitted before. Their IO began while it
    /// was locked; nothing that it does depends on that. Where another folio follows, the IO may last longer.
    pub fn added(&self, p: &mut Prog<'_>) {
        if self.pages.len() == 1 {
            return;
        }
        let later = p.b.label("the IO is still under way");
        if self.pages.len() <= self.last {
            p.b.step("B10w", c::SUBMIT_BIO, |s| {
                s.text("the device decides")
                    .choice()
                    .when(Expr::TRUE, "done before the next folio", |b| b)
                    .when(Expr::TRUE, "not yet", |b| b.goto(later))
            });
        }
        run(p, &self.pages[..self.pages.len() - 1]);
        p.b.bind(later);
    }

    /// The pass ends: what has been gathered is submitted.
    pub fn finish(&self, p: &mut Prog<'_>) {
        let done = p.b.label("nothing gathered");
        let gathered = any(self.pages.iter().map(|g| eq(g.place, place::GATHERED)));
        let under_way = any(self.pages.iter().map(|g| ne(g.place, place::NONE)));
        p.within(c::IOMAP_SUBMIT_IOEND, |p| {
            p.b.step("B10s", c::IOMAP_SUBMIT_IOEND, |s| {
                s.text("the pass is over: is there a bio?")
                    .when(under_way, "submit it", |b| b)
                    .otherwise("no", |b| b.goto(done))
            });
            self.prepare(p, &gathered);
        });
        run(p, &self.pages);
        p.b.bind(done);
    }

    fn submit_unless_joined(&self, p: &mut Prog<'_>, imap: &Imap, index: usize) {
        let joined = p.b.label("joined");
        let gathered = any(self.pages.iter().map(|g| eq(g.place, place::GATHERED)));
        let previous = self.pages.last().expect("there is a folio before");
        let next_to = if previous.folio.index + 1 == index {
            all([
                eq(previous.place, place::GATHERED),
                eq(previous.cow, imap.cow),
                eq(previous.kind, imap.kind),
                eq(previous.block, imap.block),
            ])
        } else {
            Expr::FALSE
        };
        p.b.step("B10a", c::IOMAP_ADD_TO_IOEND, |s| {
            s.text("does the folio go into the same bio?")
                .choice()
                .when(
                    or(not(gathered.clone()), next_to),
                    "yes, or it begins one",
                    |b| b.goto(joined),
                )
                .when(
                    gathered.clone(),
                    "not next to it, or the bio is full: submit that one first",
                    |b| b,
                )
        });
        p.within(c::IOMAP_SUBMIT_IOEND, |p| self.prepare(p, &gathered));
        p.b.bind(joined);
    }

    /// `xfs_prepare_ioend`: what is unwritten in the COW fork over the pages of the bio becomes written, whichever block
    /// it is by now; a reservation is passed over. Then the bio goes to the device.
    fn prepare(&self, p: &mut Prog<'_>, gathered: &Expr) {
        let seq = p.w.inode.cow_seq;
        let forks: Vec<(Expr, Option<CowFork>)> = self
            .pages
            .iter()
            .map(|g| {
                let index = &p.w.indices[g.folio.index];
                (eq(g.place, place::GATHERED), index.cow)
            })
            .collect();
        p.b.step("B10p", c::XFS_REFLINK_CONVERT_COW, |s| {
            s.text("submission: unwritten extents of the COW fork become written, under ILOCK");
            let mut converted = Expr::FALSE;
            for ((here, fork), page) in forks.iter().zip(&self.pages) {
                s.set_if(here.clone(), page.place, place::SUBMITTED);
                if let Some(fork) = fork {
                    let written = all([
                        here.clone(),
                        eq(page.cow, 1),
                        eq(fork.state, cow::UNWRITTEN),
                    ]);
                    converted = or(converted, written.clone());
                    s.set_if(written, fork.state, cow::WRITTEN);
                }
            }
            if let Some(seq) = seq {
                s.set_if(and(gathered.clone(), converted), seq, add(seq, 1));
            }
            s
        });
    }
}

/// The IO of those of the pages that are submitted, then its completion: all of a bio's extents, then all of its
/// folios.
fn run(p: &mut Prog<'_>, pages: &[Page]) {
    for page in pages {
        if_submitted(p, page, |p| {
            write_folio_to_disk(p, &page.folio, &page.target());
        });
    }
    for page in pages {
        if_submitted(p, page, |p| end_ioend(p, page.folio.index, &page.target()));
    }
    for page in pages {
        if_submitted(p, page, |p| {
            put_writeback(p, &page.folio, |s| s.set(page.place, place::NONE));
        });
    }
}

fn if_submitted(p: &mut Prog<'_>, page: &Page, steps: impl FnOnce(&mut Prog<'_>)) {
    let next = p.b.label("next page");
    p.b.step("B11i", c::SUBMIT_BIO, |s| {
        s.text(format!("is page {} in it?", page.folio.index))
            .when(eq(page.place, place::SUBMITTED), "yes", |b| b)
            .otherwise("no", |b| b.goto(next))
    });
    steps(p);
    p.b.bind(next);
}

fn declare_page(p: &mut Prog<'_>, folio: &FolioRef) -> Page {
    let last = p.w.indices[folio.index].blocks.len() as u64 - 1;
    let (task, call) = (p.b.task, p.call);
    let object = p.b.system.task(task).name.clone();
    let mut declare = |what: &str, max: u64, labels: &[&str]| {
        let name = format!("ioend[{}].{what}#{call}", folio.index);
        let decl = VarDecl::private(task, object.clone(), name, max);
        p.b.system.declare(decl.labels(labels.iter().copied()))
    };
    Page {
        folio: folio.clone(),
        place: declare("bio", place::SUBMITTED, &place::NAMES),
        kind: declare("type", extent::WRITTEN, &extent::NAMES),
        block: declare("block", last, &[]),
        cow: declare("F_SHARED", 1, &[]),
    }
}

/// `xfs_prepare_ioend` where the bio has one folio.
pub fn prepare_one(p: &mut Prog<'_>, index: usize, imap: &Imap) {
    let (Some(fork), Some(seq)) = (p.w.indices[index].cow, p.w.inode.cow_seq) else {
        return;
    };
    p.b.step("B10p", c::XFS_REFLINK_CONVERT_COW, |s| {
        s.text("submission: an unwritten extent of the COW fork becomes written, under ILOCK")
            .when(
                and(eq(imap.cow, 1), eq(fork.state, cow::UNWRITTEN)),
                "converted",
                |b| b.set(fork.state, cow::WRITTEN).inc(seq),
            )
            .otherwise("nothing to convert", |b| b)
    });
}

/// B11, B12: the device's reads of `memory`, and the disk written. If two reads of a word differ, the
/// `mismatch` ghosts remember it.
pub fn device_io(
    p: &mut Prog<'_>,
    index: usize,
    memory: &[Expr],
    mismatch: &[VarId],
    target: &Target,
) {
    let device::Prepared { source, seen } = device::prepare(p, index, memory);
    let right = is_right(p, index, &target.block);
    let stale = p.w.ghosts.mapping_stale;
    let page = index;
    let index = p.w.indices[index].clone();
    for (word, data) in source.into_iter().enumerate() {
        let (w, b) = (&*p.w, &mut p.b);
        b.step("B12", c::DMA_READ, |s| {
            oracle::written_to_disk(w, s, page, &target.exists, &data);
            s.text(format!("DMA reads word {word} to disk")).set_if(
                and(target.exists.clone(), not(right.clone())),
                stale,
                1,
            );
            for (n, object) in index.blocks.iter().enumerate() {
                let here = and(target.exists.clone(), eq(target.block.clone(), n)).fold();
                s.set_if(here, object.data[word], data.clone());
            }
            if let Some(seen) = seen.get(word) {
                let differs = ne(*seen, data);
                for ghost in mismatch {
                    s.set_if(differs.clone(), *ghost, 1);
                }
            }
            s
        });
    }
}

/// The IO of a folio of the page cache.
pub fn write_folio_to_disk(p: &mut Prog<'_>, folio: &FolioRef, target: &Target) {
    let memory = folio.memory(p.w);
    let mismatch = [p.w.ghosts.checksum_mismatch, p.w.ghosts.access_inconsistent];
    device_io(p, folio.index, &memory, &mismatch, target);
}

/// B13: the extent that the IO went to is converted, by what the mapping said when it was submitted:
/// of the COW fork, what is written there is moved into the data fork; unwritten, it becomes written.
pub fn end_ioend(p: &mut Prog<'_>, index: usize, target: &Target) {
    let object = p.w.indices[index].clone();
    let inode = p.w.inode;
    let xfs = p.w.setup.filesystem == Filesystem::Xfs;
    let (function, lock) = if xfs {
        (c::XFS_END_IOEND, "ILOCK")
    } else {
        (c::EXT4_END_IO_END, "i_data_sem")
    };
    p.b.step("B13", function, |s| {
        s.text(format!("IO completion converts the extent, under {lock}"));
        if let (Some(fork), Some(seq)) = (object.cow, inode.cow_seq)
            && target.cow != Expr::FALSE
        {
            s.when(
                and(target.cow.clone(), eq(fork.state, cow::WRITTEN)),
                "moved from the COW fork to the data fork",
                |b| {
                    if let Some(block) = object.block {
                        b.set(block, fork.block);
                    }
                    b.set(object.extent, extent::WRITTEN)
                        .set(fork.state, cow::NONE)
                        .inc(inode.if_seq)
                        .inc(seq)
                },
            )
            .when(target.cow.clone(), "nothing written in the COW fork", |b| b);
        }
        s.when(
            and(
                target.unwritten.clone(),
                eq(object.extent, extent::UNWRITTEN),
            ),
            "unwritten becomes written",
            |b| b.set(object.extent, extent::WRITTEN).inc(inode.if_seq),
        )
        .otherwise("nothing to convert", |b| b)
    });
}

/// Whether a write to the page goes where it belongs.
fn is_right(p: &Prog<'_>, index: usize, block: &Expr) -> Expr {
    ite(
        p.w.setup.blocks,
        Index::is_right(&p.w.indices[index], block),
        Expr::TRUE,
    )
    .fold()
}
