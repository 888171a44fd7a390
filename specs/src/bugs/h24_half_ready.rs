//! H24: a page enters the pipe before it is up to date.

use foliocheck_model::machine::ablate::Ablation;

use super::bug::{Bug, Carried, Case, without};

/// S1 and S4 must find the folio up to date, or wait for who fills it.
///
/// What the reports saw were short and empty results, since an invalidated page was given up, and a size
/// sampled too early. Neither is carried: the model has no end of file and no short reads. Carried is
/// what the tests of PG_uptodate are for.
pub fn bug() -> Bug {
    let untested = [
        Ablation::Wait("F1".to_owned()),
        Ablation::Test("F1".to_owned()),
        Ablation::Wait("S4".to_owned()),
    ];
    let (buggy, fixed) = without(untested);
    Bug {
        id: "H24",
        title: "invalidated or half-ready pages enter the pipe",
        kernel: "2.6.17 to 2.6.29",
        fix: "620a324b744a, 32502b8413a7 (2.6.30)",
        story: "Splice put pages into the pipe that were not up to date, and asked for their state and\n\
                for i_size at the wrong moments: readers got short or stale data.",
        test: None,
        carried: Carried::Cases(vec![Case {
            title: "neither splice nor the consumer asks whether the page is up to date",
            scenario: "two-fills",
            invariant: "snapshot",
            buggy,
            fixed,
        }]),
    }
}
