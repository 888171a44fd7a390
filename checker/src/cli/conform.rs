//! `foliocheck conform`: random walks on the model and on the running kernel, compared after every call.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use foliocheck_kernel::conform::{self, Build, Counts};
use foliocheck_kernel::place::{FileSystem, Place as Mounted, Scratch};
use foliocheck_kernel::probe;
use foliocheck_kernel::random::Walk;
use foliocheck_kernel::replay::Replay;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_specs::file::read_text;
use foliocheck_specs::{Scenario, Scheme, instance};
use serde::{Deserialize, Serialize};

use super::bounds::at_least_one;
use super::exit::{INCONCLUSIVE, UNEXPECTED};
use super::kernel::TextOrJson;
use super::out::{print, println};
use super::progress::Progress;
use super::select::Place;
use crate::report::replay::{Line, Outcome, lines};
use crate::suite::Unit;
use crate::without::{PartError, Parts};
use crate::{interrupt, results};

/// How long another run may take to end before this one gives up.
const WAIT: Duration = Duration::from_secs(5);

/// Version of the files of walks.
const SCHEMA: u32 = 1;

#[derive(Args)]
pub struct ConformArgs {
    /// On these file systems. The model has none of btrfs, where it disagrees
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "xfs,ext4,tmpfs"
    )]
    fs: Vec<FileSystem>,
    /// Walks on each
    #[arg(long, value_name = "N", default_value = "500", value_parser = at_least_one)]
    traces: usize,
    /// Which walks: the same seed gives the same ones
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Begin with the walk of this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// Play the walk of this file instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fs", "traces", "seed", "from", "scheme", "without", "out"])]
    walk: Option<PathBuf>,
    /// Keep the shortest walk in which the two disagree in this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// The scheme of the model. One that no kernel has must disagree
    #[arg(long, value_name = "SCHEME", default_value = "by-reference")]
    scheme: String,
    /// The model without this part, as in `check` (repeatable): it must disagree if the part can be seen
    #[arg(long, value_name = "PART")]
    without: Vec<String>,
    /// Output
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    format: TextOrJson,
}

/// A walk as a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    schema: u32,
    /// Where the two disagreed.
    kernel: String,
    fs: String,
    scheme: String,
    without: Vec<String>,
    walk: Walk,
}

/// What came of a file system.
#[derive(Serialize)]
struct Conformed {
    fs: &'static str,
    kernel: String,
    seed: u64,
    walks: usize,
    calls: usize,
    equal: usize,
    unseen: usize,
    /// Where the shortest walk in which the two disagree is kept.
    disagreement: Option<PathBuf>,
}

/// The model: a scheme, and what is removed from it where it is there.
struct Model {
    scheme: Scheme,
    parts: Parts,
}

impl Model {
    fn build(
        &self,
        setup: &Setup,
    ) -> Result<
        (
            foliocheck_model::machine::System,
            foliocheck_model::kernel::objects::World,
        ),
        String,
    > {
        let unit = Unit {
            scheme: self.scheme.clone(),
            scenario: Scenario {
                id: "walk".to_owned(),
                title: String::new(),
                about: String::new(),
                groups: Vec::new(),
                max_states: None,
                setup: setup.clone(),
            },
            ablations: Vec::new(),
            ask: Vec::new(),
        };
        let unit = match self.parts.remove_from(vec![unit.clone()]) {
            Ok(removed) => removed.units.into_iter().next().unwrap_or(unit),
            // Not every walk runs the part.
            Err(PartError::Unknown { .. }) => unit,
            Err(error) => return Err(error.to_string()),
        };
        let system = instance::system(setup, &unit.scheme, &unit.ablations, &[]);
        system.map_err(|e| e.to_string())
    }
}

/// Walks. The exit code.
pub fn conform(place: &Place, args: &ConformArgs) -> anyhow::Result<u8> {
    if let Some(file) = &args.walk {
        return again(place, args, file);
    }
    let model = Model {
        scheme: place.scheme(&args.scheme)?,
        parts: Parts::parse(&args.without)?,
    };
    let build = |setup: &Setup| model.build(setup);
    let mut scratch = Scratch::begin(WAIT)?;
    let mut all = Vec::new();
    for fs in &args.fs {
        let mounted = scratch.place(*fs);
        let mounted = mounted.with_context(|| format!("no scratch file system {fs}"))?;
        all.push(on(place, args, &mounted, &build)?);
        if interrupt::is_wanted() {
            break;
        }
    }
    scratch.end()?;
    if args.format == TextOrJson::Json {
        println!("{}", serde_json::to_string(&all)?);
    }
    let disagrees = all.iter().any(|c| c.disagreement.is_some());
    let whole = all.len() == args.fs.len() && all.iter().all(|c| c.walks == args.traces);
    Ok(match (disagrees, whole) {
        (true, _) => UNEXPECTED,
        (false, false) => INCONCLUSIVE,
        (false, true) => 0,
    })
}

