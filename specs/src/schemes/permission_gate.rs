//! Z13: who could not write the file gets a copy.

use foliocheck_model::kernel::hooks::{Choice, Hook};
use foliocheck_model::kernel::setup::Setup;

use super::copy::copy_unlocked;
use crate::scheme::{Effect, Family, Rule, Scheme};

/// The scheme, in the form that degrades instead of failing.
pub fn scheme() -> Scheme {
    Scheme {
        id: "permission-gate",
        title: "by reference only for callers that could write the file; others get a copy",
        family: Family::Permission,
        source: "Falcato, 16 May 2026 (fs.splice_needs_write); degrading to a copy: Horn, Brauner",
        omits: Vec::new(),
        rules: vec![
            Rule {
                name: "needs-write",
                purpose: "a caller without write permission gets no reference to the page",
                hook: Hook::SplicePermission,
                effect: Effect::Copies(not_writable),
            },
            Rule {
                name: "copy",
                purpose: "it gets the bytes instead",
                hook: Hook::FilemapSpliceRead,
                effect: Effect::Steps(copy_unlocked),
            },
        ],
    }
}

fn not_writable(_: &Setup, choice: &Choice) -> bool {
    matches!(choice, Choice::Source { writable: false })
}
