//! What needs the kernel, on the kernel.
//!
//! A test that needs what this machine does not allow prints `skipped: …` and passes. With
//! `FOLIOCHECK_KERNEL_TESTS=must` it fails instead.

mod conform;
mod place;
mod replay;
mod reproduce;
#[path = "../support/mod.rs"]
mod support;
mod watch;

use std::sync::OnceLock;
use std::time::Duration;

use foliocheck_kernel::probe::{self, Probe};

/// How long a test waits for the lock that another holds.
const WAIT: Duration = Duration::from_secs(60);

/// Whether the machine allows all of these; if not, the caller's test is skipped, which is said.
fn allowed(test: &str, needs: &[&str]) -> bool {
    static PROBE: OnceLock<Probe> = OnceLock::new();
    let probe = PROBE.get_or_init(|| probe::probe(WAIT));
    let missing: Vec<String> = needs
        .iter()
        .filter_map(|id| match probe.ability(id) {
            Some(ability) if ability.works => None,
            Some(ability) => Some(format!("{id}: {}", ability.reason)),
            None => Some(format!("{id}: not asked")),
        })
        .collect();
    if missing.is_empty() {
        return true;
    }
    let line = format!("skipped: {test} needs {}", missing.join("; "));
    let must = std::env::var_os("FOLIOCHECK_KERNEL_TESTS").is_some_and(|v| v == "must");
    assert!(!must, "{line}");
    println!("{line}");
    false
}
