//! `foliocheck check --engine`, `agree`, `orders`; and what the main job runs as threads.

use std::fmt::Write as _;

use clap::Args;
use foliocheck_model::executor::execution::Orders;
use foliocheck_specs::invariants;

use super::args::{CheckArgs, Engine, Format};
use super::bounds::{Bounds, ThreadBounds, options};
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::nothing::{ensure_something, ensure_threads};
use super::out::{print, println};
use super::progress::Progress;
use super::select::{self, Place, default_scenarios};
use crate::engine::limits::Limits;
use crate::engine::shuttle;
use crate::expectation::Expected;
use crate::report::terminal::{self, fit};
use crate::report::{self, json, summary, table};
use crate::suite::{self, Answer, Options, Unit, UnitError};
use crate::threads::agree::{self, Agreement, Means};
use crate::threads::ledger::Line;
use crate::threads::loomed::{self, Looming, Reach};
use crate::threads::orders;
use crate::threads::sampled::{self, Sampling};
use crate::verdict::{Run, Verdict};
use crate::without::Parts;

impl ThreadBounds {
    fn reach(self, bounds: &Bounds) -> Reach {
        let default = Reach::DEFAULT;
        Reach {
            to_the_end: self.executions.unwrap_or(default.to_the_end),
            preemptions: self.preemptions.unwrap_or(default.preemptions),
            executions: self.executions.unwrap_or(default.executions),
            ..default
        }
        .within(&options(bounds, false).limits)
    }

    fn sample(self, bounds: &Bounds) -> shuttle::Bounds {
        shuttle::Bounds {
            schedules: self.schedules.unwrap_or(100),
            time: bounds.timeout,
            memory: options(bounds, false).limits.max_memory,
            seed: self.seed.unwrap_or(0),
            stop_at_violation: false,
        }
    }
}

/// Runs units with engines that run threads. The exit code.
pub fn check(place: &Place, args: &CheckArgs, engine: Engine) -> anyhow::Result<u8> {
    anyhow::ensure!(
        !args.bless,
        "nothing blessed: committed verdicts are of the main job; leave out --engine"
    );
    let schemes = select::matching(place.schemes.clone(), &args.scheme, "scheme", |s| s.id)?;
    let scenarios = default_scenarios(place, &args.group, &args.scenario)?;
    let ask = select::matching(invariants::all(), &args.invariant, "invariant", |i| i.id)?;
    let parts = Parts::parse(&args.without)?;
    let units = suite::units(&schemes, &scenarios, &ask);
    ensure_something(&schemes, &scenarios, &ask, &units)?;
    let removed = parts.remove_from(units)?;
    let (units, mut passed) = (removed.units, removed.passed);
    let by_states = matches!(engine, Engine::Loom | Engine::All);
    let options = options(&args.bounds, false);
    let progress = Progress::start("threads", Some(units.len()))?;
    let results = suite::in_parallel(&units, args.bounds.jobs(), |unit| {
        let result = one(unit, args, engine, by_states.then_some(&options));
        let message = format!("{} in {}", unit.scheme.id, unit.scenario.id);
        progress.one_of(units.len(), message);
        result
    });
    progress.end();
    let mut runs: Vec<Run> = Vec::new();
    for result in results {
        let (more, why) = result?;
        runs.extend(more);
        passed.extend(why);
    }
    ensure_threads(runs.iter().any(is_of_threads), &passed)?;
    match args.format {
        Format::Json => println!("{}", json::runs_without(&runs, parts.named())),
        Format::Markdown | Format::Table => {
            if !parts.is_empty() {
                println!("Without: {}.\n", parts.in_words().join("; "));
            }
            for engine in ["stateright", "loom", "shuttle"] {
                let of_engine = |r: &&Run| {
                    r.engine == engine || engine == "stateright" && r.engine == "state graph"
                };
                let mine: Vec<Expected> = runs.iter().filter(of_engine).map(Expected::of).collect();
                let all = invariants::all();
                for (environment, matrix) in
                    summary::tables(&place.schemes, &all, &scenarios, &mine)
                {
                    println!("{engine}: {}", environment.title);
                    println!("{}\n", table::matrix(&matrix, terminal::width()));
                }
            }
            for why in &passed {
                println!("not run as threads: {why}");
            }
            for run in runs
                .iter()
                .filter(|r| r.engine != "stateright" && r.trace.is_some())
            {
                let weak = run
                    .trace
                    .iter()
                    .flat_map(|t| &t.steps)
                    .any(|s| !s.stale.is_empty());
                if weak || run.engine == "shuttle" {
                    let title = invariants::all()
                        .into_iter()
                        .find(|i| i.id == run.invariant);
                    let title = title.map_or(String::new(), |i| format!("{}: {}", i.id, i.title));
                    println!("{}", fit(&report::text::run(run, &title)));
                }
            }
            println!(
                "{} runs, {} units not run as threads",
                runs.len(),
                passed.len()
            );
        }
    }
    Ok(code(&runs))
}

