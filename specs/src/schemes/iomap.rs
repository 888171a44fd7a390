//! The mapping that a write caches: gone by unchecked, and validated by the cookie of IOMAP_F_STALE.

use foliocheck_model::kernel::fs::iomap::{is_stale, remap_if, validity_cookie};
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, Prog};

use crate::scheme::{Effect, Family, Rule, Scheme};

const SOURCE: &str = "Chinner, 20221123055812.747923-1-david@fromorbit.com (6.2); fs/iomap/buffered-io.c:iomap_write_begin";

/// Before 6.2: what `iomap_begin` found is gone by for as long as it covers.
pub fn unchecked() -> Scheme {
    Scheme {
        id: "iomap-unchecked",
        title: "a write goes by the mapping it has cached (before 6.2)",
        family: Family::Mapping,
        source: SOURCE,
        rules: Vec::new(),
        omits: vec![Hook::IomapValid],
    }
}

/// IOMAP_F_STALE: every folio, after it is locked and before anything is done on the ground of the
/// mapping.
pub fn cookie() -> Scheme {
    Scheme {
        id: "iomap-cookie",
        title: "a write validates its cached mapping under each folio's lock: IOMAP_F_STALE",
        rules: vec![Rule {
            name: "validate-under-folio-lock",
            purpose: "a write backs out and maps anew if the extents have changed since it mapped them",
            hook: Hook::IomapValid,
            effect: Effect::Steps(validity_cookie),
        }],
        ..unchecked()
    }
}

/// The same cookie, compared before the folio is looked up and locked: what the mail's "under the locked
/// folio" rules out.
pub fn cookie_before_lock() -> Scheme {
    Scheme {
        id: "iomap-cookie-before-lock",
        title: "a write validates its cached mapping before it locks the folio: too early",
        rules: vec![Rule {
            name: "validate-before-lock",
            purpose: "looks like validation; the mapping can change between it and the lock",
            hook: Hook::IomapLookup,
            effect: Effect::Steps(before_lock),
        }],
        ..unchecked()
    }
}

fn before_lock(p: &mut Prog<'_>, at: &At) {
    if let At::Iomap { iomap, .. } = at {
        let changed = is_stale(p, iomap);
        remap_if(p, at, &changed);
    }
}
