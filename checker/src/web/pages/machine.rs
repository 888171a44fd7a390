//! A system as the page shows it: variables, programs, questions.

use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::listing::{assignment, show};
use foliocheck_model::machine::step::{Order, RuleTag, Step};
use foliocheck_model::machine::system::Scope;
use foliocheck_model::machine::var::Role;
use foliocheck_model::machine::{Program, System};
use foliocheck_specs::Scenario;
use foliocheck_specs::scenario::calls;
use serde::Serialize;

/// A system.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// All variables; steps name them by their place in this list.
    pub vars: Vec<Variable>,
    /// All tasks.
    pub tasks: Vec<Task>,
}

/// A variable.
#[derive(Clone, Debug, Serialize)]
pub struct Variable {
    object: String,
    name: String,
    init: u64,
    /// Names of the values from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    kind: VarKind,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum VarKind {
    Shared,
    /// A register of a task.
    Private,
    Ghost,
    /// A program counter.
    Pc,
}

/// A task.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    name: String,
    calls: Vec<&'static str>,
    forever: bool,
    /// Its program counter is this variable.
    pc: u16,
    steps: Vec<Line>,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
struct Line {
    id: String,
    function: String,
    file: String,
    text: String,
    scope: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guard: Option<String>,
    /// The rule that put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Tag>,
    /// Rules that changed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<Tag>,
    choice: bool,
    idle: bool,
    /// Declared memory orders beyond relaxed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orders: Vec<String>,
    branches: Vec<Way>,
}

#[derive(Clone, Debug, Serialize)]
struct Tag {
    rule: String,
    hook: String,
}

/// A branch.
#[derive(Clone, Debug, Serialize)]
struct Way {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    does: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ghosts: Vec<String>,
    /// Where the task goes: a step; one past the last at the end, two past it to stop for ever.
    next: u64,
}

impl Machine {
    /// What is shown of `system`, which is `scenario` under some scheme.
    pub fn of(system: &System, scenario: &Scenario) -> Machine {
        let is_pc = |i: usize| system.tasks.iter().any(|t| t.pc.index() == i);
        let vars = system.vars.iter().enumerate().map(|(i, var)| Variable {
            object: var.object.clone(),
            name: var.name.clone(),
            init: var.init,
            labels: if is_pc(i) {
                Vec::new()
            } else {
                var.labels.clone()
            },
            kind: match var.role {
                _ if is_pc(i) => VarKind::Pc,
                Role::Shared => VarKind::Shared,
                Role::Private(_) => VarKind::Private,
                Role::Ghost => VarKind::Ghost,
            },
        });
        let tasks = system.tasks.iter().zip(&scenario.setup.tasks);
        let tasks = tasks.map(|(task, setup)| Task {
            name: task.name.clone(),
            calls: setup.calls.iter().map(calls::name).collect(),
            forever: task.forever,
            pc: task.pc.0,
            steps: task
                .program
                .steps
                .iter()
                .map(|step| line(system, &task.program, step))
                .collect(),
        });
        Machine {
            vars: vars.collect(),
            tasks: tasks.collect(),
        }
    }
}

fn line(system: &System, program: &Program, step: &Step) -> Line {
    let condition = |e: &Expr| (*e != Expr::TRUE).then(|| bare(&show(system, e)).to_owned());
    let tag = |tag: &RuleTag| Tag {
        rule: tag.rule.clone(),
        hook: tag.hook.clone(),
    };
    let orders = step.accesses.iter().filter(|a| a.order != Order::Relaxed);
    Line {
        id: step.id.clone(),
        function: step.function.clone(),
        file: step.file.clone(),
        text: step.text.clone(),
        scope: step.scope.clone(),
        guard: condition(&step.guard),
        rule: step.rule.as_ref().map(tag),
        changed: step.changed_by.iter().map(tag).collect(),
        choice: step.choice,
        idle: step.idle,
        orders: orders
            .map(|a| format!("{}: {}", system.var(a.var).full_name(), a.order.name()))
            .collect(),
        branches: step
            .branches
            .iter()
            .map(|branch| {
                let (ghosts, does): (Vec<_>, Vec<_>) = branch
                    .assigns
                    .iter()
                    .partition(|a| system.var(a.var).is_ghost());
                let print = |list: Vec<_>| -> Vec<String> {
                    list.into_iter().map(|a| assignment(system, a)).collect()
                };
                Way {
                    label: branch.label.clone(),
                    when: condition(&branch.when),
                    does: print(does),
                    ghosts: print(ghosts),
                    next: program.pc_value(branch.next),
                }
            })
            .collect(),
    }
}

/// Without the parentheses around all of it.
fn bare(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
        return text;
    };
    let mut depth = 0_i32;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inner
}

/// What an invariant asks, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// In every state.
    Always,
    /// Where nobody can move.
    Finally,
    /// In endless executions.
    Endlessly,
}

impl From<Scope> for Asked {
    fn from(scope: Scope) -> Asked {
        match scope {
            Scope::Always => Asked::Always,
            Scope::Terminal => Asked::Finally,
            Scope::Progress(_) => Asked::Endlessly,
        }
    }
}
