//! What only the scenario as a whole shows to be wrong.

use foliocheck_model::kernel::objects::{ghost, pipe_pages};
use foliocheck_model::kernel::setup::{
    Call, Crypto, ExtentInit, Filesystem, Mapping, MkwriteOrder, Setup, TaskSetup,
};
use toml::Spanned;

use super::raw::Raw;
use crate::file::Fault;

/// What only the scenario as a whole shows.
#[expect(clippy::too_many_lines, reason = "a list of refusals")]
pub(super) fn whole(raw: &Raw, setup: &Setup) -> Result<(), Fault> {
    let call_span = |t: usize, c: usize| raw.task[t].get_ref().calls.get_ref()[c].span();
    for (t, c, call) in setup.calls() {
        let fault = |field: &str, message: &str| Err(Fault::at(call_span(t, c), field, message));
        match call {
            Call::Writeback { .. } if setup.mapping == Mapping::Tmpfs => {
                return fault(
                    "call",
                    "tmpfs does not write back; expected filesystem xfs or ext4 for `writeback`",
                );
            }
            Call::CommitData { .. } if !setup.buffer_heads => {
                return fault(
                    "call",
                    "nothing is written by hand without buffers; expected `buffer-heads = true`",
                );
            }
            Call::PunchHole { word: Some(_), .. }
                if setup.mapping == Mapping::Disk && setup.filesystem == Filesystem::Xfs =>
            {
                return fault(
                    "word",
                    "xfs takes the whole page out of the cache and zeroes a new one; expected filesystem ext4 or tmpfs",
                );
            }
            Call::PunchHole {
                folio,
                word: Some(_),
            } if may_be_absent(setup, *folio) => {
                return fault(
                    "word",
                    "part of a page can be punched only while the page stays cached: expected no call that removes it",
                );
            }
            Call::Truncate { .. } | Call::PunchHole { word: None, .. }
                if setup.mapping == Mapping::Tmpfs =>
            {
                return fault(
                    "call",
                    "a hole of tmpfs reads as the zero page, which is not modelled; expected filesystem xfs or ext4",
                );
            }
            Call::Reflink { .. } if !setup.blocks || setup.filesystem != Filesystem::Xfs => {
                return fault("call", "expected filesystem xfs and blocks = true");
            }
            Call::Reclaim { .. } if setup.mapping == Mapping::Tmpfs => {
                return fault(
                    "call",
                    "tmpfs swaps, which is not modelled; expected filesystem xfs or ext4",
                );
            }
            Call::Commit if !setup.journal => {
                return fault("call", "nothing to commit; expected journal = true");
            }
            Call::MprotectReadOnly { mm, folio }
                if setup.any_call(|c| {
                    matches!(c, Call::MprotectRoundTrip { mm: m, folio: f } if m == mm && f == folio)
                }) =>
            {
                return fault(
                    "call",
                    "another task makes the page writable again; expected one of mprotect, mprotect-read-only",
                );
            }
            Call::DirectWrite { folio, .. } if !only_direct(setup, *folio) => {
                return fault(
                    "folio",
                    "a direct write beside the page cache is not modelled; expected a page that is written and not \
                     cached, one direct-write to it, and no other call but buffer-store",
                );
            }
            Call::BufferStore { folio, .. }
                if !setup.any_call(|c| matches!(c, Call::DirectWrite { folio: f, .. } if f == folio)) =>
            {
                return fault("folio", "expected a direct-write from that buffer");
            }
            Call::Mremap { mm, folio }
                if setup.tasks[t].forever
                    || setup
                        .calls()
                        .filter(|(_, _, other)| {
                            matches!(other, Call::Mremap { mm: m, folio: f } if m == mm && f == folio)
                        })
                        .count()
                        > 1 =>
            {
                return fault("call", "a page has two addresses; expected it to be moved once");
            }
            Call::TryToUnmap { folio } if may_be_absent(setup, *folio) => {
                return fault(
                    "folio",
                    "reclaim finds a page that stays cached: expected no call that removes it",
                );
            }
            Call::Mmap { mm } => {
                if raw.pte.iter().any(|p| p.get_ref().mm.get_ref() == mm) {
                    return fault(
                        "mm",
                        "that address space has page tables of the file from the start",
                    );
                }
                let uses = |c: &Call| {
                    matches!(c,
                        Call::Mmap { mm: m }
                        | Call::MmapStore { mm: m, .. }
                        | Call::MprotectRoundTrip { mm: m, .. }
                        | Call::Munmap { mm: m, .. } if m == mm)
                };
                let early = setup
                    .calls()
                    .any(|(t2, c2, other)| uses(other) && (t2 != t || c2 < c));
                if early {
                    return fault(
                        "mm",
                        "another call uses that address space; expected only later calls of the same task",
                    );
                }
            }
            Call::PinStore { folio, .. } if !setup.folios[*folio].cached => {
                return fault("folio", "a folio that is not cached cannot be pinned");
            }
            Call::Receive {
                crypto: Some(Crypto::Aead),
                socket,
                ..
            } if setup
                .any_call(|c| matches!(c, Call::Transmit { socket: s, .. } if s == socket)) =>
            {
                return fault(
                    "crypto",
                    "an AF_ALG socket is read by its own program; expected no `transmit` on it",
                );
            }
            Call::Transmit {
                late_clone: true,
                retransmit,
                socket,
                ..
            } if !retransmit
                || setup
                    .any_call(|c| matches!(c, Call::Receive { socket: s, .. } if s == socket)) =>
            {
                return fault(
                    "late-clone",
                    "the clone is what is sent again by a device; expected `retransmit = true` and no `receive`",
                );
            }
            Call::Receive { coalesce: true, .. } if setup.asks_completion() => {
                return fault(
                    "coalesce",
                    "requests are not followed into another skb; expected no `wait-completion`",
                );
            }
            Call::Transmit {
                socket, buffers, ..
            }
            | Call::Receive {
                socket, buffers, ..
            } => {
                let queued: usize = setup
                    .calls()
                    .map(|(_, _, c)| match c {
                        Call::SpliceSocket {
                            socket: s, buffers, ..
                        } if s == socket => *buffers,
                        _ => 0,
                    })
                    .sum();
                if *buffers > queued {
                    return fault(
                        "buffers",
                        &format!("only {queued} buffers are spliced to socket {socket}"),
                    );
                }
            }
            Call::WaitCompletion { pipe } | Call::Cancel { pipe } => {
                completion(setup, call, *pipe).or_else(|m| fault("pipe", m))?;
            }
            Call::PipeWrite { pipe } => {
                let spliced =
                    setup.any_call(|c| matches!(c, Call::SpliceRead { pipe: p, .. } if p == pipe));
                if !spliced && !pipe_pages::are_shared(setup) {
                    return fault(
                        "pipe",
                        "nothing is spliced into that pipe: a write to it shows nothing",
                    );
                }
            }
            _ => {}
        }
    }
    blocks(raw, setup)?;
    if let Some(given) = &raw.buffer_heads
        && setup.buffer_heads
    {
        let settled =
            |f: usize| setup.folios[f].extent == ExtentInit::Written && !may_be_absent(setup, f);
        if setup.mapping != Mapping::Disk || setup.filesystem != Filesystem::Ext4 {
            let message =
                "only ext4 stands for a filesystem with buffer heads; expected filesystem ext4";
            return Err(Fault::at(given.span(), "buffer-heads", message));
        }
        if !(0..setup.folios.len()).all(settled) {
            let message = "buffers of pages that come and go, or have no block yet, are not modelled; \
                           expected cached folios over written extents, and no call that removes them";
            return Err(Fault::at(given.span(), "buffer-heads", message));
        }
    }
    for (task, raw) in setup.tasks.iter().zip(&raw.task) {
        if let Some(forever) = &raw.get_ref().forever
            && task.forever
        {
            forever_meets(setup, task, forever)?;
        }
    }
    let uncached = raw
        .folio
        .iter()
        .filter_map(|f| f.get_ref().cached.as_ref())
        .find(|c| !*c.get_ref());
    if let Some(cached) = uncached.filter(|_| setup.mapping == Mapping::Tmpfs) {
        let message = "a hole of tmpfs reads as the zero page, which is not modelled; expected a cached folio";
        return Err(Fault::at(cached.span(), "cached", message));
    }
    if let Some(order) = &raw.page_mkwrite
        && setup.mkwrite == MkwriteOrder::WaitThenDirty
        && setup.filesystem == Filesystem::Xfs
    {
        let message =
            "only ext4 waits first and dirties last; expected dirty-then-wait, or filesystem ext4";
        return Err(Fault::at(order.span(), "page-mkwrite", message));
    }
    if setup.any_call(|c| matches!(c, Call::SpliceRead { .. })) && !ghost::fits(setup) {
        let message = "too many different stores to one folio to tell mixtures apart, expected at most 40 combinations";
        // At the call with which there are too many.
        let up_to = |t: usize, c: usize| {
            let mut part = setup.clone();
            part.tasks.truncate(t + 1);
            part.tasks[t].calls.truncate(c + 1);
            part
        };
        let at = setup.calls().find(|(t, c, _)| !ghost::fits(&up_to(*t, *c)));
        return Err(Fault::at(
            at.map_or(0..0, |(t, c, _)| call_span(t, c)),
            "call",
            message,
        ));
    }
    Ok(())
}

