//! From what a file says to a [`Setup`], with every reference checked.

use foliocheck_model::kernel::ghost;
use foliocheck_model::kernel::pipe_pages;
use foliocheck_model::kernel::setup::{
    Call, Crypto, Device, ExtentInit, Filesystem, FolioInit, Mapping, MkwriteOrder, PteInit,
    PteSetup, Setup, TaskSetup,
};
use toml::Spanned;

use super::calls::{self, Limits};
use super::{Fault, Raw, RawPte};

/// Most tasks in a scenario.
const TASKS_MAX: usize = 8;
/// Most calls of a task.
const CALLS_MAX: usize = 16;
/// Most page indices.
const FOLIOS_MAX: usize = 4;
/// Most buffers in a pipe.
const PIPE_MAX: usize = 4;

/// Checks everything.
pub(super) fn setup(raw: &Raw) -> Result<Setup, Fault> {
    groups(raw)?;
    let (mapping, filesystem) = choose(
        raw.filesystem.as_ref(),
        "filesystem",
        &[
            ("xfs", (Mapping::Disk, Filesystem::Xfs)),
            ("ext4", (Mapping::Disk, Filesystem::Ext4)),
            ("tmpfs", (Mapping::Tmpfs, Filesystem::Ext4)),
        ],
    )?;
    let mkwrite = choose(
        raw.page_mkwrite.as_ref(),
        "page-mkwrite",
        &[
            ("dirty-then-wait", MkwriteOrder::DirtyThenWait),
            ("wait-then-dirty", MkwriteOrder::WaitThenDirty),
        ],
    )?;
    let device = device(raw)?;
    let words = within(raw.words.as_ref(), "words", 2, 2, 3)?;
    let sockets = within(raw.sockets.as_ref(), "sockets", 0, 0, 2)?;
    within(raw.max_states.as_ref(), "max-states", 1, 1, usize::MAX)?;
    let mut pipes = Vec::new();
    for capacity in &raw.pipes {
        pipes.push(within(Some(capacity), "pipes", 1, 1, PIPE_MAX)?);
    }
    let folios = folios(raw)?;
    let limits = Limits {
        folios: folios.len(),
        words,
        pipes: pipes.clone(),
        sockets,
    };
    let ptes = raw
        .pte
        .iter()
        .map(|p| pte(p, &limits, mapping, &folios))
        .collect::<Result<_, _>>()?;
    let tasks = tasks(raw, &limits)?;
    let setup = Setup {
        words,
        folios,
        mapping,
        filesystem,
        mkwrite,
        blocks: raw.blocks.as_ref().is_some_and(|b| *b.get_ref()),
        journal: raw.journal.as_ref().is_some_and(|j| *j.get_ref()),
        stable_writes: raw.stable_writes.unwrap_or(device.demands_stable_writes()),
        buffer_heads: raw.buffer_heads.as_ref().is_some_and(|b| *b.get_ref()),
        device,
        ptes,
        pipes,
        sockets,
        tasks,
    };
    whole(raw, &setup)?;
    Ok(setup)
}

fn groups(raw: &Raw) -> Result<(), Fault> {
    if raw.groups.get_ref().is_empty() {
        return Err(Fault::at(
            raw.groups.span(),
            "groups",
            "expected at least one group",
        ));
    }
    for group in raw.groups.get_ref() {
        let name = group.get_ref();
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            let message =
                format!("bad group `{name}`, expected lower-case letters, digits and hyphens");
            return Err(Fault::at(group.span(), "groups", message));
        }
    }
    Ok(())
}

fn device(raw: &Raw) -> Result<Device, Fault> {
    let skip_copy = raw.skip_copy.as_ref().is_some_and(|s| *s.get_ref());
    let device = choose(
        raw.device.as_ref(),
        "device",
        &[
            ("plain", Device::Plain),
            ("integrity", Device::Integrity),
            ("parity", Device::Parity { skip_copy }),
        ],
    )?;
    match &raw.skip_copy {
        Some(given) if !matches!(device, Device::Parity { .. }) => Err(Fault::at(
            given.span(),
            "skip-copy",
            "only raid5 has this; expected device parity",
        )),
        _ => Ok(device),
    }
}

/// The first of `options` if nothing is given.
fn choose<T: Copy>(
    value: Option<&Spanned<String>>,
    field: &str,
    options: &[(&str, T)],
) -> Result<T, Fault> {
    let Some(value) = value else {
        return Ok(options[0].1);
    };
    options
        .iter()
        .find(|(name, _)| name == value.get_ref())
        .map(|(_, v)| *v)
        .ok_or_else(|| {
            let names: Vec<_> = options.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "unknown value `{}`, expected one of {}",
                value.get_ref(),
                names.join(", ")
            );
            Fault::at(value.span(), field, message)
        })
}

fn within(
    value: Option<&Spanned<usize>>,
    field: &str,
    default: usize,
    low: usize,
    high: usize,
) -> Result<usize, Fault> {
    match value {
        None => Ok(default),
        Some(v) if (low..=high).contains(v.get_ref()) => Ok(*v.get_ref()),
        Some(v) if high == usize::MAX => Err(Fault::at(
            v.span(),
            field,
            format!("expected {low} or more"),
        )),
        Some(v) => Err(Fault::at(
            v.span(),
            field,
            format!("{} is out of range, expected {low} to {high}", v.get_ref()),
        )),
    }
}

