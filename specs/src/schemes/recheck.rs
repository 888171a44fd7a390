//! The seqlock shape of Z2/Z3: a consumer that copies compares the cookie *after* it has copied, and
//! throws the copy away on a mismatch. A socket that sends from the page has nothing to throw away:
//! nothing is compared there.

use foliocheck_model::kernel::hooks::Hook;

use super::cookie::Source;
use crate::scheme::{Family, Rule, Scheme};

/// The scheme for one kind of cookie.
pub fn scheme(source: Source) -> Scheme {
    let mut rules = vec![source.sample_rule()];
    rules.extend(source.upkeep_rules());
    rules.push(Rule {
        name: "recheck",
        purpose: "a consumer that has copied drops the copy if the data changed since the splice",
        hook: Hook::PipeBufCopied,
        effect: source.compare(),
    });
    Scheme {
        id: match source {
            Source::IVersion => "recheck-i-version",
            Source::Ctime => "recheck-ctime",
            Source::CtimeMultigrain => "recheck-ctime-multigrain",
            Source::FolioVersion => "recheck-folio-version",
            Source::IVersionCleaned => "recheck-i-version-cleaned",
            Source::Absent => "recheck-absent",
        },
        title: match source {
            Source::IVersion => "cookie i_version, compared after the sink has copied",
            Source::Ctime => "cookie ctime (coarse), compared after the sink has copied",
            Source::CtimeMultigrain => {
                "cookie ctime (multigrain), compared after the sink has copied"
            }
            Source::FolioVersion => {
                "cookie of a per-folio version, compared after the sink has copied"
            }
            Source::IVersionCleaned => {
                "cookie i_version, page tables cleaned at the sample, compared after the sink has copied"
            }
            Source::Absent => "cookie absent, compared after the sink has copied",
        },
        family: Family::Cookie,
        source: "the check-after-copy variant of Torvalds' and Chinner's mails of 9 and 10 Feb 2023",
        rules,
        omits: Vec::new(),
    }
}
