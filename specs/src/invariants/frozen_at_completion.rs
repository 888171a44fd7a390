//! E3. After completion nothing that is written can be sent.

use foliocheck_model::kernel::objects::World;
use foliocheck_model::kernel::setup::Setup;
use foliocheck_model::machine::expr::Expr;
use foliocheck_model::machine::system::{Scope, System};

use super::invariant::{Invariant, recorded};

/// A modification of the file that *begins* after a splice was reported complete is never accepted by a
/// sink of that splice (a reader of the pipe or of a tee'd twin, a device, a receiver). What begins
/// before the report may show, in whole or in part: this is weaker than `snapshot`, and enough for a
/// program that waits for the report before it reuses the range.
///
/// A modification begins when the system call is entered (`write(2)`, `fallocate`, `ftruncate`), or
/// with the first store through a mapping or a pin. The report is what the scheme makes it; without a
/// scheme it is the return of `splice(2)` to the socket (of `splice(2)` to the pipe if no socket
/// follows), which programs take it for. Asked where some task waits for a report.
pub const INVARIANT: Invariant = Invariant {
    id: "frozen-at-completion",
    guarantee: "E3",
    needs_change: true,
    title: "what is written after the splice was reported complete is not seen by its sink",
    source: "Lutomirski's \"strict splice\", CALCETrU-9Wcb_zCsVWr24V=uCA0+c6x359UkJBOBgkbq+UHAMA@mail.gmail.com; Allison's client that reads and then overwrites",
    why: "a sink read bytes of a modification that began after the splice had been reported complete",
    applies: Setup::asks_completion,
    bad,
};

fn bad(_: &System, world: &World) -> Vec<(Scope, Expr)> {
    world
        .ghosts
        .frozen
        .iter()
        .flat_map(|frozen| recorded(frozen.broken))
        .collect()
}
