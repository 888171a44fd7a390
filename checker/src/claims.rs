//! What the runs say of each claim. How outcomes are computed: [`foliocheck_specs::claims`].

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_model::machine::BuildError;
use foliocheck_specs::claims::{Check, Claim, Expect, Test, Without};
use foliocheck_specs::{Scenario, instance, invariants, schemes};
use globset::Glob;
use serde::{Deserialize, Serialize};

use crate::suite::{self, Options, Unit, UnitError};
use crate::verdict::{Run, Verdict};

/// What the runs say of a claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is so.
    Confirmed,
    /// It is so under this condition.
    ConfirmedOnlyIf(String),
    /// It is not so.
    Refuted,
    /// The model cannot say, for this reason.
    NotExpressible(String),
    /// A control did not come out as expected: the tests mean nothing.
    Untested,
    /// A run that decides was cut short.
    Open,
}

impl Outcome {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Outcome::Confirmed => "confirmed".to_owned(),
            Outcome::ConfirmedOnlyIf(condition) => format!("confirmed only if {condition}"),
            Outcome::Refuted => "refuted".to_owned(),
            Outcome::NotExpressible(reason) => format!("not expressible: {reason}"),
            Outcome::Untested => "untested: a control does not come out as expected".to_owned(),
            Outcome::Open => "open: a run was cut short".to_owned(),
        }
    }
}

/// Whether a check came out as expected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Met {
    /// It did.
    Yes,
    /// A run was cut short.
    Open,
    /// It did not.
    No,
}

/// What a check is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A control.
    Control,
    /// What the claim says.
    Test,
    /// What holds under the condition with this number.
    OnlyIf(usize),
}

/// What stands behind a claim's outcome: one check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What the check is for.
    pub part: Part,
    /// The scheme.
    pub scheme: String,
    /// What is removed or misplaced.
    pub without: Option<String>,
    /// The invariant.
    pub invariant: String,
    /// The verdict over all scenarios picked.
    pub verdict: Verdict,
    /// Whether that is what was expected.
    pub met: Met,
    /// Scenarios picked.
    pub scenarios: usize,
    /// Distinct states visited in them.
    pub states: usize,
    /// If violated: where the shortest trace is.
    pub scenario: Option<String>,
    /// If violated: its length.
    pub length: Option<usize>,
}

/// A claim, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// What the runs say.
    pub outcome: Outcome,
    /// What stands behind it.
    pub evidence: Vec<Evidence>,
}

/// A claim that cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// A scenario glob is not one.
    #[error("claim {claim}: bad pattern")]
    Glob {
        /// The claim.
        claim: String,
        /// Why not.
        source: globset::Error,
    },
    /// A check picks no scenario.
    #[error(
        "claim {claim}: no scenario for {invariant} under {scheme}: none of that name or group, or nothing to ask there"
    )]
    NoScenario {
        /// The claim.
        claim: String,
        /// The scheme.
        scheme: String,
        /// The invariant.
        invariant: String,
    },
    /// It could not be run.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// Scheme, what is removed, scenario.
type Place = (String, Option<Without>, String);
type Runs = BTreeMap<(Place, String), Run>;

/// Judges `claims`. What is in `known` (runs of whole schemes) is not run again; `done` is called with
/// the number of units, after each.
///
/// # Errors
/// If a check cannot be run.
pub fn judge(
    claims: &[Claim],
    scenarios: &[Scenario],
    known: &[Run],
    options: &Options,
    jobs: usize,
    done: &(dyn Fn(usize, &Unit) + Sync),
) -> Result<Vec<Judged>, ClaimError> {
    let mut runs: Runs = known
        .iter()
        .map(|r| {
            let place = (r.scheme.clone(), None, r.scenario.clone());
            ((place, r.invariant.clone()), r.clone())
        })
        .collect();
    let mut wanted: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::new();
    for claim in claims {
        for (_, check) in checks(claim) {
            for scenario in picked(claim, check, scenarios)? {
                let place = place(check, scenario);
                if !runs.contains_key(&(place.clone(), check.invariant.clone())) {
                    wanted.entry(place).or_default().insert(&check.invariant);
                }
            }
        }
    }
    let units: Vec<(Place, Unit)> = wanted
        .into_iter()
        .filter_map(|(place, ask)| {
            let unit = unit(&place, &ask, scenarios)?;
            Some((place, unit))
        })
        .collect();
    let list: Vec<Unit> = units.iter().map(|(_, u)| u.clone()).collect();
    let answers = suite::run_all(&list, options, jobs, &|unit| done(list.len(), unit));
    for ((place, _), answer) in units.into_iter().zip(answers) {
        for run in answer?.runs {
            runs.insert((place.clone(), run.invariant.clone()), run);
        }
    }
    claims
        .iter()
        .map(|claim| judge_one(claim, scenarios, &runs))
        .collect()
}

/// The checks of a claim, in the order of its evidence.
pub fn checks(claim: &Claim) -> Vec<(Part, &Check)> {
    let Test::Checks {
        controls,
        tests,
        only_if,
    } = &claim.test
    else {
        return Vec::new();
    };
    let weaker = only_if
        .iter()
        .enumerate()
        .flat_map(|(n, weaker)| weaker.tests.iter().map(move |c| (Part::OnlyIf(n), c)));
    let controls = controls.iter().map(|c| (Part::Control, c));
    let tests = tests.iter().map(|c| (Part::Test, c));
    controls.chain(tests).chain(weaker).collect()
}

fn place(check: &Check, scenario: &Scenario) -> Place {
    (
        check.scheme.clone(),
        check.without.clone(),
        scenario.id.clone(),
    )
}