fn is_of_threads(run: &Run) -> bool {
    matches!(run.engine, "loom" | "shuttle")
}

/// What exploration by states says counts as expected here: `check` without `--engine` holds it to what is
/// committed.
fn code(runs: &[Run]) -> u8 {
    if runs.iter().any(|r| r.verdict == Verdict::Inconclusive) {
        INCONCLUSIVE
    } else {
        0
    }
}

type Tried = Result<(Vec<Run>, Vec<String>), UnitError>;

fn one(unit: &Unit, args: &CheckArgs, engine: Engine, by_states: Option<&Options>) -> Tried {
    let (mut runs, mut passed) = (Vec::new(), Vec::new());
    let name = |why: String| format!("{} in {}: {why}", unit.scheme.id, unit.scenario.id);
    if let Some(options) = by_states {
        let answer = suite::run(unit, options)?;
        match loomed::run(unit, Orders::Declared, &args.threads.reach(&args.bounds))? {
            Looming::Ran(loomed) => runs.extend(loomed.runs(unit, &answer)?),
            Looming::Passed(why) => passed.push(name(why)),
        }
        if engine == Engine::All {
            runs.extend(answer.runs);
        }
    }
    if matches!(engine, Engine::Shuttle | Engine::All) {
        let bounds = args.threads.sample(&args.bounds);
        match sampled::run(unit, &bounds)? {
            Sampling::Ran(sample) => runs.extend(sampled::runs(unit, &sample, &bounds)?),
            Sampling::Passed(why) => passed.push(name(why)),
        }
    }
    Ok((runs, passed))
}

/// What the main job runs as threads: loom, every unit of group `quick`; shuttle, a few schedules of the
/// scenarios of group `large`.
pub struct Threads {
    /// By unit that loom ran.
    pub lines: Vec<Line>,
    /// Units that no thread can run, and why.
    pub passed: Vec<String>,
    /// Explorations that did not reach their bound.
    pub cut: Vec<String>,
    /// Schedules that shuttle ran, over so many units.
    pub sampled: (usize, usize),
    /// Units that could not be run.
    pub errors: Vec<UnitError>,
}

/// Schedules of each chooser and unit, in the main job.
const SCHEDULES: usize = 10;

/// Runs it. `answers` are those of `units`, by states.
pub fn main_job(
    place: &Place,
    units: &[Unit],
    answers: &[Answer],
    limits: &Limits,
    jobs: usize,
) -> anyhow::Result<Threads> {
    let quick: Vec<(&Unit, &Answer)> = units
        .iter()
        .zip(answers)
        .filter(|(u, _)| u.scenario.in_group("quick"))
        .collect();
    let reach = Reach::DEFAULT.within(limits);
    let progress = Progress::start("threads: loom", Some(quick.len()))?;
    let ran = suite::in_parallel(&quick, jobs, |(unit, answer)| {
        let result = loom_line(unit, answer, &reach);
        progress.one_of(
            quick.len(),
            format!("{} in {}", unit.scheme.id, unit.scenario.id),
        );
        result
    });
    let mut threads = Threads {
        lines: Vec::new(),
        passed: Vec::new(),
        cut: Vec::new(),
        sampled: (0, 0),
        errors: Vec::new(),
    };
    for result in ran {
        match result {
            Ok(Ok((line, cut))) => {
                threads.cut.extend(cut);
                threads.lines.push(line);
            }
            Ok(Err(why)) => threads.passed.push(why),
            Err(error) => threads.errors.push(error),
        }
    }
    let large: Vec<_> = place.scenarios()?;
    let large: Vec<_> = large.into_iter().filter(|s| !s.is_default()).collect();
    let units = suite::units(&place.schemes, &large, &invariants::all());
    let bounds = shuttle::Bounds {
        schedules: SCHEDULES,
        time: limits.timeout,
        memory: limits.max_memory,
        seed: 0,
        stop_at_violation: false,
    };
    progress.end();
    let progress = Progress::start("threads: shuttle", Some(units.len()))?;
    let samples = suite::in_parallel(&units, jobs, |unit| {
        let result = sampled::run(unit, &bounds);
        progress.one_of(
            units.len(),
            format!("{} in {}", unit.scheme.id, unit.scenario.id),
        );
        result
    });
    progress.end();
    for (unit, sample) in units.iter().zip(samples) {
        match sample {
            Err(error) => threads.errors.push(error),
            Ok(Sampling::Ran(sample)) => {
                threads.sampled.0 += sample.schedules;
                threads.sampled.1 += 1;
                if let Some(cut) = &sample.cut {
                    let name = format!("{} in {}", unit.scheme.id, unit.scenario.id);
                    let why = cut.reason(limits);
                    threads.cut.push(format!("{name}: shuttle: {why}"));
                }
            }
            Ok(Sampling::Passed(why)) => {
                let name = format!("{} in {}: {why}", unit.scheme.id, unit.scenario.id);
                threads.passed.push(name);
            }
        }
    }
    Ok(threads)
}

