//! `foliocheck list`, `show` and `trace`.

use anyhow::Context as _;
use foliocheck_model::machine::listing::pseudo_c;
use foliocheck_specs::scenario::calls;
use foliocheck_specs::{Instance, claims};
use serde::Serialize;

use super::args::{Format, ListArgs, Listed, TraceArgs, TraceEngine, TraceFormat};
use super::bounds::options;
use super::exit::INCONCLUSIVE;
use super::out::{eprint, print, println};
use super::select::{self, Place, default_scenarios};
use super::threads;
use crate::itf::{Document, ENDING};
use crate::near;
use crate::report::coverage::Coverage;
use crate::report::listing::{self, Line};
use crate::report::terminal::fit;
use crate::report::{self, bugs, export, json, text};
use crate::suite::{self, Options, Unit};
use crate::verdict::Verdict;
use crate::without::{self, Part, Parts};

/// Lists.
pub fn list(place: &Place, args: &ListArgs) -> anyhow::Result<u8> {
    if !args.scheme.is_empty() && !matches!(args.what, Listed::Coverage | Listed::Parts) {
        anyhow::bail!("--scheme goes with `list coverage` and `list parts` only");
    }
    if args.scenario.is_some() && !matches!(args.what, Listed::Parts) {
        anyhow::bail!("--scenario goes with `list parts` only");
    }
    match args.what {
        Listed::Coverage => coverage(place, args)?,
        Listed::Schemes => print_list(&listing::schemes(&place.schemes), args.format)?,
        Listed::Scenarios => print_list(&listing::scenarios(&place.scenarios()?), args.format)?,
        Listed::Invariants => print_list(&listing::invariants(), args.format)?,
        Listed::Groups => print_list(&listing::groups(&place.scenarios()?), args.format)?,
        Listed::Calls => print_list(&listing::calls(), args.format)?,
        Listed::Hooks => print_list(&listing::hooks(), args.format)?,
        Listed::Claims => print_list(&listing::claims(&claims::own()?), args.format)?,
        Listed::Bugs => print_list(&bugs::list(), args.format)?,
        Listed::Parts => print_list(&parts(place, args)?, args.format)?,
        Listed::Steps => print_list(&listing::steps(&place.scenarios()?)?, args.format)?,
    }
    Ok(0)
}

/// The parts of a scheme that run in a scenario, or in any of group `quick`.
fn parts(place: &Place, args: &ListArgs) -> anyhow::Result<Vec<Part>> {
    let [name] = args.scheme.as_slice() else {
        anyhow::bail!(
            "parts of which scheme? Say `list parts --scheme SCHEME`, and `--scenario SCENARIO` for those that run there"
        );
    };
    let scheme = place.scheme(name)?;
    let all = place.scenarios()?;
    if let Some(id) = &args.scenario {
        return Ok(without::parts(&scheme, &[select::scenario(all, id)?])?);
    }
    let mut scenarios = all.clone();
    scenarios.retain(|s| s.in_group("quick") && scheme.family.concerns(&s.setup));
    if scenarios.is_empty() {
        scenarios = all;
    }
    Ok(without::parts(&scheme, &scenarios)?)
}

fn print_list<T: Serialize + Line>(items: &[T], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => println!("{}", serde_json::to_string(items)?),
        Format::Markdown => {
            for item in items {
                println!(
                    "- `{}`: {}",
                    item.id(),
                    item.rest().replace("\n      ", "\n  - ")
                );
            }
        }
        Format::Table => {
            let width = items.iter().map(|i| i.id().len()).max().unwrap_or(0);
            for item in items {
                println!("{}", fit(&format!("{:width$}  {}", item.id(), item.rest())));
            }
        }
    }
    Ok(())
}

/// Without a scheme a line for each; with one, everything.
fn coverage(place: &Place, args: &ListArgs) -> anyhow::Result<()> {
    let scenarios = default_scenarios(place, &[], &[])?;
    let schemes = select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?;
    let all = Coverage::of(&schemes, &scenarios);
    match args.format {
        Format::Json => println!("{}", report::coverage::json(&all)?),
        Format::Table if args.scheme.is_empty() => {
            print!("{}", fit(&report::coverage::summary(&all)));
        }
        Format::Table => {
            for of_one in &all {
                println!("{}", fit(&report::coverage::text(of_one)));
            }
        }
        Format::Markdown => {
            for of_one in &all {
                println!(
                    "## {}\n\n{}",
                    of_one.scheme,
                    report::coverage::markdown(of_one)
                );
            }
        }
    }
    Ok(())
}

