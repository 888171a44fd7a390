//! `mm/memory.c`: stores through a shared mapping, by hardware and by fault. Actions M1 to M10.

use crate::kernel::fs::inode::{down_read, up_read, up_read_goto, update_time};
use crate::kernel::fs::{iomap, journal};
use crate::kernel::functions as c;
use crate::kernel::hooks::Hook;
use crate::kernel::mm::folio::{folio_lock, folio_mark_dirty, folio_unlock, get_uptodate_folio};
use crate::kernel::mm::stable::folio_wait_stable;
use crate::kernel::objects::{MOVED, Pte, address_space, extent, ordered};
use crate::kernel::program::{At, FolioRef, Prog, oracle};
use crate::kernel::setup::{Filesystem, MkwriteOrder};
use crate::machine::builder::{CFn, Label};
use crate::machine::expr::{Expr, and, eq, ne, or};
use crate::machine::step::{Cost, Order};
use crate::machine::var::VarId;

/// A store to each of `words`, one after another.
pub fn mmap_store(p: &mut Prog<'_>, mm: usize, index: usize, words: &[usize]) {
    for word in words {
        store_word(p, mm, index, *word);
    }
}

/// One store instruction. Where `mremap` moves the page, it goes to the old address until that call has returned;
/// who comes too late at the old one uses the new.
fn store_word(p: &mut Prog<'_>, mm: usize, index: usize, word: usize) {
    let done = p.b.label("done");
    match p.w.moved.get(&(mm, index)).copied() {
        None => store_at(p, mm, index, word, None, done),
        Some(moved) => {
            let again = p.b.here("which address");
            let new = p.b.label("the new address");
            p.b.step("M2a", c::MOV, |s| {
                s.text("the program's pointer")
                    .when(eq(moved, 1), "the new address", |b| b.goto(new))
                    .otherwise("the old address", |b| b)
            });
            store_at(p, mm, index, word, Some(again), done);
            p.b.bind(new);
            store_at(p, mm + MOVED, index, word, Some(again), done);
        }
    }
    p.b.bind(done);
}

/// The CPU uses a TLB entry with W and D; else it walks, and sets D in a writable entry in the same locked
/// access; else it faults, and tries again, from `again` if that is given.
fn store_at(
    p: &mut Prog<'_>,
    mm: usize,
    index: usize,
    word: usize,
    again: Option<Label>,
    done: Label,
) {
    let pte = p.w.ptes[&(mm, index)];
    let task = p.b.task;
    let tlb = *p.w.tlbs[&(mm, index)]
        .iter()
        .find(|t| t.cpu == task)
        .expect("the task's CPU");
    let token =
        p.w.tokens
            .store(task.index(), p.call, index, word)
            .expect("counted");
    let mapped = by_position(p, index, tlb.folio);
    let retry = again.unwrap_or_else(|| p.b.here("retry"));
    let fault = p.b.label("fault");
    let (w, b) = (&*p.w, &mut p.b);
    b.step("M2", c::MOV, |s| {
        s.text(format!("store to word {word}: translate"))
            .when(eq(tlb.writable, 1), "TLB hit", |b| b)
            .when(
                and(eq(pte.present, 1), eq(pte.write, 1)),
                "walk: set D, fill the TLB",
                |b| {
                    b.set(pte.dirty, 1)
                        .set(tlb.writable, 1)
                        .set(tlb.folio, pte.folio)
                },
            )
            .otherwise("page fault", |b| b.goto(fault))
            .order(pte.dirty, Order::Full)
    });
    b.step("M1", c::MOV, |s| {
        s.text(format!("store to word {word} through the TLB entry"));
        s.when(eq(tlb.writable, 1), "", |b| b.goto(done))
            .otherwise("shot down meanwhile: translate again", |b| {
                b.costs(Cost::Retry).goto(retry)
            });
        s.only_in_branch(0, |s| {
            if let Some(protection) = w.protections.get(&(mm, index)) {
                let late = eq(protection.returned, 1);
                s.set_if(late, w.ghosts.protection_broken, 1);
            }
            oracle::stored(w, s, &mapped);
            Prog::store(w, s, &mapped, word, &Expr::from(token))
        })
    });
    b.bind(fault);
    handle_mm_fault(p, mm, index, &pte, retry, done);
}

