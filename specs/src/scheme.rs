//! Schemes: rules on hooks.

use std::collections::BTreeSet;

use foliocheck_model::kernel::hooks::{Attached, Choice, Hook};
use foliocheck_model::kernel::program::{At, FolioRef, Prog, Rules};
use foliocheck_model::kernel::setup::{Call, Device, Filesystem, Mapping, Setup};
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::step::RuleTag;

use crate::names::{ALLOWED, forbidden, is_name, one_line};

/// What a rule does at its hook.
#[derive(Clone, Copy)]
pub enum Effect {
    /// The kernel's wait there is not over before this holds as well.
    Wait(fn(&mut Prog<'_>, &FolioRef) -> Expr),
    /// These steps are taken there.
    Steps(fn(&mut Prog<'_>, &At)),
    /// The page is copied instead of referred to if this says so.
    Copies(fn(&Setup, &Choice) -> bool),
}

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, unique in the scheme for one purpose; several hooks may share it.
    pub name: &'static str,
    /// What it is for, in one line.
    pub purpose: &'static str,
    /// Where it attaches.
    pub hook: Hook,
    /// What it does.
    pub effect: Effect,
}

/// What a scheme tries to do, and so which scenarios it is run in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// The kernel as it is: run in every scenario.
    Reference,
    /// Spliced bytes are copied.
    Copy,
    /// Changes are detected.
    Cookie,
    /// Writers wait.
    Hold,
    /// Writers, or the splicer, get another folio. Several folios an index make the states of five
    /// tasks too many: such scenarios are left out.
    Replace,
    /// The same, where a passing reference is enough: two faults on one page can go on replacing each
    /// other's folio. Scenarios with two stores through page tables, four tasks or an endless flusher are
    /// left out.
    ReplaceReferenced,
    /// The splicer is told when it may write again.
    Notify,
    /// What receives the bytes decides.
    Sink,
    /// Who asked for the bytes decides. Run with sockets: elsewhere a caller gets what the schemes of
    /// two other families give.
    Permission,
    /// How cached block mappings are validated.
    Mapping,
    /// How a device gets bytes that do not change while it reads them.
    Writeback,
}

impl Family {
    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Family::Reference => "reference",
            Family::Copy => "copy",
            Family::Cookie => "cookie",
            Family::Hold => "hold",
            Family::Replace | Family::ReplaceReferenced => "replace",
            Family::Notify => "notify",
            Family::Sink | Family::Permission => "sink",
            Family::Mapping => "mapping",
            Family::Writeback => "writeback",
        }
    }

    /// Whether a scheme of the family is run in the scenario.
    pub fn concerns(self, setup: &Setup) -> bool {
        self.left_out(setup).is_none()
    }

    /// Why a scheme of the family is not run in the scenario; none if it is. Most are run where they can
    /// change anything: elsewhere they are today's kernel, and today's kernel is run everywhere.
    pub fn left_out(self, setup: &Setup) -> Option<&'static str> {
        let unless = |concerned: bool, why| (!concerned).then_some(why);
        match self {
            Family::Reference => None,
            Family::Mapping => unless(
                setup.blocks
                    && setup.filesystem == Filesystem::Xfs
                    && setup.any_call(|c| matches!(c, Call::Write { .. }) || setup.flushes(c)),
                "no mapping of extents is cached there (write or writeback, XFS, `blocks = true`): it is by-reference",
            ),
            Family::Writeback => unless(
                setup.mapping == Mapping::Disk
                    && (setup.stable_writes || setup.device != Device::Plain)
                    && setup.any_call(|c| setup.writes_to_device(c)),
                "no device reads twice there: it is by-reference",
            ),
            Family::Notify => unless(
                setup.asks_completion(),
                "nobody waits for a report of completion there: it is by-reference",
            ),
            Family::Sink => unless(asks_sink(setup), "nothing goes to a socket there: it is by-reference"),
            Family::Permission => unless(
                asks_sink(setup),
                "nothing goes to a socket there: it is by-reference for who can write the file, and copy for who cannot",
            ),
            Family::Replace => unless(spliced(setup), UNSPLICED).or(unless(
                setup.tasks.len() <= 4,
                "several folios an index, and more than four tasks: too many states for a run of minutes",
            )),
            Family::ReplaceReferenced => {
                let faults = setup
                    .calls()
                    .filter(|(_, _, c)| matches!(c, Call::MmapStore { .. }))
                    .count();
                let flushed = setup.tasks.iter().any(|t| {
                    t.forever && t.calls.iter().any(|c| matches!(c, Call::Writeback { .. }))
                });
                unless(spliced(setup), UNSPLICED)
                    .or(unless(
                        setup.tasks.len() <= 3,
                        "several folios an index, and more than three tasks: too many states for a run of minutes",
                    ))
                    .or(unless(
                        faults <= 1 && !flushed,
                        "two faults, or a fault and an endless flusher, go on replacing each other's folio: too many \
                         states for a run of minutes",
                    ))
            }
            Family::Copy | Family::Cookie | Family::Hold => unless(spliced(setup), UNSPLICED),
        }
    }
}

const UNSPLICED: &str = "nothing is spliced there: it is by-reference";

