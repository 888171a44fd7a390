//! The kernel's side of a replay: the file as a scenario has it at the start, and its calls (`calls`).

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foliocheck_model::kernel::objects::{MOVED, World};
use foliocheck_model::kernel::setup::{Call, ExtentInit, FolioInit, PteInit};
use foliocheck_model::machine::System;
use rustix::fs::{Advice, FallocateFlags};

use crate::act::{Begun, Worker};
use crate::gate::Source;
use crate::peek::Peek;
use crate::place::Place;
use crate::sys::{self, Mapping};

pub use crate::sys::PAGE;

/// The file.
const FILE: &str = "replayed";
/// The file that shares blocks with it.
const CLONE: &str = "clone";

/// How long a call may take before it counts as blocked.
pub const LIMIT: Duration = Duration::from_secs(2);

/// The byte that stands for a token in every byte of a word: zero for zeros, else a letter.
pub fn byte(label: &str, token: u64) -> u8 {
    if label == "zero" {
        0
    } else {
        b'A'.wrapping_add(u8::try_from(token).unwrap_or(u8::MAX))
    }
}

/// The bytes of a page that are a word.
pub fn word_range(words: usize, word: usize) -> std::ops::Range<usize> {
    word * PAGE / words..(word + 1) * PAGE / words
}

/// What a call did, beside what it changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Acted {
    /// What was done, in a few words.
    pub did: String,
    /// The bytes that it was given.
    pub bytes: Option<Vec<u8>>,
    /// Minor faults that it took.
    pub faults: Option<i64>,
    /// Bytes that it moved, where it may be fewer than were asked for.
    pub moved: Option<usize>,
}

/// A pin that was taken before the start, and its store, which waits.
#[derive(Debug)]
struct Pin {
    source: Source,
    begun: Begun<io::Result<usize>>,
    // The thread that the store is in.
    _worker: Worker,
}

/// Plays calls on a file.
#[derive(Debug)]
pub struct Player<'a> {
    world: &'a World,
    system: &'a System,
    path: PathBuf,
    file: Arc<File>,
    other: Option<Arc<File>>,
    maps: BTreeMap<(usize, usize), Arc<Mapping>>,
    /// Mappings that mprotect(2) has made read-only for good.
    read_only: BTreeSet<(usize, usize)>,
    buffers: BTreeMap<usize, Arc<Mapping>>,
    pipes: Vec<(Arc<OwnedFd>, Arc<OwnedFd>)>,
    sockets: Vec<(Arc<TcpStream>, Arc<TcpStream>)>,
    pins: BTreeMap<(usize, usize), Pin>,
    workers: Vec<Worker>,
}

fn bad(text: impl Into<String>) -> io::Error {
    io::Error::other(text.into())
}

/// Pages of the file that are before the scenario's first. `truncate_pagecache_range` takes a punch that ends inside of
/// the file's first page for one of the whole file, and unmaps it all (6.18, and 6.12 by reading): the scenario's pages
/// stand for any.
pub const BEFORE: usize = 1;

/// Where a page of the scenario is in the file.
fn at(index: usize) -> u64 {
    ((BEFORE + index) * PAGE) as u64
}

/// Bytes of so many pages.
fn size(pages: usize) -> u64 {
    (pages * PAGE) as u64
}

