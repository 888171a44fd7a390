//! Parts that are removed, as they are named on the command line (`--without`) and in the page's addresses.
//!
//! | part | removes |
//! |---|---|
//! | `rule:NAME` | a rule of the scheme |
//! | `lock:ID`, `wait:ID` | the lock that steps with that id take; what they wait for |
//! | `flush:ID`, `effect:ID` | what they do (a flush is a step that only flushes) |
//! | `flag:ID:NAME`, `assign:ID:NAME` | what they assign to variables of that name |
//! | `test:ID` | their test: they take their first branch, whatever holds |
//! | `branch:ID:LABEL` | one way on: where it would be taken, the next one is, or the last of the others |
//! | `before:ID:ID`, `after:ID:ID` | the order: the first is done just before, or after, the second |

use std::collections::BTreeSet;

use foliocheck_model::machine::ablate::Ablation;
use foliocheck_model::machine::step::{Order, Step};
use foliocheck_model::machine::{BuildError, System};
use foliocheck_specs::claims::Without;
use foliocheck_specs::{Scenario, Scheme, instance};

use crate::ablation::{Kind, Removal, removals};
use crate::near;
use crate::suite::Unit;

/// What a part looks like.
pub const FORMS: &str = "rule:NAME, lock:ID, wait:ID, flush:ID, effect:ID, flag:ID:NAME, assign:ID:NAME, test:ID, \
                         branch:ID:LABEL, before:ID:ID or after:ID:ID";

/// A part that cannot be removed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// It is not understood.
    #[error("without `{0}`: expected {FORMS}")]
    Form(String),
    /// Memory orders are no parts of this kind.
    #[error(
        "without `{0}`: say before:ID:ID or after:ID:ID for the order of two steps; memory orders are weakened by \
         `foliocheck orders SCHEME`"
    )]
    Order(String),
    /// There is no such part.
    #[error("no part `{part}` in what is run{} (`foliocheck list parts --scheme S --scenario X` lists them)", like(.near.as_deref()))]
    Unknown {
        /// The part.
        part: String,
        /// The one most like it.
        near: Option<String>,
    },
    /// It is there, and cannot be removed.
    #[error("without `{part}`: {why}")]
    Refused {
        /// The part.
        part: String,
        /// Why not.
        why: String,
    },
}

fn like(part: Option<&str>) -> String {
    part.map_or_else(String::new, |part| format!("; did you mean `{part}`?"))
}

/// Reads a removed part.
///
/// # Errors
/// If it has none of the forms.
pub fn parse(text: &str) -> Result<Without, PartError> {
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let own = |s: &str| s.to_owned();
    Ok(match parts[..] {
        ["rule", name] => Without::Rule(own(name)),
        ["effect" | "flush", id] => Without::Step(Ablation::Effect(own(id))),
        ["wait", id] => Without::Step(Ablation::Wait(own(id))),
        ["test", id] => Without::Step(Ablation::Test(own(id))),
        ["lock", id] => Without::Step(Ablation::Lock(own(id))),
        ["assign" | "flag", id, name] => Without::Step(Ablation::Assignment(own(id), own(name))),
        ["branch", id, label] => Without::Step(Ablation::Branch(own(id), own(label))),
        ["before", id, other] => Without::Step(Ablation::Before(own(id), own(other))),
        ["after", id, other] => Without::Step(Ablation::After(own(id), own(other))),
        ["order", ..] => return Err(PartError::Order(own(text))),
        _ => return Err(PartError::Form(own(text))),
    })
}

/// Writes a removed part.
pub fn written(without: &Without) -> String {
    match without {
        Without::Rule(name) => format!("rule:{name}"),
        Without::Step(Ablation::Effect(id)) => format!("effect:{id}"),
        Without::Step(Ablation::Wait(id)) => format!("wait:{id}"),
        Without::Step(Ablation::Test(id)) => format!("test:{id}"),
        Without::Step(Ablation::Lock(id)) => format!("lock:{id}"),
        Without::Step(Ablation::Assignment(id, name)) => format!("assign:{id}:{name}"),
        Without::Step(Ablation::Branch(id, label)) => format!("branch:{id}:{label}"),
        Without::Step(Ablation::Before(id, other)) => format!("before:{id}:{other}"),
        Without::Step(Ablation::After(id, other)) => format!("after:{id}:{other}"),
    }
}

