//! `foliocheck probe` and `reproduce`: what talks to the running kernel.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use foliocheck_kernel::place::{FileSystem, Scratch};
use foliocheck_kernel::probe;
use foliocheck_kernel::reproduce::{self, Reproducer, Shown};
use serde::Serialize;

use super::exit::ERROR;
use super::out::println;

/// How long another run may take to end before this one gives up.
const WAIT: Duration = Duration::from_secs(5);

/// Output of what talks to the kernel.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}

#[derive(Args)]
pub struct ProbeArgs {
    /// Output
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    format: TextOrJson,
}

#[derive(Args)]
pub struct ReproduceArgs {
    /// Which: `finding-2`, `finding-3`
    finding: String,
    /// Write the C program, and a case for fstests, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build it, and run it on scratch file systems. The exit code is then the program's: 0 not seen, 10 seen, 2 could
    /// not run
    #[arg(long)]
    run: bool,
    /// On these file systems
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "xfs"
    )]
    fs: Vec<FileSystem>,
    /// Rounds (default: as many as the program says)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Output
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    format: TextOrJson,
}

/// Says what this machine allows.
pub fn probe(args: &ProbeArgs) -> anyhow::Result<u8> {
    let probe = probe::probe(WAIT);
    if args.format == TextOrJson::Json {
        println!("{}", serde_json::to_string(&probe)?);
        return Ok(0);
    }
    println!("Linux {}, processors: {}", probe.kernel, probe.cpus);
    for a in &probe.abilities {
        let sign = if a.works { "yes" } else { "no" };
        println!("{:12} {sign:4} {}: {}", a.id, a.purpose, a.reason);
    }
    Ok(0)
}

/// What a program showed on a file system.
#[derive(Serialize)]
struct RanOn {
    finding: &'static str,
    kernel: String,
    fs: &'static str,
    rounds: u32,
    shown: Shown,
    output: String,
}

/// How long a program may run.
const LIMIT: Duration = Duration::from_secs(300);

/// Writes the program of a finding, or runs it.
pub fn reproduce(args: &ReproduceArgs) -> anyhow::Result<u8> {
    let program = reproduce::by_id(&args.finding)?;
    if args.out.is_none() && !args.run {
        bail!("say --out DIR to get the program, --run to run it, or both");
    }
    if let Some(dir) = &args.out {
        for path in program.write(dir)? {
            if args.format == TextOrJson::Text {
                println!("wrote {}", path.display());
            }
        }
    }
    if !args.run {
        return Ok(0);
    }
    let all = run(&program, args)?;
    if args.format == TextOrJson::Json {
        println!("{}", serde_json::to_string(&all)?);
    }
    Ok(if all.iter().any(|r| r.shown == Shown::CouldNotRun) {
        ERROR
    } else if all.iter().any(|r| r.shown == Shown::Seen) {
        SEEN
    } else {
        0
    })
}

/// What was to be reproduced was seen.
const SEEN: u8 = 10;

fn run(program: &Reproducer, args: &ReproduceArgs) -> anyhow::Result<Vec<RanOn>> {
    let kernel = probe::kernel();
    let cpus = probe::cpus();
    if cpus < program.cpus {
        bail!(
            "{} needs {} processors, and there are {cpus}",
            program.id,
            program.cpus
        );
    }
    let mut scratch = Scratch::begin(WAIT)?;
    let built = program.build(scratch.dir())?;
    let rounds = args.rounds.unwrap_or(program.rounds);
    let mut all = Vec::new();
    for fs in &args.fs {
        let place = scratch
            .place(*fs)
            .with_context(|| format!("no scratch file system {fs}"))?;
        let ran = program.run(&built, place.dir(), rounds, LIMIT)?;
        if args.format == TextOrJson::Text {
            let verdict = match ran.shown {
                Shown::NotSeen => "not seen",
                Shown::Seen => "seen",
                Shown::CouldNotRun => "could not run",
            };
            println!("{} on {fs}, Linux {kernel}: {verdict}", program.id);
            for line in ran.output.lines() {
                println!("  {line}");
            }
        }
        all.push(RanOn {
            finding: program.id,
            kernel: kernel.clone(),
            fs: fs.name(),
            rounds,
            shown: ran.shown,
            output: ran.output,
        });
    }
    scratch.end()?;
    Ok(all)
}
