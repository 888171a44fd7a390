//! Variables: bounded, named, owned.

use super::id::TaskId;
pub use super::id::VarId;

/// What a saturated variable prints as.
pub const SATURATED: &str = "saturated";

/// Sets of more members than this print as numbers: each set needs a name of its own.
const SET_NAMED_MAX: usize = 8;

/// What may read and write a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Memory that several tasks reach: needs locks, atomics and memory orders.
    Shared,
    /// A register or stack variable of one task.
    Private(TaskId),
    /// Records what an invariant needs. No kernel could show it; no guard, condition or
    /// kernel variable may depend on it.
    Ghost,
}

/// A bounded variable.
#[derive(Clone, Debug)]
pub struct Var {
    /// The object it belongs to: `folio0`, `pte(mm0,0)`, `inode`, `pipe0.slot1`.
    pub object: String,
    /// Its name within the object, as the kernel calls it.
    pub name: String,
    /// Values are `0..=max`.
    pub max: u64,
    /// Value in the initial state.
    pub init: u64,
    /// Who may touch it.
    pub role: Role,
    /// Names for the values `0..`; values beyond the list print as numbers.
    pub labels: Vec<String>,
    /// Part of the final observation: what a consumer holds, what is on disk, which flags remain.
    pub observed: bool,
    /// Its largest value is no count: it says that the variable has left its range, for good. See
    /// [`saturate`](super::saturate).
    pub saturates: bool,
    /// What it is in memory, where threads run the programs.
    pub memory: Memory,
}

/// What a shared variable is in memory. Says nothing to a machine whose steps are indivisible; threads
/// that run the programs ([`executor`](crate::executor)) do by it what a step does.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Memory {
    /// The word that it is a part of (`folio0.flags`): what is in one word is read and changed in one
    /// access. A variable without is a word of its own.
    pub word: Option<String>,
    /// It is a lock, or a part of one.
    pub lock: Option<Lock>,
    /// It counts references: whoever gives one back does so fully ordered (`atomic_dec_and_test`).
    pub count: bool,
    /// A lock that no variable stands for, and that the kernel holds for as long as a step that touches
    /// the variable takes (`i_lock`).
    pub under: Option<String>,
}

/// What of a lock a variable says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lock {
    /// Who has it: a task's number plus one; 0 if nobody.
    Owner,
    /// Who shares it: a set of tasks.
    Readers,
}

impl Var {
    /// `object.name`, the form in which traces name it.
    pub fn full_name(&self) -> String {
        if self.object.is_empty() {
            self.name.clone()
        } else {
            format!("{}.{}", self.object, self.name)
        }
    }

    /// A value as a reader wants to see it.
    pub fn show(&self, value: u64) -> String {
        if self.saturates && value == self.max {
            return SATURATED.to_owned();
        }
        usize::try_from(value)
            .ok()
            .and_then(|v| self.labels.get(v))
            .cloned()
            .unwrap_or_else(|| value.to_string())
    }

    /// Bits needed for `0..=max`.
    pub fn bits(&self) -> u32 {
        u64::BITS - self.max.leading_zeros()
    }

    /// Whether it is a ghost.
    pub fn is_ghost(&self) -> bool {
        self.role == Role::Ghost
    }
}

/// Declares a variable; finished by [`build`](VarDecl::build).
#[derive(Clone, Debug)]
pub struct VarDecl(Var);

impl VarDecl {
    /// A shared variable `object.name` with values `0..=max`, initially 0.
    pub fn shared(object: impl Into<String>, name: impl Into<String>, max: u64) -> Self {
        VarDecl(Var {
            object: object.into(),
            name: name.into(),
            max,
            init: 0,
            role: Role::Shared,
            labels: Vec::new(),
            observed: false,
            saturates: false,
            memory: Memory::default(),
        })
    }

    /// A register of `task`.
    pub fn private(
        task: TaskId,
        object: impl Into<String>,
        name: impl Into<String>,
        max: u64,
    ) -> Self {
        let mut decl = Self::shared(object, name, max);
        decl.0.role = Role::Private(task);
        decl
    }

    /// A ghost variable.
    pub fn ghost(object: impl Into<String>, name: impl Into<String>, max: u64) -> Self {
        let mut decl = Self::shared(object, name, max);
        decl.0.role = Role::Ghost;
        decl
    }

    /// Sets the initial value.
    pub fn init(mut self, value: u64) -> Self {
        self.0.init = value;
        self
    }

    /// Names the values from 0 on.
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.0.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Makes it part of the final observation.
    pub fn observed(mut self) -> Self {
        self.0.observed = true;
        self
    }

    /// Its values are sets: bit n stands for `members[n]`. They print as `{a, b}`; those of many members as numbers.
    pub fn set_of(mut self, members: &[String]) -> Self {
        self.0.max = (1 << members.len()) - 1;
        if members.len() > SET_NAMED_MAX {
            return self;
        }
        let name = |set: u64| {
            let members = members.iter().enumerate();
            let members = members.filter(|(n, _)| set >> n & 1 == 1);
            let members: Vec<&str> = members.map(|(_, m)| m.as_str()).collect();
            format!("{{{}}}", members.join(", "))
        };
        let names: Vec<String> = (0..=self.0.max).map(name).collect();
        self.labels(names)
    }

    /// It is a part of the word of that name.
    pub fn in_word(mut self, word: impl Into<String>) -> Self {
        self.0.memory.word = Some(word.into());
        self
    }

    /// It is a lock, or a part of one.
    pub fn lock(mut self, lock: Lock) -> Self {
        self.0.memory.lock = Some(lock);
        self
    }

    /// It counts references.
    pub fn count(mut self) -> Self {
        self.0.memory.count = true;
        self
    }

    /// Steps that touch it hold a lock of that name, which no variable stands for.
    pub fn under(mut self, lock: impl Into<String>) -> Self {
        self.0.memory.under = Some(lock.into());
        self
    }

    /// The finished declaration.
    pub fn build(self) -> Var {
        self.0
    }
}
