//! The orders of the accesses that a step makes: what it declares, word by word.

use std::sync::atomic::Ordering;

use super::words::{WordId, Words};
use crate::machine::step::{Order, Step};

/// What an access orders.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Strength {
    /// What follows it.
    pub acquire: bool,
    /// What precedes it.
    pub release: bool,
    /// Everything: a full barrier on both sides (`smp_mb`).
    pub full: bool,
}

impl Strength {
    /// Nothing.
    pub const RELAXED: Strength = Strength {
        acquire: false,
        release: false,
        full: false,
    };
    /// What taking a lock orders.
    pub const ACQUIRE: Strength = Strength {
        acquire: true,
        ..Strength::RELAXED
    };
    /// What dropping a lock orders.
    pub const RELEASE: Strength = Strength {
        release: true,
        ..Strength::RELAXED
    };
    /// Everything.
    pub const FULL: Strength = Strength {
        acquire: true,
        release: true,
        full: true,
    };

    fn of(order: Order) -> Strength {
        match order {
            Order::Relaxed => Strength::RELAXED,
            Order::Acquire => Strength::ACQUIRE,
            Order::Release => Strength::RELEASE,
            Order::Full | Order::FullAllCpus => Strength::FULL,
        }
    }

    /// Both.
    pub fn and(self, other: Strength) -> Strength {
        Strength {
            acquire: self.acquire || other.acquire,
            release: self.release || other.release,
            full: self.full || other.full,
        }
    }

    /// Only as far as taking a lock goes: a lock is no full barrier.
    pub fn of_take(self) -> Strength {
        Strength {
            acquire: self.acquire,
            ..Strength::RELAXED
        }
    }

    /// Only as far as dropping a lock goes.
    pub fn of_drop(self) -> Strength {
        Strength {
            release: self.release,
            ..Strength::RELAXED
        }
    }

    /// As Rust names it, for a load.
    pub fn for_load(self) -> Ordering {
        if self.acquire {
            Ordering::Acquire
        } else {
            Ordering::Relaxed
        }
    }

    /// As Rust names it, for a read-modify-write.
    pub fn for_rmw(self) -> Ordering {
        match (self.acquire, self.release) {
            (false, false) => Ordering::Relaxed,
            (true, false) => Ordering::Acquire,
            (false, true) => Ordering::Release,
            (true, true) => Ordering::AcqRel,
        }
    }
}

/// The order that a step declares for its access to a word: that of all the word's variables together.
pub fn declared(words: &Words, step: &Step, word: WordId) -> Strength {
    step.accesses
        .iter()
        .filter(|a| words.word_of(a.var) == Some(word))
        .fold(Strength::RELAXED, |all, a| all.and(Strength::of(a.order)))
}