/// Block identities, sharing and the journal, against the filesystem.
fn blocks(raw: &Raw, setup: &Setup) -> Result<(), Fault> {
    let xfs = setup.mapping == Mapping::Disk && setup.filesystem == Filesystem::Xfs;
    let ext4 = setup.mapping == Mapping::Disk && setup.filesystem == Filesystem::Ext4;
    if let Some(journal) = raw.journal.as_ref().filter(|j| *j.get_ref())
        && !(ext4 && setup.blocks)
    {
        let message = "expected filesystem ext4 and blocks = true";
        return Err(Fault::at(journal.span(), "journal", message));
    }
    if let Some(delalloc) = raw.delalloc.as_ref().filter(|_| !setup.delalloc)
        && !setup.journal
    {
        let message = "what is allocated at once is the journal's; expected journal = true";
        return Err(Fault::at(delalloc.span(), "delalloc", message));
    }
    if let Some(order) = &raw.page_mkwrite
        && !setup.delalloc
    {
        let message = "without delayed allocation the order follows from whether the page has a block; \
                       expected no page-mkwrite";
        return Err(Fault::at(order.span(), "page-mkwrite", message));
    }
    if let Some(journal) = raw.journal.as_ref().filter(|_| setup.journal)
        && setup.buffer_heads
    {
        let message = "of the two journals only one; expected journal or buffer-heads";
        return Err(Fault::at(journal.span(), "journal", message));
    }
    if let Some(blocks) = raw.blocks.as_ref().filter(|b| *b.get_ref())
        && !(xfs || setup.journal)
    {
        let message = "expected filesystem xfs, or ext4 with journal = true";
        return Err(Fault::at(blocks.span(), "blocks", message));
    }
    for folio in &raw.folio {
        let folio = folio.get_ref();
        let written = folio
            .extent
            .as_ref()
            .is_none_or(|e| e.get_ref() == "written");
        if let Some(shared) = folio.shared.as_ref().filter(|s| *s.get_ref())
            && !(xfs && setup.blocks && written)
        {
            let message = "expected a written extent, filesystem xfs and blocks = true";
            return Err(Fault::at(shared.span(), "shared", message));
        }
    }
    Ok(())
}

