//! A file of claims with something wrong names the line, the field, and what would be right. Nothing
//! panics.

use std::path::Path;

use foliocheck_specs::claims::{self, Claim};
use foliocheck_specs::file::FileError;
use proptest::prelude::*;

const GOOD: &str = r#"
[[claim]]
id = "one"
text = "text"
author = "author"
place = "place"
control = [{ scheme = "copy", invariant = "snapshot", expect = "holds" }]
test = [
    { scheme = "stable-pin", invariant = "snapshot", expect = "violated", without = { rule = "drop-hold" } },
]

[[claim.only-if]]
condition = "condition"
test = [{ scheme = "copy", invariant = "untorn", expect = "holds" }]

[[claim]]
id = "two"
text = "text"
author = "author"
place = "place"
not-expressible = "reason"
"#;

fn parse(text: &str) -> Result<Vec<Claim>, FileError> {
    claims::parse(Path::new("claims.toml"), text)
}

#[test]
fn what_is_right_is_read() {
    let claims = parse(GOOD).unwrap();
    let ids: Vec<&str> = claims.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["one", "two"]);
}

#[test]
fn what_is_wrong_is_named() {
    // What is replaced by what; the line, the field, a part of the message.
    let table = [
        (
            "id = \"two\"",
            "id = \"one\"",
            17,
            "id",
            "another claim `one`",
        ),
        ("id = \"two\"", "id = \"Two\"", 17, "id", "lower-case"),
        (
            "id = \"two\"",
            "id = \"two\"\nmore = 1",
            18,
            "more",
            "unknown field",
        ),
        (
            "author = \"author\"\nplace = \"place\"\nnot",
            "place = \"place\"\nnot",
            16,
            "author",
            "missing field",
        ),
        (
            "not-expressible = \"reason\"",
            "",
            16,
            "test",
            "expected a test",
        ),
        (
            "not-expressible = \"reason\"",
            "not-expressible = \"reason\"\ntest = [{ scheme = \"copy\", invariant = \"untorn\", expect = \"holds\" }]",
            16,
            "not-expressible",
            "has no checks",
        ),
        (
            "scheme = \"stable-pin\"",
            "scheme = \"nothing\"",
            9,
            "scheme",
            "there are: by-reference",
        ),
        (
            "invariant = \"untorn\"",
            "invariant = \"nothing\"",
            14,
            "invariant",
            "there are: access",
        ),
        (
            "expect = \"violated\"",
            "expect = \"maybe\"",
            9,
            "expect",
            "one of holds, violated",
        ),
        (
            "{ rule = \"drop-hold\" }",
            "{ rule = \"nothing\" }",
            9,
            "without",
            "there are: take-hold",
        ),
        (
            "{ rule = \"drop-hold\" }",
            "{ }",
            9,
            "without",
            "exactly one",
        ),
        (
            "{ rule = \"drop-hold\" }",
            "{ wait = \"W6\", lock = \"W5\" }",
            9,
            "without",
            "exactly one",
        ),
        (
            "test = [{ scheme = \"copy\", invariant = \"untorn\", expect = \"holds\" }]",
            "test = []",
            14,
            "test",
            "under the condition",
        ),
        ("text = \"text\"", "text = 1", 4, "text", "invalid type"),
        ("[[claim]]", "[[claim", 2, "toml", ""),
    ];
    for (from, to, line, field, message) in table {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let error = parse(&text).expect_err(to).to_string();
        let start = format!("claims.toml:{line}: {field}: ");
        assert!(error.starts_with(&start), "{to}: {error}");
        assert!(error.contains(message), "{to}: {error}");
    }
}

#[test]
fn own_claims_are_complete() {
    let claims = claims::own().unwrap_or_else(|e| panic!("{e}"));
    assert!(claims.len() >= 20);
    for claim in claims {
        for text in [&claim.text, &claim.author, &claim.place] {
            assert!(!text.trim().is_empty(), "{}", claim.id);
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(at in 0..GOOD.len(), cut in 0usize..40, put in "[ -~]{0,6}") {
        let end = (at + cut).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
        let _ = parse(&text);
    }
}
