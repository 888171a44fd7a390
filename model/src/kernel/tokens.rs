//! What a word can hold.
//!
//! Every store of a scenario writes a token that no other store writes, so a reader's words tell
//! exactly which stores it saw. Programs copy tokens and never compute with them, so by data
//! independence nothing is lost: had two stores written equal bytes, fewer mixtures would show, not
//! more. Two words a folio suffice to show a mixture of two stores; a mixture of more words than
//! that contains one of two.
//!
//! A task that goes on for ever stores the same tokens in every round: what it stores in a later round
//! looks like what it stored in an earlier one, and so does a mixture of two rounds. That hides nothing
//! from questions about progress, which depend on no token (no guard or condition reads data). From
//! questions about data it hides the second store of a pair by one task; every other pair of stores, by
//! two tasks or by two calls, has tokens of its own.

use crate::kernel::setup::{Call, Crypto, ExtentInit, FolioInit, Setup};

/// Tokens by page index and word.
#[derive(Clone, Debug)]
pub struct Tokens {
    labels: Vec<Vec<Vec<String>>>,
    stores: Vec<((usize, usize, usize, usize), u64)>,
    zero: Vec<Option<u64>>,
    stale: Vec<Option<u64>>,
    secret: Vec<Option<u64>>,
    foreign: Vec<Option<u64>>,
}

impl Tokens {
    /// Counts the stores of a scenario.
    pub fn of(setup: &Setup) -> Tokens {
        let mut tokens = Tokens {
            labels: Vec::new(),
            stores: Vec::new(),
            zero: Vec::new(),
            stale: Vec::new(),
            secret: Vec::new(),
            foreign: Vec::new(),
        };
        for (index, init) in setup.folios.iter().enumerate() {
            let mut base = vec!["old".to_owned()];
            let zeroed = init.extent != ExtentInit::Written || setup.any_call(|c| c.zeroes(index));
            tokens.zero.push(zeroed.then(|| {
                base.push("zero".to_owned());
                base.len() as u64 - 1
            }));
            tokens.stale.push(init.dirty.then(|| {
                base.push("stale".to_owned());
                base.len() as u64 - 1
            }));
            tokens.secret.push(setup.blocks.then(|| {
                base.push("secret".to_owned());
                base.len() as u64 - 1
            }));
            tokens.foreign.push(tokens.secret[index].or_else(|| {
                fresh_and_partly_written(setup, index).then(|| {
                    base.push("garbage".to_owned());
                    base.len() as u64 - 1
                })
            }));
            let mut words = vec![base; setup.words];
            for (task, number, call) in setup.calls() {
                let same_name = setup.tasks[task]
                    .calls
                    .iter()
                    .filter(|c| !c.stores().is_empty())
                    .count()
                    > 1;
                for (i, w) in call.stores() {
                    if i == index {
                        let name = &setup.tasks[task].name;
                        let label = if same_name {
                            format!("{name}.{number}")
                        } else {
                            name.clone()
                        };
                        tokens
                            .stores
                            .push(((task, number, i, w), words[w].len() as u64));
                        words[w].push(label);
                    }
                }
                if let Call::PipeWrite { pipe } = call
                    && merges_into(setup, *pipe, index)
                {
                    let w = setup.words - 1;
                    tokens
                        .stores
                        .push(((task, number, index, w), words[w].len() as u64));
                    words[w].push(setup.tasks[task].name.clone());
                }
                if let Call::Receive {
                    socket,
                    crypto: Some(crypto),
                    ..
                } = call
                    && setup.reaches_socket(index, *socket)
                {
                    for w in written_in_place(setup, *crypto) {
                        tokens
                            .stores
                            .push(((task, number, index, w), words[w].len() as u64));
                        words[w].push(setup.tasks[task].name.clone());
                    }
                }
            }
            tokens.labels.push(words);
        }
        tokens
    }

    /// Names of the values of a word.
    pub fn labels(&self, index: usize, word: usize) -> Vec<String> {
        self.labels[index][word].clone()
    }

    /// Number of values of a word.
    pub fn count(&self, index: usize, word: usize) -> u64 {
        self.labels[index][word].len() as u64
    }

    /// Largest value of a word.
    pub fn max(&self, index: usize, word: usize) -> u64 {
        self.count(index, word) - 1
    }

    /// The token that a call of a task stores to a word.
    pub fn store(&self, task: usize, call: usize, index: usize, word: usize) -> Option<u64> {
        let key = (task, call, index, word);
        self.stores
            .iter()
            .find(|(k, _)| *k == key)
            .map(|(_, token)| *token)
    }

    /// The token for zeros.
    pub fn zero(&self, index: usize) -> u64 {
        self.zero[index].unwrap_or(0)
    }

    /// A word in memory at the start.
    pub fn initial_memory(&self, index: usize, _word: usize, init: &FolioInit) -> u64 {
        if init.extent == ExtentInit::Written || init.dirty {
            0
        } else {
            self.zero(index)
        }
    }

    /// What a block holds that another file had before.
    pub fn secret(&self, index: usize) -> Option<u64> {
        self.secret[index]
    }

    /// What was never the file's: a block's former content, or that of a folio that was just allocated (where a write of
    /// part of a page can allocate it).
    pub fn foreign(&self, index: usize) -> Option<u64> {
        self.foreign[index]
    }

    /// A word at the start in the block with that number, of which the first is the page's own.
    pub fn initial_disk(&self, index: usize, init: &FolioInit, block: usize) -> u64 {
        if init.extent == ExtentInit::Written && block == 0 {
            self.stale[index].unwrap_or(0)
        } else {
            self.secret[index].unwrap_or(self.zero(index))
        }
    }
}

/// Some write of part of the page can find it absent, and fills the rest itself.
fn fresh_and_partly_written(setup: &Setup, index: usize) -> bool {
    let partly = |call: &Call| match call {
        Call::Write { folios, words } => folios.contains(&index) && words.len() < setup.words,
        _ => false,
    };
    let absent = !setup.folios[index].cached || setup.any_call(|c| c.removes(index));
    absent && setup.any_call(partly)
}

/// The words that a sink would write if it worked where the bytes lie: all that are decrypted, or the
/// scratch bytes behind them.
pub fn written_in_place(setup: &Setup, crypto: Crypto) -> std::ops::Range<usize> {
    match crypto {
        Crypto::Esp => 0..setup.words,
        Crypto::Aead => setup.words - 1..setup.words,
    }
}

/// Whether a page of that index can be in the pipe when somebody writes to it.
fn merges_into(setup: &Setup, pipe: usize, index: usize) -> bool {
    setup.any_call(|c| match c {
        Call::SpliceRead {
            folios, pipe: p, ..
        } => *p == pipe && folios.contains(&index),
        _ => false,
    })
}