/// A request is what one `splice(2)` put into a pipe, and its report is the return of the one call
/// that takes it on: so that the return says what is complete.
fn completion(setup: &Setup, call: &Call, pipe: usize) -> Result<(), &'static str> {
    let count = |test: &dyn Fn(&Call) -> bool| setup.calls().filter(|(_, _, c)| test(c)).count();
    let filled = count(&|c| matches!(c, Call::SpliceRead { pipe: p, .. } if *p == pipe));
    let emptied = count(&|c| matches!(c, Call::SpliceSocket { pipe: p, .. } if *p == pipe));
    if filled != 1 {
        return Err("expected a pipe that is the target of exactly one `splice`");
    }
    if emptied > 1 {
        return Err("expected a pipe that is the source of at most one `splice-socket`");
    }
    if matches!(call, Call::Cancel { .. }) && (emptied == 0 || !setup.asks_completion()) {
        return Err(
            "expected a pipe that is spliced to a socket, and a task that waits for completion",
        );
    }
    Ok(())
}

/// A task that goes on for ever must find what it waits for again and again: somebody who goes on for
/// ever as well reads what it splices, or splices what it reads.
fn forever_meets(setup: &Setup, task: &TaskSetup, at: &Spanned<bool>) -> Result<(), Fault> {
    let pipes_of = |tasks: &[&TaskSetup], test: fn(&Call) -> Option<usize>| -> Vec<usize> {
        tasks
            .iter()
            .flat_map(|t| &t.calls)
            .filter_map(test)
            .collect()
    };
    let endless: Vec<&TaskSetup> = setup.tasks.iter().filter(|t| t.forever).collect();
    let fed = pipes_of(&[task], feeds);
    let drained = pipes_of(&[task], drains);
    let others_drain = pipes_of(&endless, drains);
    let others_feed = pipes_of(&endless, feeds);
    if let Some(pipe) = fed.iter().find(|p| !others_drain.contains(p)) {
        let message = format!(
            "nobody reads pipe {pipe} for ever; expected a `forever` task that does, or this one to read it"
        );
        return Err(Fault::at(at.span(), "forever", message));
    }
    if let Some(pipe) = drained.iter().find(|p| !others_feed.contains(p)) {
        let message = format!(
            "nothing fills pipe {pipe} for ever; expected a `forever` task that does, or this one to fill it"
        );
        return Err(Fault::at(at.span(), "forever", message));
    }
    Ok(())
}

/// Whether nothing but one direct write uses the page.
fn only_direct(setup: &Setup, folio: usize) -> bool {
    let init = &setup.folios[folio];
    let uses = |call: &Call| call.touches(folio) && !matches!(call, Call::BufferStore { .. });
    !init.cached
        && init.extent == ExtentInit::Written
        && setup.ptes.iter().all(|p| p.folio != folio)
        && setup.calls().filter(|(_, _, c)| uses(c)).count() == 1
}

/// The pipe that a call puts buffers into.
fn feeds(call: &Call) -> Option<usize> {
    match call {
        Call::SpliceRead { pipe, .. } | Call::PipeWrite { pipe } | Call::Tee { to: pipe, .. } => {
            Some(*pipe)
        }
        _ => None,
    }
}

/// The pipe that a call takes buffers out of.
fn drains(call: &Call) -> Option<usize> {
    match call {
        Call::PipeRead { pipe, .. } | Call::SpliceSocket { pipe, .. } => Some(*pipe),
        _ => None,
    }
}

/// Whether the page can be out of the cache at some time.
fn may_be_absent(setup: &Setup, folio: usize) -> bool {
    !setup.folios[folio].cached || setup.any_call(|c| c.removes(folio))
}
