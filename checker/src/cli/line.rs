//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::args::{AblateArgs, CheckArgs, ClaimsArgs, CostArgs, GateArgs, ListArgs, TraceArgs};
use super::{conform, export, kernel, replay, threads, ui};

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
    pub command: Option<Command>,
    /// Folder of scenario files, instead of those built into the program
    #[arg(long, global = true, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// Folder of committed verdicts [default: `results` of the checkout that the current folder is in, else of the
    /// current folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub results: Option<PathBuf>,
    #[command(flatten)]
    pub color: colorchoice_clap::Color,
    /// Print all tables, and all of the shortest counterexamples
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Subcommand)]
pub enum Command {
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
pub enum New {
    /// A scenario: `NAME.toml`, in the folder that --scenarios names, or here
    Scenario {
        /// The name
        name: String,
    },
}

#[derive(Subcommand)]
pub enum Show {
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
