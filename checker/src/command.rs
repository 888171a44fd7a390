//! The command line that runs this program again: to be pasted into a shell.

use std::borrow::Cow;

/// The program's name, where it is not known from where it is called.
const NAME: &str = "foliocheck";

/// This program, as it was called, with these arguments.
pub fn line(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let program = std::env::args().next();
    of(program.as_deref().unwrap_or(NAME), words)
}

/// The program by its name, with these arguments: for a page, which others read elsewhere.
pub fn named(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    of(NAME, words)
}

fn of(program: &str, words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut line = quoted(program);
    for word in words {
        line.push(' ');
        line.push_str(&quoted(word.as_ref()));
    }
    line
}

/// As one word of a shell.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), Cow::into_owned)
}
