//! Random walks: scenarios that nobody thought of, in an order of whole calls that chance decides.
//!
//! [`draw`] makes a small scenario: one or two pages, a few page-table entries, two or three tasks with a few calls
//! each. [`walk`] then lets the model take one whole call after another. [`replay`](crate::replay) plays the same calls
//! on the kernel and compares after each. A walk in which the two disagree is made [`smaller`] call by call.
//!
//! A call that can end in several ways on the model is not chosen: the kernel takes one of them, and which one cannot be
//! foreseen. Calls overlap nowhere: what happens inside of two calls at once is not tried.

use std::fmt::Write as _;
use std::path::Path;

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::{Call, Setup};
use foliocheck_model::machine::System;
use foliocheck_model::machine::interp::Valuation;
use foliocheck_specs::Scenario;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};
use serde::{Deserialize, Serialize};

use crate::place::FileSystem;
use crate::plan::{self, NotReplayable, Plan, Unit};

/// Pages of the file, pipes and tasks of a walk, at most; and calls of a task.
const FOLIOS: usize = 2;
const PIPES: usize = 2;
const TASKS: std::ops::RangeInclusive<usize> = 2..=3;
const CALLS: std::ops::RangeInclusive<usize> = 1..=4;

/// Scenarios that are drawn until one is accepted.
const DRAWS: usize = 1000;

/// A scenario, piece by piece, and the order in which its tasks make their calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// Lines at the head of the scenario file.
    pub head: Vec<String>,
    /// The pages: the lines of each `[[folio]]`.
    pub folios: Vec<String>,
    /// The lines of each `[[pte]]`.
    pub ptes: Vec<String>,
    /// The calls of each task, as in scenario files.
    pub tasks: Vec<Vec<String>>,
    /// The task of each call in turn, by number. One that cannot make its next call then is passed over.
    pub order: Vec<usize>,
}

impl Walk {
    /// The scenario file.
    pub fn text(&self) -> String {
        let mut out =
            "title = \"a random walk\"\nabout = \"See conform.\"\ngroups = [\"random\"]\n"
                .to_owned();
        for line in &self.head {
            out.push_str(line);
            out.push('\n');
        }
        for folio in &self.folios {
            out.push_str("\n[[folio]]\n");
            out.push_str(folio);
        }
        for pte in &self.ptes {
            out.push_str("\n[[pte]]\n");
            out.push_str(pte);
        }
        for (number, calls) in self.tasks.iter().enumerate() {
            let calls = calls.join(", ");
            let _ = write!(
                out,
                "\n[[task]]\nname = \"task{number}\"\ncalls = [{calls}]\n"
            );
        }
        out
    }

    /// What it sets up.
    ///
    /// # Errors
    /// The reason, if no such scenario is accepted.
    pub fn setup(&self) -> Result<Setup, String> {
        let read = Scenario::parse(Path::new("walk.toml"), &self.text());
        read.map(|s| s.setup).map_err(|e| e.to_string())
    }

    /// How many calls its tasks have.
    pub fn calls(&self) -> usize {
        self.tasks.iter().map(Vec::len).sum()
    }
}

fn pick<'a>(rng: &mut impl Rng, of: &[&'a str]) -> &'a str {
    of.choose(rng).copied().unwrap_or_default()
}

/// A scenario by chance that the kernel can play from outside, without an order.
///
/// # Errors
/// The last reason, if none of many was accepted.
pub fn draw(rng: &mut impl Rng, fs: FileSystem) -> Result<Walk, String> {
    let mut reason = String::new();
    for _ in 0..DRAWS {
        let walk = drawn(rng, fs);
        let refused = walk
            .setup()
            .and_then(|setup| plan::playable(&setup).map_err(|why| why.to_string()));
        match refused {
            Ok(()) => return Ok(walk),
            Err(why) => reason = why,
        }
    }
    Err(reason)
}

