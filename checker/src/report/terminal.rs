//! Text for a terminal: as wide as that is, and no wider.

use std::io::IsTerminal as _;

use textwrap::{Options, WordSplitter};

/// Narrower terminals are written to as if they were so wide.
const WIDTH_MIN: usize = 40;

/// Columns of the terminal that standard output is; none where it is something else.
pub fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let (width, _) = terminal_size::terminal_size()?;
    Some(usize::from(width.0).max(WIDTH_MIN))
}

/// Breaks lines that are longer than `width`, between words. What is broken goes on under its last column, which begins
/// where a gap of two spaces ends, if that leaves room; or under an earlier one. May contain styles.
pub fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let plain = anstream::adapter::strip_str(line).to_string();
        if textwrap::core::display_width(&plain) <= width {
            out.push_str(line);
        } else {
            let indent = " ".repeat(hanging(&plain, width));
            // An identifier stays whole, whatever is in it.
            let options = Options::new(width)
                .subsequent_indent(&indent)
                .word_separator(textwrap::WordSeparator::AsciiSpace)
                .word_splitter(WordSplitter::NoHyphenation);
            // What a variable was and is stays on one line.
            let line = line.replace(" → ", "\u{a0}→\u{a0}");
            let broken = textwrap::wrap(&line, options).join("\n");
            out.push_str(&broken.replace('\u{a0}', " "));
        }
        out.push_str(end);
    }
    out
}

/// [`wrap`] to the terminal that there is, if there is one.
pub fn fit(text: &str) -> String {
    width().map_or_else(|| text.to_owned(), |width| wrap(text, width))
}

/// Where the broken parts of a line begin.
fn hanging(line: &str, width: usize) -> usize {
    let begin = line.len() - line.trim_start().len();
    let mut column = begin + 2;
    let bytes = line.as_bytes();
    for at in begin + 2..bytes.len() {
        if bytes[at - 2..at] == *b"  " && bytes[at] != b' ' {
            let here = line[..at].chars().count();
            // Enough of the line is left for what is broken.
            if here <= width * 3 / 5 {
                column = here;
            }
        }
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_under_the_last_column() {
        let line = "   1  thread  S0  pipe_lock  pipe mutex; wait for a free slot\n";
        assert_eq!(
            wrap(line, 60),
            "   1  thread  S0  pipe_lock  pipe mutex; wait for a free\n                             slot\n"
        );
    }

    #[test]
    fn a_late_column_is_not_taken() {
        let line = "  a very long line of words that has  one gap in it";
        assert_eq!(
            wrap(line, 40),
            "  a very long line of words that has\n    one gap in it"
        );
    }

    #[test]
    fn short_lines_and_styles_stay() {
        let text = "short\n\n\u{1b}[31mred and long enough to be broken in two\u{1b}[0m\n";
        assert_eq!(
            wrap(text, 40),
            "short\n\n\u{1b}[31mred and long enough to be broken in two\u{1b}[0m\n"
        );
    }
}
