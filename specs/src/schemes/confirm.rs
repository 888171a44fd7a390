//! Z2/Z3: the cookie is compared when a consumer confirms the buffer, before it reads. On a mismatch
//! the consumer fails, and the splicer tries again.

use foliocheck_model::kernel::hooks::Hook;

use super::cookie::Source;
use crate::scheme::{Family, Rule, Scheme};

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
        source: "Torvalds, CAHk-=wj8rthcQ9gQbvkMzeFt0iymq+CuOzmidx3Pm29Lg+W0gg@mail.gmail.com; Chinner, 20230210021603.GA2825702@dread.disaster.area",
        rules,
        omits: Vec::new(),
    }
}
