//! Steps as sequences of accesses: see [`uses`] for why nobody can tell.

use std::collections::BTreeSet;

use super::condition::Conditions;
use super::locks::Take;
use super::order::{self, Strength};
use super::uses::{self, Races, Uses};
use super::words::{WordId, Words, kernel_assigns};
use crate::machine::error::BuildError;
use crate::machine::expr::Expr;
use crate::machine::footprint::Touch;
use crate::machine::step::{Loc, Order, Step};
use crate::machine::system::{System, TaskId};
use crate::machine::var::{Lock, Role, VarId};

/// A lock to be taken, and how.
#[derive(Clone, Debug)]
pub struct TakeLock {
    /// The lock.
    pub take: Take,
    /// The order of taking it, and of dropping it if the step does not keep it.
    pub strength: Strength,
}

/// A word to be looked at.
#[derive(Clone, Debug)]
pub struct Look {
    /// If this holds.
    pub when: Conditions,
    /// The word.
    pub word: WordId,
    /// The order.
    pub strength: Strength,
    /// The guard reads it.
    pub guard: bool,
    /// Nothing else does.
    pub only_guard: bool,
    /// Which lock is to be taken depends on it.
    pub early: bool,
}

/// The access that others can see apart from the rest.
#[derive(Clone, Debug)]
pub struct Moment {
    /// If any of these hold.
    pub when: Vec<Conditions>,
    /// The word.
    pub word: WordId,
    /// The order.
    pub strength: Strength,
    /// It may change the word.
    pub writes: bool,
}

/// What a thread does for a step, in this order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Takes locks.
    pub takes: Vec<TakeLock>,
    /// Looks at what nobody changes meanwhile.
    pub looks: Vec<Look>,
    /// Does what everybody sees at once; one at most of those whose conditions hold.
    pub moments: Vec<Moment>,
    /// Words that it may change after that, with the order of each.
    pub writes: Vec<(WordId, Strength)>,
    /// A barrier is part of it that every CPU acknowledges.
    pub all_cpus: bool,
    /// A full barrier is part of it that comes with an access to what nobody looks at.
    pub incidental: bool,
    /// Words that its guard reads.
    pub guard_words: Vec<WordId>,
    /// Variables that it touches.
    pub vars: BTreeSet<VarId>,
    /// Those that it reads, but for what each was that it changes.
    pub reads: BTreeSet<VarId>,
}

/// The programs of a system, ready to be run by threads.
#[derive(Clone, Debug)]
pub struct Plans {
    /// Memory.
    pub words: Words,
    /// By task and step.
    pub plans: Vec<Vec<Plan>>,
    /// Steps that may go several ways whatever holds: task, location, number of ways.
    pub choices: Vec<(TaskId, Loc, usize)>,
}

impl Plans {
    /// Plans every step of `system`.
    ///
    /// # Errors
    /// [`BuildError::TwoObjects`]: a step that no sequence of accesses stands for.
    pub fn of(system: &System) -> Result<Plans, BuildError> {
        let words = Words::of(system);
        let all = uses::all(system, &words);
        let races = Races::new(system, &words, &all);
        let plans = all
            .iter()
            .map(|task| {
                task.iter()
                    .map(|step| plan(system, &words, &races, step))
                    .collect()
            })
            .collect::<Result<_, _>>()?;
        let choices = system
            .steps()
            .filter(|(_, _, s)| s.choice && s.branches.len() > 1)
            .map(|(task, loc, s)| (task, loc, s.branches.len()))
            .collect();
        Ok(Plans {
            words,
            plans,
            choices,
        })
    }

    /// Whether a task's program reads or assigns a variable.
    pub fn touches(&self, task: TaskId, var: VarId) -> bool {
        self.plans[task.index()]
            .iter()
            .any(|p| p.vars.contains(&var))
    }

    /// The value of every word at first.
    pub fn init(&self, system: &System) -> Vec<u64> {
        (0..self.words.words.len())
            .map(|w| self.words.pack(w, |v| system.var(v).init))
            .collect()
    }
}

/// A step being planned.
struct Planner<'a> {
    system: &'a System,
    words: &'a Words,
    races: &'a Races<'a>,
    step: &'a Step,
    uses: &'a Uses,
    /// Words of which it makes an access that everybody sees.
    racy: BTreeSet<WordId>,
    guard_words: Vec<WordId>,
}

