//! What an execution did, step by step and access by access; and an order of its steps that explains it,
//! if there is one.

use super::backend::Write;
use crate::machine::interp::Action;

/// An access of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// The step, by its place in the history.
    pub event: u32,
    /// The word.
    pub word: u16,
    /// The write that it read, or made.
    pub stamp: u32,
    /// The variables of the word that it depends on, or changed: a set of positions.
    pub parts: u64,
    /// It is a write.
    pub write: bool,
}

/// The steps of an execution in the order in which they took effect, and their accesses.
#[derive(Clone, Default, Debug)]
pub struct History {
    /// The steps.
    pub events: Vec<Action>,
    /// The accesses, in any order.
    pub accesses: Vec<Access>,
    /// The writes to memory, by stamp.
    pub writes: Vec<Write>,
}

/// Why no order of an execution's steps explains it: it takes memory that is weaker than interleaving.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weak {
    /// An order that breaks as little as can be: what each step reads was written before, and only steps
    /// in a cycle see less than they would.
    pub order: Vec<usize>,
    /// The steps that are in a cycle.
    pub cycle: Vec<usize>,
}

impl History {
    /// An order of the steps in which each reads what was last written.
    ///
    /// # Errors
    /// If there is none.
    pub fn linearize(&self) -> Result<Vec<usize>, Weak> {
        let n = self.events.len();
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); n];
        let mut derived: Vec<Vec<usize>> = vec![Vec::new(); n];
        let mut last: std::collections::BTreeMap<_, usize> = std::collections::BTreeMap::new();
        for (e, action) in self.events.iter().enumerate() {
            if let Some(before) = last.insert(action.task, e) {
                after[before].push(e);
            }
        }
        let chain = Chain::new(self);
        for access in &self.accesses {
            let event = access.event as usize;
            for part in (0..u64::BITS)
                .map(|n| 1 << n)
                .filter(|p| access.parts & p != 0)
            {
                let follower = chain.next(access.stamp, part).filter(|f| *f != event);
                if access.write {
                    after[event].extend(follower);
                } else {
                    let source = chain.source(access.stamp, part).filter(|s| *s != event);
                    if let Some(source) = source {
                        after[source].push(event);
                    }
                    derived[event].extend(follower);
                }
            }
        }
        order(&after, &derived)
    }
}

/// The writes to each word, one after another.
struct Chain<'a> {
    writes: &'a [Write],
    after: Vec<Option<u32>>,
    /// By stamp: the step that made the write, and the variables that it changed; none for writes that
    /// changed nothing, or that no step stands for.
    writer: Vec<Option<(usize, u64)>>,
}

impl<'a> Chain<'a> {
    fn new(history: &'a History) -> Self {
        let n = history.writes.len();
        let mut writer = vec![None; n];
        for access in history.accesses.iter().filter(|a| a.write) {
            writer[access.stamp as usize] = Some((access.event as usize, access.parts));
        }
        let mut after = vec![None; n];
        for (stamp, write) in (0u32..).zip(&history.writes) {
            if write.before != stamp {
                after[write.before as usize] = Some(stamp);
            }
        }
        Chain {
            writes: &history.writes,
            after,
            writer,
        }
    }

    fn changed(&self, stamp: u32, part: u64) -> Option<usize> {
        self.writer[stamp as usize]
            .filter(|(_, parts)| parts & part != 0)
            .map(|(event, _)| event)
    }

    /// The step that wrote the variable as a write left it.
    fn source(&self, mut stamp: u32, part: u64) -> Option<usize> {
        loop {
            if let Some(event) = self.changed(stamp, part) {
                return Some(event);
            }
            let before = self.writes[stamp as usize].before;
            if before == stamp {
                return None;
            }
            stamp = before;
        }
    }

    /// The step that changed the variable after a write.
    fn next(&self, stamp: u32, part: u64) -> Option<usize> {
        let mut at = self.after[stamp as usize];
        while let Some(stamp) = at {
            if let Some(event) = self.changed(stamp, part) {
                return Some(event);
            }
            at = self.after[stamp as usize];
        }
        None
    }
}

/// A topological order by both kinds of edges, earliest first; where that cannot be, by the first kind
/// within each cycle.
fn order(after: &[Vec<usize>], derived: &[Vec<usize>]) -> Result<Vec<usize>, Weak> {
    let n = after.len();
    let all = |e: usize| after[e].iter().chain(&derived[e]).copied();
    let mut left: Vec<usize> = vec![0; n];
    for e in 0..n {
        for f in all(e) {
            left[f] += 1;
        }
    }
    let mut done = vec![false; n];
    let mut order = Vec::with_capacity(n);
    let mut cycle = Vec::new();
    loop {
        if let Some(e) = (0..n).find(|e| !done[*e] && left[*e] == 0) {
            done[e] = true;
            order.push(e);
            for f in all(e) {
                left[f] -= 1;
            }
            continue;
        }
        // Everything left is in a cycle, or behind one: the earliest of the cycle goes first.
        let waits = |e: usize| (0..n).any(|d| !done[d] && after[d].contains(&e));
        let in_cycle = |e: usize| {
            let mut seen = done.clone();
            let mut work = vec![e];
            while let Some(d) = work.pop() {
                for f in all(d) {
                    if f == e {
                        return true;
                    }
                    if !std::mem::replace(&mut seen[f], true) {
                        work.push(f);
                    }
                }
            }
            false
        };
        let Some(e) = (0..n).find(|e| !done[*e] && !waits(*e) && in_cycle(*e)) else {
            break;
        };
        cycle.push(e);
        done[e] = true;
        order.push(e);
        for f in all(e) {
            left[f] = left[f].saturating_sub(1);
        }
    }
    if cycle.is_empty() {
        Ok(order)
    } else {
        Err(Weak { order, cycle })
    }
}
