//! `foliocheck ablate`.

use std::time::Instant;

use foliocheck_specs::Scheme;

use super::args::{AblateArgs, Format};
use super::bounds::options;
use super::exit::{ERROR, INCONCLUSIVE, UNEXPECTED};
use super::out::{eprint, eprintln, print, println};
use super::progress::Progress;
use super::select::{self, Place};
use crate::ablation::{self, Ablated, Conclusion, Outcome, Scenarios};
use crate::causes::chain;
use crate::gate;
use crate::report::ablation::{self as report, Document};
use crate::report::terminal::fit;
use crate::report::text;
use crate::results::{self, Batch, Lock};

/// Removes each part of the schemes in turn. The exit code.
pub fn ablate(place: &Place, args: &AblateArgs) -> anyhow::Result<u8> {
    let all = place.scenarios()?;
    let whole = args.scenario.is_empty();
    if args.bless && !(whole && args.bounds.is_none()) {
        anyhow::bail!(
            "nothing blessed: what is committed is of the default scenarios and bounds; leave out --scenario and bounds"
        );
    }
    let picked = if whole {
        Scenarios::default_of(&all)
    } else {
        Scenarios {
            first: select::matching(all, &args.scenario, "scenario", |s| &s.id)?,
            then: Vec::new(),
        }
    };
    let names = std::slice::from_ref(&args.scheme);
    let mut code = 0;
    let mut batch = Batch::default();
    for scheme in select::matching(place.schemes.clone(), names, "scheme", |s| s.id)? {
        code = worse(code, one(place, args, &scheme, &picked, &mut batch)?);
    }
    if args.bless {
        // All schemes at once: who interrupts this has changed none.
        let _lock = Lock::exclusive(&place.results())?;
        let all = place.scenarios()?;
        gate::page(&mut batch, &place.results(), place.catalogue(&all))?;
        batch.commit(&place.results())?;
    }
    Ok(code)
}

/// An error over unexpected over inconclusive over as committed.
fn worse(a: u8, b: u8) -> u8 {
    let grave = [ERROR, UNEXPECTED];
    let either = |code: &u8| [a, b].contains(code);
    grave.into_iter().find(either).unwrap_or(a.max(b))
}

fn one(
    place: &Place,
    args: &AblateArgs,
    scheme: &Scheme,
    scenarios: &Scenarios,
    batch: &mut Batch,
) -> anyhow::Result<u8> {
    let whole = args.scenario.is_empty();
    if !scenarios.iter().any(|s| scheme.family.concerns(&s.setup)) {
        anyhow::bail!(
            "{} changes nothing in these scenarios: there it is by-reference",
            scheme.id
        );
    }
    let options = options(&args.bounds, false);
    let started = Instant::now();
    let progress = Progress::start("parts", None)?;
    let jobs = args.bounds.jobs.unwrap_or(1);
    let Ablated {
        outcomes,
        cut,
        errors,
    } = ablation::ablate(scheme, scenarios, &options, jobs, &|parts| {
        progress.one_of(parts, scheme.id);
    })?;
    progress.end();
    for error in &errors {
        eprintln!("foliocheck: {}", chain(error));
        if let Some(trace) = error.steps() {
            eprint!("{}", text::steps(trace));
        }
    }
    if args.bless && !errors.is_empty() {
        anyhow::bail!("nothing blessed: something could not be run");
    }
    let failed = !errors.is_empty();
    let document = Document {
        schema: report::SCHEMA,
        scheme: scheme.id.to_owned(),
        outcomes,
    };
    match args.format {
        Format::Json => print!("{}", report::json(&document)),
        Format::Markdown => print!("{}", report::markdown(&document)),
        Format::Table => {
            print!("{}", fit(&report::text(&document)));
            let states: usize = document.outcomes.iter().map(|o| o.states).sum();
            println!("{states} states, {:.1} s", started.elapsed().as_secs_f64());
        }
    }
    for line in &cut {
        eprintln!("inconclusive: {line}");
    }
    let open = !cut.is_empty()
        || document
            .outcomes
            .iter()
            .any(|o| o.conclusion == Conclusion::Inconclusive);
    let path = place
        .results()
        .join("ablation")
        .join(format!("{}.json", scheme.id));
    if args.bless {
        if let Some(line) = cut.first() {
            anyhow::bail!("nothing blessed: inconclusive: {line}");
        }
        batch.write(path, report::json(&document));
    } else if whole && cut.is_empty() {
        let committed: Option<Document> = results::read(&path, report::SCHEMA)?;
        let differing = differences(
            &document.outcomes,
            committed.as_ref(),
            !args.bounds.is_none(),
        );
        if !differing.is_empty() {
            eprintln!("Not as committed (accept with --bless):");
            for line in differing {
                eprintln!("  {line}");
            }
            return Ok(if failed { ERROR } else { UNEXPECTED });
        }
    }
    Ok(if failed {
        ERROR
    } else if open {
        INCONCLUSIVE
    } else {
        0
    })
}

/// A line for each part of which something else is committed. With bounds of one's own, what is
/// inconclusive differs from nothing.
pub fn differences(now: &[Outcome], committed: Option<&Document>, bounded: bool) -> Vec<String> {
    let Some(Document {
        outcomes: before, ..
    }) = committed
    else {
        return vec!["nothing is committed".to_owned()];
    };
    let shows = |a: &Outcome, b: &Outcome| {
        a.conclusion == b.conclusion && a.breaks == b.breaks && a.errs == b.errs
    };
    let find =
        |list: &[Outcome], o: &Outcome| list.iter().find(|x| x.removal == o.removal).cloned();
    let mut lines = Vec::new();
    let open = |o: &&Outcome| bounded && o.conclusion == Conclusion::Inconclusive;
    for outcome in now.iter().filter(|o| !open(o)) {
        let was = match find(before, outcome) {
            Some(old) if shows(&old, outcome) => continue,
            Some(old) => report::purpose(&old).join("; "),
            None => "nothing".to_owned(),
        };
        let now = report::purpose(outcome).join("; ");
        let name = outcome.removal.name();
        lines.push(format!("without {name}: {now} (committed: {was})"));
    }
    for old in before.iter().filter(|o| find(now, o).is_none()) {
        lines.push(format!(
            "{}: committed, and no longer there",
            old.removal.name()
        ));
    }
    lines
}
