//! What a scenario declares more of than a state has room for: each removal of a page needs a folio of its own,
//! each buffer that goes to a socket a fragment.

use foliocheck_model::kernel::setup::{Call, Setup};

use super::raw::Raw;
use crate::file::Fault;

/// Most calls that take a page out of the cache.
const REMOVALS_MAX: usize = 8;
/// Most buffers that are spliced to a socket.
const FRAGMENTS_MAX: usize = 16;

/// Refuses the call with which there are too many.
pub(super) fn room(raw: &Raw, setup: &Setup) -> Result<(), Fault> {
    let mut removals = vec![0; setup.folios.len()];
    let mut fragments = vec![0; setup.sockets];
    for (t, c, call) in setup.calls() {
        let fault = |field: &str, message: String| {
            let span = raw.task[t].get_ref().calls.get_ref()[c].span();
            Err(Fault::at(span, field, message))
        };
        for (page, n) in removals.iter_mut().enumerate() {
            *n += usize::from(call.removes(page));
            if *n > REMOVALS_MAX {
                let message = format!(
                    "page {page} is taken out of the cache {n} times, expected at most {REMOVALS_MAX}: each time needs a folio of its own"
                );
                return fault("folio", message);
            }
        }
        if let Call::SpliceSocket {
            socket, buffers, ..
        } = call
        {
            fragments[*socket] += buffers;
            if fragments[*socket] > FRAGMENTS_MAX {
                let message = format!(
                    "{} buffers are spliced to socket {socket}, expected at most {FRAGMENTS_MAX}",
                    fragments[*socket]
                );
                return fault("buffers", message);
            }
        }
    }
    Ok(())
}