/// The folio at a position that a page-table or TLB entry names.
fn by_position(p: &Prog<'_>, index: usize, position: VarId) -> FolioRef {
    let folios = &p.w.indices[index].folios;
    FolioRef {
        index,
        candidates: if folios.len() == 1 {
            vec![(Expr::TRUE, folios[0])]
        } else {
            folios
                .iter()
                .enumerate()
                .map(|(n, f)| (eq(position, n), *f))
                .collect()
        },
    }
}

/// Comes back to `retry`, or goes to `killed` if the program may not store there.
fn handle_mm_fault(
    p: &mut Prog<'_>,
    mm: usize,
    index: usize,
    pte: &Pte,
    retry: Label,
    killed: Label,
) {
    let vma = p.w.mmap_locks[&address_space(mm)];
    let out = p.b.label("out");
    let shared_fault = p.b.label("do_shared_fault");
    let wp_fault = p.b.label("do_wp_page");
    p.within(c::HANDLE_MM_FAULT, |p| {
        down_read(p, "M3a", c::LOCK_VMA_UNDER_RCU, vma, "VMA lock, shared");
        if let Some(protection) = p.w.protections.get(&(mm, index)).copied() {
            let allowed = p.b.label("allowed");
            p.b.step("M3v", c::ACCESS_ERROR, |s| {
                s.when(eq(protection.vm_write, 1), "VM_WRITE", |b| b.goto(allowed))
                    .otherwise("SIGSEGV", |b| b)
            });
            up_read_goto(p, "M3s", c::VMA_END_READ, vma, killed);
            p.b.bind(allowed);
        }
        if let Some(moved) = p.w.moved.get(&(mm, index)).copied() {
            p.b.step("M3x", c::LOCK_VMA_UNDER_RCU, |s| {
                s.text("is there a VMA at the address?")
                    .when(eq(moved, 1), "mremap has moved it", |b| b.goto(out))
                    .otherwise("yes", |b| b)
            });
        }
        p.b.step("M3", c::HANDLE_PTE_FAULT, |s| {
            s.text("read the PTE; if present, look at it under the PTL")
                .costs(Cost::Fault)
                .wait(or(eq(pte.present, 0), eq(pte.ptl, 0)))
                .full(pte.ptl)
                .when(eq(pte.present, 0), "no PTE", |b| b.goto(shared_fault))
                .when(eq(pte.write, 1), "somebody made it writable", |b| {
                    b.set(pte.dirty, 1).goto(out)
                })
                .otherwise("write-protected", |b| b.goto(wp_fault))
        });
        p.b.bind(shared_fault);
        p.within(c::DO_SHARED_FAULT, |p| do_shared_fault(p, index, pte, out));
        p.b.bind(wp_fault);
        p.within(c::WP_PAGE_SHARED, |p| wp_page_shared(p, index, pte, out));
        p.b.bind(out);
        up_read_goto(p, "M10u", c::VMA_END_READ, vma, retry);
    });
}

