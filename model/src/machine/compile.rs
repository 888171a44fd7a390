//! The packed machine: a state is a few 64-bit words, copied, compared and hashed as those words.

use super::error::{BuildError, RunError};
use super::expr::{Expr, Op, apply};
use super::interp::Action;
use super::system::{System, TaskId};
use super::var::VarId;

/// A packed state of `N` words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State<const N: usize>(pub [u64; N]);

/// Where a variable is in the state.
#[derive(Clone, Copy, Debug)]
struct Slot {
    word: u8,
    shift: u8,
    /// Mask of the value, not shifted.
    mask: u64,
}

impl Slot {
    fn get<const N: usize>(self, state: &State<N>) -> u64 {
        (state.0[usize::from(self.word)] >> self.shift) & self.mask
    }

    fn put<const N: usize>(self, state: &mut State<N>, value: u64) {
        let word = &mut state.0[usize::from(self.word)];
        *word = (*word & !(self.mask << self.shift)) | (value << self.shift);
    }
}

/// Which words and bits each variable has.
#[derive(Clone, Debug)]
struct Layout {
    slots: Vec<Slot>,
    words: usize,
}

impl Layout {
    /// First fit, widest variables first; no variable straddles two words.
    fn new(system: &System) -> Self {
        let mut order: Vec<usize> = (0..system.vars.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(system.vars[*i].bits()));
        let mut used: Vec<u32> = Vec::new();
        let mut slots = vec![
            Slot {
                word: 0,
                shift: 0,
                mask: 0
            };
            system.vars.len()
        ];
        for i in order {
            let bits = system.vars[i].bits();
            if bits == 0 {
                continue;
            }
            let word = used
                .iter()
                .position(|u| u + bits <= u64::BITS)
                .unwrap_or_else(|| {
                    used.push(0);
                    used.len() - 1
                });
            slots[i] = Slot {
                word: u8::try_from(word).expect("few words"),
                shift: u8::try_from(used[word]).expect("at most 63"),
                mask: u64::MAX >> (u64::BITS - bits),
            };
            used[word] += bits;
        }
        Layout {
            slots,
            words: used.len().max(1),
        }
    }
}

/// Words that a packed state of `system` needs.
pub fn words_needed(system: &System) -> usize {
    Layout::new(system).words
}

/// Evaluates an expression with the constant `$words` set to the smallest of some sizes that states of a
/// system fit in, or to the last. (Each size is compiled apart; one too small is an error of
/// [`Machine::new`].)
#[macro_export]
macro_rules! with_words {
    ($system:expr, $words:ident in [$($size:literal),+] or $most:literal => $run:expr) => {{
        let needed = $crate::machine::compile::words_needed($system);
        $(if needed <= $size {
            const $words: usize = $size;
            $run
        } else)+ {
            const $words: usize = $most;
            $run
        }
    }};
}

/// A compiled expression.
#[derive(Clone, Debug)]
enum Code {
    Const(i64),
    Get(Slot),
    /// Variable compared with a constant: the bulk of all conditions.
    Is(Slot, u64),
    Not(Box<Code>),
    Bin(Op, Box<Code>, Box<Code>),
    Ite(Box<Code>, Box<Code>, Box<Code>),
}

impl Code {
    fn compile(layout: &Layout, expr: &Expr) -> Code {
        let sub = |e: &Expr| Box::new(Code::compile(layout, e));
        match expr {
            Expr::Const(c) => Code::Const(*c),
            Expr::Var(v) => Code::Get(layout.slots[v.index()]),
            Expr::Not(a) => Code::Not(sub(a)),
            Expr::Bin(Op::Eq, a, b) => match (&**a, &**b) {
                (Expr::Var(v), Expr::Const(c)) | (Expr::Const(c), Expr::Var(v)) if *c >= 0 => {
                    Code::Is(layout.slots[v.index()], c.unsigned_abs())
                }
                _ => Code::Bin(Op::Eq, sub(a), sub(b)),
            },
            Expr::Bin(op, a, b) => Code::Bin(*op, sub(a), sub(b)),
            Expr::Ite(c, a, b) => Code::Ite(sub(c), sub(a), sub(b)),
        }
    }

    fn eval<const N: usize>(&self, state: &State<N>) -> i64 {
        match self {
            Code::Const(c) => *c,
            Code::Get(slot) => slot.get(state).cast_signed(),
            Code::Is(slot, value) => i64::from(slot.get(state) == *value),
            Code::Not(a) => i64::from(a.eval(state) == 0),
            Code::Bin(Op::And, a, b) => i64::from(a.eval(state) != 0 && b.eval(state) != 0),
            Code::Bin(Op::Or, a, b) => i64::from(a.eval(state) != 0 || b.eval(state) != 0),
            Code::Bin(op, a, b) => apply(*op, a.eval(state), b.eval(state)),
            Code::Ite(c, a, b) => {
                if c.eval(state) != 0 {
                    a.eval(state)
                } else {
                    b.eval(state)
                }
            }
        }
    }
}

/// A conjunction: word comparisons under a mask, then whatever is left.
#[derive(Clone, Debug)]
struct Condition {
    tests: Vec<(u8, u64, u64)>,
    rest: Vec<Code>,
}

