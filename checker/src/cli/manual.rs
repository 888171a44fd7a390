//! `foliocheck completions` and `foliocheck man`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::line::Cli;
use super::out::print;

/// Prints what completes the command line in a shell.
pub fn completions(shell: Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "foliocheck", &mut text);
    print!("{}", String::from_utf8_lossy(&text));
}

/// Prints the manual page: the program's, then that of each command. The exit code.
pub fn page() -> anyhow::Result<u8> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let page = clap_mangen::Man::new(inner.clone());
        page.render_name_section(&mut text)?;
        page.render_synopsis_section(&mut text)?;
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
    }
    print!("{}", String::from_utf8_lossy(&text));
    Ok(0)
}