/// The PTE was none: bring the folio in, make it writable, install W and D at once.
fn do_shared_fault(p: &mut Prog<'_>, index: usize, pte: &Pte, out: Label) {
    let folio = p.folio_register(index);
    let again = p.b.here("look up again");
    let function = if p.w.can_writeback() {
        c::FILEMAP_GET_FOLIO
    } else {
        c::SHMEM_GET_FOLIO_GFP
    };
    get_uptodate_folio(p, "M3f", function, &folio);
    p.hook(
        Hook::FolioLookedUp,
        &At::Writing {
            folio: folio.clone(),
            again: Some(again),
        },
    );
    if p.w.can_writeback() {
        page_mkwrite(p, &folio, out);
    } else {
        // __do_fault returns the folio locked, and it stays locked to the end.
        let (cached, lock) = (
            folio.place(p.w, |f| f.has_mapping),
            folio.place(p.w, |f| f.lock),
        );
        let refs = folio.place(p.w, |f| f.refs);
        folio_lock(p, "M3l", &folio);
        p.b.step("M3m", c::SHMEM_GET_FOLIO_GFP, |s| {
            s.text("recheck folio->mapping")
                .when(eq(cached, 1), "", |b| b)
                .otherwise("truncated: retry", |b| {
                    b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(out)
                })
        });
    }
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    p.b.step("M9", c::FINISH_FAULT, |s| {
        s.text("under the PTL: still none? then rmap, and W and D in one store")
            .wait(eq(pte.ptl, 0))
            .full(pte.ptl)
            .when(
                or(eq(pte.present, 1), eq(pte.rmap, 1)),
                "the PTE changed: back out",
                |b| b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(out),
            )
            .otherwise("installed", |b| {
                b.set(pte.present, 1)
                    .set(pte.rmap, 1)
                    .set(pte.folio, position)
                    .set(pte.write, 1)
                    .set(pte.dirty, 1)
            })
    });
    fault_dirty_shared_page(p, &folio, out, !p.w.can_writeback());
}

/// The PTE was present and write-protected.
fn wp_page_shared(p: &mut Prog<'_>, index: usize, pte: &Pte, out: Label) {
    let folio = p.folio_register(index);
    if !p.w.can_writeback() {
        return wp_page_shared_without_mkwrite(p, &folio, pte, out);
    }
    reference_mapped_folio(p, &folio, pte, out);
    page_mkwrite(p, &folio, out);
    let position = folio.select(|f| Expr::from(p.w.position(f)));
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    let same = and(
        and(eq(pte.present, 1), eq(pte.folio, position)),
        eq(pte.write, 0),
    );
    p.b.step("M9", c::FINISH_MKWRITE_FAULT, |s| {
        s.text("under the PTL: pte_same? then wp_page_reuse sets W and D in one store")
            .wait(eq(pte.ptl, 0))
            .full(pte.ptl)
            .when(same, "W and D", |b| b.set(pte.write, 1).set(pte.dirty, 1))
            .otherwise("the PTE changed: back out", |b| {
                b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(out)
            })
    });
    fault_dirty_shared_page(p, &folio, out, false);
}

/// References the folio that the PTE maps, under the PTL.
fn reference_mapped_folio(p: &mut Prog<'_>, folio: &FolioRef, pte: &Pte, out: Label) {
    let register = Prog::register_of(folio);
    let mapped = by_position(p, folio.index, pte.folio);
    let refs = mapped.place(p.w, |f| f.refs);
    p.b.step("M3g", c::WP_PAGE_SHARED, |s| {
        s.text("under the PTL: pte_same? reference the folio")
            .wait(eq(pte.ptl, 0))
            .full(pte.ptl)
            .when(and(eq(pte.present, 1), eq(pte.write, 0)), "", |b| {
                if let Some(register) = register {
                    b.set(register, pte.folio);
                }
                b.inc(refs)
            })
            .otherwise("the PTE changed", |b| b.costs(Cost::Retry).goto(out))
    });
}

