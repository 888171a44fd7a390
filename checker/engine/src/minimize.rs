//! Making a counterexample short: of a path that was met by chance, no part is kept without which the
//! rest still violates the predicate.

use foliocheck_model::executor::follow::Leader;
use foliocheck_model::machine::interp::Action;

/// The shortest path that leaving out actions of `path` gives, and that still makes the predicate with
/// that index true: first whole tasks are left out, then ever smaller pieces (delta debugging), until
/// no single action can be. `path` itself, if it does not.
pub fn minimize(leader: &Leader, path: &[Action], predicate: usize) -> Vec<Action> {
    let mut best = follow(leader, path, predicate).unwrap_or_else(|| path.to_vec());
    let mut tasks: Vec<_> = best.iter().map(|a| a.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        let without: Vec<Action> = best.iter().filter(|a| a.task != task).copied().collect();
        best = follow(leader, &without, predicate).unwrap_or(best);
    }
    let mut size = best.len().div_ceil(2).max(1);
    loop {
        let mut shorter = false;
        let mut from = 0;
        while from < best.len() {
            let to = (from + size).min(best.len());
            let without = [&best[..from], &best[to..]].concat();
            if let Some(found) = follow(leader, &without, predicate) {
                best = found;
                shorter = true;
            } else {
                from = to;
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !shorter {
            return best;
        }
    }
}

/// Takes those actions of a path that can be taken, up to where the predicate is true.
fn follow(leader: &Leader, path: &[Action], predicate: usize) -> Option<Vec<Action>> {
    let mut follow = leader();
    let violated = |f: &dyn foliocheck_model::executor::follow::Follow| {
        let found = f.violated().iter().find(|(p, _)| *p == predicate);
        found.map(|(_, length)| f.path()[..*length].to_vec())
    };
    for action in path {
        // What cannot be taken is left out; an error ends this attempt.
        follow.take(*action).ok()?;
        if let Some(found) = violated(&*follow) {
            return Some(found);
        }
    }
    follow.end();
    violated(&*follow)
}
