//! Cookies: what is sampled at splice time and compared later. Both happen under the folio lock, as
//! the mail's analogy with IOMAP_F_STALE has it; the cookie travels with the buffer.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::mm::rmap::mkclean_and_mark_dirty;
use foliocheck_model::kernel::objects::COUNTER_MAX;
use foliocheck_model::kernel::program::{At, FolioRef, PageAt, Prog};
use foliocheck_model::kernel::setup::Call;
use foliocheck_model::machine::builder::{CFn, Label, Place};
use foliocheck_model::machine::expr::{Expr, eq, ne, or};

use super::held;
use crate::scheme::{Effect, Rule};

/// What the cookie is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// i_version, sampled with `inode_query_iversion` (sets the queried bit).
    IVersion,
    /// ctime at the granularity of the coarse clock.
    Ctime,
    /// Multigrain ctime, sampled with `fill_mg_cmtime` (sets the queried bit).
    CtimeMultigrain,
    /// As `IVersion`, and page tables are cleaned when it is sampled, so that the next store through
    /// one faults and moves it. Not a scheme of its own: the fixed twin of a bug.
    IVersionCleaned,
    /// Nothing: the field that should hold a cookie is 0 for ever. Not a scheme: a bug.
    Absent,
    /// A version of the folio's data, which no kernel has: moved under the folio lock by whoever
    /// changes the data or makes it writable in a page table; page tables are cleaned when it is
    /// sampled.
    FolioVersion,
}

impl Source {
    /// Those that are schemes.
    pub const ALL: [Source; 4] = [
        Source::IVersion,
        Source::Ctime,
        Source::CtimeMultigrain,
        Source::FolioVersion,
    ];

    /// The suffix of scheme names.
    pub fn suffix(self) -> &'static str {
        match self {
            Source::IVersion => "i-version",
            Source::Ctime => "ctime",
            Source::CtimeMultigrain => "ctime-multigrain",
            Source::FolioVersion => "folio-version",
            Source::IVersionCleaned => "i-version-cleaned",
            Source::Absent => "absent",
        }
    }

    /// The rule that samples it at splice time.
    pub fn sample_rule(self) -> Rule {
        Rule {
            name: "sample-cookie",
            purpose: "the buffer carries what the data's state was when it was spliced",
            hook: Hook::SpliceAddFolio,
            effect: Effect::Steps(match self {
                Source::IVersion => sample_i_version,
                Source::IVersionCleaned => sample_i_version_cleaned,
                Source::Absent => sample_absent,
                Source::Ctime => sample_ctime,
                Source::CtimeMultigrain => sample_ctime_mg,
                Source::FolioVersion => sample_folio_version,
            }),
        }
    }

    /// The rules that copy the cookie when a buffer is duplicated or handed on, and that move the
    /// folio version.
    pub fn upkeep_rules(self) -> Vec<Rule> {
        let mut rules = vec![Rule {
            name: "carry-cookie",
            purpose: "a duplicated buffer carries the cookie of the original",
            hook: Hook::PipeBufGet,
            effect: Effect::Steps(carry),
        }];
        if self == Source::FolioVersion {
            let bump = |name, purpose, hook| Rule {
                name,
                purpose,
                hook,
                effect: Effect::Steps(bump_version),
            };
            rules.push(bump(
                "bump-on-write",
                "write(2) moves the version in the section that holds the folio lock",
                Hook::FolioWritten,
            ));
            rules.push(bump(
                "bump-on-mkwrite",
                "a store through a page table faults first, and the fault moves the version",
                Hook::FolioMkwrite,
            ));
            rules.push(bump(
                "bump-on-zeroing",
                "partial truncation and hole punching move the version",
                Hook::FolioZeroed,
            ));
        }
        rules
    }

    /// The effect that compares, under the folio lock, and fails the consumer on a mismatch.
    pub fn compare(self) -> Effect {
        Effect::Steps(match self {
            Source::IVersion | Source::IVersionCleaned => compare_i_version,
            Source::Absent => compare_absent,
            Source::Ctime => compare_ctime,
            Source::CtimeMultigrain => compare_ctime_mg,
            Source::FolioVersion => compare_folio_version,
        })
    }
}

fn version(p: &mut Prog<'_>, folio: &FolioRef) -> Place {
    p.folio_counter(folio, "version")
}

fn current(p: &mut Prog<'_>, source: Source, folio: &FolioRef) -> Expr {
    match source {
        Source::IVersion | Source::IVersionCleaned => p.w.inode.i_version.into(),
        Source::Ctime => p.w.inode.ctime.into(),
        Source::CtimeMultigrain => p.w.inode.ctime_mg.into(),
        Source::FolioVersion => version(p, folio).expr(),
        Source::Absent => Expr::from(0),
    }
}

fn function(source: Source) -> CFn {
    match source {
        Source::IVersion | Source::IVersionCleaned => c::INODE_QUERY_IVERSION,
        Source::Ctime | Source::CtimeMultigrain | Source::Absent => c::FILL_MG_CMTIME,
        Source::FolioVersion => c::PIPE_BUF_CONFIRM,
    }
}

