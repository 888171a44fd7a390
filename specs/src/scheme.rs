//! Schemes: rules on hooks.

use foliocheck_model::kernel::hooks::{At, Hook, Rules};
use foliocheck_model::kernel::prog::{FolioRef, Prog};
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::step::RuleTag;

/// What a rule does at its hook.
#[derive(Clone, Copy)]
pub enum Effect {
    /// The kernel's wait there is not over before this holds as well.
    Wait(fn(&mut Prog<'_>, &FolioRef) -> Expr),
    /// These steps are taken there.
    Steps(fn(&mut Prog<'_>, &At)),
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

/// A proposal for how spliced data is kept from changing under its reader.
#[derive(Clone)]
pub struct Scheme {
    /// Its name.
    pub id: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// Its family: `reference`, `copy`, `cookie`, `hold`.
    pub family: &'static str,
    /// Who proposed it, and where.
    pub source: &'static str,
    /// Its rules.
    pub rules: Vec<Rule>,
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
                Effect::Steps(_) => None,
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

    fn has(&self, hook: Hook) -> bool {
        self.rules.iter().any(|rule| rule.hook == hook)
    }
}
