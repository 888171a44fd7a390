//! A plan played on the kernel, and compared with the model after every call.
//!
//! Compared are, for each page: whether it is cached; its bytes in memory and on disk; PG_dirty, PG_writeback,
//! PG_locked; whether an entry is present, by address space. For each pipe: whether its buffers refer to folios that
//! are cached. And of each call: the bytes that it was given, and the faults that a store took. Everything else of the
//! model cannot be seen from here: it is counted, never passed.

use std::collections::BTreeSet;
use std::io;

use foliocheck_model::kernel::objects::{MOVED, World, extent};
use foliocheck_model::kernel::setup::{Call, Filesystem, Mapping, Setup};
use foliocheck_model::machine::interp::Valuation;
use foliocheck_model::machine::var::Role;
use foliocheck_model::machine::{System, VarId};
use serde::Serialize;

use crate::act::Outcome;
use crate::observe::{Eyes, Seen};
use crate::peek::{Peek, PeekError};
use crate::place::{FileSystem, Place};
use crate::plan::{Plan, Unit};
use crate::player::{self, Acted, BEFORE, Player, word_range};

/// How a value of the kernel stands to the model's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The same.
    Equal,
    /// Not the same.
    Differs,
    /// The kernel's value cannot be seen.
    Unseen,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compared {
    /// Of what.
    pub what: String,
    /// The model's.
    pub model: String,
    /// The kernel's; if it cannot be seen, why.
    pub kernel: String,
    /// How they stand.
    pub agreement: Agreement,
}

/// A call that was made, or the start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Played {
    /// The task; empty at the start.
    pub task: String,
    /// The call, as scenario files name it; empty at the start.
    pub call: String,
    /// What was done.
    pub did: String,
    /// How many steps of the model it is.
    pub steps: usize,
    /// Every value that was looked for.
    pub compared: Vec<Compared>,
}

/// A plan, played.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Replay {
    /// The file system.
    pub fs: &'static str,
    /// The kernel's release.
    pub kernel: String,
    /// The start, and the calls in order.
    pub played: Vec<Played>,
    /// Variables of the model, without ghosts and registers.
    pub variables: usize,
    /// Those among them that were compared at least once.
    pub looked_at: usize,
    /// Why it ended before its end, if it did: a call that is blocked, or refused.
    pub stopped: Option<String>,
}

impl Replay {
    /// How many comparisons came out that way.
    pub fn count(&self, agreement: Agreement) -> usize {
        let all = self.played.iter().flat_map(|p| &p.compared);
        all.filter(|c| c.agreement == agreement).count()
    }

    /// It came to its end, and no value differs.
    pub fn agrees(&self) -> bool {
        self.stopped.is_none() && self.count(Agreement::Differs) == 0
    }
}

/// The scenario with the paths of a file system; the model has none of btrfs, so it is held against ext4's. None if
/// the scenario is not about such a file: files on disk and on tmpfs are different questions.
pub fn on(setup: &Setup, fs: FileSystem) -> Option<Setup> {
    let mut setup = setup.clone();
    let disk = setup.mapping == Mapping::Disk;
    match fs {
        FileSystem::Tmpfs => return (!disk).then_some(setup),
        _ if !disk => return None,
        // Blocks and their former content are XFS's in the model, or those of ext4 with a journal.
        _ if (setup.blocks || setup.journal) && fs != own(&setup) => return None,
        FileSystem::Xfs => setup.filesystem = Filesystem::Xfs,
        FileSystem::Ext4 | FileSystem::Btrfs => setup.filesystem = Filesystem::Ext4,
    }
    let shares = setup.folios.iter().any(|f| f.shared)
        || setup.any_call(|c| matches!(c, Call::Reflink { .. } | Call::DirectWrite { .. }));
    (!shares || fs == own(&setup)).then_some(setup)
}

/// The file system that a scenario is about.
pub fn own(setup: &Setup) -> FileSystem {
    match (setup.mapping, setup.filesystem) {
        (Mapping::Tmpfs, _) => FileSystem::Tmpfs,
        (Mapping::Disk, Filesystem::Xfs) => FileSystem::Xfs,
        (Mapping::Disk, Filesystem::Ext4) => FileSystem::Ext4,
    }
}