/// The runs of one unit by loom; an error where threads cannot run it.
pub fn by_loom(unit: &Unit, threads: ThreadBounds, bounds: &Bounds) -> anyhow::Result<Vec<Run>> {
    let answer = suite::run(unit, &options(bounds, false))?;
    match loomed::run(unit, Orders::Declared, &threads.reach(bounds))? {
        Looming::Ran(loomed) => Ok(loomed.runs(unit, &answer)?),
        Looming::Passed(why) => anyhow::bail!(
            "{} in {} cannot be run as threads: {why}",
            unit.scheme.id,
            unit.scenario.id
        ),
    }
}

type Lined = Result<Result<(Line, Option<String>), String>, UnitError>;

fn loom_line(unit: &Unit, answer: &Answer, reach: &Reach) -> Lined {
    let name = format!("{} in {}", unit.scheme.id, unit.scenario.id);
    Ok(match loomed::run(unit, Orders::Declared, reach)? {
        Looming::Passed(why) => Err(format!("{name}: {why}")),
        Looming::Ran(loomed) => {
            let by_states = |r: &Run| {
                let holds = |a: &&Run| a.invariant == r.invariant && a.verdict == Verdict::Holds;
                answer.runs.iter().any(|a| holds(&a))
            };
            let runs = loomed.runs(unit, answer)?;
            let violated = runs
                .iter()
                .filter(|r| r.verdict == Verdict::Violated && by_states(r))
                .map(|r| r.invariant.clone())
                .collect();
            // Retries without end and repeated choices are bounds that the line states.
            let cut = loomed.cut_short().map(|c| format!("{name}: {c}"));
            Ok((Line::of(unit, &loomed, violated), cut))
        }
    })
}

impl Threads {
    /// Scheme, scenario and invariant of each violation that only weak memory has.
    pub fn weak_only(&self) -> impl Iterator<Item = [&str; 3]> {
        self.lines.iter().flat_map(|line| {
            let violated = line.violated.iter();
            violated.map(|i| [line.scheme.as_str(), line.scenario.as_str(), i.as_str()])
        })
    }

    /// What was run, in words.
    pub fn summary(&self) -> String {
        let sum = |f: fn(&Line) -> usize| self.lines.iter().map(f).sum::<usize>();
        let is_whole = |l: &&Line| l.preemptions.is_none() && l.bound.is_none();
        let whole = self.lines.iter().filter(is_whole).count();
        let mut out = format!(
            "loom: {} units of group quick, {} executions (all of them in {whole} units, else {}), \
             {} weak; {} outcomes that only weak memory has. {} units cannot be run as threads.\n\
             shuttle: {} schedules of {} units of group large.\n",
            self.lines.len(),
            sum(|l| l.executions),
            loomed::within(Some(Reach::DEFAULT.preemptions)),
            sum(|l| l.weak),
            sum(|l| l.weak_outcomes),
            self.passed.len(),
            self.sampled.0,
            self.sampled.1,
        );
        for cut in &self.cut {
            let _ = writeln!(out, "  cut short: {cut}");
        }
        out
    }
}

/// What to compare.
#[derive(Args)]
pub struct AgreeArgs {
    /// Only schemes that match this glob (repeatable; default: by-reference)
    #[arg(long, value_name = "GLOB")]
    scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable; default: group `quick`)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    #[command(flatten)]
    threads: ThreadBounds,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Compares the engines. The exit code.
