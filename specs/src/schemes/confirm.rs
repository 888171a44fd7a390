//! Z2/Z3: the cookie is compared when a consumer confirms the buffer, before it reads. On a mismatch
//! the consumer fails, and the splicer tries again.

use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, Prog};

use super::cookie::{self, Source};
use crate::scheme::{Effect, Family, Rule, Scheme};

/// The scheme for one kind of cookie.
pub fn scheme(source: Source) -> Scheme {
    let mut rules = vec![source.sample_rule()];
    rules.extend(source.upkeep_rules());
    rules.push(Rule {
        name: "confirm",
        purpose: "a consumer refuses a buffer whose data changed since it was spliced",
        hook: Hook::PipeBufConfirm,
        effect: source.compare(),
    });
    Scheme {
        id: match source {
            Source::IVersion => "confirm-i-version",
            Source::Ctime => "confirm-ctime",
            Source::CtimeMultigrain => "confirm-ctime-multigrain",
            Source::FolioVersion => "confirm-folio-version",
            Source::IVersionCleaned => "confirm-i-version-cleaned",
            Source::Absent => "confirm-absent",
        },
        title: match source {
            Source::IVersion => "cookie i_version, compared before the sink reads",
            Source::Ctime => "cookie ctime (coarse), compared before the sink reads",
            Source::CtimeMultigrain => "cookie ctime (multigrain), compared before the sink reads",
            Source::FolioVersion => "cookie of a per-folio version, compared before the sink reads",
            Source::IVersionCleaned => {
                "cookie i_version, page tables cleaned at the sample, compared before the sink reads"
            }
            Source::Absent => "cookie absent, compared before the sink reads",
        },
        family: Family::Cookie,
        source: SOURCE,
        rules,
        omits: Vec::new(),
    }
}

/// Compared and copied in one section of the folio lock. The analogy with IOMAP_F_STALE says no less: a
/// write validates its mapping and changes the page under one folio lock, "atomic with respect to the
/// modification". A comparison whose lock is dropped before the copy, as `confirm-folio-version` has it,
/// is weaker than that.
///
/// A socket that sends from the page copies nothing that a lock could cover: there it is
/// `confirm-folio-version`. What the copy may meet (a fault on the reader's buffer, which may be a mapping
/// of that very page) is not modelled; `filemap_read` does not copy to user memory under the folio lock.
pub fn locked() -> Scheme {
    let source = Source::FolioVersion;
    let mut rules = vec![source.sample_rule()];
    rules.extend(source.upkeep_rules());
    let rule = |name, purpose, hook, steps| Rule {
        name,
        purpose,
        hook,
        effect: Effect::Steps(steps),
    };
    rules.extend([
        rule(
            "confirm-locked",
            "a consumer that copies refuses changed data, and copies under the same folio lock",
            Hook::SinkIoStart,
            cookie::compare_and_keep_locked as fn(&mut Prog<'_>, &At),
        ),
        rule(
            "confirm-locked",
            "a consumer that copies refuses changed data, and copies under the same folio lock",
            Hook::SinkIoEnd,
            cookie::unlock_copied,
        ),
        rule(
            "confirm-locked",
            "a consumer that copies refuses changed data, and copies under the same folio lock",
            Hook::PipeBufConfirm,
            cookie::compare_frag,
        ),
    ]);
    Scheme {
        id: "confirm-locked",
        title: "cookie of a per-folio version, compared and copied under one folio lock",
        family: Family::Cookie,
        source: SOURCE,
        rules,
        omits: Vec::new(),
    }
}

const SOURCE: &str = "Torvalds, CAHk-=wj8rthcQ9gQbvkMzeFt0iymq+CuOzmidx3Pm29Lg+W0gg@mail.gmail.com; Chinner, 20230210021603.GA2825702@dread.disaster.area";
