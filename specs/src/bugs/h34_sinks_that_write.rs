//! H34: sinks that work where the spliced bytes lie.

use foliocheck_model::kernel::objects::SHARED_FRAG;
use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// The marker must be set when a socket takes a page, go wherever the frag goes, and be asked before
/// anything is written in place.
pub fn bug() -> Bug {
    let marker = |id: &str| Ablation::Assignment(id.to_owned(), SHARED_FRAG.to_owned());
    let case = |title, scenario, ablation: Ablation| {
        let (buggy, fixed) = without([ablation]);
        Case {
            title,
            scenario,
            invariant: "source-untouched",
            buggy,
            fixed,
        }
    };
    Bug {
        id: "H34",
        title: "sinks that write: Copy Fail CVE-2026-31431, Dirty Frag CVE-2026-43284, Fragnesia CVE-2026-46300",
        kernel: "since 4.14 (Copy Fail); since ESP decrypts in place, cac2661c53f3 (the others)",
        fix: "a664bf3d603d (out of place again), f4c50a4034e6 (marker set by UDP); 2026",
        story: "A component takes a spliced page for its own and writes there: the page cache changes,\n\
                nothing is marked dirty, and no permission was asked.",
        test: None,
        carried: Carried::Cases(vec![
            case(
                "the socket takes the page and does not set the marker (Dirty Frag)",
                "esp-in-place",
                marker("S6"),
            ),
            case(
                "the marker is lost when the frag moves to another skb (Fragnesia)",
                "esp-after-coalesce",
                marker("N4"),
            ),
            case(
                "the marker is not asked for (Tempesta TLS #1217, 2019)",
                "esp-in-place",
                Ablation::Test("E1".to_owned()),
            ),
            case(
                "the output goes to the pages of the input (Copy Fail)",
                "aead-socket",
                Ablation::Effect("E5".to_owned()),
            ),
        ]),
    }
}
