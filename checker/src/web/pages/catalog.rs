//! What there is, and what is committed of it: what the table of verdicts is made of.

use std::collections::{BTreeMap, BTreeSet};

use foliocheck_specs::coverage::{self, Triple};
use foliocheck_specs::scenario::calls;
use foliocheck_specs::{Scenario, docs, invariants};
use serde::Serialize;

use crate::expectation::Expected;
use crate::report::summary::ENVIRONMENTS;
use crate::verdict::Verdict;
use crate::web::library::Library;

/// Schemes, scenarios, invariants.
#[derive(Serialize)]
pub struct Catalog {
    schemes: Vec<SchemeItem>,
    scenarios: Vec<ScenarioItem>,
    invariants: Vec<InvariantItem>,
    /// Titles of the parts of the world that have a table of their own.
    environments: Vec<&'static str>,
    /// The folder of somebody's own scenarios, as it was named on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    /// The command that commits its verdicts.
    bless: String,
}

#[derive(Serialize)]
struct SchemeItem {
    id: &'static str,
    title: &'static str,
    family: &'static str,
    source: &'static str,
    rules: Vec<RuleItem>,
}

#[derive(Serialize)]
struct RuleItem {
    name: &'static str,
    purpose: &'static str,
    /// Where it attaches; a rule may do so in several places.
    hooks: Vec<&'static str>,
}

#[derive(Serialize)]
struct ScenarioItem {
    id: String,
    title: String,
    about: String,
    groups: Vec<String>,
    /// Number of its table.
    environment: usize,
    tasks: Vec<TaskItem>,
    folios: usize,
    /// Some call changes bytes of the file.
    changes: bool,
    words: usize,
    filesystem: &'static str,
    /// It is run when nothing is named.
    default: bool,
    /// Names of the schemes that are run in it.
    schemes: Vec<&'static str>,
    /// Numbers of the triples that it runs: what changes a page, what reads it, in which kind of file.
    triples: Vec<usize>,
    /// Those that a scheme adds, where it adds any.
    more_triples: BTreeMap<&'static str, Vec<usize>>,
    /// Names of the invariants that apply.
    invariants: Vec<&'static str>,
}

#[derive(Serialize)]
struct TaskItem {
    name: String,
    calls: Vec<&'static str>,
    forever: bool,
}

#[derive(Serialize)]
struct InvariantItem {
    id: &'static str,
    guarantee: &'static str,
    title: &'static str,
    why: &'static str,
    source: &'static str,
    /// Only a change of bytes can violate it.
    needs_change: bool,
    /// What it says in full.
    definition: Option<&'static str>,
}

impl Catalog {
    /// Of everything in the library.
    pub fn of(library: &Library) -> Catalog {
        Catalog {
            schemes: library.schemes.iter().map(scheme).collect(),
            scenarios: library
                .scenarios
                .iter()
                .map(|s| scenario(library, s))
                .collect(),
            invariants: invariants::all()
                .iter()
                .map(|i| InvariantItem {
                    id: i.id,
                    guarantee: i.guarantee,
                    title: i.title,
                    why: i.why,
                    source: i.source,
                    needs_change: i.needs_change,
                    definition: docs::row(docs::INVARIANTS, i.id).map(|row| row[0]),
                })
                .collect(),
            environments: ENVIRONMENTS.iter().map(|e| e.title).collect(),
            folder: library.folder.clone(),
            bless: library.command(["check", "--bless"]),
        }
    }
}

fn scheme(scheme: &foliocheck_specs::Scheme) -> SchemeItem {
    let rules = scheme.rule_names().into_iter().map(|name| RuleItem {
        name,
        purpose: scheme.purpose(name).unwrap_or_default(),
        hooks: scheme
            .rules
            .iter()
            .filter(|r| r.name == name)
            .map(|r| r.hook.name())
            .collect(),
    });
    SchemeItem {
        id: scheme.id,
        title: scheme.title,
        family: scheme.family.name(),
        source: scheme.source,
        rules: rules.collect(),
    }
}

fn scenario(library: &Library, scenario: &Scenario) -> ScenarioItem {
    let setup = &scenario.setup;
    let base = coverage::of(setup);
    let concerned = library.schemes.iter().filter(|s| s.family.concerns(setup));
    let more = concerned.clone().filter_map(|scheme| {
        let under = coverage::under(scheme, setup);
        let added = numbers(&(&under - &base));
        (!added.is_empty()).then_some((scheme.id, added))
    });
    ScenarioItem {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        groups: scenario.groups.clone(),
        environment: ENVIRONMENTS
            .iter()
            .position(|e| e.has(&scenario.groups))
            .unwrap_or(0),
        tasks: setup
            .tasks
            .iter()
            .map(|task| TaskItem {
                name: task.name.clone(),
                calls: task.calls.iter().map(calls::name).collect(),
                forever: task.forever,
            })
            .collect(),
        folios: setup.folios.len(),
        changes: coverage::changes_bytes(setup),
        words: setup.words,
        filesystem: coverage::Kind::of(setup).name(),
        default: scenario.is_default(),
        schemes: concerned.clone().map(|s| s.id).collect(),
        more_triples: more.collect(),
        triples: numbers(&base),
        invariants: library
            .invariants
            .iter()
            .filter(|i| (i.applies)(setup))
            .map(|i| i.id)
            .collect(),
    }
}

/// The triples' places among all.
fn numbers(triples: &BTreeSet<Triple>) -> Vec<usize> {
    let all = Triple::all().enumerate();
    all.filter(|(_, t)| triples.contains(t))
        .map(|(n, _)| n)
        .collect()
}

/// The committed verdicts, a column each; names are numbers of the lists beside them.
#[derive(Default, Serialize)]
pub struct Verdicts {
    schemes: Vec<String>,
    scenarios: Vec<String>,
    invariants: Vec<String>,
    engines: Vec<String>,
    scheme: Vec<usize>,
    scenario: Vec<usize>,
    invariant: Vec<usize>,
    engine: Vec<usize>,
    /// `h`, `v`, `i`: holds, violated, inconclusive.
    verdict: String,
    states: Vec<usize>,
    transitions: Vec<usize>,
    depth: Vec<usize>,
    /// Steps of the shortest counterexample; 0 if there is none.
    length: Vec<usize>,
}

impl Verdicts {
    /// Of these.
    pub fn of<'a>(all: impl Iterator<Item = &'a Expected>) -> Verdicts {
        let mut v = Verdicts::default();
        for e in all {
            v.scheme.push(number(&mut v.schemes, &e.scheme));
            v.scenario.push(number(&mut v.scenarios, &e.scenario));
            v.invariant.push(number(&mut v.invariants, &e.invariant));
            v.engine.push(number(&mut v.engines, &e.engine));
            v.verdict.push(match e.verdict {
                Verdict::Holds => 'h',
                Verdict::Violated => 'v',
                Verdict::Inconclusive => 'i',
            });
            v.states.push(e.states);
            v.transitions.push(e.transitions);
            v.depth.push(e.depth);
            v.length.push(e.length.unwrap_or(0));
        }
        v
    }
}

fn number(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().rposition(|n| n == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}
