//! The page as one file: no server, no network. It shows what the server's pages show, for reading.
//!
//! The browser's modules are put one after another into one script, for modules cannot be loaded from a
//! file; the policy in the file admits that script and that style by their hashes, and nothing else.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::web::serving::assets;
use crate::web::serving::pack::Pack;

/// The file that shows `data`: the answers of the API, each under its path.
pub fn html(data: Pack) -> String {
    let style = style();
    let script = script();
    let packed = STANDARD.encode(data.finish());
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style)
    );
    let page = assets::text("index.html").expect("the page is built in");
    let mut out = String::new();
    for line in page.lines() {
        match line.trim() {
            line if line.starts_with("<meta charset") => {
                out.push_str(line);
                out.push_str("\n<meta http-equiv=\"Content-Security-Policy\" content=\"");
                out.push_str(&policy);
                out.push_str("\">\n");
            }
            line if line.starts_with("<link") => {}
            line if line.starts_with("<script") => {
                out.push_str("<style>");
                out.push_str(&style);
                out.push_str("</style>\n");
            }
            "</body>" => {
                out.push_str("<script type=\"application/octet-stream\" id=\"data\">");
                out.push_str(&packed);
                out.push_str("</script>\n<script type=\"module\">");
                out.push_str(&script);
                out.push_str("</script>\n</body>\n");
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// As a policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn style() -> String {
    let files = assets::with_ending("css");
    files.into_iter().map(|(_, text)| text).collect()
}

/// All modules as one script: each after those that it imports from.
fn script() -> String {
    let mut out = String::new();
    let mut done = BTreeSet::new();
    append("app.js", &mut done, &mut out);
    out
}

fn append(path: &str, done: &mut BTreeSet<String>, out: &mut String) {
    if !done.insert(path.to_owned()) {
        return;
    }
    let text = assets::text(path).expect("modules import modules");
    let (imports, rest): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with("import "));
    for import in imports {
        let from = import.rsplit('"').nth(1).expect("an import names a file");
        append(&resolve(path, from), done, out);
    }
    for line in rest {
        out.push_str(line.strip_prefix("export ").unwrap_or(line));
        out.push('\n');
    }
}

/// `../dom.js` as `pages/trace.js` means it.
fn resolve(from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_in_the_script_once() {
        let mut done = BTreeSet::new();
        append("app.js", &mut done, &mut String::new());
        let modules = assets::with_ending("js").into_iter();
        let modules: BTreeSet<String> = modules.map(|(path, _)| path).collect();
        assert_eq!(done, modules);
    }

    #[test]
    fn every_module_is_asked_for_at_once() {
        let page = assets::text("index.html").unwrap();
        for (path, _) in assets::with_ending("js") {
            let named = page.contains(&format!("href=\"{path}\""));
            assert!(named || path == "app.js", "{path} is found late");
        }
    }

    #[test]
    fn modules_can_stand_in_one_script() {
        // What is declared outermost has a name of its own: in one script, names are shared.
        let mut seen = BTreeSet::new();
        for (path, text) in assets::with_ending("js") {
            for line in text.lines() {
                let line = line.strip_prefix("export ").unwrap_or(line);
                let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                let mut word = words.next();
                if word == Some("async") {
                    word = words.next();
                }
                if let Some("const" | "let" | "function" | "class") = word {
                    let name = words.next().unwrap_or_default();
                    assert!(seen.insert(name.to_owned()), "{path} declares {name} again");
                }
            }
        }
    }

    #[test]
    fn nothing_in_the_script_ends_it() {
        assert!(!script().contains("</script"));
        assert!(!style().contains("</style"));
    }
}
