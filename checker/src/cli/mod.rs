//! The command line.
//!
//! Exit codes: 0 every verdict is as committed; 1 some verdict is not; 2 usage, input or internal
//! error; 3 nothing unexpected, but some run is inconclusive.

mod ablate;
mod args;
mod bounds;
mod bugs;
mod check;
mod claims;
mod conform;
mod cost;
mod exit;
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

use clap::{Parser, Subcommand};
use foliocheck_specs::{Scheme, scheme, schemes};

use self::args::{AblateArgs, CheckArgs, ClaimsArgs, CostArgs, GateArgs, ListArgs, TraceArgs};
use self::exit::ERROR;
use crate::causes::chain;
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
    /// Folder of scenario files, instead of those built into the program
    #[arg(long, global = true, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Folder of committed verdicts [default: `results` of the checkout that the current folder is in, else of the
    /// current folder]
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
    /// Walk at random on the model and on the running kernel, and compare after every call
    Conform(conform::ConformArgs),
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
        Command::Conform(args) => conform::conform(&place, &args),
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
