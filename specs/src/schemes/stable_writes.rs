//! Z15: how storage gets bytes that do not change while it reads them. The kernel's own stable wait is
//! left out of each of these and stands, where it stands, as rules.

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::program::{At, FolioRef, Prog};
use foliocheck_model::machine::expr::{Expr, eq, or};

use crate::scheme::{Effect, Family, Rule, Scheme};

/// Nobody waits, whatever the mapping says.
pub fn unstable_writes() -> Scheme {
    Scheme {
        id: "unstable-writes",
        title: "nobody waits for writeback: folio_wait_stable does nothing",
        family: Family::Writeback,
        source: "Linux before 3.0; a mapping whose flag is missing",
        rules: Vec::new(),
        omits: vec![Hook::FolioWaitStable],
    }
}

/// The kernel's: writers of a marked mapping wait, at each of three places.
pub fn stable_writes() -> Scheme {
    let wait = |name, purpose, hook| Rule {
        name,
        purpose,
        hook,
        effect: Effect::Wait(not_under_writeback),
    };
    Scheme {
        id: "stable-writes",
        title: "writers of a mapping with AS_STABLE_WRITES wait for its writeback: today's, as rules",
        family: Family::Writeback,
        source: "1d1d1a767206 (3.9), 762321dab9a7 (6.7)",
        rules: vec![
            wait(
                "write-waits",
                "write(2) does not copy into a folio that a device reads",
                Hook::WriteBeginStable,
            ),
            wait(
                "mkwrite-waits",
                "no page table lets stores through to a folio that a device reads",
                Hook::MkwriteStable,
            ),
            wait(
                "zeroing-waits",
                "a filesystem does not zero part of a folio that a device reads",
                Hook::ZeroRangeStable,
            ),
        ],
        omits: vec![Hook::FolioWaitStable],
    }
}

fn not_under_writeback(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    let writeback = folio.place(p.w, |f| f.writeback);
    or(!p.w.setup.stable_writes, eq(writeback, 0))
}

/// Nobody waits: the data is copied once, and the device reads the copy.
pub fn bounce() -> Scheme {
    Scheme {
        id: "bounce",
        title: "the data is copied when the write is submitted, and the device reads only the copy",
        family: Family::Writeback,
        source: "ffecfd1a72fc (3.9, ext3); Hellwig, 20260114074145.3396036-1-hch@lst.de (direct IO, 7.0)",
        rules: vec![Rule {
            name: "copy",
            purpose: "every read of the device finds the same bytes, whoever stores meanwhile",
            hook: Hook::SubmitBio,
            effect: Effect::Steps(copy),
        }],
        omits: vec![Hook::FolioWaitStable],
    }
}

fn copy(p: &mut Prog<'_>, at: &At) {
    let At::Io { memory, page } = at else { return };
    for (word, (data, to)) in memory.iter().zip(page).enumerate() {
        p.b.step("B10c", c::BLK_QUEUE_BOUNCE, |s| {
            s.text(format!("copy word {word} into the bounce page"))
                .copies_page_from(word)
                .set(*to, data.clone())
        });
    }
}
