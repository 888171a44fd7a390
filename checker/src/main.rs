//! `foliocheck`: see `foliocheck --help`.

use std::process::ExitCode;

/// Exploration allocates and frees a path for every transition.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    foliocheck::cli::main()
}
