//! `foliocheck ui`.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;

use super::out::{eprintln, println};
use super::select::Place;
use crate::expectation::Expectations;
use crate::results::Lock;
use crate::web::serving::runs::Ceiling;
use crate::web::serving::server::{App, serve};

/// Where to listen.
#[derive(clap::Args)]
pub struct UiArgs {
    /// Port (default: one that is free)
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Address to listen on. Whoever reaches it can use this machine's processors and memory
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// A further name under which the server may be asked (repeatable)
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
    /// Runs at once
    #[arg(long, value_name = "N", default_value_t = Ceiling::default().runs)]
    max_runs: usize,
    /// Most distinct states of an exploration
    #[arg(long, value_name = "N", default_value_t = Ceiling::default().states)]
    max_states: usize,
    /// Most seconds of a run
    #[arg(long, value_name = "SECONDS", default_value_t = Ceiling::default().seconds)]
    max_seconds: u64,
    /// Memory of the process at which explorations stop
    #[arg(long, value_name = "MIB", value_parser = super::bounds::mebibytes, default_value_t = Ceiling::default().mib)]
    max_memory: usize,
}

/// Serves until interrupted. The exit code.
pub fn ui(place: &Place, args: &UiArgs) -> anyhow::Result<u8> {
    let committed = {
        let _lock = Lock::shared(&place.results())?;
        Expectations::read(&place.results())?
    };
    let ceiling = Ceiling {
        runs: args.max_runs,
        states: args.max_states,
        seconds: args.max_seconds,
        mib: args.max_memory,
    };
    let library = place.library()?;
    let app = App::new(library, committed, place.results(), ceiling);
    let address = SocketAddr::new(args.listen, args.port);
    // Given here, it is not taken from the environment, where it may be no number.
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let url = format!("http://{}/", listener.local_addr()?);
        println!("{url}");
        if args.open
            && let Err(error) = open::that_detached(&url)
        {
            eprintln!("foliocheck: no browser: {error}");
        }
        serve(listener, app, &args.host).await?;
        anyhow::Ok(0)
    })
}