impl Condition {
    fn compile(layout: &Layout, expr: &Expr) -> Self {
        let mut tests: Vec<(u8, u64, u64)> = Vec::new();
        let mut rest = Vec::new();
        for part in expr.conjuncts() {
            match Code::compile(layout, part) {
                Code::Is(slot, value) if value <= slot.mask => {
                    let (mask, value) = (slot.mask << slot.shift, value << slot.shift);
                    match tests
                        .iter_mut()
                        .find(|t| t.0 == slot.word && t.1 & mask == 0)
                    {
                        Some(test) => {
                            test.1 |= mask;
                            test.2 |= value;
                        }
                        None => tests.push((slot.word, mask, value)),
                    }
                }
                code => rest.push(code),
            }
        }
        Condition { tests, rest }
    }

    fn holds<const N: usize>(&self, state: &State<N>) -> bool {
        self.tests
            .iter()
            .all(|(word, mask, value)| state.0[usize::from(*word)] & mask == *value)
            && self.rest.iter().all(|code| code.eval(state) != 0)
    }
}

/// A condition compiled for one machine, apart from its steps: see [`Machine::test`].
#[derive(Clone, Debug)]
pub struct Test(Condition);

impl Test {
    /// Whether it holds.
    pub fn holds<const N: usize>(&self, state: &State<N>) -> bool {
        self.0.holds(state)
    }
}

#[derive(Clone, Debug)]
struct CompiledAssign {
    when: Option<Condition>,
    var: VarId,
    slot: Slot,
    max: u64,
    value: Code,
}

#[derive(Clone, Debug)]
struct CompiledBranch {
    when: Condition,
    /// Constant assignments, the program counter among them: word, bits kept, bits set.
    stores: Vec<(u8, u64, u64)>,
    computed: Vec<CompiledAssign>,
}

#[derive(Clone, Debug)]
struct CompiledStep {
    guard: Condition,
    requires: Option<Condition>,
    branches: Vec<CompiledBranch>,
    choice: bool,
}

#[derive(Clone, Debug)]
struct CompiledTask {
    pc: Slot,
    steps: Vec<CompiledStep>,
}

/// A system packed into `N` words a state.
#[derive(Clone, Debug)]
pub struct Machine<const N: usize> {
    system: System,
    layout: Layout,
    tasks: Vec<CompiledTask>,
    /// By predicate: the ways in which it is true.
    bad: Vec<Vec<Condition>>,
    init: State<N>,
}

impl<const N: usize> Machine<N> {
    /// Packs `system`, as it is: run [`optimize`](super::optimize::optimize) first.
    ///
    /// # Errors
    /// [`BuildError::TooLarge`] if it needs more than `N` words; what
    /// [`validate`](System::validate) finds.
    pub fn new(system: System) -> Result<Self, BuildError> {
        system.validate()?;
        let layout = Layout::new(&system);
        if layout.words > N {
            return Err(BuildError::TooLarge {
                words: layout.words,
                limit: N,
            });
        }
        let mut init = State([0; N]);
        for (slot, var) in layout.slots.iter().zip(&system.vars) {
            if slot.mask != 0 {
                slot.put(&mut init, var.init);
            }
        }
        let tasks = system
            .task_ids()
            .map(|id| {
                let task = system.task(id);
                CompiledTask {
                    pc: layout.slots[task.pc.index()],
                    steps: task
                        .program
                        .steps
                        .iter()
                        .map(|step| CompiledStep {
                            guard: Condition::compile(&layout, &step.guard),
                            requires: (step.requires != Expr::TRUE)
                                .then(|| Condition::compile(&layout, &step.requires)),
                            branches: step
                                .branches
                                .iter()
                                .map(|b| compile_branch(&system, &layout, id, b))
                                .collect(),
                            choice: step.choice,
                        })
                        .collect(),
                }
            })
            .collect();
        let bad = system
            .predicates
            .iter()
            .map(|p| {
                p.bad
                    .disjuncts()
                    .into_iter()
                    .map(|d| Condition::compile(&layout, d))
                    .collect()
            })
            .collect();
        Ok(Machine {
            system,
            layout,
            tasks,
            bad,
            init,
        })
    }

    /// The system it was made from.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Compiles a condition over the machine's variables.
    pub fn test(&self, expr: &Expr) -> Test {
        Test(Condition::compile(&self.layout, expr))
    }

    /// The initial state.
    pub fn init(&self) -> State<N> {
        self.init
    }

    /// The value of a variable.
    pub fn get(&self, state: &State<N>, var: VarId) -> u64 {
        let slot = self.layout.slots[var.index()];
        if slot.mask == 0 {
            self.system.var(var).init
        } else {
            slot.get(state)
        }
    }

    /// The program counter of a task: see [`Program::pc_value`](super::Program::pc_value).
    pub fn pc(&self, state: &State<N>, task: usize) -> usize {
        usize::try_from(self.tasks[task].pc.get(state)).expect("a program counter is small")
    }

    /// Number of tasks.
    pub fn task_count(&self) -> usize {
        self.tasks.len()
    }

