//! A scheme of one's own, with scenarios and results of its own:
//!
//! ```sh
//! cd specs/examples/own-scheme
//! cargo run --release -- gate --scenarios scenarios --results results
//! ```
//!
//! Every other command of foliocheck is there as well: `check`, `trace`, `ablate`, `cost`, `show`, `list`.

use std::process::ExitCode;

use foliocheck_model::kernel::functions as c;
use foliocheck_model::kernel::hooks::Hook;
use foliocheck_model::kernel::mm::folio::{folio_lock, folio_unlock};
use foliocheck_model::kernel::program::{At, FolioRef, Prog};
use foliocheck_model::machine::expr::{Expr, eq};
use foliocheck_model::machine::step::Order;
use foliocheck_specs::scheme::Effect;
use foliocheck_specs::schemes::held;
use foliocheck_specs::{Family, Rule, Scheme, schemes};

/// The kernel as it is, to compare with, and the scheme.
fn main() -> ExitCode {
    foliocheck::cli::main_with(vec![schemes::by_reference::scheme(), busy_bit()])
}

/// While a folio is in a pipe, who would write to it waits where it waits for writeback. Page tables are
/// not cleaned, so that a store through a dirty one is not noticed: the gate has that counterexample.
fn busy_bit() -> Scheme {
    let rule = |name, purpose, hook, effect| Rule {
        name,
        purpose,
        hook,
        effect,
    };
    Scheme {
        id: "busy-bit",
        title: "a bit, set under the folio lock while the folio is in a pipe",
        family: Family::Hold,
        source: "an example",
        omits: vec![],
        rules: vec![
            rule(
                "set",
                "the folio is marked, and no writer is past its wait",
                Hook::SpliceAddFolio,
                Effect::Steps(set),
            ),
            rule(
                "wait",
                "writers and faults wait",
                Hook::FolioWaitStable,
                Effect::Wait(is_clear),
            ),
            rule(
                "clear",
                "until it is read",
                Hook::PipeBufRelease,
                Effect::Steps(clear),
            ),
        ],
    }
}

fn is_clear(p: &mut Prog<'_>, folio: &FolioRef) -> Expr {
    eq(p.folio_var(folio, "busy", 1), 0)
}

fn set(p: &mut Prog<'_>, at: &At) {
    let At::Fill { folio, .. } = at else { return };
    let busy = p.folio_var(folio, "busy", 1);
    folio_lock(p, "X1", folio);
    p.b.step("X2", c::SPLICE_FOLIO_INTO_PIPE, |s| {
        s.text("busy").set(busy.clone(), 1).order(busy, Order::Full)
    });
    folio_unlock(p, "X3", folio);
}

fn clear(p: &mut Prog<'_>, at: &At) {
    let At::Held { page, .. } = at else { return };
    // The pipe also carries pages that are not the file's.
    held::for_folio(p, page, |p, folio| {
        let busy = p.folio_var(folio, "busy", 1);
        p.b.step("X4", c::PIPE_BUF_RELEASE, |s| {
            s.text("no longer busy, wake waiters")
                .set(busy.clone(), 0)
                .order(busy, Order::Full)
        });
    });
}
