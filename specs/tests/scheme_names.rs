//! What a crate may call its schemes: results are written under these names, and texts are printed as they stand.

use foliocheck_specs::scheme::{SchemeError, check};
use foliocheck_specs::{Scheme, schemes};

fn named(id: &'static str) -> Scheme {
    Scheme {
        id,
        ..schemes::by_id("copy").unwrap()
    }
}

#[test]
fn the_proposed_schemes_can_be_used() {
    assert_eq!(check(&schemes::all()), Ok(()));
}

#[test]
fn an_id_is_a_name() {
    for id in [
        "../../../escaped",
        "..",
        "",
        "a/b",
        "a\\b",
        ".hidden",
        "-option",
        "a b",
        "a*",
        "a\n::error::x",
        "a\u{fffe}",
        "ü",
    ] {
        let error = check(&[named(id)]).unwrap_err();
        assert_eq!(error, SchemeError::Id(id.to_owned()));
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let long: &'static str = "a".repeat(101).leak();
    assert!(check(&[named(long)]).is_err());
}

#[test]
fn each_has_a_name_of_its_own() {
    let twice = |a, b| check(&[named(a), named("other"), named(b)]);
    assert_eq!(
        twice("mine", "mine"),
        Err(SchemeError::Twice("mine".to_owned()))
    );
    // Files of both would be one on some systems.
    assert_eq!(
        twice("mine", "Mine"),
        Err(SchemeError::Twice("Mine".to_owned()))
    );
    assert_eq!(twice("mine", "mine-too"), Ok(()));
    assert_eq!(check(&[]), Err(SchemeError::None));
}

#[test]
fn texts_are_of_one_line() {
    for bad in [
        "a\nb",
        "a\u{1b}[31m",
        "a\u{fffe}",
        "a\u{202e}b",
        "a\u{2028}b",
        "a\u{0}",
    ] {
        let title = Scheme {
            title: bad,
            ..named("mine")
        };
        let source = Scheme {
            source: bad,
            ..named("mine")
        };
        let mut purpose = named("mine");
        purpose.rules[0].purpose = bad;
        let mut rule = named("mine");
        rule.rules[0].name = bad;
        for scheme in [title, source, purpose, rule] {
            let error = check(&[scheme]).unwrap_err().to_string();
            assert!(!error.chars().any(char::is_control), "{error}");
            assert!(error.contains("scheme `mine`"), "{error}");
        }
    }
}