/// tmpfs: the PTE becomes writable under the PTL alone; the folio lock comes afterwards, only to
/// mark dirty, and nothing waits for stability.
fn wp_page_shared_without_mkwrite(p: &mut Prog<'_>, folio: &FolioRef, pte: &Pte, out: Label) {
    let register = Prog::register_of(folio);
    let mapped = by_position(p, folio.index, pte.folio);
    let refs = mapped.place(p.w, |f| f.refs);
    p.b.step("M9t", c::WP_PAGE_REUSE, |s| {
        s.text("under the PTL: W and D, folio lock not held")
            .wait(eq(pte.ptl, 0))
            .full(pte.ptl)
            .when(and(eq(pte.present, 1), eq(pte.write, 0)), "", |b| {
                if let Some(register) = register {
                    b.set(register, pte.folio);
                }
                b.set(pte.write, 1).set(pte.dirty, 1).inc(refs)
            })
            .otherwise("the PTE changed", |b| b.costs(Cost::Retry).goto(out))
    });
    folio_lock(p, "M10l", folio);
    fault_dirty_shared_page(p, folio, out, true);
}

/// `do_page_mkwrite` and the filesystem's handler. The folio comes out locked; on truncation the
/// fault goes back to the instruction.
fn page_mkwrite(p: &mut Prog<'_>, folio: &FolioRef, out: Label) {
    let inval = p.w.inode.invalidate_lock;
    let xfs = p.w.setup.filesystem == Filesystem::Xfs;
    let ext4_order = p.w.setup.mkwrite == MkwriteOrder::WaitThenDirty;
    let (outer, handler) = if xfs {
        (c::XFS_WRITE_FAULT, c::IOMAP_PAGE_MKWRITE)
    } else {
        (c::DO_PAGE_MKWRITE, c::EXT4_PAGE_MKWRITE)
    };
    let (lock, unlock) = invalidate_lock_shared(xfs);
    p.within(outer, |p| {
        update_time(p, "M4", c::FILE_UPDATE_TIME);
        down_read(p, "M5a", lock, inval, "invalidate_lock, shared");
        if !xfs && !p.w.setup.delalloc {
            p.within(handler, |p| mkwrite_without_delalloc(p, folio, out));
        } else {
            p.within(handler, |p| {
                folio_lock(p, "M5", folio);
                let cached = folio.place(p.w, |f| f.has_mapping);
                let valid = p.b.label("valid");
                let back_out = p.b.label("back out");
                if !p.w.indices[folio.index].fixed {
                    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
                    p.b.step("M5m", handler, |s| {
                        s.text("folio_mkwrite_check_truncate")
                            .when(eq(cached, 1), "", |b| b.goto(valid))
                            .otherwise("truncated: back out", |b| {
                                b.set(lock, 0).dec(refs).costs(Cost::Retry)
                            })
                    });
                    p.b.bind(back_out);
                    up_read_goto(p, "M5u", unlock, inval, out);
                }
                p.b.bind(valid);
                p.hook(
                    Hook::MkwriteLocked,
                    &At::Writing {
                        folio: folio.clone(),
                        again: Some(back_out),
                    },
                );
                iomap::reserve(p, handler, folio);
                p.hook(Hook::FolioMkwrite, &At::Folio(folio.clone()));
                if !ext4_order {
                    folio_mark_dirty(p, "M7", folio);
                }
                folio_wait_stable(p, "M8", Hook::MkwriteStable, folio);
            });
        }
        up_read(p, "M8u", unlock, inval, "invalidate_lock");
    });
}

/// Who takes and drops the invalidate_lock for a fault.
fn invalidate_lock_shared(xfs: bool) -> (CFn, CFn) {
    if xfs {
        (c::XFS_ILOCK, c::XFS_IUNLOCK)
    } else {
        (
            c::FILEMAP_INVALIDATE_LOCK_SHARED,
            c::FILEMAP_INVALIDATE_UNLOCK_SHARED,
        )
    }
}