/// Prints the programs of the tasks that make a call.
pub fn program(
    place: &Place,
    name: &str,
    scheme: &str,
    scenario: Option<&str>,
) -> anyhow::Result<u8> {
    let scheme = place.scheme(scheme)?;
    if !calls::names().contains(&name) {
        anyhow::bail!(
            "{}",
            near::unknown("call", name, calls::names(), &select::list_of("call"))
        );
    }
    let all = place.scenarios()?;
    let makes = |s: &foliocheck_specs::Scenario| s.setup.any_call(|c| calls::name(c) == name);
    let scenario = match scenario {
        Some(id) => select::scenario(all, id)?,
        None => all
            .into_iter()
            .filter(|s| makes(s))
            .min_by_key(|s| (s.setup.tasks.len(), s.setup.calls().count()))
            .with_context(|| format!("no scenario makes the call `{name}`"))?,
    };
    if !makes(&scenario) {
        anyhow::bail!("scenario {} does not make the call `{name}`", scenario.id);
    }
    let instance = Instance::build(&scenario.setup, &scheme, &[], &[])?;
    for (task, setup) in instance.full.tasks.iter().zip(&scenario.setup.tasks) {
        if setup.calls.iter().any(|c| calls::name(c) == name) {
            let list: Vec<&str> = setup.calls.iter().map(calls::name).collect();
            println!(
                "/* task {} of scenario {}: {} */",
                task.name,
                scenario.id,
                list.join(", ")
            );
            print!("{}", pseudo_c(&instance.full, &task.program));
        }
    }
    Ok(0)
}

/// Prints a counterexample.
pub fn trace(place: &Place, args: &TraceArgs) -> anyhow::Result<u8> {
    let invariant = select::invariant(&args.invariant)?;
    let scenario = select::scenario(place.scenarios()?, &args.scenario)?;
    if !(invariant.applies)(&scenario.setup) {
        anyhow::bail!(
            "{} does not apply to scenario {}",
            invariant.id,
            scenario.id
        );
    }
    let parts = Parts::parse(&args.without)?;
    let unit = Unit {
        scheme: place.scheme(&args.scheme)?,
        scenario,
        ablations: Vec::new(),
        ask: vec![invariant],
    };
    let mut units = parts.remove_from(vec![unit])?.units;
    let unit = units.remove(0);
    let options = Options {
        fairness: args.fairness.into(),
        ..options(&args.bounds, args.full)
    };
    let runs = match args.engine {
        TraceEngine::Stateright => suite::run(&unit, &options)?.runs,
        TraceEngine::Loom => threads::by_loom(&unit, args.threads, &args.bounds)?,
    };
    let Some(run) = runs.first() else {
        anyhow::bail!(
            "{} does not apply to scenario {}",
            invariant.id,
            unit.scenario.id
        );
    };
    match args.format {
        TraceFormat::Json => println!("{}", json::runs_without(&runs, parts.named())),
        TraceFormat::Text => {
            let title = format!("{}: {}", invariant.id, invariant.title);
            print!("{}{}", without_line(&parts), fit(&text::run(run, &title)));
        }
        _ => match Document::of_run(run, &unit, None)? {
            Some(mut document) => {
                document.subject.without = parts.in_words();
                print!("{}", exported(&document, args.format));
            }
            // Nothing to draw; what the verdict rests on is said to people, apart from the output.
            None => eprint!("{}", text::run(run, invariant.title)),
        },
    }
    Ok(if run.verdict == Verdict::Inconclusive {
        INCONCLUSIVE
    } else {
        0
    })
}

/// What is removed, if anything is.
fn without_line(parts: &Parts) -> String {
    match parts.in_words()[..] {
        [] => String::new(),
        ref words => format!("without: {}\n", words.join("; ")),
    }
}

fn exported(document: &Document, format: TraceFormat) -> String {
    match format {
        TraceFormat::Mermaid => export::mermaid::mermaid(document),
        TraceFormat::Dot => export::dot::dot(document),
        TraceFormat::Html => export::html::html(document),
        TraceFormat::Markdown => {
            export::markdown::markdown(document, &format!("{}{ENDING}", document.stem()))
        }
        TraceFormat::Itf | TraceFormat::Text | TraceFormat::Json => document.text(),
    }
}
