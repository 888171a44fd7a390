//! From what a file says to a [`Setup`], with every reference checked.

use foliocheck_model::kernel::setup::{
    Call, Device, ExtentInit, Filesystem, FolioInit, Mapping, MkwriteOrder, PteInit, PteSetup,
    Setup, TaskSetup,
};
use toml::Spanned;

use super::calls;
use super::raw::{Raw, RawPte, RawTask};
use super::reader::Limits;
use super::room::room;
use super::whole::whole;
use crate::file::Fault;
use crate::names::forbidden;

/// Most tasks in a scenario.
const TASKS_MAX: usize = 8;
/// Most calls of a task.
const CALLS_MAX: usize = 16;
/// Most page indices.
const FOLIOS_MAX: usize = 4;
/// Most pipes.
const PIPES_MAX: usize = 4;
/// Most buffers in a pipe.
const PIPE_MAX: usize = 4;

/// Checks everything.
pub(super) fn setup(raw: &Raw) -> Result<Setup, Fault> {
    texts(raw)?;
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
    if let Some(pipe) = raw.pipes.get(PIPES_MAX) {
        let message = format!("{} pipes, expected at most {PIPES_MAX}", raw.pipes.len());
        return Err(Fault::at(pipe.span(), "pipes", message));
    }
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
    let ptes = ptes(raw, &limits, mapping, &folios)?;
    let tasks = tasks(raw, &limits)?;
    let setup = Setup {
        words,
        folios,
        mapping,
        filesystem,
        mkwrite,
        blocks: raw.blocks.as_ref().is_some_and(|b| *b.get_ref()),
        journal: raw.journal.as_ref().is_some_and(|j| *j.get_ref()),
        delalloc: raw.delalloc.as_ref().is_none_or(|d| *d.get_ref()),
        stable_writes: raw.stable_writes.unwrap_or(device.demands_stable_writes()),
        buffer_heads: raw.buffer_heads.as_ref().is_some_and(|b| *b.get_ref()),
        device,
        ptes,
        pipes,
        sockets,
        tasks,
    };
    whole(raw, &setup)?;
    room(raw, &setup)?;
    Ok(setup)
}

/// What is printed as it stands.
fn texts(raw: &Raw) -> Result<(), Fault> {
    let lines = [
        ("title", &raw.title, false, "one line"),
        ("about", &raw.about, true, "lines of text"),
    ];
    for (field, text, several, expected) in lines {
        let bad = forbidden(text.get_ref(), several);
        if let Some((_, c)) = bad {
            let message = format!("expected {expected} without {}", c.escape_default());
            return Err(Fault::at(text.span(), field, message));
        }
    }
    Ok(())
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

/// Each entry of a page table once.
fn ptes(
    raw: &Raw,
    limits: &Limits,
    mapping: Mapping,
    folios: &[FolioInit],
) -> Result<Vec<PteSetup>, Fault> {
    let mut ptes: Vec<PteSetup> = Vec::new();
    for spanned in &raw.pte {
        let new = pte(spanned, limits, mapping, folios)?;
        let same = |p: &&PteSetup| (p.mm, p.folio) == (new.mm, new.folio);
        if ptes.iter().any(|p| same(&p)) {
            let message = format!(
                "the entry of address space {} for folio {} is there twice, expected one [[pte]] for each",
                new.mm, new.folio
            );
            return Err(Fault::at(spanned.span(), "pte", message));
        }
        ptes.push(new);
    }
    Ok(ptes)
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
fn check_forever(task: &RawTask, calls: &[Call]) -> Result<(), Fault> {
    for (call, raw) in calls.iter().zip(task.calls.get_ref()) {
        let message = match call {
            Call::SpliceSocket { .. } | Call::Transmit { .. } | Call::Receive { .. } => {
                "a socket has as many fragments as are spliced to it once; expected no socket call in a task that goes on for ever"
            }
            Call::Truncate { .. } | Call::PunchHole { word: None, .. } => {
                "each removal of a page needs a folio of its own; expected it in a task that ends"
            }
            Call::PinStore { .. } => "a pin is dropped once; expected it in a task that ends",
            _ => continue,
        };
        return Err(Fault::at(raw.span(), "forever", message));
    }
    Ok(())
}