    /// Whether `task` is at a step whose guard holds.
    pub fn is_enabled(&self, state: &State<N>, task: usize) -> bool {
        let pc = self.pc(state, task);
        self.tasks[task]
            .steps
            .get(pc)
            .is_some_and(|step| step.guard.holds(state))
    }

    /// Appends the transitions of one task.
    ///
    /// # Errors
    /// If its step is enabled and no branch applies.
    pub fn actions_of(
        &self,
        state: &State<N>,
        task: usize,
        out: &mut Vec<Action>,
    ) -> Result<(), RunError> {
        let pc = self.pc(state, task);
        let Some(step) = self.tasks[task].steps.get(pc) else {
            return Ok(());
        };
        if !step.guard.holds(state) {
            return Ok(());
        }
        let before = out.len();
        for (n, branch) in step.branches.iter().enumerate() {
            if branch.when.holds(state) {
                let task = TaskId(u8::try_from(task).expect("few tasks"));
                out.push(Action {
                    task,
                    branch: u8::try_from(n).expect("few branches"),
                });
                if !step.choice {
                    break;
                }
            }
        }
        if out.len() == before {
            let (task, step) = self.at(task, pc);
            return Err(RunError::NoBranch { task, step });
        }
        Ok(())
    }

    /// Takes a transition that is enabled.
    ///
    /// # Errors
    /// If the step does what a step must not do.
    pub fn apply(&self, state: &State<N>, action: Action) -> Result<State<N>, RunError> {
        let task = action.task.index();
        let pc = self.pc(state, task);
        let step = &self.tasks[task].steps[pc];
        if let Some(requires) = &step.requires
            && !requires.holds(state)
        {
            let (task, step) = self.at(task, pc);
            return Err(RunError::Requirement { task, step });
        }
        let branch = &step.branches[usize::from(action.branch)];
        let mut after = *state;
        for (word, keep, set) in &branch.stores {
            let word = &mut after.0[usize::from(*word)];
            *word = (*word & keep) | set;
        }
        for assign in &branch.computed {
            if assign.when.as_ref().is_some_and(|when| !when.holds(state)) {
                continue;
            }
            let value = assign.value.eval(state);
            match u64::try_from(value) {
                Ok(v) if v <= assign.max => assign.slot.put(&mut after, v),
                _ => {
                    let (task, step) = self.at(task, pc);
                    let var = self.system.var(assign.var).full_name();
                    return Err(RunError::OutOfRange {
                        task,
                        step,
                        var,
                        value,
                        max: assign.max,
                    });
                }
            }
        }
        Ok(after)
    }

    /// Whether the predicate with that index is true: its invariant is violated here. A predicate
    /// about terminal states means something only in those.
    pub fn is_bad(&self, state: &State<N>, predicate: usize) -> bool {
        self.bad[predicate].iter().any(|way| way.holds(state))
    }

    /// The values of the observed variables, in order of declaration.
    pub fn observation(&self, state: &State<N>) -> Vec<u64> {
        self.system
            .vars
            .iter()
            .enumerate()
            .filter(|(_, v)| v.observed)
            .map(|(i, _)| self.get(state, VarId(u16::try_from(i).expect("few variables"))))
            .collect()
    }

    fn at(&self, task: usize, pc: usize) -> (String, String) {
        let task = &self.system.tasks[task];
        let step = &task.program.steps[pc];
        (task.name.clone(), format!("{} {}", step.id, step.function))
    }
}

fn compile_branch(
    system: &System,
    layout: &Layout,
    task: TaskId,
    branch: &super::step::Branch,
) -> CompiledBranch {
    let mut constants: Vec<(Slot, u64)> = Vec::new();
    let mut computed = Vec::new();
    for assign in &branch.assigns {
        let var = system.var(assign.var);
        let slot = layout.slots[assign.var.index()];
        // A constant behind an unconditional computed assignment would be overtaken: the order of
        // assignments to one variable (told apart by conditions) is irrelevant otherwise.
        match assign.value.as_const().and_then(|c| u64::try_from(c).ok()) {
            Some(value) if assign.when == Expr::TRUE && value <= var.max => {
                constants.push((slot, value));
            }
            _ => computed.push(CompiledAssign {
                when: (assign.when != Expr::TRUE).then(|| Condition::compile(layout, &assign.when)),
                var: assign.var,
                slot,
                max: var.max,
                value: Code::compile(layout, &assign.value),
            }),
        }
    }
    let task = system.task(task);
    constants.push((
        layout.slots[task.pc.index()],
        task.program.pc_value(branch.next),
    ));
    let mut stores: Vec<(u8, u64, u64)> = Vec::new();
    for (slot, value) in constants {
        let (mask, value) = (slot.mask << slot.shift, value << slot.shift);
        match stores.iter_mut().find(|s| s.0 == slot.word) {
            Some(store) => {
                store.1 &= !mask;
                store.2 |= value;
            }
            None => stores.push((slot.word, !mask, value)),
        }
    }
    CompiledBranch {
        when: Condition::compile(layout, &branch.when),
        stores,
        computed,
    }
}
