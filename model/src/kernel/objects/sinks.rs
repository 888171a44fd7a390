//! What sinks do to the frags of a socket.

use crate::kernel::setup::{Call, Crypto, Setup};

/// Name of [`Frag::shared`](crate::kernel::objects::Frag::shared).
pub const SHARED_FRAG: &str = "SKBFL_SHARED_FRAG";

/// What is done to the frags of a socket beyond sending and reading.
#[derive(Clone, Copy, Debug)]
pub struct Sinks {
    /// Something asks for the marker.
    pub marked: bool,
    /// A frag can be replaced by a copy.
    pub copies: bool,
    /// Frags are moved to another skb.
    pub moved: bool,
}

impl Sinks {
    /// For one socket of a scenario.
    pub fn of(setup: &Setup, socket: usize) -> Sinks {
        let mut sinks = Sinks {
            marked: false,
            copies: false,
            moved: false,
        };
        for (_, _, call) in setup.calls() {
            match call {
                Call::Transmit {
                    socket: s,
                    software_checksum: true,
                    ..
                } if *s == socket => sinks.marked = true,
                Call::Receive {
                    socket: s,
                    coalesce,
                    crypto,
                    ..
                } if *s == socket => {
                    let esp = *crypto == Some(Crypto::Esp);
                    sinks.marked |= esp;
                    sinks.copies |= esp;
                    sinks.moved |= coalesce;
                }
                _ => {}
            }
        }
        sinks
    }
}