pub fn agree(place: &Place, args: &AgreeArgs) -> anyhow::Result<u8> {
    let units = quick_units(place, &args.scheme, &args.scenario)?;
    let means = Means {
        options: options(&args.bounds, false),
        reach: args.threads.reach(&args.bounds),
        sample: args.threads.sample(&args.bounds),
    };
    let progress = Progress::start("engines", Some(units.len()))?;
    let agreements = suite::in_parallel(&units, args.bounds.jobs(), |unit| {
        let result = agree::agree(unit, &means);
        progress.one_of(units.len(), unit.scenario.id.clone());
        result
    });
    progress.end();
    let agreements = agreements.into_iter().collect::<Result<Vec<_>, _>>()?;
    let passed: Vec<String> = agreements.iter().flat_map(passed_over).collect();
    let compared = |a: &Agreement| a.passed.is_empty();
    ensure_threads(agreements.iter().any(compared), &passed)?;
    let cut = agreements.iter().filter(|a| !a.cut.is_empty()).count();
    let bad = agreements.iter().filter(|a| !a.errors.is_empty()).count();
    if args.format == Format::Json {
        println!("{}", serde_json::to_string(&agreements)?);
    } else {
        for agreement in &agreements {
            print!("{}", report::threads::agreement(agreement));
        }
        let weak: usize = agreements.iter().map(|a| a.weak.len()).sum();
        let passed = agreements.iter().filter(|a| !a.passed.is_empty()).count();
        println!(
            "{} units: {bad} disagree; {weak} outcomes that only weak memory has; {passed} not run by every engine; \
             {cut} cut short",
            agreements.len()
        );
    }
    Ok(match (bad, cut) {
        (1.., _) => UNEXPECTED,
        (0, 1..) => INCONCLUSIVE,
        (0, 0) => 0,
    })
}

fn passed_over(agreement: &Agreement) -> Vec<String> {
    let name = |why| format!("{} in {}: {why}", agreement.scheme, agreement.scenario);
    agreement.passed.iter().map(name).collect()
}

fn quick_units(
    place: &Place,
    schemes: &[String],
    scenarios: &[String],
) -> anyhow::Result<Vec<Unit>> {
    let baseline = ["by-reference".to_owned()];
    let schemes = if schemes.is_empty() {
        &baseline
    } else {
        schemes
    };
    let schemes = select::matching(place.schemes.clone(), schemes, "scheme", |s| s.id)?;
    let mut chosen = default_scenarios(place, &[], scenarios)?;
    if scenarios.is_empty() {
        chosen.retain(|s| s.in_group("quick"));
    }
    let ask = invariants::all();
    let units = suite::units(&schemes, &chosen, &ask);
    ensure_something(&schemes, &chosen, &ask, &units)?;
    Ok(units)
}

/// Whose orders to audit.
#[derive(Args)]
pub struct OrdersArgs {
    /// The scheme; or a glob, for several
    scheme: String,
    /// In scenarios that match this glob (repeatable; default: group `quick`)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Print the execution that shows what each is needed for
    #[arg(long)]
    trace: bool,
    #[command(flatten)]
    threads: ThreadBounds,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Audits the memory orders of schemes. The exit code.
pub fn orders(place: &Place, args: &OrdersArgs) -> anyhow::Result<u8> {
    let all = std::slice::from_ref(&args.scheme);
    let mut open = false;
    for scheme in select::matching(place.schemes.clone(), all, "scheme", |s| s.id)? {
        let units = quick_units(place, &[scheme.id.to_owned()], &args.scenario)?;
        let progress = Progress::start("memory orders", None)?;
        let audited = orders::audit(
            &units,
            &args.threads.reach(&args.bounds),
            args.bounds.jobs(),
            &|all, which| {
                progress.one_of(all, format!("{} {}", which.id, which.variable));
            },
        );
        progress.end();
        let audited = audited?;
        let why = format!(
            "{}: no order of it, or no unit that threads can run",
            scheme.id
        );
        ensure_threads(!audited.is_empty(), &[why])?;
        open |= audited.iter().any(|a| a.cut);
        if args.format == Format::Json {
            println!("{}", serde_json::to_string(&audited)?);
        } else {
            print!(
                "{}",
                report::threads::orders(scheme.id, &audited, args.trace)
            );
        }
    }
    Ok(if open { INCONCLUSIVE } else { 0 })
}
