//! Reading `claims.toml`, with every name checked.

use std::path::Path;

use foliocheck_model::machine::ablate::Ablation;
use serde::Deserialize;
use toml::Spanned;

use super::{Check, Claim, Expect, OnlyIf, Test, Without};
use crate::file::{Fault, FileError, read_toml};
use crate::{invariants, schemes};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    claim: Vec<Spanned<RawClaim>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawClaim {
    id: Spanned<String>,
    text: String,
    author: String,
    place: String,
    not_expressible: Option<String>,
    #[serde(default)]
    test: Vec<RawCheck>,
    #[serde(default)]
    control: Vec<RawCheck>,
    #[serde(default)]
    only_if: Vec<RawOnlyIf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOnlyIf {
    condition: String,
    test: Spanned<Vec<RawCheck>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    scheme: Spanned<String>,
    invariant: Spanned<String>,
    #[serde(default)]
    scenarios: Vec<String>,
    group: Option<String>,
    #[serde(default)]
    except: Vec<String>,
    expect: Spanned<String>,
    without: Option<Spanned<RawWithout>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWithout {
    rule: Option<String>,
    effect: Option<String>,
    wait: Option<String>,
    lock: Option<String>,
    assignment: Option<[String; 2]>,
    before: Option<[String; 2]>,
    after: Option<[String; 2]>,
}

/// Reads claims from text; `path` names it in errors.
///
/// # Errors
/// [`FileError::Invalid`], with line, field and what would be allowed.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Claim>, FileError> {
    let invalid = |fault: Fault| fault.within(path, text);
    let raw: RawFile = read_toml(text).map_err(invalid)?;
    let mut claims: Vec<Claim> = Vec::new();
    for raw in raw.claim {
        let id = raw.get_ref().id.clone();
        if claims.iter().any(|c| c.id == *id.get_ref()) {
            let message = format!("there is another claim `{}`", id.get_ref());
            return Err(invalid(Fault::at(id.span(), "id", message)));
        }
        claims.push(claim(raw).map_err(invalid)?);
    }
    Ok(claims)
}

fn claim(raw: Spanned<RawClaim>) -> Result<Claim, Fault> {
    let whole = raw.span();
    let raw = raw.into_inner();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let id = raw.id.get_ref();
    if id.is_empty() || !id.chars().all(good) {
        let message = format!("bad id `{id}`, expected lower-case letters, digits and hyphens");
        return Err(Fault::at(raw.id.span(), "id", message));
    }
    let checks = raw.test.len() + raw.control.len() + raw.only_if.len();
    let test = match raw.not_expressible {
        Some(_) if checks > 0 => {
            let message = "a claim that is not expressible has no checks";
            return Err(Fault::at(whole, "not-expressible", message));
        }
        Some(reason) => Test::NotExpressible(reason),
        None if raw.test.is_empty() => {
            let message = "expected a test, or `not-expressible` with the reason";
            return Err(Fault::at(whole, "test", message));
        }
        None => Test::Checks {
            controls: list(raw.control)?,
            tests: list(raw.test)?,
            only_if: raw
                .only_if
                .into_iter()
                .map(only_if)
                .collect::<Result<_, _>>()?,
        },
    };
    Ok(Claim {
        id: raw.id.into_inner(),
        text: one_line(&raw.text),
        author: raw.author,
        place: raw.place,
        test,
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn only_if(raw: RawOnlyIf) -> Result<OnlyIf, Fault> {
    if raw.test.get_ref().is_empty() {
        let message = "expected a test of what holds under the condition";
        return Err(Fault::at(raw.test.span(), "test", message));
    }
    Ok(OnlyIf {
        condition: one_line(&raw.condition),
        tests: list(raw.test.into_inner())?,
    })
}

fn list(raw: Vec<RawCheck>) -> Result<Vec<Check>, Fault> {
    raw.into_iter().map(check).collect()
}

fn check(raw: RawCheck) -> Result<Check, Fault> {
    let expect = match raw.expect.get_ref().as_str() {
        "holds" => Expect::Holds,
        "violated" => Expect::Violated,
        other => {
            let message = format!("unknown value `{other}`, expected one of holds, violated");
            return Err(Fault::at(raw.expect.span(), "expect", message));
        }
    };
    let name = raw.scheme.get_ref();
    let Some(scheme) = schemes::by_id(name) else {
        let known: Vec<_> = schemes::all().iter().map(|s| s.id).collect();
        let message = format!("no scheme `{name}`; there are: {}", known.join(", "));
        return Err(Fault::at(raw.scheme.span(), "scheme", message));
    };
    let name = raw.invariant.get_ref();
    if invariants::by_id(name).is_none() {
        let known: Vec<_> = invariants::all().iter().map(|i| i.id).collect();
        let message = format!("no invariant `{name}`; there are: {}", known.join(", "));
        return Err(Fault::at(raw.invariant.span(), "invariant", message));
    }
    let without = match raw.without {
        None => None,
        Some(raw) => {
            let span = raw.span();
            let without = without(raw.into_inner()).ok_or_else(|| {
                Fault::at(
                    span.clone(),
                    "without",
                    "expected exactly one of rule, effect, wait, lock, assignment, before, after",
                )
            })?;
            if let Without::Rule(rule) = &without {
                let rules = scheme.rule_names();
                if !rules.contains(&rule.as_str()) {
                    let message = format!(
                        "{} has no rule `{rule}`; there are: {}",
                        scheme.id,
                        rules.join(", ")
                    );
                    return Err(Fault::at(span, "without", message));
                }
            }
            Some(without)
        }
    };
    Ok(Check {
        scheme: raw.scheme.into_inner(),
        invariant: raw.invariant.into_inner(),
        scenarios: raw.scenarios,
        group: raw.group,
        except: raw.except,
        expect,
        without,
    })
}

fn without(raw: RawWithout) -> Option<Without> {
    let step = |pair: Option<[String; 2]>, make: fn(String, String) -> Ablation| {
        pair.map(|[a, b]| Without::Step(make(a, b)))
    };
    let mut found = [
        raw.rule.map(Without::Rule),
        raw.effect.map(|id| Without::Step(Ablation::Effect(id))),
        raw.wait.map(|id| Without::Step(Ablation::Wait(id))),
        raw.lock.map(|id| Without::Step(Ablation::Lock(id))),
        step(raw.assignment, Ablation::Assignment),
        step(raw.before, Ablation::Before),
        step(raw.after, Ablation::After),
    ]
    .into_iter()
    .flatten();
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