fn sample(p: &mut Prog<'_>, at: &At, source: Source) {
    let At::Fill { folio, slot } = at else { return };
    let cookie = p.holder_var(slot, "cookie", COUNTER_MAX);
    let now = current(p, source, folio);
    let inode = p.w.inode;
    folio_lock(p, "C1l", folio);
    if matches!(source, Source::FolioVersion | Source::IVersionCleaned) {
        mkclean_and_mark_dirty(p, "P", folio);
    }
    p.b.step("C1", function(source), |s| {
        s.text("sample the cookie, folio lock held")
            .set(cookie, now);
        match source {
            Source::IVersion | Source::IVersionCleaned => {
                s.set(inode.i_version_queried, 1).full(inode.i_version)
            }
            Source::CtimeMultigrain => s.set(inode.ctime_mg_queried, 1).full(inode.ctime_mg),
            Source::Ctime | Source::FolioVersion | Source::Absent => s,
        }
    });
    folio_unlock(p, "C1u", folio);
}

fn compare(p: &mut Prog<'_>, at: &At, source: Source) {
    let At::Held {
        page,
        fail: Some(fail),
    } = at
    else {
        return;
    };
    let (page, fail) = (page.clone(), *fail);
    held::for_folio(p, &page, |p, folio| {
        check(p, &page, folio, source, fail, true);
    });
}

/// Locks the folio and compares. Unlocks it again on a mismatch, and otherwise if `unlock`.
fn check(
    p: &mut Prog<'_>,
    page: &PageAt,
    folio: &FolioRef,
    source: Source,
    fail: Label,
    unlock: bool,
) {
    let cookie = p.holder_var(page, "cookie", COUNTER_MAX);
    let now = current(p, source, folio);
    folio_lock(p, "C2l", folio);
    let lock = folio.place(p.w, |f| f.lock);
    let cached = folio.place(p.w, |f| f.has_mapping);
    // A folio that left the file can no longer be validated against it; a folio version stays valid.
    let gone = match source {
        Source::FolioVersion => Expr::FALSE,
        _ => eq(cached, 0),
    };
    let text = if unlock {
        "compare the cookie under the folio lock; unlock"
    } else {
        "compare the cookie under the folio lock"
    };
    p.b.step("C2", c::PIPE_BUF_CONFIRM, |s| {
        s.text(text)
            .release(lock.clone())
            .when(or(gone, ne(cookie.expr(), now)), "changed: fail", |b| {
                b.set(lock.clone(), 0).goto(fail)
            })
            .otherwise("unchanged", |b| if unlock { b.set(lock, 0) } else { b })
    });
}

/// A consumer that is about to copy locks the folio, compares, and keeps the lock.
pub fn compare_and_keep_locked(p: &mut Prog<'_>, at: &At) {
    let At::Held {
        page,
        fail: Some(fail),
    } = at
    else {
        return;
    };
    let (page, fail) = (page.clone(), *fail);
    held::for_folio(p, &page, |p, folio| {
        check(p, &page, folio, Source::FolioVersion, fail, false);
    });
}

/// It has copied, and unlocks the folio.
pub fn unlock_copied(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    held::for_folio(p, page, |p, folio| folio_unlock(p, "C2u", folio));
}

/// A socket that will send from the page, which copies nothing.
pub fn compare_frag(p: &mut Prog<'_>, at: &At) {
    let call = &p.w.setup.tasks[p.b.task.index()].calls[p.call];
    if matches!(
        call,
        Call::SpliceSocket {
            scatter_gather: true,
            ..
        }
    ) {
        compare(p, at, Source::FolioVersion);
    }
}

fn carry(p: &mut Prog<'_>, at: &At) {
    let At::Move { from, to } = at else { return };
    let source = p.holder_var(from, "cookie", COUNTER_MAX);
    let target = p.holder_var(to, "cookie", COUNTER_MAX);
    p.b.step("C3", c::PIPE_BUF_GET, |s| {
        s.text("copy the cookie").set(target, source.expr())
    });
}

fn bump_version(p: &mut Prog<'_>, at: &At) {
    let At::Folio(folio) = at else { return };
    let version = version(p, folio);
    p.b.step("C4", c::FOLIO_MARK_DIRTY, |s| {
        s.text("folio version + 1, folio lock held").inc(version)
    });
}

fn sample_i_version(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::IVersion);
}
fn sample_i_version_cleaned(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::IVersionCleaned);
}
fn sample_absent(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::Absent);
}
fn sample_ctime(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::Ctime);
}
fn sample_ctime_mg(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::CtimeMultigrain);
}
fn sample_folio_version(p: &mut Prog<'_>, at: &At) {
    sample(p, at, Source::FolioVersion);
}
fn compare_i_version(p: &mut Prog<'_>, at: &At) {
    compare(p, at, Source::IVersion);
}
fn compare_absent(p: &mut Prog<'_>, at: &At) {
    compare(p, at, Source::Absent);
}
fn compare_ctime(p: &mut Prog<'_>, at: &At) {
    compare(p, at, Source::Ctime);
}
fn compare_ctime_mg(p: &mut Prog<'_>, at: &At) {
    compare(p, at, Source::CtimeMultigrain);
}
fn compare_folio_version(p: &mut Prog<'_>, at: &At) {
    compare(p, at, Source::FolioVersion);
}