fn drawn(rng: &mut impl Rng, fs: FileSystem) -> Walk {
    let tmpfs = fs == FileSystem::Tmpfs;
    // The model has none of btrfs: there it is held against ext4's paths.
    let name = match fs {
        FileSystem::Btrfs => "ext4",
        other => other.name(),
    };
    let mut head = vec![
        format!("filesystem = \"{name}\""),
        format!("pipes = {:?}", [2; PIPES]),
    ];
    // Without a mapping of blocks no clone is made.
    let blocks = fs == FileSystem::Xfs && rng.random_bool(0.5);
    if blocks {
        head.push("blocks = true".to_owned());
    }
    let folios: Vec<String> = (0..rng.random_range(1..=FOLIOS))
        .map(|_| folio(rng, tmpfs, blocks))
        .collect();
    let mut ptes = Vec::new();
    for mm in 0..2 {
        for (index, state) in folios.iter().enumerate() {
            ptes.extend(entry(rng, (mm, index), state, tmpfs));
        }
    }
    // Who has made a mapping read-only for good does not take that back in the model.
    let protect = pick(rng, &["mprotect", "mprotect-read-only"]);
    let tasks: Vec<Vec<String>> = (0..rng.random_range(TASKS))
        .map(|_| {
            let calls = rng.random_range(CALLS);
            (0..calls)
                .map(|_| call(rng, fs, folios.len(), protect))
                .collect()
        })
        .collect();
    if tasks.iter().flatten().any(|call| call.contains("socket")) {
        head.push("sockets = 1".to_owned());
    }
    Walk {
        head,
        folios,
        ptes,
        tasks,
        order: Vec::new(),
    }
}

fn folio(rng: &mut impl Rng, tmpfs: bool, blocks: bool) -> String {
    if tmpfs {
        return String::new();
    }
    let ways: &[&str] = if blocks {
        &["", "dirty = true\n", "cached = false\n", "shared = true\n"]
    } else {
        &["", "dirty = true\n", "cached = false\n"]
    };
    pick(rng, ways).to_owned()
}

/// The entry of an address space for a page, if it has one that fits the page's state.
fn entry(
    rng: &mut impl Rng,
    (mm, index): (usize, usize),
    folio: &str,
    tmpfs: bool,
) -> Option<String> {
    let state = if tmpfs {
        pick(rng, &["", "none", "writable"])
    } else if folio.contains("dirty") {
        pick(rng, &["", "none", "clean", "dirty"])
    } else if folio.contains("cached = false") {
        pick(rng, &["", "none"])
    } else {
        pick(rng, &["", "none", "clean"])
    };
    (!state.is_empty()).then(|| format!("mm = {mm}\nfolio = {index}\nstate = \"{state}\"\n"))
}

/// A call of the catalogue, on some page, word, pipe or address space.
fn call(rng: &mut impl Rng, fs: FileSystem, folios: usize, protect: &'static str) -> String {
    const ANYWHERE: &[&str] = &[
        "write", "write", "store", "store", "store", "splice", "splice", "tee", "read", "read",
        "send", "receive", "munmap",
    ];
    const ON_DISK: &[&str] = &[
        "flush", "flush", "sync", "sync", "truncate", "punch", "reclaim",
    ];
    let ours: &[&str] = match fs {
        FileSystem::Xfs => &["pin", "reflink"],
        FileSystem::Ext4 | FileSystem::Btrfs | FileSystem::Tmpfs => &["pin", "punch-part"],
    };
    let mut names = [ANYWHERE, ours, &[protect]].concat();
    if fs != FileSystem::Tmpfs {
        names.extend(ON_DISK);
    }
    let folio = rng.random_range(0..folios);
    let word = rng.random_range(0..2);
    let mm = rng.random_range(0..2);
    let pipe = rng.random_range(0..PIPES);
    let all = if folios == FOLIOS && rng.random_bool(0.3) {
        "0, 1".to_owned()
    } else {
        folio.to_string()
    };
    let words = if all.contains(',') || rng.random_bool(0.5) {
        String::new()
    } else {
        format!(", words = [{word}]")
    };
    let fields = match pick(rng, &names) {
        "write" => format!("\"write\", folios = [{all}]{words}"),
        "store" => format!("\"mmap-store\", mm = {mm}, folio = {folio}, words = [{word}]"),
        "splice" => format!("\"splice\", folios = [{all}], pipe = {pipe}"),
        "tee" => format!("\"tee\", from = {pipe}, to = {}", 1 - pipe),
        "read" => format!("\"pipe-read\", pipe = {pipe}"),
        "send" => format!("\"splice-socket\", pipe = {pipe}, socket = 0"),
        "receive" => "\"receive\", socket = 0".to_owned(),
        "flush" => format!("\"writeback\", folios = [{all}]"),
        "sync" => format!("\"writeback\", folios = [{all}], sync = \"all\""),
        "truncate" => format!("\"truncate\", folio = {}", folios - 1),
        "punch" => format!("\"punch-hole\", folio = {folio}"),
        "punch-part" => format!("\"punch-hole\", folio = {folio}, word = {word}"),
        "reclaim" => format!("\"reclaim\", folio = {folio}"),
        "reflink" => format!("\"reflink\", folio = {folio}"),
        "pin" => format!("\"pin-store\", folio = {folio}{words}"),
        name => format!("\"{name}\", mm = {mm}, folio = {folio}"),
    };
    format!("{{ call = {fields} }}")
}