fn plan(
    system: &System,
    words: &Words,
    races: &Races<'_>,
    uses: &Uses,
) -> Result<Plan, BuildError> {
    let step = &system.task(uses.task).program.steps[uses.loc];
    let planner = Planner {
        system,
        words,
        races,
        step,
        uses,
        racy: races.racy(uses).into_iter().map(|(w, _)| w).collect(),
        guard_words: words_of(words, &step.guard),
    };
    planner.check()?;
    let moments = planner.moments();
    let assigned = assigned(system, words, step);
    Ok(Plan {
        takes: planner.takes(),
        looks: planner.looks(&moments),
        writes: assigned
            .into_iter()
            .map(|w| (w, planner.strength(w)))
            .collect(),
        moments,
        all_cpus: step.accesses.iter().any(|a| a.order == Order::FullAllCpus),
        incidental: planner.has_incidental_barrier(),
        vars: super::words::kernel_vars(system, step),
        reads: planner.reads(),
        guard_words: planner.guard_words,
    })
}

impl Planner<'_> {
    fn strength(&self, word: WordId) -> Strength {
        order::declared(self.words, self.step, word)
    }

    /// A lock that others try is taken by the access that everybody sees.
    fn is_tried(&self, take: &Take) -> bool {
        take.var.is_some_and(|v| self.races.is_tried(self.uses, v))
    }

    /// One access at most is seen by everybody.
    fn check(&self) -> Result<(), BuildError> {
        let mut tried = self.uses.takes.iter().filter(|t| self.is_tried(t));
        let clash = tried.find_map(|t| Some((t.lock, *self.racy.iter().find(|w| **w != t.lock)?)));
        let Some((first, second)) = self.races.two_objects(self.uses).or(clash) else {
            return Ok(());
        };
        Err(BuildError::TwoObjects {
            task: self.system.task(self.uses.task).name.clone(),
            step: format!("{} {}", self.step.id, self.step.function),
            first: self.words.words[first].name.clone(),
            second: self.words.words[second].name.clone(),
        })
    }

    fn moments(&self) -> Vec<Moment> {
        let assigned = assigned(self.system, self.words, self.step);
        self.racy
            .iter()
            .map(|word| Moment {
                when: touched(self.words, self.uses, *word),
                word: *word,
                strength: self.strength(*word),
                writes: assigned.contains(word),
            })
            .collect()
    }

    fn look(&self, word: WordId, when: Conditions, only_guard: bool) -> Look {
        let names = |c: &Expr| mentions_word(self.words, c, word);
        Look {
            when,
            word,
            strength: self.strength(word),
            guard: self.guard_words.contains(&word),
            only_guard,
            early: self.uses.takes.iter().any(|t| t.when.iter().any(names)),
        }
    }

    fn looks(&self, moments: &[Moment]) -> Vec<Look> {
        let seen_later = |c: &Expr| moments.iter().any(|m| mentions_word(self.words, c, m.word));
        let mut looks: Vec<Look> = Vec::new();
        for read in self.uses.uses.iter().filter(|u| u.touch == Touch::Read) {
            let word = self.words.word_of(read.var).expect("only words are used");
            if self.racy.contains(&word) {
                continue;
            }
            let mut when = read.when.clone();
            when.retain(|c| !seen_later(c));
            match looks.iter_mut().find(|l| l.word == word) {
                Some(known) => known.when.retain(|c| when.contains(c)),
                None => looks.push(self.look(word, when, self.is_only_guard(word))),
            }
        }
        if self.step.rechecked {
            for word in &self.guard_words {
                if !looks.iter().any(|l| l.word == *word) {
                    looks.push(self.look(*word, Vec::new(), true));
                }
            }
        }
        looks
    }

    fn is_only_guard(&self, word: WordId) -> bool {
        let of_word = |u: &&uses::Use| self.words.word_of(u.var) == Some(word);
        let mut uses = self.uses.uses.iter().filter(of_word);
        uses.all(|u| u.guard.is_some())
    }

    fn takes(&self) -> Vec<TakeLock> {
        let by_itself = |t: &&Take| !(self.is_tried(t) && self.racy.contains(&t.lock));
        let mut takes: Vec<TakeLock> = self
            .uses
            .takes
            .iter()
            .filter(by_itself)
            .map(|take| TakeLock {
                take: take.clone(),
                strength: match take.var {
                    Some(_) => self.strength(take.lock),
                    None => Strength::ACQUIRE.and(Strength::RELEASE),
                },
            })
            .collect();
        takes.sort_by_key(|t| t.take.lock);
        takes
    }

    fn has_incidental_barrier(&self) -> bool {
        self.step.accesses.iter().any(|a| {
            let shared = self.system.var(a.var).role == Role::Shared;
            a.order == Order::Full && shared && self.words.word_of(a.var).is_none()
        })
    }

    fn reads(&self) -> BTreeSet<VarId> {
        let read = self.uses.uses.iter().filter(|u| u.touch == Touch::Read);
        let mut reads: BTreeSet<VarId> = read.map(|u| u.var).collect();
        if self.step.rechecked {
            self.step.guard.reads(&mut reads);
        }
        reads
    }
}