struct Comparison<'a> {
    system: &'a System,
    world: &'a World,
    /// What reads pipes; or why nothing does.
    peek: Result<Peek, PeekError>,
    looked_at: BTreeSet<VarId>,
}

/// Plays a plan on a fresh file system.
///
/// # Errors
/// If the start cannot be made, or what could be seen before cannot be seen any more.
pub fn replay(system: &System, world: &World, plan: &Plan, place: &Place) -> io::Result<Replay> {
    let setup = &world.setup;
    let mut player = Player::new(system, world, place)?;
    let image = match place.file_system() {
        FileSystem::Xfs | FileSystem::Ext4 => place.image(),
        // Its block numbers are not offsets on the device.
        FileSystem::Btrfs | FileSystem::Tmpfs => None,
    };
    let pages = BEFORE..BEFORE + setup.folios.len();
    let eyes = Eyes::of(player.path(), pages, image)?;
    let mut comparison = Comparison {
        system,
        world,
        peek: Peek::new(),
        looked_at: BTreeSet::new(),
    };
    let mut rows = vec![Played {
        task: String::new(),
        call: String::new(),
        did: "the file and its mappings are as the scenario says".to_owned(),
        steps: 0,
        compared: comparison.state(&plan.before, &player, &eyes)?,
    }];
    let mut stopped = None;
    let mut before = &plan.before;
    for unit in &plan.units {
        let task = &setup.tasks[unit.task];
        let call = &task.calls[unit.call];
        let name = foliocheck_specs::scenario::calls::name(call);
        let acted = match player.play(unit) {
            Ok(Outcome::Done(acted)) => acted,
            Ok(Outcome::Blocked(at)) => {
                stopped = Some(format!("{} {name}: {at}", task.name));
                break;
            }
            Err(error) => {
                stopped = Some(format!("{} {name}: {error}", task.name));
                break;
            }
        };
        let mut compared = comparison.results(before, unit, &acted);
        before = &unit.after;
        compared.extend(comparison.state(&unit.after, &player, &eyes)?);
        rows.push(Played {
            task: task.name.clone(),
            call: name.to_owned(),
            did: acted.did,
            steps: unit.steps,
            compared,
        });
    }
    drop(player);
    let shared = system.vars.iter().filter(|v| v.role == Role::Shared);
    Ok(Replay {
        fs: place.file_system().name(),
        kernel: crate::probe::kernel(),
        played: rows,
        variables: shared.count(),
        looked_at: comparison.looked_at.len(),
        stopped,
    })
}

