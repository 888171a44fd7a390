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
mod line;
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

use clap::Parser as _;
use foliocheck_specs::{Scheme, scheme, schemes};

use self::args::CheckArgs;
use self::exit::ERROR;
use self::line::{Cli, Command, New, Show};
use crate::causes::chain;
use crate::interrupt;

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
