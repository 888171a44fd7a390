//! `foliocheck`: see `foliocheck --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    foliocheck::cli::main()
}