/// All walks on one file system, or those up to the first in which the two disagree.
fn on(
    place: &Place,
    args: &ConformArgs,
    mounted: &Mounted,
    build: &Build<'_>,
) -> anyhow::Result<Conformed> {
    let fs = mounted.file_system();
    let progress = Progress::start("walks", Some(args.traces))?;
    let mut counts = Counts::default();
    let mut found: Option<(u64, Walk, Replay)> = None;
    for number in (args.from..).take(args.traces) {
        if interrupt::is_wanted() {
            break;
        }
        let (walk, replay) = conform::one(build, mounted, args.seed, number)
            .with_context(|| format!("{fs}, seed {}, walk {number}", args.seed))?;
        counts.add(&replay);
        progress.one_of(args.traces, format!("{fs}"));
        if !replay.agrees() {
            found = Some((number, walk, replay));
            break;
        }
    }
    progress.end();
    let kernel = probe::kernel();
    let mut kept = None;
    if let Some((number, walk, replay)) = found {
        let calls = walk.calls();
        let (walk, replay) = conform::shrink(build, mounted, walk, replay);
        let file = Kept {
            schema: SCHEMA,
            kernel: kernel.clone(),
            fs: fs.name().to_owned(),
            scheme: args.scheme.clone(),
            without: args.without.clone(),
            walk,
        };
        let path = args
            .out
            .join(format!("walk-{fs}-{}-{number}.json", args.seed));
        results::write(&path, &(serde_json::to_string_pretty(&file)? + "\n"))?;
        if args.format == TextOrJson::Text {
            println!(
                "{fs}: walk {number} of seed {} disagrees; its {calls} calls made {}:\n",
                args.seed,
                file.walk.calls()
            );
            println!("{}", file.walk.text());
            print!("{}", told(&args.scheme, replay, fs));
            let command = ["conform", "--walk", &path.to_string_lossy()];
            println!("\nKept; play it again with\n  {}\n", place.command(command));
        }
        kept = Some(path);
    }
    if args.format == TextOrJson::Text {
        println!(
            "{fs}, Linux {kernel}, seed {}: {} walks, {} calls, {} values equal, {} that cannot be seen{}",
            args.seed,
            counts.walks,
            counts.calls,
            counts.equal,
            counts.unseen,
            if kept.is_some() {
                "; the last walk disagrees"
            } else {
                ", none different"
            }
        );
    }
    Ok(Conformed {
        fs: fs.name(),
        kernel,
        seed: args.seed,
        walks: counts.walks,
        calls: counts.calls,
        equal: counts.equal,
        unseen: counts.unseen,
        disagreement: kept,
    })
}

fn told(scheme: &str, replay: Replay, fs: FileSystem) -> String {
    lines(
        scheme,
        &Line {
            scenario: "the walk".to_owned(),
            invariant: "every value".to_owned(),
            fs: fs.name(),
            outcome: Outcome::Played(Box::new(replay)),
        },
    )
}

/// Plays the walk of a file.
fn again(place: &Place, args: &ConformArgs, path: &std::path::Path) -> anyhow::Result<u8> {
    let shown = path.display();
    let text = read_text(path)?;
    let kept: Kept = serde_json::from_str(&text).with_context(|| format!("{shown}"))?;
    if kept.schema != SCHEMA {
        bail!("{shown}: schema {}, expected {SCHEMA}", kept.schema);
    }
    let fs: Result<FileSystem, _> = kept.fs.parse();
    let fs = fs
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("{shown}"))?;
    let model = Model {
        scheme: place.scheme(&kept.scheme)?,
        parts: Parts::parse(&kept.without)?,
    };
    let mut scratch = Scratch::begin(WAIT)?;
    let mounted = scratch.place(fs);
    let mounted = mounted.with_context(|| format!("no scratch file system {fs}"))?;
    let build = |setup: &Setup| model.build(setup);
    let replay =
        conform::again(&build, &mounted, &kept.walk).with_context(|| format!("{shown}"))?;
    scratch.end()?;
    let agrees = replay.agrees();
    match args.format {
        TextOrJson::Json => println!("{}", serde_json::to_string(&replay)?),
        TextOrJson::Text => print!("{}", told(&kept.scheme, replay, fs)),
    }
    Ok(if agrees { 0 } else { UNEXPECTED })
}
