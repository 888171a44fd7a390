//! One atomic step, as data.

use std::panic::Location;

use super::expr::Expr;
use super::var::VarId;

/// Position in a program: an index into its steps, or [`END`] or [`STOPPED`].
pub type Loc = usize;

/// The task has finished.
pub const END: Loc = usize::MAX;

/// The task has decided never to go on (a reader that stops reading its pipe). It holds what it
/// holds, and nobody may count on it.
pub const STOPPED: Loc = usize::MAX - 1;

/// Memory order of one shared access, as the kernel primitive gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Order {
    /// A plain or `READ_ONCE`/`WRITE_ONCE` access, `set_bit`, `atomic_inc`.
    Relaxed,
    /// `smp_load_acquire`, a lock being taken.
    Acquire,
    /// `smp_store_release`, `clear_bit_unlock`, a lock being dropped.
    Release,
    /// A value-returning read-modify-write: fully ordered (`test_and_clear_bit`,
    /// `ptep_get_and_clear`, `smp_mb` before or after).
    Full,
    /// A barrier that every CPU acknowledges: a TLB shootdown by interrupt.
    FullAllCpus,
}

impl Order {
    /// The name used in listings.
    pub fn name(self) -> &'static str {
        match self {
            Order::Relaxed => "relaxed",
            Order::Acquire => "acquire",
            Order::Release => "release",
            Order::Full => "full",
            Order::FullAllCpus => "full, all CPUs",
        }
    }
}

/// The declared order of a step's access to one shared variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// The variable.
    pub var: VarId,
    /// The order. Accesses of the step that are not listed are relaxed.
    pub order: Order,
}

/// One assignment. The right-hand side and the condition read the state before the step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assign {
    /// Assigned only if this is true.
    pub when: Expr,
    /// The variable.
    pub var: VarId,
    /// Its new value.
    pub value: Expr,
}

/// What a step costs the machine that runs it, beyond the step itself. Counted over paths of the
/// state graph, never by a variable: a mark changes no state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cost {
    /// The kernel copies a page that is spliced, or replaces it by a copy. What a consumer that reads
    /// a pipe copies to its own buffer is not one: it is the same under every scheme.
    PageCopy,
    /// A TLB shootdown: an interrupt to every CPU that may have the entry.
    TlbFlush,
    /// `handle_mm_fault` is entered.
    Fault,
    /// Work is thrown away and done again: splice again, map again, look up again, store again.
    Retry,
}

impl Cost {
    /// All of them.
    pub const ALL: [Cost; 4] = [Cost::PageCopy, Cost::TlbFlush, Cost::Fault, Cost::Retry];
}

/// One way on from a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Taken if this holds.
    pub when: Expr,
    /// What a reader is told when this branch is taken; empty for the only branch of a step.
    pub label: String,
    /// What it changes.
    pub assigns: Vec<Assign>,
    /// Where the task goes.
    pub next: Loc,
    /// What it costs.
    pub costs: Vec<Cost>,
}

/// Which rule of a scheme put a step there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleTag {
    /// The scheme's rule.
    pub rule: String,
    /// The hook it was attached to.
    pub hook: String,
}

/// One indivisible action of the real system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The action's id: `W7`, `B3`, or the id a rule gave.
    pub id: String,
    /// The C function it stands for.
    pub function: String,
    /// The file of that function.
    pub file: String,
    /// What happens, in a few words of pseudo-C.
    pub text: String,
    /// The functions that called this one, outermost first.
    pub scope: Vec<String>,
    /// When false the task is blocked here.
    pub guard: Expr,
    /// What the kernel asserts here (`VM_BUG_ON`): executing the step while it is false is an
    /// error of the model.
    pub requires: Expr,
    /// The ways on. Unless `choice`, the first whose condition holds is taken, and one must hold.
    pub branches: Vec<Branch>,
    /// Whether any branch whose condition holds may be taken.
    pub choice: bool,
    /// The task serves others here: waiting for ever for work that never comes is not a deadlock.
    pub idle: bool,
    /// What it looks at is looked at again later, under a lock: it may be out of date.
    pub rechecked: bool,
    /// Declared memory orders.
    pub accesses: Vec<Access>,
    /// The rule that put it there, if a scheme did.
    pub rule: Option<RuleTag>,
    /// Rules that changed this kernel step (made it wait, say), without having put it there.
    pub changed_by: Vec<RuleTag>,
    /// Which of its task's calls it belongs to, by number.
    pub call: usize,
    /// Where it is written: file and line of the model, or of a scheme.
    pub source: &'static Location<'static>,
}

impl Step {
    /// The order declared for the step's access to `var`; relaxed unless said otherwise.
    pub fn order_of(&self, var: VarId) -> Order {
        self.accesses
            .iter()
            .find(|a| a.var == var)
            .map_or(Order::Relaxed, |a| a.order)
    }
}
