//! Committed verdicts from any bytes.

use std::path::Path;

use foliocheck::expectation::Expectations;
use proptest::prelude::*;

use crate::support;

proptest! {
    #![proptest_config(support::cases(512))]

    /// Any text: an error or verdicts, never a panic.
    #[test]
    fn any_verdicts_are_answered(text in ".{0,200}") {
        let _ = Expectations::parse(&text, Path::new("verdicts.json"));
    }

    /// A good file with bytes changed.
    #[test]
    fn any_damaged_verdicts_are_answered(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let good = "{\"schema\":2,\"bounds\":[\n{\"scenario\":\"a\",\"tasks\":1,\"calls\":1,\"folios\":1,\"words\":2}\n],\
            \"verdicts\":[\n{\"scheme\":\"a\",\"scenario\":\"a\",\"invariant\":\"b\",\"verdict\":\"holds\",\"states\":1,\
            \"transitions\":2,\"depth\":3,\"length\":null,\"engine\":\"x\"}\n]}\n";
        prop_assert!(Expectations::parse(good, Path::new("verdicts.json")).is_ok());
        let mut bytes = good.as_bytes().to_vec();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(read) = Expectations::parse(&text, Path::new("verdicts.json")) {
            let _ = read.text();
            let _ = read.compare(&[], |_| true);
        }
    }
}