fn folios(raw: &Raw) -> Result<Vec<FolioInit>, Fault> {
    if raw.folio.is_empty() || raw.folio.len() > FOLIOS_MAX {
        let span = raw.folio.get(FOLIOS_MAX).map_or(0..0, Spanned::span);
        let message = format!(
            "{} folios, expected 1 to {FOLIOS_MAX} [[folio]] tables",
            raw.folio.len()
        );
        return Err(Fault::at(span, "folio", message));
    }
    raw.folio
        .iter()
        .map(|folio| {
            let folio = folio.get_ref();
            let extent = choose(
                folio.extent.as_ref(),
                "extent",
                &[
                    ("written", ExtentInit::Written),
                    ("unwritten", ExtentInit::Unwritten),
                    ("hole", ExtentInit::Hole),
                ],
            )?;
            let cached = folio.cached.as_ref().is_none_or(|c| *c.get_ref());
            let dirty = folio.dirty.as_ref().filter(|d| *d.get_ref());
            if let Some(dirty) = dirty
                && !cached
            {
                return Err(Fault::at(
                    dirty.span(),
                    "dirty",
                    "a folio that is not cached cannot be dirty",
                ));
            }
            Ok(FolioInit {
                dirty: dirty.is_some(),
                cached,
                extent,
                shared: folio.shared.as_ref().is_some_and(|s| *s.get_ref()),
            })
        })
        .collect()
}

fn pte(
    raw: &Spanned<RawPte>,
    limits: &Limits,
    mapping: Mapping,
    folios: &[FolioInit],
) -> Result<PteSetup, Fault> {
    let pte = raw.get_ref();
    let mm = within(Some(&pte.mm), "mm", 0, 0, 3)?;
    if *pte.folio.get_ref() >= limits.folios {
        let message = format!(
            "no folio {}, expected 0 to {}",
            pte.folio.get_ref(),
            limits.folios - 1
        );
        return Err(Fault::at(pte.folio.span(), "folio", message));
    }
    let folio = *pte.folio.get_ref();
    let init = choose(
        Some(&pte.state),
        "state",
        &[
            ("none", PteInit::None),
            ("clean", PteInit::Clean),
            ("dirty", PteInit::Dirty),
            ("writable", PteInit::Writable),
        ],
    )?;
    if init != PteInit::None && !folios[folio].cached {
        return Err(Fault::at(
            pte.state.span(),
            "state",
            "a folio that is not cached is not mapped, expected none",
        ));
    }
    if mapping == Mapping::Disk && init == PteInit::Writable {
        let message = "only tmpfs has entries that are writable and clean, expected one of none, clean, dirty";
        return Err(Fault::at(pte.state.span(), "state", message));
    }
    if mapping == Mapping::Disk && init == PteInit::Dirty && !folios[folio].dirty {
        let message = "a dirty entry needs `dirty = true` on its folio (PG_dirty is set when the entry becomes writable)";
        return Err(Fault::at(pte.state.span(), "state", message));
    }
    Ok(PteSetup { mm, folio, init })
}

fn tasks(raw: &Raw, limits: &Limits) -> Result<Vec<TaskSetup>, Fault> {
    if raw.task.is_empty() || raw.task.len() > TASKS_MAX {
        let span = raw.task.get(TASKS_MAX).map_or(0..0, Spanned::span);
        let message = format!(
            "{} tasks, expected 1 to {TASKS_MAX} [[task]] tables",
            raw.task.len()
        );
        return Err(Fault::at(span, "task", message));
    }
    let mut tasks: Vec<TaskSetup> = Vec::new();
    for spanned in &raw.task {
        let task = spanned.get_ref();
        let name = task.name.get_ref();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let message = format!("bad name `{name}`, expected letters, digits and hyphens");
            return Err(Fault::at(task.name.span(), "name", message));
        }
        if tasks.iter().any(|t| t.name == *name) {
            return Err(Fault::at(
                task.name.span(),
                "name",
                format!("two tasks are called `{name}`"),
            ));
        }
        if task.calls.get_ref().is_empty() {
            return Err(Fault::at(
                task.calls.span(),
                "calls",
                "expected at least one call",
            ));
        }
        if let Some(call) = task.calls.get_ref().get(CALLS_MAX) {
            let message = format!(
                "{} calls, expected 1 to {CALLS_MAX}",
                task.calls.get_ref().len()
            );
            return Err(Fault::at(call.span(), "calls", message));
        }
        let calls = task
            .calls
            .get_ref()
            .iter()
            .map(|c| calls::check(c, limits))
            .collect::<Result<Vec<_>, _>>()?;
        let forever = task.forever.as_ref().is_some_and(|f| *f.get_ref());
        if forever {
            check_forever(task, &calls)?;
        }
        tasks.push(TaskSetup {
            name: name.clone(),
            calls,
            forever,
        });
    }
    Ok(tasks)
}

/// Calls that cannot be made again and again within a bounded model.
fn check_forever(task: &super::RawTask, calls: &[Call]) -> Result<(), Fault> {
    for (call, raw) in calls.iter().zip(task.calls.get_ref()) {
        let message = match call {
            Call::SpliceSocket { .. } | Call::Transmit { .. } | Call::Receive { .. } => {
                "a socket has as many fragments as are spliced to it once; expected no socket call in a task that goes on for ever"
            }
            Call::Truncate { .. } | Call::PunchHole { word: None, .. } => {
                "each removal of a page needs a folio of its own; expected it in a task that ends"
            }
            Call::Tick => "the clock has an end; expected `tick` in a task that ends",
            Call::PinStore { .. } => "a pin is dropped once; expected it in a task that ends",
            _ => continue,
        };
        return Err(Fault::at(raw.span(), "forever", message));
    }
    Ok(())
}

/// What only the scenario as a whole shows.
#[expect(clippy::too_many_lines, reason = "a list of refusals")]
fn whole(raw: &Raw, setup: &Setup) -> Result<(), Fault> {
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