/// Writes a part that an ablation removed.
pub fn ablated(removal: &Removal) -> String {
    let id = &removal.id;
    match (removal.kind, &removal.flag) {
        (Kind::Rule, _) => format!("rule:{id}"),
        (Kind::Lock, _) => format!("lock:{id}"),
        (Kind::Wait, _) => format!("wait:{id}"),
        (Kind::Flush, _) => format!("effect:{id}"),
        (Kind::Flag, flag) => format!("assign:{id}:{}", flag.as_deref().unwrap_or_default()),
    }
}

/// Parts that are removed together.
#[derive(Clone, Default, Debug)]
pub struct Parts {
    /// As they were named.
    named: Vec<String>,
    parts: Vec<Without>,
}

impl Parts {
    /// Reads them.
    ///
    /// # Errors
    /// If one has none of the forms.
    pub fn parse(named: &[String]) -> Result<Parts, PartError> {
        Ok(Parts {
            named: named.to_vec(),
            parts: named.iter().map(|p| parse(p)).collect::<Result<_, _>>()?,
        })
    }

    /// Nothing is removed.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// As they were named.
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// In words, as trace files have them.
    pub fn in_words(&self) -> Vec<String> {
        self.parts.iter().map(ToString::to_string).collect()
    }

    /// What is added to a command to remove the same: ` --without lock:B1`.
    pub fn options(&self) -> String {
        let quoted = self.named.iter().map(|part| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_:.,/".contains(c);
            if part.chars().all(plain) {
                format!(" --without {part}")
            } else {
                format!(" --without '{}'", part.replace('\'', r"'\''"))
            }
        });
        quoted.collect()
    }

    /// The units without them, as far as they have them all.
    ///
    /// # Errors
    /// If none has.
    pub fn remove_from(&self, units: Vec<Unit>) -> Result<Removed, PartError> {
        let mut removed = Removed::default();
        if self.is_empty() {
            removed.units = units;
            return Ok(removed);
        }
        let (mut unknown, mut refused, mut lacking) = (None, None, 0_usize);
        for unit in &units {
            match self.remove_from_one(unit) {
                Ok(without) => removed.units.push(without),
                Err(PartError::Unknown { part, .. }) => {
                    lacking += 1;
                    unknown.get_or_insert(part);
                }
                Err(error) => {
                    let line = format!("{} in {}: {error}", unit.scheme.id, unit.scenario.id);
                    removed.passed.push(line);
                    refused.get_or_insert(error);
                }
            }
        }
        if lacking != 0 {
            let line = format!("{lacking} of {}: they have no such part", units.len());
            removed.passed.push(line);
        }
        if !removed.units.is_empty() {
            return Ok(removed);
        }
        // That it cannot be removed says more than that it is not there.
        match (refused, unknown) {
            (Some(refused), _) => Err(refused),
            (None, Some(part)) => {
                let all: Vec<Part> = units.iter().take(LOOKED_AT).flat_map(of_unit).collect();
                let near = nearest(&part, &all).filter(|near| *near != part);
                Err(PartError::Unknown { part, near })
            }
            (None, None) => Ok(removed),
        }
    }

    fn remove_from_one(&self, unit: &Unit) -> Result<Unit, PartError> {
        let mut without = unit.clone();
        for (part, named) in self.parts.iter().zip(&self.named) {
            let unknown = || PartError::Unknown {
                part: named.clone(),
                near: None,
            };
            let refused = |error: BuildError| PartError::Refused {
                part: named.clone(),
                why: error.to_string(),
            };
            match part {
                Without::Rule(rule) if without.scheme.rule_names().contains(&rule.as_str()) => {
                    without.scheme = without.scheme.without(rule);
                }
                Without::Rule(_) => return Err(unknown()),
                Without::Step(ablation) => without.ablations.push(ablation.clone()),
            }
            match build(&without) {
                Ok(_) => {}
                // What a part before it has removed with it is not there either.
                Err(BuildError::NothingToAblate(_)) => return Err(unknown()),
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(without)
    }
}

/// What is left to run.
#[derive(Default)]
pub struct Removed {
    /// The units without the parts.
    pub units: Vec<Unit>,
    /// What is not run, and why, a line each: a part is not there, or cannot be removed.
    pub passed: Vec<String>,
}

/// So many units are searched for a part that is like one that there is not.
const LOOKED_AT: usize = 64;

fn build(unit: &Unit) -> Result<System, BuildError> {
    let setup = &unit.scenario.setup;
    let (system, _) = instance::system(setup, &unit.scheme, &unit.ablations, &[])?;
    Ok(system)
}

/// The part most like `named`: of the same kind if it can be.
fn nearest(named: &str, parts: &[Part]) -> Option<String> {
    let kind = |p: &str| p.split(':').next().map(str::to_owned);
    if let ["before" | "after", id, other] = named.splitn(3, ':').collect::<Vec<_>>()[..] {
        let ids = || parts.iter().filter_map(|p| p.name.split(':').nth(1));
        let like = |id: &str| near::nearest(id, ids()).map(str::to_owned);
        return Some(format!("{}:{}:{}", kind(named)?, like(id)?, like(other)?));
    }
    let named_kind = kind(named);
    let (same, others): (Vec<&Part>, Vec<&Part>) =
        parts.iter().partition(|p| kind(&p.name) == named_kind);
    let pool = if same.is_empty() { others } else { same };
    near::nearest(named, pool.into_iter().map(|p| p.name.as_str())).map(str::to_owned)
}

/// A part that can be removed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
pub struct Part {
    /// Its name, as `--without` takes it.
    pub name: String,
    /// What is removed.
    pub what: String,
}

fn of_unit(unit: &Unit) -> Vec<Part> {
    let scenarios = std::slice::from_ref(&unit.scenario);
    parts(&unit.scheme, scenarios).unwrap_or_default()
}

/// Every part of a scheme in these scenarios: its rules, and of each step what it locks, waits for,
/// flushes, tests, does, and its branches. (Pairs of steps that can change places are too many.)
///
/// # Errors
/// If the scheme cannot be built there.
pub fn parts(scheme: &Scheme, scenarios: &[Scenario]) -> Result<Vec<Part>, BuildError> {
    let mut systems = Vec::new();
    for scenario in scenarios {
        systems.push(instance::system(&scenario.setup, scheme, &[], &[])?.0);
    }
    let all = removals(scheme, systems.iter());
    let mut parts: Vec<Part> = all.iter().map(removed).collect();
    let mut seen = BTreeSet::new();
    for (_, _, step) in systems.iter().flat_map(System::steps) {
        parts.extend(
            of_step(step)
                .into_iter()
                .filter(|p| seen.insert(p.name.clone())),
        );
    }
    Ok(parts)
}

fn removed(removal: &Removal) -> Part {
    let id = &removal.id;
    let what = &removal.what;
    let flag = removal.flag.as_deref().unwrap_or_default();
    let (name, what) = match removal.kind {
        Kind::Rule => (format!("rule:{id}"), what.clone()),
        Kind::Lock => (format!("lock:{id}"), format!("{what} takes no lock")),
        Kind::Wait => (format!("wait:{id}"), format!("{what} does not wait")),
        Kind::Flush => (format!("flush:{id}"), format!("{what} flushes nothing")),
        Kind::Flag => (
            format!("flag:{id}:{flag}"),
            format!("{what} does not assign {flag}"),
        ),
    };
    Part { name, what }
}

/// What of a step can be removed beside locks, waits, flushes and flags.
fn of_step(step: &Step) -> Vec<Part> {
    let (id, function) = (&step.id, &step.function);
    let part = |name: String, what: String| Part { name, what };
    let mut parts = Vec::new();
    if let [first, _, ..] = &step.branches[..] {
        let always = format!("{function} always goes \"{}\"", first.label);
        parts.push(part(format!("test:{id}"), always));
        for label in step
            .branches
            .iter()
            .map(|b| &b.label)
            .filter(|l| !l.is_empty())
        {
            let never = format!("{function} never goes \"{label}\"");
            parts.push(part(format!("branch:{id}:{label}"), never));
        }
    }
    let flushes = step.accesses.iter().any(|a| a.order == Order::FullAllCpus);
    if !flushes && step.branches.iter().any(|b| !b.assigns.is_empty()) {
        parts.push(part(
            format!("effect:{id}"),
            format!("{function} does nothing"),
        ));
    }
    parts
}