impl<'a> Player<'a> {
    /// Makes the file, its mappings, pipes, sockets and pins as the scenario has them at the start.
    ///
    /// # Errors
    /// If the system refuses something, or cannot be brought into that state.
    pub fn new(system: &'a System, world: &'a World, place: &Place) -> io::Result<Player<'a>> {
        let setup = &world.setup;
        let path = place.dir().join(FILE);
        let open = |name: &str| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(place.dir().join(name))
        };
        let file = Arc::new(open(FILE)?);
        rustix::fs::fadvise(&file, 0, None, Advice::Random)?;
        let shares = setup.folios.iter().any(|f| f.shared)
            || setup.any_call(|c| matches!(c, Call::Reflink { .. }));
        let other = shares.then(|| open(CLONE)).transpose()?.map(Arc::new);
        let workers: io::Result<Vec<Worker>> =
            setup.tasks.iter().map(|t| Worker::start(&t.name)).collect();
        let mut player = Player {
            world,
            system,
            path,
            file,
            other,
            maps: BTreeMap::new(),
            read_only: BTreeSet::new(),
            buffers: BTreeMap::new(),
            pipes: Vec::new(),
            sockets: Vec::new(),
            pins: BTreeMap::new(),
            workers: workers?,
        };
        player.lay_out()?;
        player.pin()?;
        for (index, init) in setup.folios.iter().enumerate() {
            player.cache(index, init)?;
        }
        player.map_all()?;
        player.connect()?;
        Ok(player)
    }

    /// The file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Whether an entry is present for a page, in the mapping that stands for an address space.
    ///
    /// # Errors
    /// If `/proc` does not tell.
    pub fn present(&self, mm: usize, index: usize) -> io::Result<Option<bool>> {
        let Some(map) = self.maps.get(&(mm, index)) else {
            return Ok(None);
        };
        let pagemap = File::open("/proc/self/pagemap")?;
        crate::observe::is_mapped(&pagemap, map.address()).map(Some)
    }

    /// For each pipe and each buffer in it, oldest first: the page whose cached folio it refers to, if it is one.
    ///
    /// # Errors
    /// If the kernel's structures cannot be read.
    pub fn buffers(&self, peek: &Peek) -> io::Result<Vec<Vec<Option<usize>>>> {
        let pages = 0..self.world.setup.folios.len();
        let cached: Vec<Option<u64>> = pages
            .map(|index| peek.folio(&self.file, BEFORE + index))
            .collect::<io::Result<_>>()?;
        let of = |page: u64| cached.iter().position(|folio| *folio == Some(page));
        let pipes = self.pipes.iter();
        pipes
            .map(|(read, _)| Ok(peek.pipe(read)?.into_iter().map(of).collect()))
            .collect()
    }

    /// A page whose words hold these tokens.
    fn page(&self, index: usize, token: impl Fn(usize) -> u64) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        let words = self.world.setup.words;
        for word in 0..words {
            let token = token(word);
            page[word_range(words, word)].fill(self.byte(index, word, token));
        }
        page
    }

    fn byte(&self, index: usize, word: usize, token: u64) -> u8 {
        let labels = self.world.tokens.labels(index, word);
        let label = usize::try_from(token).ok().and_then(|t| labels.get(t));
        byte(label.map_or("", String::as_str), token)
    }

    /// What is on disk: page by page, so that each is a folio of its own.
    fn lay_out(&mut self) -> io::Result<()> {
        let folios = &self.world.setup.folios;
        self.file.set_len(at(folios.len()))?;
        for (index, init) in folios.iter().enumerate() {
            match init.extent {
                ExtentInit::Written => {
                    let token = self.world.tokens.initial_disk(index, init, 0);
                    self.file
                        .write_all_at(&self.page(index, |_| token), at(index))?;
                    self.file.sync_all()?;
                }
                ExtentInit::Unwritten => {
                    let mode = FallocateFlags::empty();
                    rustix::fs::fallocate(&self.file, mode, at(index), PAGE as u64)?;
                }
                ExtentInit::Hole => {}
            }
        }
        self.file.sync_all()?;
        if let Some(other) = &self.other {
            other.set_len(at(folios.len()))?;
            for (index, _) in folios.iter().enumerate().filter(|(_, f)| f.shared) {
                sys::clone_range(&self.file, other, at(index), PAGE as u64)?;
            }
        }
        Ok(())
    }

    /// Takes the pins, and stops each before its store.
    fn pin(&mut self) -> io::Result<()> {
        for (task, number, call) in self.world.setup.calls() {
            let Call::PinStore { folio, words } = call else {
                continue;
            };
            let source = Source::new()?;
            let target = Mapping::shared(&self.file, (BEFORE + folio) * PAGE, PAGE, true)?;
            let range = self.range(words);
            let memory = source.memory();
            let worker = Worker::start("pin")?;
            let begun =
                worker.begin(move || sys::write_pinned(&memory, &target, range.start, range.len()));
            if !source.wait(LIMIT) {
                return Err(bad("process_vm_writev does not reach its source"));
            }
            let pin = Pin {
                source,
                begun,
                _worker: worker,
            };
            self.pins.insert((task, number), pin);
        }
        // Pinning dirtied it.
        self.file.sync_all()
    }

    /// The bytes of a page that these words are, which are beside each other.
    fn range(&self, words: &[usize]) -> std::ops::Range<usize> {
        let all = self.world.setup.words;
        let first = words.first().copied().unwrap_or(0);
        let last = words.last().copied().unwrap_or(0);
        word_range(all, first).start..word_range(all, last).end
    }

    /// In the page cache or not, dirty or not.
    fn cache(&self, index: usize, init: &FolioInit) -> io::Result<()> {
        let token = |word| self.world.tokens.initial_memory(index, word, init);
        if init.dirty {
            self.file
                .write_all_at(&self.page(index, token), at(index))?;
        } else if init.cached {
            self.file.read_exact_at(&mut [0; PAGE], at(index))?;
        } else {
            let len = std::num::NonZeroU64::new(PAGE as u64);
            rustix::fs::fadvise(&self.file, at(index), len, Advice::DontNeed)?;
        }
        Ok(())
    }

    /// The mappings, and the state of their entries.
    fn map_all(&mut self) -> io::Result<()> {
        let keys: Vec<(usize, usize)> = self.world.ptes.keys().copied().collect();
        for (mm, index) in keys {
            if mm < MOVED && !self.world.vmas.contains_key(&mm) {
                self.map(mm, index)?;
            }
        }
        for pte in &self.world.setup.ptes {
            let Some(map) = self.maps.get(&(pte.mm, pte.folio)) else {
                return Err(bad("an entry of an address space that maps nothing yet"));
            };
            let init = &self.world.setup.folios[pte.folio];
            match pte.init {
                PteInit::None => {}
                PteInit::Clean | PteInit::Writable => {
                    map.load(0);
                }
                PteInit::Dirty => {
                    let token = |word| self.world.tokens.initial_memory(pte.folio, word, init);
                    map.store(0, &self.page(pte.folio, token));
                }
            }
        }
        Ok(())
    }

    fn map(&mut self, mm: usize, index: usize) -> io::Result<()> {
        let writable = !self.read_only.contains(&(mm, index));
        let map = Mapping::shared(&self.file, (BEFORE + index) * PAGE, PAGE, writable)?;
        self.maps.insert((mm, index), Arc::new(map));
        Ok(())
    }

    /// Pipes, sockets, and buffers that direct writes are made from.
    fn connect(&mut self) -> io::Result<()> {
        for capacity in &self.world.setup.pipes {
            let (read, write) = rustix::pipe::pipe()?;
            rustix::pipe::fcntl_setpipe_size(&write, capacity * PAGE)?;
            self.pipes.push((Arc::new(read), Arc::new(write)));
        }
        for _ in 0..self.world.setup.sockets {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let sender = TcpStream::connect(listener.local_addr()?)?;
            let (receiver, _) = listener.accept()?;
            receiver.set_read_timeout(Some(LIMIT))?;
            self.sockets.push((Arc::new(sender), Arc::new(receiver)));
        }
        for (index, words) in &self.world.user_buffers {
            let memory = Mapping::anonymous(PAGE)?;
            memory.store(
                0,
                &self.page(*index, |word| self.system.var(words[word]).init),
            );
            self.buffers.insert(*index, Arc::new(memory));
        }
        Ok(())
    }
}

impl Drop for Player<'_> {
    /// Lets go on what still waits for its source: a thread in the kernel keeps the file system busy.
    fn drop(&mut self) {
        for pin in self.pins.values() {
            let _ = pin.source.release(&[0; PAGE]);
            let _ = pin.begun.wait(LIMIT);
        }
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(self.path.with_file_name(CLONE));
    }
}
