//! The parts that can be removed: rules, locks, waits, flushes, flags.

use std::collections::BTreeSet;

use foliocheck_model::machine::System;
use foliocheck_model::machine::ablate::{Ablation, locks_taken};
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::step::{Order, Step};
use foliocheck_model::machine::var::{Role, Var};
use foliocheck_specs::Scheme;
use serde::{Deserialize, Serialize};

/// Flags that are not called `PG_` something.
const FLAGS: [&str; 6] = ["CAN_MERGE", "W", "D", "present", "rmap", "mapping"];

/// What kind of part is removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A rule of the scheme.
    Rule,
    /// A lock is not taken.
    Lock,
    /// A wait does not sleep.
    Wait,
    /// A flush of other CPUs' TLBs does nothing.
    Flush,
    /// A flag is not assigned.
    Flag,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Rule => "rule",
            Kind::Lock => "lock",
            Kind::Wait => "wait",
            Kind::Flush => "flush",
            Kind::Flag => "flag",
        }
    }
}

/// One part that is removed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// What kind of part.
    pub kind: Kind,
    /// The rule's name, or the step's id.
    pub id: String,
    /// The flag.
    pub flag: Option<String>,
    /// The rule's purpose, or the step's C functions.
    pub what: String,
}

impl Removal {
    /// The scheme without it, and what is removed from the system.
    pub fn apply(&self, scheme: &Scheme) -> (Scheme, Vec<Ablation>) {
        let id = self.id.clone();
        let ablation = match (self.kind, &self.flag) {
            (Kind::Rule, _) => return (scheme.without(&id), Vec::new()),
            (Kind::Lock, _) => Ablation::Lock(id),
            (Kind::Wait, _) => Ablation::Wait(id),
            (Kind::Flush, _) => Ablation::Effect(id),
            (Kind::Flag, flag) => Ablation::Assignment(id, flag.clone().unwrap_or_default()),
        };
        (scheme.clone(), vec![ablation])
    }

    /// `take-hold`, `B2 ptep_clear_flush: W`.
    pub fn name(&self) -> String {
        match (self.kind, &self.flag) {
            (Kind::Rule, _) => self.id.clone(),
            (_, None) => format!("{} {}", self.id, self.what),
            (_, Some(flag)) => format!("{} {}: {flag}", self.id, self.what),
        }
    }
}

/// Every part that there is: rules, locks, waits, flushes, flags; by step id.
pub fn removals<'s>(scheme: &Scheme, systems: impl Iterator<Item = &'s System>) -> Vec<Removal> {
    let rules = scheme.rule_names().into_iter().map(|rule| Removal {
        kind: Kind::Rule,
        id: rule.to_owned(),
        flag: None,
        what: scheme.purpose(rule).unwrap_or_default().to_owned(),
    });
    let mut parts = BTreeSet::new();
    for system in systems {
        let steps = || system.steps().map(|(_, _, step)| step);
        for step in steps().filter(|s| s.function != "mov") {
            // What takes a lock in one program takes one in all.
            let locks = |s: &Step| s.id == step.id && !locks_taken(s).is_empty();
            let part = |kind, flag: Option<&Var>| Removal {
                kind,
                id: step.id.clone(),
                flag: flag.map(|v| v.name.clone()),
                what: step.function.clone(),
            };
            if steps().any(locks) {
                parts.insert(part(Kind::Lock, None));
            } else if step.guard != Expr::TRUE && !step.idle {
                parts.insert(part(Kind::Wait, None));
            }
            if step.accesses.iter().any(|a| a.order == Order::FullAllCpus) {
                parts.insert(part(Kind::Flush, None));
            }
            for assign in step.branches.iter().flat_map(|b| &b.assigns) {
                let var = system.var(assign.var);
                if is_flag(var) {
                    parts.insert(part(Kind::Flag, Some(var)));
                }
            }
        }
    }
    let mut all: Vec<Removal> = rules.collect();
    for part in parts {
        // A step of several programs has several functions, and is removed from all of them.
        match all.last_mut() {
            Some(last)
                if (last.kind, &last.id, &last.flag) == (part.kind, &part.id, &part.flag) =>
            {
                last.what = format!("{}, {}", last.what, part.what);
            }
            _ => all.push(part),
        }
    }
    all
}

fn is_flag(var: &Var) -> bool {
    var.role == Role::Shared
        && (FLAGS.contains(&var.name.as_str())
            || var.name.ends_with(".queried")
            || (var.name.starts_with("PG_") && var.name != "PG_locked"))
}