/// How the order of a walk is decided.
enum Choice<'a, R> {
    Chance(&'a mut R),
    Given(&'a [usize]),
}

/// Lets chance decide the order, until nobody has a call whose end can be foreseen.
///
/// # Errors
/// If the model errs, or a call does not end.
pub fn walk(
    system: &System,
    world: &World,
    rng: &mut impl Rng,
) -> Result<(Plan, Vec<usize>), NotReplayable> {
    let plan = choose(system, world, Choice::Chance(rng))?;
    let order = plan.units.iter().map(|u| u.task).collect();
    Ok((plan, order))
}

/// Walks in a given order.
///
/// # Errors
/// If the model errs, or a call does not end.
pub fn walk_again(system: &System, world: &World, order: &[usize]) -> Result<Plan, NotReplayable> {
    choose::<rand::rngs::ThreadRng>(system, world, Choice::Given(order))
}

fn choose<R: Rng>(
    system: &System,
    world: &World,
    mut choice: Choice<'_, R>,
) -> Result<Plan, NotReplayable> {
    let before = Valuation::init(system);
    let mut units: Vec<Unit> = Vec::new();
    let mut at = 0;
    loop {
        let state = units.last().map_or(&before, |u| &u.after);
        let mut ways: Vec<Vec<Unit>> = Vec::new();
        for unit in plan::ready(system, world, state)? {
            if !foreseen(world, state, &unit) {
                continue;
            }
            match ways.iter_mut().find(|way| way[0].key() == unit.key()) {
                Some(way) => way.push(unit),
                None => ways.push(vec![unit]),
            }
        }
        let mut sure: Vec<Unit> = ways
            .into_iter()
            .filter(|way| way.windows(2).all(|two| two[0].after == two[1].after))
            .filter_map(|way| way.into_iter().next())
            .collect();
        if sure.is_empty() {
            break;
        }
        let chosen = match &mut choice {
            Choice::Chance(rng) => rng.random_range(0..sure.len()),
            Choice::Given(order) => {
                let mut found = None;
                while let (None, Some(task)) = (found, order.get(at)) {
                    found = sure.iter().position(|u| u.task == *task);
                    at += 1;
                }
                let Some(found) = found else { break };
                found
            }
        };
        units.push(sure.swap_remove(chosen));
    }
    Ok(Plan { before, units })
}

/// Whether the kernel does just this when it is asked. `posix_fadvise(DONTNEED)` stands for reclaim, and writes a dirty
/// page first, which reclaim leaves alone.
fn foreseen(world: &World, state: &Valuation, unit: &Unit) -> bool {
    let call = &world.setup.tasks[unit.task].calls[unit.call];
    let Call::Reclaim { folio } = call else {
        return true;
    };
    let mut folios = world.indices[*folio].folios.iter();
    folios.all(|f| state.get(world.folios[*f].dirty) == 0)
}

/// Walks that are smaller by one piece: a call, an entry, a page that is as usual. The largest pieces come first.
pub fn smaller(walk: &Walk) -> Vec<Walk> {
    let mut out = Vec::new();
    for task in 0..walk.tasks.len() {
        if walk.tasks.len() > 1 {
            let mut less = walk.clone();
            less.tasks.remove(task);
            less.order.retain(|t| *t != task);
            for t in &mut less.order {
                *t -= usize::from(*t > task);
            }
            out.push(less);
        }
        for call in (0..walk.tasks[task].len()).rev() {
            if walk.tasks[task].len() == 1 {
                continue;
            }
            let mut less = walk.clone();
            less.tasks[task].remove(call);
            let mut of_task = less.order.iter().enumerate().filter(|(_, t)| **t == task);
            if let Some((at, _)) = of_task.nth(call) {
                less.order.remove(at);
            }
            out.push(less);
        }
    }
    for pte in 0..walk.ptes.len() {
        let mut less = walk.clone();
        less.ptes.remove(pte);
        out.push(less);
    }
    for folio in 0..walk.folios.len() {
        if !walk.folios[folio].is_empty() {
            let mut less = walk.clone();
            less.folios[folio].clear();
            out.push(less);
        }
    }
    let last = walk.folios.len() - 1;
    let names_last = |text: &String| {
        text.contains(&format!("folio = {last}")) || text.contains(&format!("{last}]"))
    };
    if last > 0
        && !walk
            .tasks
            .iter()
            .flatten()
            .chain(&walk.ptes)
            .any(names_last)
    {
        let mut less = walk.clone();
        less.folios.pop();
        out.push(less);
    }
    out
}