/// Whether a socket, or a caller who could write the file, is there to decide.
fn asks_sink(setup: &Setup) -> bool {
    setup.any_call(|c| {
        matches!(
            c,
            Call::SpliceSocket { .. } | Call::SpliceRead { writable: true, .. }
        )
    })
}

/// Whether anything is spliced from the file.
fn spliced(setup: &Setup) -> bool {
    setup.any_call(|c| matches!(c, Call::SpliceRead { .. }))
}

/// A proposal for how spliced data is kept from changing under its reader.
#[derive(Clone)]
pub struct Scheme {
    /// Its name.
    pub id: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// Its family.
    pub family: Family,
    /// Who proposed it, and where.
    pub source: &'static str,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Hooks at which the kernel's own waits and steps are left out, so that every part of what
    /// stands in their place is a rule, and can be left out by itself.
    pub omits: Vec<Hook>,
}

impl Scheme {
    /// The same scheme without the rules of that name.
    pub fn without(&self, rule: &str) -> Scheme {
        let mut scheme = self.clone();
        scheme.rules.retain(|r| r.name != rule);
        scheme
    }

    /// The names of its rules, each once, in order.
    pub fn rule_names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for rule in &self.rules {
            if !names.contains(&rule.name) {
                names.push(rule.name);
            }
        }
        names
    }

    /// What the rule of that name is for.
    pub fn purpose(&self, rule: &str) -> Option<&'static str> {
        self.rules
            .iter()
            .find(|r| r.name == rule)
            .map(|r| r.purpose)
    }
}

/// A scheme that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemeError {
    /// There is none at all.
    #[error("no scheme is given")]
    None,
    /// Its name cannot be one: results are written under it.
    #[error("scheme `{}`: bad id, expected {ALLOWED}", one_line(.0))]
    Id(String),
    /// Another has the same name, upper and lower case being one.
    #[error("two schemes are called `{0}`")]
    Twice(String),
    /// The name of a rule cannot be one.
    #[error("scheme `{scheme}`, rule `{}`: bad name, expected {ALLOWED}", one_line(.rule))]
    Rule {
        /// The scheme.
        scheme: String,
        /// The rule.
        rule: String,
    },
    /// A text is not one line.
    #[error("scheme `{scheme}`: {field}: expected one line without {}", .found.escape_default())]
    Text {
        /// The scheme.
        scheme: String,
        /// Which text.
        field: String,
        /// What is in it.
        found: char,
    },
}

/// The schemes can be used together: each has a name of its own, and all texts are printed as they stand.
///
/// # Errors
/// If not.
pub fn check(schemes: &[Scheme]) -> Result<(), SchemeError> {
    if schemes.is_empty() {
        return Err(SchemeError::None);
    }
    let mut seen = BTreeSet::new();
    for scheme in schemes {
        if !is_name(scheme.id) {
            return Err(SchemeError::Id(scheme.id.to_owned()));
        }
        if !seen.insert(scheme.id.to_ascii_lowercase()) {
            return Err(SchemeError::Twice(scheme.id.to_owned()));
        }
        if let Some(rule) = scheme.rule_names().into_iter().find(|r| !is_name(r)) {
            return Err(SchemeError::Rule {
                scheme: scheme.id.to_owned(),
                rule: rule.to_owned(),
            });
        }
        let purposes = scheme.rules.iter().map(|r| (r.name, r.purpose));
        let texts = [("title", scheme.title), ("source", scheme.source)];
        for (field, text) in texts.into_iter().chain(purposes) {
            if let Some((_, found)) = forbidden(text, false) {
                return Err(SchemeError::Text {
                    scheme: scheme.id.to_owned(),
                    field: field.to_owned(),
                    found,
                });
            }
        }
    }
    Ok(())
}

fn tag(rule: &Rule) -> RuleTag {
    RuleTag {
        rule: rule.name.to_owned(),
        hook: rule.hook.name().to_owned(),
    }
}

impl Rules for Scheme {
    fn waits(&self, p: &mut Prog<'_>, hook: Hook, folio: &FolioRef) -> Vec<(RuleTag, Expr)> {
        self.rules
            .iter()
            .filter(|rule| rule.hook == hook)
            .filter_map(|rule| match rule.effect {
                Effect::Wait(wait) => Some((tag(rule), wait(p, folio))),
                Effect::Steps(_) | Effect::Copies(_) => None,
            })
            .collect()
    }

    fn steps(&self, p: &mut Prog<'_>, hook: Hook, at: &At) {
        for rule in self.rules.iter().filter(|rule| rule.hook == hook) {
            if let Effect::Steps(steps) = rule.effect {
                p.by_rule(tag(rule), |p| steps(p, at));
            }
        }
    }
}

impl Attached for Scheme {
    fn decides(&self, setup: &Setup, hook: Hook, choice: &Choice) -> Option<RuleTag> {
        self.rules
            .iter()
            .filter(|rule| rule.hook == hook)
            .find(|rule| matches!(rule.effect, Effect::Copies(yes) if yes(setup, choice)))
            .map(tag)
    }

    fn has(&self, hook: Hook) -> bool {
        self.rules.iter().any(|rule| rule.hook == hook)
    }

    fn omits(&self, hook: Hook) -> bool {
        self.omits.contains(&hook)
    }
}