/// `ext4_page_mkwrite` without delayed allocation. A page with blocks is waited for and not dirtied here. One without
/// is let go, locked again under a handle, and given blocks; it is then dirtied and waited for under the handle.
fn mkwrite_without_delalloc(p: &mut Prog<'_>, folio: &FolioRef, out: Label) {
    let index = p.w.indices[folio.index].clone();
    let (mapped, done) = (p.b.label("all buffers mapped"), p.b.label("done"));
    let back_out = p.b.label("back out");
    let inval = p.w.inode.invalidate_lock;
    let locked = At::Writing {
        folio: folio.clone(),
        again: Some(back_out),
    };
    folio_lock(p, "M5", folio);
    recheck_mapping(p, "M5m", folio, back_out);
    p.hook(Hook::MkwriteLocked, &locked);
    p.b.step("M5b", c::EXT4_PAGE_MKWRITE, |s| {
        s.text("does every buffer have a block?")
            .when(ne(index.extent, extent::HOLE), "yes", |b| b.goto(mapped))
            .otherwise("no: a handle is needed, which comes before the lock", |b| b)
    });
    folio_unlock(p, "M5d", folio);
    journal::start(p, "M5s");
    folio_lock(p, "M5e", folio);
    recheck_mapping(p, "M5n", folio, back_out);
    p.hook(Hook::MkwriteLocked, &locked);
    p.b.step("M6", c::BLOCK_PAGE_MKWRITE, |s| {
        s.text("map the blocks, folio lock and handle held; allocate over a hole")
            .when(eq(index.extent, extent::HOLE), "allocate", |b| {
                if let Some(block) = index.block {
                    b.set(block, index.free());
                }
                if let Some(journal) = index.journal {
                    b.set(journal.ordered, ordered::WRITE);
                }
                b.set(index.extent, extent::WRITTEN)
            })
            .otherwise("mapped", |b| b)
    });
    p.hook(Hook::FolioMkwrite, &At::Folio(folio.clone()));
    folio_mark_dirty(p, "M7", folio);
    folio_wait_stable(p, "M8", Hook::MkwriteStable, folio);
    journal::stop_goto(p, "M8j", done);
    p.b.bind(back_out);
    journal::stop(p, "M5t");
    up_read_goto(p, "M5u", c::FILEMAP_INVALIDATE_UNLOCK_SHARED, inval, out);
    p.b.bind(mapped);
    p.hook(Hook::FolioMkwrite, &At::Folio(folio.clone()));
    folio_wait_stable(p, "M8", Hook::MkwriteStable, folio);
    p.b.bind(done);
}

/// Whether the folio is still the file's; else unlock, put, and to `back_out`.
fn recheck_mapping(p: &mut Prog<'_>, id: &str, folio: &FolioRef, back_out: Label) {
    if p.w.indices[folio.index].fixed {
        return;
    }
    let cached = folio.place(p.w, |f| f.has_mapping);
    let (lock, refs) = (folio.place(p.w, |f| f.lock), folio.place(p.w, |f| f.refs));
    p.b.step(id, c::EXT4_PAGE_MKWRITE, |s| {
        s.text("recheck folio->mapping")
            .when(eq(cached, 1), "", |b| b)
            .otherwise("truncated: back out", |b| {
                b.set(lock, 0).dec(refs).costs(Cost::Retry).goto(back_out)
            })
    });
}

/// M10. Without `page_mkwrite`, the stamps come last.
fn fault_dirty_shared_page(p: &mut Prog<'_>, folio: &FolioRef, out: Label, stamps: bool) {
    p.within(c::FAULT_DIRTY_SHARED_PAGE, |p| {
        folio_mark_dirty(p, "M10", folio);
        let (lock, me) = (folio.place(p.w, |f| f.lock), p.me());
        let refs = folio.place(p.w, |f| f.refs);
        p.b.step("M10f", c::FOLIO_UNLOCK, |s| {
            s.text("folio_put as well")
                .requires(eq(lock.clone(), me))
                .set(lock.clone(), 0)
                .release(lock)
                .dec(refs);
            if stamps { s } else { s.goto(out) }
        });
        if stamps {
            update_time(p, "M10t", c::FILE_UPDATE_TIME);
            p.b.step("M10b", c::FAULT_DIRTY_SHARED_PAGE, |s| {
                s.text("throttle, if newly dirtied").goto(out)
            });
        }
    });
}
