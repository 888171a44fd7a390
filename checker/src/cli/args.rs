//! The arguments of commands that several share, and what their values may be.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::bounds::{Bounds, ThreadBounds};
use crate::engine::lasso::Fairness;

/// What to check, and how far.
#[derive(Args, Default)]
pub struct CheckArgs {
    /// Only schemes that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// Only invariants that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub invariant: Vec<String>,
    /// Only scenarios of this group (repeatable)
    #[arg(long, value_name = "NAME")]
    pub group: Vec<String>,
    /// Instead, both twins of each case of a real bug: a number, or a glob (repeatable)
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["scheme", "scenario", "invariant", "group"])]
    pub bug: Vec<String>,
    /// Without this part: `lock:B1`, `rule:take-hold`, `before:B6:B14`, ... (repeatable, all together;
    /// `list parts` lists them). Nothing is compared with what is committed
    #[arg(long, value_name = "PART", conflicts_with = "bug")]
    pub without: Vec<String>,
    /// Without reduction: visit every reachable state
    #[arg(long, conflicts_with = "bless")]
    pub full: bool,
    /// What endless executions grant for sure
    #[arg(long, value_enum, default_value_t = FairnessArg::Handover, conflicts_with_all = ["bug", "bless"])]
    pub fairness: FairnessArg,
    /// Take what comes out as the committed verdicts
    #[arg(long)]
    pub bless: bool,
    /// What runs the programs (default: states; in the main job loom and shuttle as well)
    #[arg(long, value_enum, conflicts_with_all = ["bug", "full", "fairness"])]
    pub engine: Option<Engine>,
    #[command(flatten)]
    pub threads: ThreadBounds,
    #[command(flatten)]
    pub bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// What to hold to what is committed, and where to report it.
#[derive(Args, Default)]
pub struct GateArgs {
    /// Only scenarios of group `quick`; says that this is not everything
    #[arg(long, conflicts_with = "bless")]
    pub quick: bool,
    /// Take what comes out as committed; shows the same list of differences
    #[arg(long)]
    pub bless: bool,
    /// Write a test case for each scheme, scenario and invariant, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write differences and tables as Markdown, at most 1 MiB: for a CI job summary
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write the counterexamples, each at the model's step in its source file, as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Write the differences as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Recompute the ablation of so many schemes, or of `all`
    #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = ["quick", "bless"])]
    pub ablations: Ablations,
    /// Which schemes these are
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["quick", "bless"])]
    pub seed: u64,
    #[command(flatten)]
    pub bounds: Bounds,
}

/// What to count.
#[derive(Args)]
pub struct CostArgs {
    /// Only schemes that match this glob (repeatable); by-reference is shown beside
    #[arg(long, value_name = "GLOB")]
    pub scheme: Vec<String>,
    /// Only scenarios that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// Only scenarios of this group (repeatable)
    #[arg(long, value_name = "NAME")]
    pub group: Vec<String>,
    /// Print the cycles that make a figure unbounded
    #[arg(long)]
    pub cycle: bool,
    /// Take what comes out as the committed costs
    #[arg(long)]
    pub bless: bool,
    #[command(flatten)]
    pub bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Args)]
pub struct ClaimsArgs {
    /// Only claims that match this glob (repeatable)
    #[arg(value_name = "CLAIM")]
    pub claim: Vec<String>,
    /// Take what comes out as the committed outcomes
    #[arg(long)]
    pub bless: bool,
    #[command(flatten)]
    pub bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Args)]
pub struct AblateArgs {
    /// The scheme; or a glob, for several
    pub scheme: String,
    /// In scenarios that match this glob (repeatable; default: group `quick`, and where else a step runs)
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// Take what comes out as the committed ablation
    #[arg(long)]
    pub bless: bool,
    #[command(flatten)]
    pub bounds: Bounds,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Format {
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
pub enum FairnessArg {
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
    pub fn option(self) -> Option<&'static str> {
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
pub struct ListArgs {
    /// Of what
    #[arg(value_enum)]
    pub what: Listed,
    /// coverage: only schemes that match this glob, with everything (repeatable); parts: of this scheme, and of the
    /// kernel below it
    #[arg(long, value_name = "GLOB")]
    pub scheme: Vec<String>,
    /// parts: that run in this scenario (default: in any of group `quick`)
    #[arg(long, value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Listed {
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

/// What can find a trace.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum TraceEngine {
    /// States: sequentially consistent
    #[default]
    Stateright,
    /// Threads, on weak memory
    Loom,
}

/// What a trace is printed as.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum TraceFormat {
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
pub struct TraceArgs {
    /// The scheme
    pub scheme: String,
    /// The scenario
    pub scenario: String,
    /// The invariant
    pub invariant: String,
    /// Without this part, as in `check` (repeatable, all together)
    #[arg(long, value_name = "PART")]
    pub without: Vec<String>,
    /// What endless executions grant for sure, as in `check`
    #[arg(long, value_enum, default_value_t = FairnessArg::Handover)]
    pub fairness: FairnessArg,
    /// Without reduction, as in `check`
    #[arg(long)]
    pub full: bool,
    /// What runs the programs: loom for what only weak memory shows
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["full", "fairness"])]
    pub engine: TraceEngine,
    #[command(flatten)]
    pub threads: ThreadBounds,
    /// Output
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub format: TraceFormat,
    #[command(flatten)]
    pub bounds: Bounds,
}

/// What runs the programs.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Engine {
    /// Every state, or enough of them: sequentially consistent
    Stateright,
    /// Threads, every execution within a bound on preemptions, on weak memory
    Loom,
    /// Threads, schedules at random
    Shuttle,
    /// Each of them
    All,
}

/// How many schemes' ablation is recomputed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ablations {
    /// Of every scheme.
    All,
    /// Of so many.
    Some(usize),
}

impl Default for Ablations {
    fn default() -> Self {
        Ablations::Some(1)
    }
}

impl std::str::FromStr for Ablations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Ablations::All),
            number => number
                .parse()
                .map(Ablations::Some)
                .map_err(|_| "expected `all`, or a number of schemes".to_owned()),
        }
    }
}
