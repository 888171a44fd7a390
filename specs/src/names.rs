//! Names and texts that others give: what they may hold, so that none forges a line of a report, a command of a
//! CI server, or XML that is none.

use std::path::Path;

/// What a name may be, in words.
pub const ALLOWED: &str =
    "letters, digits, `-`, `_` and `.`, the first a letter or a digit, at most 100";

/// Most characters of a name.
const NAME_MAX: usize = 100;

/// Whether it can be the id of a scheme or a scenario: it becomes part of file names, globs and commands.
pub fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX && is_plain(name)
}

/// As [`is_name`], of any length: the name of a file that is made of several names.
pub fn is_plain(name: &str) -> bool {
    let others = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(others)
}

/// A character that no text of a report may hold: a control character, the end of a line or paragraph, what turns
/// the direction of writing, and what is no character of XML.
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// The first character that a text of one line must not hold; with `lines`, of several.
pub fn forbidden(text: &str, lines: bool) -> Option<(usize, char)> {
    let allowed = |c: char| lines && matches!(c, '\n' | '\t');
    text.char_indices()
        .find(|(_, c)| is_forbidden(*c) && !allowed(*c))
}

/// The text in one line: what must not be in one is shown as an escape.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_forbidden(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The path in one line.
pub fn path(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}
