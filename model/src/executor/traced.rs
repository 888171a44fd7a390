//! Memory of a back-end that runs one thread at a time: what it stores is the number of a write, and a
//! table beside it says what each write was. So it is known which write each access read, and a
//! read-modify-write can be any function.
//!
//! A plain store is done as an exchange. That gives the writes to a word one order, in which they
//! were done; it differs from a store in that it continues the release sequence of another thread's
//! write, which here only locks and reference counts head.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use super::backend::{Changed, Memory, Seen, Write};

/// An atomic 64-bit cell of a back-end.
pub trait Cell: Send + Sync + 'static {
    /// With this value.
    fn new(value: u64) -> Self;
    /// Reads.
    fn load(&self, order: Ordering) -> u64;
    /// Exchanges.
    fn swap(&self, value: u64, order: Ordering) -> u64;
}

/// The table.
#[derive(Default, Debug)]
struct Table {
    /// By stamp.
    writes: Vec<Write>,
    /// The last write to each word.
    latest: Vec<u32>,
}

/// Words of `C` cells.
pub struct Traced<C> {
    cells: Vec<C>,
    table: Mutex<Table>,
}

impl<C: Cell> Traced<C> {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no panic while held")
    }
}

impl<C: Cell> Memory for Traced<C> {
    fn new(init: &[u64]) -> Self {
        let firsts = (0u32..).zip(init);
        Traced {
            cells: firsts.clone().map(|(s, _)| C::new(u64::from(s))).collect(),
            table: Mutex::new(Table {
                writes: firsts
                    .clone()
                    .map(|(before, value)| Write {
                        value: *value,
                        before,
                    })
                    .collect(),
                latest: firsts.map(|(s, _)| s).collect(),
            }),
        }
    }

    fn load(&self, word: usize, order: Ordering) -> Seen {
        let stamp = stamp(self.cells[word].load(order));
        let value = self.table().writes[stamp as usize].value;
        Seen { value, stamp }
    }

    fn rmw(&self, word: usize, order: Ordering, change: &mut dyn FnMut(u64) -> u64) -> Changed {
        let new = {
            let mut table = self.table();
            table.writes.push(Write {
                value: 0,
                before: 0,
            });
            stamp(table.writes.len() as u64 - 1)
        };
        let before = stamp(self.cells[word].swap(u64::from(new), order));
        // Nothing else runs between the exchange and the entry in the table.
        let old = self.table().writes[before as usize].value;
        let value = change(old);
        let mut table = self.table();
        table.writes[new as usize] = Write { value, before };
        table.latest[word] = new;
        Changed {
            old: Seen {
                value: old,
                stamp: before,
            },
            new: Seen { value, stamp: new },
        }
    }

    fn latest(&self, word: usize) -> Seen {
        let table = self.table();
        let stamp = table.latest[word];
        Seen {
            value: table.writes[stamp as usize].value,
            stamp,
        }
    }

    fn writes(&self) -> Vec<Write> {
        self.table().writes.clone()
    }
}

fn stamp(number: u64) -> u32 {
    u32::try_from(number).expect("an execution makes few writes")
}
