//! The calls of a scenario, made on the kernel.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use foliocheck_model::kernel::setup::{Call, SyncMode};
use rustix::fs::{Advice, FallocateFlags};
use rustix::pipe::SpliceFlags;

use super::{Acted, LIMIT, Player, at, bad, size, word_range};
use crate::act::Outcome;
use crate::plan::Unit;
use crate::sys::{self, Mapping, PAGE};

fn did(text: impl Into<String>) -> Acted {
    Acted {
        did: text.into(),
        ..Acted::default()
    }
}

type Made = io::Result<Outcome<Acted>>;

impl Player<'_> {
    /// Makes a call, or one store of it.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn play(&mut self, unit: &Unit) -> Made {
        let call = &self.world.setup.tasks[unit.task].calls[unit.call];
        match call {
            Call::Write { .. }
            | Call::MmapStore { .. }
            | Call::BufferStore { .. }
            | Call::DirectWrite { .. }
            | Call::PinStore { .. } => self.stores(unit, call.clone()),
            Call::Mmap { .. }
            | Call::Munmap { .. }
            | Call::MprotectReadOnly { .. }
            | Call::MprotectRoundTrip { .. } => self.mappings(unit, call.clone()),
            Call::SpliceRead { .. }
            | Call::Tee { .. }
            | Call::PipeRead { .. }
            | Call::SpliceSocket { .. }
            | Call::Receive { .. } => self.pipes(unit, call.clone()),
            _ => self.files(unit, call.clone()),
        }
    }

    /// Stores to the file.
    fn stores(&mut self, unit: &Unit, call: Call) -> Made {
        let file = Arc::clone(&self.file);
        match call {
            Call::Write { folios, words } => {
                let mut bytes = Vec::new();
                for index in &folios {
                    for word in &words {
                        let value = self.byte(*index, *word, self.token(unit, *index, *word)?);
                        let len = word_range(self.world.setup.words, *word).len();
                        bytes.resize(bytes.len() + len, value);
                    }
                }
                let offset = at(folios[0]) + self.range(&words).start as u64;
                let text = format!("write(2) of {} bytes at {offset}", bytes.len());
                self.run(unit.task, move || {
                    file.write_all_at(&bytes, offset)?;
                    Ok(did(text))
                })
            }
            Call::MmapStore { mm, folio, words } => {
                let word = unit.word.unwrap_or(words[0]);
                if self.read_only.contains(&(mm, folio)) {
                    let killed = "a store to a read-only mapping: not made, it would be killed";
                    return match unit.word {
                        None => Ok(Outcome::Done(did(killed.to_owned()))),
                        Some(_) => Err(bad(killed)),
                    };
                }
                let map = self.mapped(mm, folio)?;
                let bytes = self.word(folio, word, self.token(unit, folio, word)?);
                let offset = word_range(self.world.setup.words, word).start;
                let text = format!("store to word {word} through the mapping of mm{mm}");
                self.run(unit.task, move || {
                    let before = sys::faults()?;
                    map.store(offset, &bytes);
                    let faults = Some(sys::faults()? - before);
                    Ok(Acted {
                        faults,
                        ..did(text)
                    })
                })
            }
            Call::BufferStore { folio, words } => {
                let word = unit.word.unwrap_or(words[0]);
                let bytes = self.word(folio, word, self.token(unit, folio, word)?);
                let offset = word_range(self.world.setup.words, word).start;
                let buffer = self.buffer(folio)?;
                self.run(unit.task, move || {
                    buffer.store(offset, &bytes);
                    Ok(did(format!("store to word {word} of the program's buffer")))
                })
            }
            Call::DirectWrite { folio, .. } => {
                let buffer = self.buffer(folio)?;
                let direct = OpenOptions::new()
                    .write(true)
                    .custom_flags(libc::O_DIRECT)
                    .open(&self.path)?;
                let offset = i64::try_from(at(folio)).map_err(io::Error::other)?;
                self.run(unit.task, move || {
                    let written = sys::write_from(&direct, &buffer, PAGE, offset)?;
                    Ok(did(format!(
                        "write(2) with O_DIRECT of {written} bytes at {offset}"
                    )))
                })
            }
            Call::PinStore { folio, words } => {
                let pin = self.pins.remove(&(unit.task, unit.call));
                let pin = pin.ok_or_else(|| bad("no pin"))?;
                let mut page = [0; PAGE];
                let start = self.range(&words).start;
                for word in words {
                    let range = word_range(self.world.setup.words, word);
                    let value = self.byte(folio, word, self.token(unit, folio, word)?);
                    page[range.start - start..range.end - start].fill(value);
                }
                pin.source.release(&page)?;
                Ok(match pin.begun.wait(LIMIT) {
                    Outcome::Done(stored) => {
                        let text = format!(
                            "process_vm_writev goes on: {} bytes stored, unpinned",
                            stored?
                        );
                        Outcome::Done(did(text))
                    }
                    Outcome::Blocked(at) => Outcome::Blocked(at),
                })
            }
            other => Err(bad(format!("{other:?} is not played"))),
        }
    }

    /// Calls about mappings.
    fn mappings(&mut self, unit: &Unit, call: Call) -> Made {
        match call {
            Call::Mmap { mm } => {
                let keys: Vec<_> = self.world.ptes.keys().copied().collect();
                for (_, index) in keys.into_iter().filter(|(of, _)| *of == mm) {
                    self.map(mm, index)?;
                }
                Ok(Outcome::Done(did("mmap(2)".to_owned())))
            }
            Call::Munmap { mm, folio } => {
                let map = self.maps.remove(&(mm, folio));
                self.run(unit.task, move || {
                    drop(map);
                    Ok(did("munmap(2)".to_owned()))
                })
            }
            Call::MprotectReadOnly { mm, folio } => {
                let map = self.mapped(mm, folio)?;
                self.read_only.insert((mm, folio));
                self.run(unit.task, move || {
                    map.protect(false)?;
                    Ok(did("mprotect(PROT_READ)".to_owned()))
                })
            }
            Call::MprotectRoundTrip { mm, folio } => {
                let map = self.mapped(mm, folio)?;
                self.run(unit.task, move || {
                    map.protect(false)?;
                    map.protect(true)?;
                    Ok(did("mprotect(PROT_READ), and back".to_owned()))
                })
            }
            other => Err(bad(format!("{other:?} is not played"))),
        }
    }

    /// Calls that move data.
    fn pipes(&self, unit: &Unit, call: Call) -> Made {
        let file = Arc::clone(&self.file);
        match call {
            Call::SpliceRead { folios, pipe, .. } => {
                let write = Arc::clone(&self.pipes[pipe].1);
                self.run(unit.task, move || {
                    let mut offset = at(folios[0]);
                    let len = folios.len() * PAGE;
                    let moved = rustix::pipe::splice(
                        &file,
                        Some(&mut offset),
                        &write,
                        None,
                        len,
                        SpliceFlags::empty(),
                    )?;
                    Ok(Acted {
                        moved: Some(moved),
                        ..did(format!("splice(2) of {moved} bytes into pipe{pipe}"))
                    })
                })
            }
            Call::Tee { from, to, buffers } => {
                let (read, write) = (
                    Arc::clone(&self.pipes[from].0),
                    Arc::clone(&self.pipes[to].1),
                );
                self.run(unit.task, move || {
                    let moved =
                        rustix::pipe::tee(&read, &write, buffers * PAGE, SpliceFlags::empty())?;
                    whole(moved, buffers * PAGE)?;
                    Ok(did(format!(
                        "tee(2) of {moved} bytes from pipe{from} to pipe{to}"
                    )))
                })
            }
            Call::PipeRead { pipe, buffers, .. } => {
                let read = Arc::clone(&self.pipes[pipe].0);
                self.run(unit.task, move || {
                    let mut bytes = vec![0; buffers * PAGE];
                    let mut got = 0;
                    while got < bytes.len() {
                        got += match rustix::io::read(&read, &mut bytes[got..])? {
                            0 => return Err(bad("the pipe ends")),
                            n => n,
                        };
                    }
                    Ok(Acted {
                        bytes: Some(bytes),
                        ..did(format!("read(2) of {got} bytes from pipe{pipe}"))
                    })
                })
            }
            Call::SpliceSocket {
                pipe,
                socket,
                buffers,
                ..
            } => {
                let read = Arc::clone(&self.pipes[pipe].0);
                let sender = Arc::clone(&self.sockets[socket].0);
                self.run(unit.task, move || {
                    let len = buffers * PAGE;
                    let moved = rustix::pipe::splice(
                        &read,
                        None,
                        &sender,
                        None,
                        len,
                        SpliceFlags::empty(),
                    )?;
                    whole(moved, len)?;
                    Ok(did(format!(
                        "splice(2) of {moved} bytes from pipe{pipe} to socket{socket}"
                    )))
                })
            }
            Call::Receive {
                socket, buffers, ..
            } => {
                let receiver = Arc::clone(&self.sockets[socket].1);
                self.run(unit.task, move || {
                    let mut bytes = vec![0; buffers * PAGE];
                    (&*receiver).read_exact(&mut bytes)?;
                    Ok(Acted {
                        bytes: Some(bytes),
                        ..did(format!("recv(2) from socket{socket}"))
                    })
                })
            }
            other => Err(bad(format!("{other:?} is not played"))),
        }
    }

    /// Calls about the file, and what happens by itself.
    fn files(&self, unit: &Unit, call: Call) -> Made {
        let file = Arc::clone(&self.file);
        match call {
            Call::Writeback { folios, sync } => {
                let whole = folios.len() == self.world.setup.folios.len();
                self.run(unit.task, move || {
                    let (first, last) = (folios[0], folios[folios.len() - 1]);
                    let offset = i64::try_from(at(first)).map_err(io::Error::other)?;
                    let len = i64::try_from(size(last + 1 - first)).map_err(io::Error::other)?;
                    if sync == SyncMode::All && whole {
                        file.sync_all()?;
                        return Ok(did("fsync(2)".to_owned()));
                    }
                    // With all of its flags this is WB_SYNC_ALL. The difference to WB_SYNC_NONE is what others have
                    // begun, and nothing else runs.
                    sys::sync_range(&file, offset, len)?;
                    Ok(did(format!(
                        "sync_file_range(2) of {len} bytes at {offset}, IO waited for"
                    )))
                })
            }
            Call::Truncate { folio } => {
                let size = at(self.world.setup.folios.len());
                self.run(unit.task, move || {
                    file.set_len(at(folio))?;
                    file.set_len(size)?;
                    Ok(did("ftruncate(2), and extended again".to_owned()))
                })
            }
            Call::PunchHole { folio, word } => {
                let range = word.map_or(0..PAGE, |w| word_range(self.world.setup.words, w));
                self.run(unit.task, move || {
                    let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                    let (offset, len) = (at(folio) + range.start as u64, range.len() as u64);
                    rustix::fs::fallocate(&file, mode, offset, len)?;
                    Ok(did(format!(
                        "fallocate(PUNCH_HOLE) of {len} bytes at {offset}"
                    )))
                })
            }
            Call::Reflink { folio } => {
                let other = self.other.clone().ok_or_else(|| bad("no other file"))?;
                self.run(unit.task, move || {
                    sys::clone_range(&file, &other, at(folio), PAGE as u64)?;
                    Ok(did("FICLONERANGE into another file".to_owned()))
                })
            }
            Call::Reclaim { folio } => self.run(unit.task, move || {
                let len = std::num::NonZeroU64::new(PAGE as u64);
                rustix::fs::fadvise(&file, at(folio), len, Advice::DontNeed)?;
                Ok(did("posix_fadvise(DONTNEED)".to_owned()))
            }),
            Call::Tick => self.run(unit.task, move || {
                std::thread::sleep(Duration::from_millis(12));
                Ok(did("12 ms pass: the coarse clock ticks".to_owned()))
            }),
            Call::Transmit { .. } => {
                std::thread::sleep(Duration::from_millis(1));
                Ok(Outcome::Done(
                    did("the kernel does it by itself".to_owned()),
                ))
            }
            Call::WaitCompletion { .. } => Ok(Outcome::Done(did(
                "the return of splice(2) says it".to_owned(),
            ))),
            other => Err(bad(format!("{other:?} is not played"))),
        }
    }

    /// The token that a call stores to a word.
    fn token(&self, unit: &Unit, index: usize, word: usize) -> io::Result<u64> {
        let token = self.world.tokens.store(unit.task, unit.call, index, word);
        token.ok_or_else(|| bad("a store without a token"))
    }

    fn word(&self, index: usize, word: usize, token: u64) -> Vec<u8> {
        let len = word_range(self.world.setup.words, word).len();
        vec![self.byte(index, word, token); len]
    }

    /// The mapping of a page. Who uses it after munmap(2) has mapped it again: the model takes that for granted.
    fn mapped(&mut self, mm: usize, index: usize) -> io::Result<Arc<Mapping>> {
        if !self.maps.contains_key(&(mm, index)) {
            self.map(mm, index)?;
        }
        let map = self.maps.get(&(mm, index)).cloned();
        map.ok_or_else(|| bad("the page is not mapped"))
    }

    fn buffer(&self, index: usize) -> io::Result<Arc<Mapping>> {
        let buffer = self.buffers.get(&index).cloned();
        buffer.ok_or_else(|| bad("no buffer"))
    }

    fn run(
        &self,
        task: usize,
        call: impl FnOnce() -> io::Result<Acted> + Send + 'static,
    ) -> io::Result<Outcome<Acted>> {
        Ok(match self.workers[task].call(LIMIT, call) {
            Outcome::Done(result) => Outcome::Done(result?),
            Outcome::Blocked(at) => Outcome::Blocked(at),
        })
    }
}

/// A short count would be another call than the one that was to be made.
fn whole(moved: usize, len: usize) -> io::Result<()> {
    if moved == len {
        Ok(())
    } else {
        Err(bad(format!("{moved} bytes in place of {len}")))
    }
}
