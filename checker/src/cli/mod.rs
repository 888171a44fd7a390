//! The command line.
//!
//! Exit codes: 0 every verdict is as committed; 1 some verdict is not; 2 usage, input or internal
//! error; 3 nothing unexpected, but some run is inconclusive.

mod ablate;
mod bugs;
mod check;
mod claims;
mod cost;
mod explain;
mod export;
mod gate;
mod job;
mod kernel;
mod manual;
mod new;
mod nothing;
mod out;
mod print;
mod progress;
mod recompute;
mod replay;
mod select;
mod show;
mod threads;
mod ui;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use foliocheck_specs::{Scheme, scheme, schemes};

use crate::causes::chain;
use crate::engine::lasso::Fairness;
use crate::interrupt;

/// Examples and exit codes.
const AFTER_HELP: &str = "\
Examples:
  foliocheck                                  check everything; says whether all is as committed
  foliocheck check --scheme 'stable-*' --group quick
  foliocheck trace by-reference mmap-store-dirty-pte snapshot
  foliocheck explain snapshot                 what a name stands for
  foliocheck check --scheme stable-pin --without rule:drop-hold --scenario write-vs-splice
  foliocheck ui --open                        the same as a page

Exit codes:
  0  every verdict is as committed, or nothing is committed for it
  1  some verdict is not as committed
  2  usage, input or internal error
  3  nothing unexpected, but something is inconclusive";

/// Model-checks schemes for stable splice data in the Linux page cache.
///
/// Without a command: checks every scheme in every scenario (except those of group `large`) against
/// every invariant.
#[derive(Parser)]
#[command(name = "foliocheck", version, arg_required_else_help = false, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folder of scenario files, instead of the project's own
    #[arg(long, global = true, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Folder of committed verdicts, instead of the project's own
    #[arg(long, global = true, value_name = "DIR")]
    results: Option<PathBuf>,
    #[command(flatten)]
    color: colorchoice_clap::Color,
    /// Print all tables, and all of the shortest counterexamples
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Check schemes in scenarios against invariants
    Check(CheckArgs),
    /// Run everything, and fail unless all of it is as committed in the folder of results
    Gate(GateArgs),
    /// Count what schemes cost: page copies, TLB flushes, faults, waits of writers, retries
    Cost(CostArgs),
    /// Print what was said on the lists, and what the runs say of it
    Claims(ClaimsArgs),
    /// Remove each part of a scheme, and of the kernel, in turn: what breaks is what it was for
    Ablate(AblateArgs),
    /// Compare the final observations that each engine has: states, threads on weak memory, schedules at random
    Agree(threads::AgreeArgs),
    /// Weaken each memory order in turn: what breaks on weak memory is what it was for
    Orders(threads::OrdersArgs),
    /// List what there is
    List(ListArgs),
    /// Say what a name stands for: a scheme, invariant, scenario, group, call, hook, step, bug or claim
    Explain {
        /// The name
        name: String,
    },
    /// Print a program as pseudo-C, or the committed verdicts
    Show {
        #[command(subcommand)]
        what: Show,
    },
    /// Print the shortest counterexample of a scheme, scenario and invariant
    Trace(TraceArgs),
    /// Say what this machine allows of what talks to the running kernel
    Probe(kernel::ProbeArgs),
    /// Play counterexamples of the kernel as it is on the running kernel, and compare after every call
    Replay(replay::ReplayArgs),
    /// Write the C program that shows a finding on a running kernel, or run it
    Reproduce(kernel::ReproduceArgs),
    /// Write that page as one file, with all counterexamples, to be read without a server
    Export(export::ExportArgs),
    /// Write a file to start from
    New {
        #[command(subcommand)]
        what: New,
    },
    /// Print what completes this command line in a shell: `foliocheck completions bash > FILE`
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `foliocheck man > foliocheck.1`
    Man,
    /// Serve a page to browse verdicts, step through counterexamples, try rules
    Ui(ui::UiArgs),
}

/// What to check, and how far.
#[derive(Args, Default)]
pub struct CheckArgs {
    /// Only schemes that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Only invariants that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    invariant: Vec<String>,
    /// Only scenarios of this group (repeatable)
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// Instead, both twins of each case of a real bug: a number, or a glob (repeatable)
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["scheme", "scenario", "invariant", "group"])]
    bug: Vec<String>,
    /// Without this part: `lock:B1`, `rule:take-hold`, `before:B6:B14`, ... (repeatable, all together;
    /// `list parts` lists them). Nothing is compared with what is committed
    #[arg(long, value_name = "PART", conflicts_with = "bug")]
    without: Vec<String>,
    /// Without reduction: visit every reachable state
    #[arg(long, conflicts_with = "bless")]
    full: bool,
    /// What endless executions grant for sure
    #[arg(long, value_enum, default_value_t = FairnessArg::Handover, conflicts_with_all = ["bug", "bless"])]
    fairness: FairnessArg,
    /// Take what comes out as the committed verdicts
    #[arg(long)]
    bless: bool,
    /// What runs the programs (default: states; in the main job loom and shuttle as well)
    #[arg(long, value_enum, conflicts_with_all = ["bug", "full", "fairness"])]
    engine: Option<threads::Engine>,
    #[command(flatten)]
    threads: threads::ThreadBounds,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What to hold to what is committed, and where to report it.