fn yes(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

fn compared(what: String, model: String, kernel: Result<String, String>) -> Compared {
    let agreement = match &kernel {
        Ok(kernel) if *kernel == model => Agreement::Equal,
        Ok(_) => Agreement::Differs,
        Err(_) => Agreement::Unseen,
    };
    let (Ok(kernel) | Err(kernel)) = kernel;
    Compared {
        what,
        model,
        kernel,
        agreement,
    }
}

impl Comparison<'_> {
    /// What a call was given, and the faults that it took.
    fn results(&self, before: &Valuation, unit: &Unit, acted: &Acted) -> Vec<Compared> {
        let mut all = Vec::new();
        let call = &self.world.setup.tasks[unit.task].calls[unit.call];
        if let (Some(moved), Call::SpliceRead { pipe, .. }) = (acted.moved, call) {
            let used = self.world.pipes[*pipe].used;
            let pages = unit.after.get(used).saturating_sub(before.get(used));
            let kernel = (moved / player::PAGE).to_string();
            all.push(compared(
                "pages moved".to_owned(),
                pages.to_string(),
                Ok(kernel),
            ));
        }
        if let Some(faults) = acted.faults {
            let model = unit.faults.to_string();
            all.push(compared("faults".to_owned(), model, Ok(faults.to_string())));
        }
        let Some(bytes) = &acted.bytes else {
            return all;
        };
        let task = &self.world.setup.tasks[unit.task].name;
        let words = self.world.setup.words;
        for (k, page) in bytes.chunks(player::PAGE).enumerate() {
            let register = |word: usize| {
                let name = |what: &str| format!("{what}{k}#{}[{word}]", unit.call);
                let names = [name("user"), name("recv")];
                let mut vars = self.system.vars.iter().enumerate();
                vars.find(|(_, v)| v.object == *task && names.contains(&v.name))
            };
            let found: Option<Vec<_>> = (0..words).map(register).collect();
            let Some(found) = found else { continue };
            let model = (0..words).map(|w| {
                let (id, var) = found[w];
                var.show(unit.after.0[id])
            });
            let kernel = (0..words).map(|w| {
                let (id, var) = found[w];
                let bytes = &page[word_range(words, w)];
                // A register can hold bytes of any page, and is labelled with the tokens of one.
                let token = unit.after.0[id];
                if self.stands_for(bytes, token, w) {
                    var.show(token)
                } else {
                    read(bytes, &var.labels)
                }
            });
            all.push(compared(
                format!("bytes of page {k} that it was given"),
                join(model),
                Ok(join(kernel)),
            ));
        }
        all
    }

    /// Whether bytes are what a token stands for in some page.
    fn stands_for(&self, bytes: &[u8], token: u64, word: usize) -> bool {
        (0..self.world.indices.len()).any(|index| {
            let labels = self.world.tokens.labels(index, word);
            let label = usize::try_from(token).ok().and_then(|t| labels.get(t));
            label.is_some_and(|l| bytes.iter().all(|b| *b == player::byte(l, token)))
        })
    }

    /// What can be seen of the file.
    fn state(
        &mut self,
        state: &Valuation,
        player: &Player<'_>,
        eyes: &Eyes,
    ) -> io::Result<Vec<Compared>> {
        // Entries first: looking at a folio makes one, elsewhere.
        let mut all = self.entries(state, player)?;
        all.extend(self.pipes(state, player)?);
        for (index, seen) in eyes.look()?.iter().enumerate() {
            all.extend(self.index(state, index, seen));
        }
        Ok(all)
    }

    /// What each pipe's buffers refer to: the folio that is cached for a page, or another page.
    fn pipes(&mut self, state: &Valuation, player: &Player<'_>) -> io::Result<Vec<Compared>> {
        let world = self.world;
        let name = |page: Option<usize>| {
            page.map_or_else(
                || "another page".to_owned(),
                |p| format!("folio of page {p}"),
            )
        };
        let list = |pages: Vec<Option<usize>>| match pages.len() {
            0 => "empty".to_owned(),
            _ => join_by(", ", pages.into_iter().map(name)),
        };
        let kernel = match &self.peek {
            Ok(peek) => Ok(player.buffers(peek)?),
            Err(why) => Err(why.to_string()),
        };
        let mut all = Vec::new();
        for (number, pipe) in world.pipes.iter().enumerate() {
            self.looked_at.insert(pipe.used);
            let value = |var| usize::try_from(state.get(var)).unwrap_or(0);
            let (used, tail) = (value(pipe.used), value(pipe.tail));
            let model = (0..used).map(|k| {
                let slot = &pipe.slots[(tail + k) % pipe.slots.len()];
                self.looked_at.insert(slot.page.page);
                let folio = value(slot.page.page).checked_sub(1)?;
                let index = world.folios.get(folio)?.index;
                let object = &world.indices[index];
                let current = value(object.slot).checked_sub(1)?;
                (object.folios[current] == folio).then_some(index)
            });
            let model = list(model.collect());
            let kernel = kernel.as_ref().map(|pipes| list(pipes[number].clone()));
            let what = format!("pipe{number}'s buffers");
            all.push(compared(what, model, kernel.map_err(Clone::clone)));
        }
        Ok(all)
    }

    fn entries(&mut self, state: &Valuation, player: &Player<'_>) -> io::Result<Vec<Compared>> {
        let mut all = Vec::new();
        for ((mm, index), pte) in &self.world.ptes {
            if *mm >= MOVED {
                continue;
            }
            self.looked_at.insert(pte.present);
            // Where nothing is mapped, nothing is present.
            let kernel = player.present(*mm, *index)?.unwrap_or(false);
            let model = yes(state.get(pte.present) == 1);
            all.push(compared(
                format!("page {index}: entry of mm{mm} present"),
                model,
                Ok(yes(kernel)),
            ));
        }
        Ok(all)
    }

    fn index(&mut self, state: &Valuation, index: usize, seen: &Seen) -> Vec<Compared> {
        let world = self.world;
        let object = &world.indices[index];
        let tmpfs = world.setup.mapping == Mapping::Tmpfs;
        let what = |of: &str| format!("page {index}: {of}");
        let slot = usize::try_from(state.get(object.slot)).unwrap_or(0);
        self.looked_at.insert(object.slot);
        let mut all = vec![compared(
            what("cached"),
            yes(slot != 0),
            Ok(yes(seen.cached)),
        )];
        let folio = slot
            .checked_sub(1)
            .map(|at| &world.folios[object.folios[at]]);
        if let Some(folio) = folio {
            let flags = seen.flags.ok_or("/proc does not tell");
            let mut flag = |name: &str, var: VarId, kernel: Result<bool, &str>| {
                self.looked_at.insert(var);
                let model = yes(state.get(var) != 0);
                let kernel = kernel.map(yes).map_err(str::to_owned);
                all.push(compared(what(name), model, kernel));
            };
            let dirty = if tmpfs {
                Err("tmpfs keeps PG_dirty set where it is not swapped out")
            } else {
                flags.map(crate::observe::Flags::dirty)
            };
            flag("PG_dirty", folio.dirty, dirty);
            flag(
                "PG_writeback",
                folio.writeback,
                flags.map(crate::observe::Flags::writeback),
            );
            flag(
                "PG_locked",
                folio.lock,
                flags.map(crate::observe::Flags::locked),
            );
            let kernel = self.words(index, seen.memory.as_deref(), "it is not cached");
            self.looked_at.extend(&folio.data);
            let model = self.tokens(&folio.data, state);
            all.push(compared(what("memory"), model, kernel));
        }
        if !tmpfs {
            let why = "an O_DIRECT read would write the page first";
            let kernel = self.words(index, seen.disk.as_deref(), why);
            all.push(compared(what("disk"), self.disk(state, index), kernel));
        }
        all
    }

    /// What a read of the disk finds in the model.
    fn disk(&mut self, state: &Valuation, index: usize) -> String {
        let object = &self.world.indices[index];
        self.looked_at.insert(object.extent);
        let written = state.get(object.extent) == extent::WRITTEN;
        if object.former_content && !written {
            let zero = self.world.tokens.zero(index);
            let words = 0..self.world.setup.words;
            return join(words.map(|w| {
                let labels = self.world.tokens.labels(index, w);
                let label = usize::try_from(zero)
                    .ok()
                    .and_then(|z| labels.get(z).cloned());
                label.unwrap_or_default()
            }));
        }
        let block = object.block.map_or(0, |b| state.get(b));
        let block = &object.blocks[usize::try_from(block).unwrap_or(0)];
        self.looked_at.extend(&block.data);
        self.tokens(&block.data, state)
    }

    fn tokens(&self, vars: &[VarId], state: &Valuation) -> String {
        join(vars.iter().map(|v| self.system.var(*v).show(state.get(*v))))
    }

    fn words(&self, index: usize, bytes: Option<&[u8]>, why: &str) -> Result<String, String> {
        let bytes = bytes.ok_or_else(|| why.to_owned())?;
        let words = self.world.setup.words;
        Ok(join((0..words).map(|w| {
            let labels = self.world.tokens.labels(index, w);
            read(&bytes[word_range(words, w)], &labels)
        })))
    }
}

fn join(words: impl Iterator<Item = String>) -> String {
    join_by(" ", words)
}

fn join_by(between: &str, words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(between)
}

/// The token that bytes of a word stand for.
fn read(bytes: &[u8], labels: &[String]) -> String {
    let first = bytes.first().copied().unwrap_or(0);
    if bytes.iter().any(|b| *b != first) {
        return "(mixed)".to_owned();
    }
    let mut known = labels.iter().zip(0..);
    let found = known.find(|(label, token)| {
        // What a register holds that nothing was read into, and tokens of another page.
        !matches!(label.as_str(), "-" | "?") && player::byte(label, *token) == first
    });
    found.map_or_else(
        || format!("(bytes {first:#04x})"),
        |(label, _)| label.clone(),
    )
}