/// The scenarios of a check.
fn picked<'s>(
    claim: &Claim,
    check: &Check,
    scenarios: &'s [Scenario],
) -> Result<Vec<&'s Scenario>, ClaimError> {
    let mut globs = Vec::new();
    for glob in &check.scenarios {
        let glob = Glob::new(glob).map_err(|source| ClaimError::Glob {
            claim: claim.id.clone(),
            source,
        })?;
        globs.push(glob.compile_matcher());
    }
    let scheme = schemes::by_id(&check.scheme);
    let invariant = invariants::by_id(&check.invariant);
    let named = |s: &Scenario| {
        if globs.is_empty() {
            s.is_default()
        } else {
            globs.iter().any(|g| g.is_match(&s.id))
        }
    };
    let picked: Vec<&Scenario> = scenarios
        .iter()
        .filter(|s| named(s))
        .filter(|s| check.group.as_ref().is_none_or(|g| s.in_group(g)))
        .filter(|s| !check.except.iter().any(|g| s.in_group(g)))
        .filter(|s| scheme.as_ref().is_some_and(|x| x.family.concerns(&s.setup)))
        .filter(|s| invariant.is_some_and(|i| (i.applies)(&s.setup)))
        .filter(|s| changes_anything(check, s))
        .collect();
    if picked.is_empty() {
        return Err(ClaimError::NoScenario {
            claim: claim.id.clone(),
            scheme: check.scheme.clone(),
            invariant: check.invariant.clone(),
        });
    }
    Ok(picked)
}

/// What is to be removed is there.
fn changes_anything(check: &Check, scenario: &Scenario) -> bool {
    let (Some(Without::Step(ablation)), Some(scheme)) =
        (&check.without, schemes::by_id(&check.scheme))
    else {
        return true;
    };
    let built = foliocheck_specs::Instance::build(
        &scenario.setup,
        &scheme,
        std::slice::from_ref(ablation),
        &instance::applicable(&scenario.setup),
    );
    !matches!(built, Err(BuildError::NothingToAblate(_)))
}

fn unit(place: &Place, ask: &BTreeSet<&str>, scenarios: &[Scenario]) -> Option<Unit> {
    let (scheme, without, scenario) = place;
    let scheme = schemes::by_id(scheme)?;
    let (scheme, ablations) = match without {
        None => (scheme, Vec::new()),
        Some(Without::Rule(rule)) => (scheme.without(rule), Vec::new()),
        Some(Without::Step(ablation)) => (scheme, vec![ablation.clone()]),
    };
    Some(Unit {
        scheme,
        scenario: scenarios.iter().find(|s| s.id == *scenario)?.clone(),
        ablations,
        ask: ask.iter().filter_map(|i| invariants::by_id(i)).collect(),
    })
}

fn judge_one(claim: &Claim, scenarios: &[Scenario], runs: &Runs) -> Result<Judged, ClaimError> {
    let mut evidence = Vec::new();
    for (part, check) in checks(claim) {
        let mine: Vec<&Run> = picked(claim, check, scenarios)?
            .into_iter()
            .filter_map(|s| runs.get(&(place(check, s), check.invariant.clone())))
            .collect();
        evidence.push(weigh(part, check, &mine));
    }
    Ok(Judged {
        outcome: outcome(claim, &evidence),
        claim: claim.clone(),
        evidence,
    })
}

fn weigh(part: Part, check: &Check, runs: &[&Run]) -> Evidence {
    let any = |v: Verdict| runs.iter().any(|r| r.verdict == v);
    let verdict = if any(Verdict::Violated) {
        Verdict::Violated
    } else if any(Verdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Holds
    };
    let met = match (verdict, check.expect) {
        (Verdict::Inconclusive, _) => Met::Open,
        (Verdict::Holds, Expect::Holds) | (Verdict::Violated, Expect::Violated) => Met::Yes,
        _ => Met::No,
    };
    let length = |r: &&&Run| r.trace.as_ref().map(|t| t.length);
    let shortest = runs
        .iter()
        .filter(|r| r.trace.is_some())
        .min_by_key(|r| (length(r), &r.scenario));
    Evidence {
        part,
        scheme: check.scheme.clone(),
        without: check.without.as_ref().map(ToString::to_string),
        invariant: check.invariant.clone(),
        verdict,
        met,
        scenarios: runs.len(),
        states: runs.iter().map(|r| r.states).sum(),
        scenario: shortest.map(|r| r.scenario.clone()),
        length: shortest.as_ref().and_then(length),
    }
}

/// The rules of [`foliocheck_specs::claims`].
fn outcome(claim: &Claim, evidence: &[Evidence]) -> Outcome {
    let only_if = match &claim.test {
        Test::NotExpressible(reason) => return Outcome::NotExpressible(reason.clone()),
        Test::Checks { only_if, .. } => only_if,
    };
    let all = |part: Part| {
        let mine = evidence.iter().filter(|e| e.part == part);
        mine.map(|e| e.met).max().unwrap_or(Met::Yes)
    };
    match (all(Part::Control), all(Part::Test)) {
        (Met::No, _) => return Outcome::Untested,
        (Met::Open, _) | (_, Met::Open) => return Outcome::Open,
        (_, Met::Yes) => return Outcome::Confirmed,
        (Met::Yes, Met::No) => {}
    }
    for (n, weaker) in only_if.iter().enumerate() {
        match all(Part::OnlyIf(n)) {
            Met::Yes => return Outcome::ConfirmedOnlyIf(weaker.condition.clone()),
            Met::Open => return Outcome::Open,
            Met::No => {}
        }
    }
    Outcome::Refuted
}