#[derive(Args, Default)]
pub struct GateArgs {
    /// Only scenarios of group `quick`; says that this is not everything
    #[arg(long, conflicts_with = "bless")]
    quick: bool,
    /// Take what comes out as committed; shows the same list of differences
    #[arg(long)]
    bless: bool,
    /// Write a test case for each scheme, scenario and invariant, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write differences and tables as Markdown, at most 1 MiB: for a CI job summary
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the counterexamples, each at the model's step in its source file, as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the differences as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Recompute the ablation of so many schemes, or of `all`
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "quick")]
    ablations: Option<recompute::Ablations>,
    /// Which schemes these are
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "quick")]
    seed: u64,
    #[command(flatten)]
    bounds: Bounds,
}

/// What to count.
#[derive(Args)]
struct CostArgs {
    /// Only schemes that match this glob (repeatable); by-reference is shown beside
    #[arg(long, value_name = "GLOB")]
    scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Only scenarios of this group (repeatable)
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// Print the cycles that make a figure unbounded
    #[arg(long)]
    cycle: bool,
    /// Take what comes out as the committed costs
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Args)]
struct ClaimsArgs {
    /// Only claims that match this glob (repeatable)
    #[arg(value_name = "CLAIM")]
    claim: Vec<String>,
    /// Take what comes out as the committed outcomes
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Args)]
struct AblateArgs {
    /// The scheme; or a glob, for several
    scheme: String,
    /// In scenarios that match this glob (repeatable; default: group `quick`, and where else a step runs)
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Take what comes out as the committed ablation
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Bounds of each exploration.
#[derive(Args, Default)]
struct Bounds {
    /// Stop an exploration at this many distinct states
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_states: Option<usize>,
    /// Stop an exploration after this time (`30s`, `5m`)
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Stop explorations when the process uses this much memory (default: three quarters of what is
    /// there)
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    max_memory: Option<usize>,
    /// Explorations at once (default: one a core; for `ablate`, one)
    #[arg(long, value_name = "N", value_parser = threads_at_once)]
    jobs: Option<usize>,
}

/// Most explorations at once.
const JOBS_MAX: usize = 1024;

fn threads_at_once(text: &str) -> Result<usize, String> {
    at_most(text, JOBS_MAX)
}

/// Of which the number of bytes is one, too.
fn mebibytes(text: &str) -> Result<usize, String> {
    at_most(text, usize::MAX >> 20)
}

fn at_most(text: &str, most: usize) -> Result<usize, String> {
    match at_least_one(text) {
        Ok(n) if n > most => Err(format!("expected 1 to {most}")),
        other => other,
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("expected 1 or more".to_owned()),
        Ok(n) => Ok(n),
        Err(e) => Err(format!("expected a whole number, 1 or more ({e})")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
    /// For pages
    Markdown,
}

/// [`Fairness`], as on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
enum FairnessArg {
    /// Nothing: any cycle counts
    None,
    /// Who can always move does
    Weak,
    /// As weak, and locks are handed over
    #[default]
    Handover,
}

impl FairnessArg {
    /// What `--fairness` says; none if that need not be said.
    fn option(self) -> Option<&'static str> {
        match self {
            FairnessArg::None => Some("none"),
            FairnessArg::Weak => Some("weak"),
            FairnessArg::Handover => None,
        }
    }
}

impl From<FairnessArg> for Fairness {
    fn from(arg: FairnessArg) -> Fairness {
        match arg {
            FairnessArg::None => Fairness::None,
            FairnessArg::Weak => Fairness::Weak,
            FairnessArg::Handover => Fairness::Handover,
        }
    }
}

#[derive(Args)]
struct ListArgs {
    /// Of what
    #[arg(value_enum)]
    what: Listed,
    /// coverage: only schemes that match this glob, with everything (repeatable); parts: of this scheme, and of the
    /// kernel below it
    #[arg(long, value_name = "GLOB")]
    scheme: Vec<String>,
    /// parts: that run in this scenario (default: in any of group `quick`)
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Listed {
    /// Proposals, with their rules
    Schemes,
    /// Who runs with whom
    Scenarios,
    /// Guarantees
    Invariants,
    /// The atomic steps of all programs
    Steps,
    /// Sets of scenarios
    Groups,
    /// System calls that scenarios can make, with their fields
    Calls,
    /// Places in the kernel's paths where rules attach
    Hooks,
    /// What was said on the lists
    Claims,
    /// Real kernel bugs, and whether the model carries them
    Bugs,
    /// What changes a page × what reads it × kind of file: what scenarios run, and what none does
    Coverage,
    /// What `--without` can remove from a scheme, and what that removes
    Parts,
}

#[derive(Subcommand)]
enum New {
    /// A scenario: `NAME.toml`, in the folder that --scenarios names, or here
    Scenario {
        /// The name
        name: String,
    },
}

#[derive(Subcommand)]
enum Show {
    /// The program of a call, with the rules of a scheme marked
    Program {
        /// The call, as in scenario files: `write`, `mmap-store`, `splice`, ...
        name: String,
        /// The scheme
        #[arg(long, default_value = "by-reference")]
        scheme: String,
        /// The scenario that it is taken from (default: the first with such a call)
        #[arg(long)]
        scenario: Option<String>,
    },
    /// The committed verdicts, as a check prints them, without running anything
    Verdicts,
}

/// What can find a trace.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
enum TraceEngine {
    /// States: sequentially consistent
    #[default]
    Stateright,
    /// Threads, on weak memory
    Loom,
}

/// What a trace is printed as.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
enum TraceFormat {
    /// A step a line
    #[default]
    #[value(alias = "table")]
    Text,
    /// The Informal Trace Format: for trace viewers
    Itf,
    /// A sequence diagram for Mermaid
    Mermaid,
    /// A graph for Graphviz
    Dot,
    /// A page that stands by itself
    Html,
    /// A page for a code host
    Markdown,
    /// The run, for scripts
    Json,
}

#[derive(Args)]
struct TraceArgs {
    /// The scheme
    scheme: String,
    /// The scenario
    scenario: String,
    /// The invariant
    invariant: String,
    /// Without this part, as in `check` (repeatable, all together)
    #[arg(long, value_name = "PART")]
    without: Vec<String>,
    /// What endless executions grant for sure, as in `check`
    #[arg(long, value_enum, default_value_t = FairnessArg::Handover)]
    fairness: FairnessArg,
    /// Without reduction, as in `check`
    #[arg(long)]
    full: bool,
    /// What runs the programs: loom for what only weak memory shows
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["full", "fairness"])]
    engine: TraceEngine,
    #[command(flatten)]
    threads: threads::ThreadBounds,
    /// Output
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    format: TraceFormat,
    #[command(flatten)]
    bounds: Bounds,
}

/// Something unexpected.
const UNEXPECTED: u8 = 1;
/// Usage, input or internal error.
const ERROR: u8 = 2;
/// Something was left open.
const INCONCLUSIVE: u8 = 3;

/// Runs the command line.
pub fn main() -> ExitCode {
    run(schemes::all(), select::own_results())
}

/// Runs the command line for `schemes`: what a program does that gates schemes of its own. Its results
/// are kept in `DIR/results` for scenarios of `DIR`, else in `results`, unless it is told otherwise.
pub fn main_with(schemes: Vec<Scheme>) -> ExitCode {
    run(schemes, PathBuf::from("results"))
}

fn run(schemes: Vec<Scheme>, home: PathBuf) -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    let ready = interrupt::install().map_err(anyhow::Error::from);
    if let Err(error) = ready.and_then(|()| Ok(scheme::check(&schemes)?)) {
        out::eprintln!("foliocheck: {}", chain(error.as_ref()));
        return ExitCode::from(ERROR);
    }
    let place = select::Place {
        schemes,
        home,
        scenarios: cli.scenarios,
        results: cli.results,
        verbose: cli.verbose,
    };
    let result = match cli
        .command
        .unwrap_or_else(|| Command::Check(CheckArgs::default()))
    {
        Command::Check(args) if !args.bug.is_empty() => bugs::check(&place, &args),
        Command::Check(args) => check::check(&place, &args),
        Command::Gate(args) => gate::gate(&place, &args),
        Command::Cost(args) => cost::cost(&place, &args),
        Command::Claims(args) => claims::claims(&place, &args),
        Command::Ablate(args) => ablate::ablate(&place, &args),
        Command::Agree(args) => threads::agree(&place, &args),
        Command::Orders(args) => threads::orders(&place, &args),
        Command::New {
            what: New::Scenario { name },
        } => new::scenario(&place, &name),
        Command::Completions { shell } => {
            manual::completions(shell);
            Ok(0)
        }
        Command::Man => manual::page(),
        Command::Explain { name } => explain::explain(&place, &name),
        Command::List(args) => show::list(&place, &args),
        Command::Show {
            what:
                Show::Program {
                    name,
                    scheme,
                    scenario,
                },
        } => show::program(&place, &name, &scheme, scenario.as_deref()),
        Command::Show {
            what: Show::Verdicts,
        } => print::committed(&place).map(|()| 0),
        Command::Trace(args) => show::trace(&place, &args),
        Command::Probe(args) => kernel::probe(&args),
        Command::Replay(args) => replay::replay(&place, &args),
        Command::Reproduce(args) => kernel::reproduce(&args),
        Command::Export(args) => export::export(&place, &args),
        Command::Ui(args) => ui::ui(&place, &args),
    };
    if let Err(error) = out::ended() {
        out::eprintln!("foliocheck: standard output: {error}");
        return ExitCode::from(ERROR);
    }
    match result {
        // Who interrupts is told so, whatever was on its way.
        _ if interrupt::is_wanted() => ExitCode::from(interrupt::EXIT),
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            out::eprintln!("foliocheck: {}", chain(error.as_ref()));
            ExitCode::from(ERROR)
        }
    }
}