/// When a step touches a word, as far as it can be known before.
fn touched(words: &Words, uses: &Uses, word: WordId) -> Vec<Conditions> {
    let mut all: Vec<Conditions> = Vec::new();
    let of_word = |u: &&uses::Use| words.word_of(u.var) == Some(word);
    for access in uses.uses.iter().filter(of_word) {
        let mut when = access.when.clone();
        when.retain(|c| !mentions_word(words, c, word));
        if !all.contains(&when) {
            all.push(when);
        }
    }
    all
}

/// The words that some branch assigns.
fn assigned(system: &System, words: &Words, step: &Step) -> BTreeSet<WordId> {
    step.branches
        .iter()
        .filter(|b| b.when != Expr::FALSE)
        .flat_map(|b| kernel_assigns(system, b))
        .filter_map(|a| words.word_of(a.var))
        .collect()
}

fn words_of(words: &Words, expr: &Expr) -> Vec<WordId> {
    let mut vars = BTreeSet::new();
    expr.reads(&mut vars);
    let all: BTreeSet<WordId> = vars.into_iter().filter_map(|v| words.word_of(v)).collect();
    all.into_iter().collect()
}

fn mentions_word(words: &Words, expr: &Expr, word: WordId) -> bool {
    words.words[word]
        .parts
        .iter()
        .any(|(v, _)| expr.mentions(*v))
}

impl Moment {
    /// The same access where it only looks.
    pub fn look(&self, plan: &Plan) -> Look {
        let guard = plan.guard_words.contains(&self.word);
        Look {
            when: Vec::new(),
            word: self.word,
            // The barriers around it are made by the step.
            strength: Strength {
                full: false,
                ..self.strength
            },
            guard,
            only_guard: false,
            early: false,
        }
    }
}

impl TakeLock {
    /// Whether it is free in a word with that value.
    pub fn is_free(&self, system: &System, words: &Words, value: u64) -> bool {
        let Some(var) = self.take.var else {
            return value == 0;
        };
        words
            .unpack(system, self.take.lock, value)
            .all(|(v, value)| match system.var(v).memory.lock {
                // Shared holders exclude an exclusive one.
                Some(Lock::Readers) => value == 0 || !self.take.exclusive,
                Some(Lock::Owner) if v == var || !self.take.exclusive => value == 0,
                _ => true,
            })
    }

    /// The word once `task` has it.
    pub fn taken(&self, system: &System, words: &Words, value: u64, task: TaskId) -> u64 {
        self.change(system, words, value, |old, readers| {
            if readers {
                old | 1 << task.0
            } else {
                u64::from(task.0) + 1
            }
        })
    }

    /// The word once `task` has dropped it again.
    pub fn dropped(&self, system: &System, words: &Words, value: u64, task: TaskId) -> u64 {
        self.change(system, words, value, |old, readers| {
            if readers { old & !(1 << task.0) } else { 0 }
        })
    }

    fn change(
        &self,
        system: &System,
        words: &Words,
        value: u64,
        to: impl Fn(u64, bool) -> u64,
    ) -> u64 {
        let Some(var) = self.take.var else {
            return to(value, false);
        };
        let values: Vec<(VarId, u64)> = words.unpack(system, self.take.lock, value).collect();
        words.pack(self.take.lock, |v| {
            let old = values.iter().find(|(x, _)| *x == v).map_or(0, |(_, o)| *o);
            if v == var {
                to(old, system.var(v).memory.lock == Some(Lock::Readers))
            } else {
                old
            }
        })
    }
}
